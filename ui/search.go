package ui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"pictap/tunnel/store"
)

const (
	pageDefault = 100
	pageMax     = 1000
	stepBudget  = 6 * time.Millisecond // then the page is told how far it went
)

// deliveries is one step of a search, newest first: ?q=&before=SEQ&limit=N. A
// step may bring nothing and still say that there is more, when it has looked
// for as long as one step may; no words at all find everything.
//
// What a word such as "last" or "after:10m" means is settled by the first step
// and given back as q, so that all steps of one search look for the same.
func (h *Handler) deliveries(w http.ResponseWriter, r *http.Request) error {
	before, err := number(r, "before", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", pageDefault)
	if err != nil {
		return err
	}
	q, text, err := h.settled(r)
	if err != nil {
		return refuseSearch(w, r, err)
	}
	rev, err := h.opts.Store.LastRev(r.Context()) // before the search, so that what changes meanwhile is asked for again
	if err != nil {
		return err
	}
	step := store.SearchPage{Before: before, Limit: int(min(max(limit, 1), pageMax)), Budget: stepBudget}
	if q.IsAll() {
		step.Budget = 0 // nothing is looked at in vain
	}
	found, err := h.opts.Store.SearchStep(r.Context(), q, step)
	if err != nil {
		return err
	}
	total, err := h.total(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, searchPage{page{summariesOf(found.Deliveries), found.More}, found.Next, text, rev, total})
}

// changes tells a page with a search on what has changed: ?q=&since=REV&limit=N.
// What changed and matches comes as it is now; what changed and does not match is
// named, for it may have matched before.
func (h *Handler) changes(w http.ResponseWriter, r *http.Request) error {
	since, err := number(r, "since", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", batchLimit)
	if err != nil {
		return err
	}
	q, _, err := h.settled(r)
	if err != nil {
		return refuseSearch(w, r, err)
	}
	answer := changesPage{Deliveries: []summary{}, Gone: []int64{}, Rev: since}
	last, err := h.opts.Store.LastRev(r.Context())
	if err != nil {
		return err
	}
	if answer.Total, err = h.total(r.Context()); err != nil {
		return err
	}
	if _, answer.Reset = resume(since, last, true); answer.Reset {
		answer.Rev = last
		return writeJSON(w, http.StatusOK, answer)
	}
	most := int(min(max(limit, 1), batchLimit))
	list, next, err := h.opts.Store.SearchSince(r.Context(), q, since, most)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Match {
			answer.Deliveries = append(answer.Deliveries, summaryOf(c.Delivery))
		} else {
			answer.Gone = append(answer.Gone, c.Delivery.Seq)
		}
	}
	answer.Rev, answer.More = next, len(list) == most
	gone, known := h.opts.Store.RemovedSince(since) // what went before the page had its socket, nobody has told it
	if !known {
		return writeJSON(w, http.StatusOK, changesPage{Deliveries: []summary{}, Gone: []int64{}, Rev: last, Total: answer.Total, Reset: true})
	}
	answer.Gone = append(answer.Gone, gone...)
	return writeJSON(w, http.StatusOK, answer)
}

// settled reads the search of a request and settles what it means now, also as a
// text that means the same later.
func (h *Handler) settled(r *http.Request) (q store.Search, text string, err error) {
	if q, err = store.ParseSearch(r.FormValue("q")); err != nil {
		return q, "", err
	}
	if q, err = h.opts.Store.Resolve(r.Context(), q); err != nil {
		return q, "", err
	}
	return q, q.String(), nil
}

// total is how many deliveries are stored.
func (h *Handler) total(ctx context.Context) (int64, error) {
	c, err := h.opts.Store.Count(ctx)
	return c.Deliveries + c.Unverified, err
}

// refuseSearch tells the page where a search makes no sense. Other errors it
// returns.
func refuseSearch(w http.ResponseWriter, r *http.Request, err error) error {
	var bad *store.SearchError
	if !errors.As(err, &bad) {
		return err
	}
	return writeJSON(w, http.StatusBadRequest, searchTrouble{bad.Text, unitsBefore(r.FormValue("q"), bad.Pos), bad.Hint})
}

// unitsBefore is how many units of UTF-16 the first n bytes of text are.
func unitsBefore(text string, n int) int {
	units := 0
	for n = min(n, len(text)); n > 0; {
		r, size := utf8.DecodeRuneInString(text)
		units += max(utf16.RuneLen(r), 1)
		text, n = text[size:], n-size
	}
	return units
}

// words lists what a search can be made of, for completion.
func (h *Handler) words(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, searchWords{vocabulary()})
}

// vocabulary is the search language. The example of a key is one of its values,
// too.
func vocabulary() []searchWord {
	var list []searchWord
	for _, k := range store.SearchKeys() {
		w := searchWord{k.Key, k.Meaning, append([]string{}, k.Values...)}
		if !strings.HasSuffix(w.Key, ".") {
			w.Key += ":"
			if value, ok := strings.CutPrefix(k.Example, w.Key); ok && !slices.Contains(w.Values, value) {
				w.Values = append(w.Values, value)
			}
		}
		slices.SortStableFunc(w.Values, func(a, b string) int { return strings.Count(b, "*") - strings.Count(a, "*") }) // families before members
		list = append(list, w)
	}
	return list
}
