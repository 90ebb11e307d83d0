package ui

import (
	"fmt"
	"net/http"
)

var errNoMock = httpError{code: http.StatusNotFound, public: "no mock runs inside"}

const journalMax = 1000 // entries in one answer

// mockJournal answers with the newest entries: ?after=SEQ&limit=N
func (h *Handler) mockJournal(w http.ResponseWriter, r *http.Request) error {
	if h.opts.Mock == nil {
		return errNoMock
	}
	after, err := number(r, "after", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", journalMax)
	if err != nil {
		return err
	}
	entries := h.opts.Mock.Journal(after, int(min(max(limit, 1), journalMax)))
	return writeJSON(w, http.StatusOK, mockJournal{orEmpty(entries)})
}

// mockState answers with what the mock holds. Its lists are never null.
func (h *Handler) mockState(w http.ResponseWriter, _ *http.Request) error {
	if h.opts.Mock == nil {
		return errNoMock
	}
	s := h.opts.Mock.State()
	s.Waits, s.Faults, s.Deliveries, s.Subscriptions = orEmpty(s.Waits), orEmpty(s.Faults), orEmpty(s.Deliveries), orEmpty(s.Subscriptions)
	for i := range s.Deliveries {
		d := &s.Deliveries[i]
		d.Attempts, d.Remaining = orEmpty(d.Attempts), orEmpty(d.Remaining)
	}
	return writeJSON(w, http.StatusOK, s)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (h *Handler) mockAttempt(w http.ResponseWriter, r *http.Request) error {
	return h.moveMock(w, r, "id", func(m *Mock) func(string) error { return m.Attempt })
}

func (h *Handler) mockResume(w http.ResponseWriter, r *http.Request) error {
	return h.moveMock(w, r, "uid", func(m *Mock) func(string) error { return m.Resume })
}

// moveMock does something to what the path names. What came of it is in the state.
func (h *Handler) moveMock(w http.ResponseWriter, r *http.Request, name string, how func(*Mock) func(string) error) error {
	if h.opts.Mock == nil {
		return errNoMock
	}
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	if err := how(h.opts.Mock)(r.PathValue(name)); err != nil {
		return fmt.Errorf("%s: %w", r.URL.Path, err)
	}
	return writeJSON(w, http.StatusOK, struct{}{})
}
