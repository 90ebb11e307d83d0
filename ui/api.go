package ui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// ready lets scripts wait for the server. It says nothing else.
func (h *Handler) ready(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	return write(w, []byte("ok"))
}

func (h *Handler) status(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, h.currentStatus())
}

// currentStatus asks for the status. Its lists are never null in JSON.
func (h *Handler) currentStatus() statusAnswer {
	s := statusAnswer{
		Status: h.opts.Status(), abilities: h.opts.Acts.can(), CanReplay: h.opts.Replay != nil, CanDrain: h.opts.Drain != nil, CanPause: h.opts.SetPaused != nil,
		Mock: h.opts.Mock != nil, CanShape: h.opts.Volleys != nil, Events: make([]string, len(h.opts.Events)),
	}
	if s.Subscriptions == nil {
		s.Subscriptions = []SubscriptionStatus{}
	}
	if s.Warnings == nil {
		s.Warnings = []string{}
	}
	for i, t := range h.opts.Events {
		s.Events[i] = string(t)
	}
	return s
}

// number reads a query parameter that is a whole number, zero or more.
func number(r *http.Request, name string, missing int64) (int64, error) {
	text := r.FormValue(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, httpError{code: http.StatusBadRequest, public: name + " is not a number"}
	}
	return n, nil
}

func (h *Handler) delivery(w http.ResponseWriter, r *http.Request) error {
	d, err := h.find(r)
	if err != nil {
		return err
	}
	answer := detailOf(d)
	if h.opts.Explain != nil && d.Verdict != pictify.Valid {
		answer.Cause = h.opts.Explain(r.Context(), d)
	}
	answer.Pictures = h.picturesOf(d)
	if answer.Siblings, answer.MoreSiblings, err = h.siblingsOf(r.Context(), d); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// body answers with the exact bytes, in a way that no browser shows or runs:
// the name and the type come from us, never from the bytes.
func (h *Handler) body(w http.ResponseWriter, r *http.Request) error {
	d, err := h.find(r)
	if err != nil {
		return err
	}
	kind, ending := "application/octet-stream", "bin"
	if utf8.Valid(d.Body) {
		kind, ending = "text/plain; charset=utf-8", "txt"
		if json.Valid(d.Body) {
			ending = "json"
		}
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", d.ID()+"."+ending))
	header.Set("Content-Security-Policy", bodyPolicy)
	header.Set("Content-Length", strconv.Itoa(len(d.Body)))
	return write(w, d.Body)
}

func (h *Handler) find(r *http.Request) (store.Delivery, error) {
	seq, err := store.ParseID(r.PathValue("id"))
	if err != nil {
		return store.Delivery{}, httpError{code: http.StatusNotFound, public: "no such delivery", err: err}
	}
	return h.opts.Store.Get(r.Context(), seq)
}

func (h *Handler) replay(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Replay == nil {
		return httpError{code: http.StatusNotFound, public: "there is no app to replay to"}
	}
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	seq, err := store.ParseID(r.PathValue("id"))
	if err != nil {
		return httpError{code: http.StatusNotFound, public: "no such delivery", err: err}
	}
	a, err := h.opts.Replay(r.Context(), seq)
	if err != nil {
		return fmt.Errorf("replay d%d: %w", seq, err)
	}
	return writeJSON(w, http.StatusOK, answeredAttemptOf(a))
}
