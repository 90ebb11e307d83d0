package ui

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"pictap/tunnel/pictify"
)

var errNoVolleys = httpError{code: http.StatusNotFound, public: "test events cannot be shaped here"}

// volleys tells what can be sent, and how far the last volley has come.
func (h *Handler) volleys(w http.ResponseWriter, _ *http.Request) error {
	v := h.opts.Volleys
	if v == nil {
		return errNoVolleys
	}
	kit := volleyKit{Tampers: orEmpty(v.Tampers), Scenarios: orEmpty(v.Scenarios), Most: v.Most}
	if j := h.sending.last(); j != nil {
		now := j.now(h.opts.Now())
		kit.Job = &now
	}
	return writeJSON(w, http.StatusOK, kit)
}

// schema answers with the JSON Schema of a type of event.
func (h *Handler) schema(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Volleys == nil {
		return errNoVolleys
	}
	event := pictify.EventType(r.PathValue("event"))
	if !slices.Contains(h.opts.Events, event) {
		return httpError{code: http.StatusNotFound, public: "no such type of event"}
	}
	text, err := h.opts.Volleys.Shape(event)
	if err != nil {
		return fmt.Errorf("schema of %s: %w", event, err)
	}
	return writeJSON(w, http.StatusOK, text)
}

// sample answers with a request of a volley that is not sent.
func (h *Handler) sample(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Volleys == nil {
		return errNoVolleys
	}
	var in struct {
		Volley
		N int `json:"n"` // which of its requests, from 0
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	s, err := h.check(in.Volley, in.N)
	if err != nil {
		return err
	}
	answer := sampleAnswer{VolleySample: s, content: contentOf(s.Body, int64(len(s.Body))), Bytes: len(s.Body)}
	if answer.Header == nil {
		answer.Header = [][2]string{}
	}
	return writeJSON(w, http.StatusOK, answer)
}

// check makes request n of a volley. The error is for the page when the volley is wrong.
func (h *Handler) check(v Volley, n int) (VolleySample, error) {
	if v.Scenario == "" && !slices.Contains(h.opts.Events, v.Event) {
		return VolleySample{}, httpError{code: http.StatusBadRequest, public: "no such type of event"}
	}
	s, err := h.opts.Volleys.Sample(v, n)
	if words, ok := errors.AsType[*Refusal](err); ok {
		return s, httpError{code: http.StatusBadRequest, public: words.Text, err: err}
	}
	return s, err
}

// trigger sends an event of a type, or a whole volley.
func (h *Handler) trigger(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Trigger == nil {
		return httpError{code: http.StatusNotFound, public: "test events are off"}
	}
	var in Volley
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	if !reflect.DeepEqual(in, Volley{Event: in.Event}) {
		return h.startVolley(w, r, in)
	}
	if !slices.Contains(h.opts.Events, in.Event) {
		return httpError{code: http.StatusBadRequest, public: "no such type of event"}
	}
	if err := h.opts.Trigger(r.Context(), in.Event); err != nil {
		err = fmt.Errorf("trigger %s: %w", in.Event, err)
		if _, told := errors.AsType[*Refusal](err); told {
			return err
		}
		return httpError{code: http.StatusBadGateway, public: "it could not be sent; --verbose shows why", err: err}
	}
	return writeJSON(w, http.StatusAccepted, struct{}{})
}

// startVolley has a volley sent. A short one is over when the answer comes.
func (h *Handler) startVolley(w http.ResponseWriter, r *http.Request, v Volley) error {
	if h.opts.Volleys == nil {
		return errNoVolleys
	}
	s, err := h.check(v, 0)
	if err != nil {
		return err
	}
	v.Seed = &s.Seed
	j, err := h.sending.start(h.opts, v, s.Total)
	if err != nil {
		return err
	}
	j.settle(r.Context())
	return writeJSON(w, http.StatusAccepted, j.now(h.opts.Now()))
}

func (h *Handler) volleyState(w http.ResponseWriter, r *http.Request) error {
	j, err := h.findJob(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, j.now(h.opts.Now()))
}

// stopVolley sends no more of a volley. What is under way comes to an end.
func (h *Handler) stopVolley(w http.ResponseWriter, r *http.Request) error {
	j, err := h.findJob(r)
	if err != nil {
		return err
	}
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	j.stop()
	j.settle(r.Context())
	return writeJSON(w, http.StatusOK, j.now(h.opts.Now()))
}

func (h *Handler) findJob(r *http.Request) (*sendJob, error) {
	if j := h.sending.last(); j != nil && j.id == r.PathValue("job") {
		return j, nil
	}
	return nil, httpError{code: http.StatusNotFound, public: "no such volley"}
}
