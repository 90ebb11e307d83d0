package ui

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// chart counts what arrived: ?from=MS&to=MS&step=MS, times in milliseconds since
// 1970. Without from it begins with the first delivery, without to it ends now, and
// without step it chooses one.
func (h *Handler) chart(w http.ResponseWriter, r *http.Request) error {
	from, err := number(r, "from", 0)
	if err != nil {
		return err
	}
	to, err := number(r, "to", h.opts.Now().UnixMilli()+1)
	if err != nil {
		return err
	}
	step, err := number(r, "step", 0)
	if err != nil {
		return err
	}
	const latest = 253_402_300_799_000     // the end of the year 9999
	const longest = 366 * 24 * 3600 * 1000 // a year
	if from > to || to > latest || step > longest {
		return httpError{code: http.StatusBadRequest, public: "this is no range of time"}
	}
	if from > 0 && step > 0 && (to-from)/step >= store.MaxChartSteps {
		return httpError{code: http.StatusBadRequest, public: "these are too many steps"}
	}
	start := time.Time{}
	if from > 0 {
		start = time.UnixMilli(from)
	}
	c, err := h.opts.Store.Chart(r.Context(), start, time.UnixMilli(to), time.Duration(step)*time.Millisecond)
	if errors.Is(err, store.ErrLongChart) {
		return httpError{code: http.StatusBadRequest, public: "these are too many steps", err: err}
	}
	if err != nil {
		return err
	}
	answer := chartAnswer{From: wireTime(c.From), To: wireTime(c.To), StepMS: c.Step.Milliseconds(), Steps: make([]chartStep, len(c.Steps))}
	for i, s := range c.Steps {
		answer.Steps[i] = chartStep{wireTime(s.Start), countsIn(s.Outcomes[:]), s.Answers, inMS(s.P50), inMS(s.P95)}
	}
	return writeJSON(w, http.StatusOK, answer)
}

func inMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// coverage says how far each event type has come: all documented ones, and those
// others that came with a valid signature.
func (h *Handler) coverage(w http.ResponseWriter, r *http.Request) error {
	events, _, err := h.opts.Store.Shares(r.Context())
	if err != nil {
		return err
	}
	answer := coverage{Types: []coveredType{}}
	add := func(s store.Share, known bool) {
		event := pictify.EventType(s.Name)
		answer.Types = append(answer.Types, coveredType{
			Event: clip(s.Name), Known: known, CanSend: h.opts.Trigger != nil && slices.Contains(h.opts.Events, event),
			counts: countsOf(s), Last: sightOf(s.Last), Answered: sightOf(s.Answered),
		})
	}
	for _, t := range pictify.EventTypes() {
		i := slices.IndexFunc(events, func(s store.Share) bool { return s.Name == string(t) })
		if i < 0 {
			add(store.Share{Name: string(t)}, true)
			continue
		}
		add(events[i], true)
		events = slices.Delete(events, i, i+1)
	}
	const others = 50
	for _, s := range events {
		if s.Name != "" && s.Arrived() > s.Outcomes[store.Unverified] && len(answer.Types) < others {
			add(s, false)
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}

// holdShown is how many of the deliveries that wait are listed.
const holdShown = 20

func (h *Handler) hold(w http.ResponseWriter, r *http.Request) error {
	total, err := h.opts.Store.Count(r.Context())
	if err != nil {
		return err
	}
	first, err := h.opts.Store.Held(r.Context(), holdShown)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, hold{Waiting: max(total.Waiting, int64(len(first))), Deliveries: summariesOf(first)})
}

// drain looks for the app at once, so that what waits goes out if it is there.
func (h *Handler) drain(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Drain == nil {
		return httpError{code: http.StatusNotFound, public: "there is no app to hand deliveries to"}
	}
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	total, err := h.opts.Store.Count(r.Context())
	if err != nil {
		return err
	}
	answer := drained{App: "answering", Waiting: total.Waiting}
	if err := h.opts.Drain(r.Context()); err != nil {
		answer.App, answer.Reason = "down", clip(err.Error())
	}
	return writeJSON(w, http.StatusOK, answer)
}

// subscriptions lists those of the status, with what has come by each.
func (h *Handler) subscriptions(w http.ResponseWriter, r *http.Request) error {
	_, shares, err := h.opts.Store.Shares(r.Context())
	if err != nil {
		return err
	}
	answer := subscriptionList{Subscriptions: []subscriptionLine{}}
	for _, s := range h.opts.Status().Subscriptions {
		line := subscriptionLine{SubscriptionStatus: s}
		if i := slices.IndexFunc(shares, func(share store.Share) bool { return share.Name == s.UID }); i >= 0 {
			line.counts, line.Last = countsOf(shares[i]), sightOf(shares[i].Last)
		}
		answer.Subscriptions = append(answer.Subscriptions, line)
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (h *Handler) pause(w http.ResponseWriter, r *http.Request) error { return h.setPaused(w, r, true) }

func (h *Handler) resume(w http.ResponseWriter, r *http.Request) error {
	return h.setPaused(w, r, false)
}

// setPaused changes one of the status's subscriptions, nobody else's, and answers
// with it as it is then.
func (h *Handler) setPaused(w http.ResponseWriter, r *http.Request, paused bool) error {
	if h.opts.SetPaused == nil {
		return httpError{code: http.StatusNotFound, public: "nothing is registered that could be paused"}
	}
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	uid := r.PathValue("uid")
	find := func() (SubscriptionStatus, bool) {
		list := h.opts.Status().Subscriptions
		i := slices.IndexFunc(list, func(s SubscriptionStatus) bool { return s.UID == uid })
		if i < 0 {
			return SubscriptionStatus{}, false
		}
		return list[i], true
	}
	if _, ours := find(); !ours {
		return httpError{code: http.StatusNotFound, public: "this is none of our subscriptions"}
	}
	if err := h.opts.SetPaused(r.Context(), uid, paused); err != nil {
		return fmt.Errorf("pause %s (%v): %w", uid, paused, err)
	}
	now, ours := find()
	if !ours {
		return httpError{code: http.StatusNotFound, public: "it is no longer one of our subscriptions"}
	}
	return writeJSON(w, http.StatusOK, now)
}

// run tells of this run.
func (h *Handler) run(w http.ResponseWriter, r *http.Request) error {
	total, err := h.opts.Store.Count(r.Context())
	if err != nil {
		return err
	}
	size, err := h.opts.Store.Size()
	if err != nil {
		return err
	}
	answer := runAnswer{DatabaseBytes: size, Deliveries: total.Deliveries, Bytes: total.Bytes, Unverified: total.Unverified, KeepUnverified: store.UnverifiedCount}
	answer.KeepCount, answer.KeepBytes = h.opts.Store.Keeps()
	if h.opts.Run != nil {
		answer.Run = h.opts.Run()
	}
	answer.Started = answer.Started.UTC().Truncate(time.Millisecond)
	return writeJSON(w, http.StatusOK, answer)
}
