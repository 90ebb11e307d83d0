package store_test

import (
	"fmt"
	"testing"
	"time"

	"pictap/tunnel/store"
)

// What the census lets pass: all that may be chosen, and hardly more; and when it is not
// asked.
func TestSift(t *testing.T) {
	s := open(t, store.Options{})
	const rows = 600
	for n := range rows {
		d := delivery(n)
		d.Event = "render.completed"
		if n%3 == 0 {
			d.Event = "batch.failed"
		}
		record(t, s, d)
		if n%100 == 0 {
			attempt(t, s, int64(n+1), store.Attempt{Kind: store.Forward, Status: 500}, store.Failed)
		}
	}
	sifted := func(text string, want int) {
		t.Helper()
		if got := s.Sifted(t.Context(), parse(t, text)); got != want {
			t.Errorf("%s: %d pass, want %d", text, got, want)
		}
	}
	sifted("state:failed", -1) // too much is new to the census
	if err := s.TakeCensus(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"state:failed": 6, "!state:waiting": 6, "status:5xx": 6, "status:>=400,none event:batch.failed status:404": 0, "attempts:>0": 6,
		"event:batch.*": 200, "event:batch.* state:failed": 2, "!verdict:valid": 0, "source:local": 0, "arrivals:>1": 0, "before:2001-01-01T00:00:00Z": 0,
		"event:render.*": -1, "state:held": -1, "!state:failed": -1, // nearly all
		"hello": -1, "d3": -1, "bytes:>1": -1, "template:x": -1, "data.a:1": -1, "delivery:x": -1, "": -1, // the census does not know
		"hello state:failed": 6, "d3 state:failed": 6,
	} {
		sifted(text, want)
	}
	// It follows what changes.
	attempt(t, s, 50, store.Attempt{Kind: store.Forward, Status: 404}, store.Failed)
	sifted("state:failed", 7)
	attempt(t, s, 50, store.Attempt{Kind: store.Replay, Status: 200}, store.Done)
	sifted("state:failed", 6)
	if _, err := s.Delete(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if got := ids(search(t, s, "state:failed")); got != "d101 d201 d301 d401 d501" {
		t.Errorf("after d1 has been deleted, %s failed", got)
	}
	for n := range 600 {
		attempt(t, s, 50, store.Attempt{Kind: store.Replay, Status: 200 + n}, store.Failed)
	}
	sifted("state:failed", -1)
	if got := ids(search(t, s, "state:failed status:799")); got != "d50" {
		t.Errorf("with a census far behind, %s failed", got)
	}
}

// A step takes what is sifted in portions, and stays within its budget.
func TestSiftedSteps(t *testing.T) {
	s := open(t, store.Options{})
	for n := range 300 {
		record(t, s, delivery(n))
		if n%7 == 0 {
			attempt(t, s, int64(n+1), store.Attempt{Kind: store.Forward, Status: 500}, store.Failed)
		}
	}
	if err := s.TakeCensus(t.Context()); err != nil {
		t.Fatal(err)
	}
	q := parse(t, "state:failed")
	want := ids(search(t, s, "state:failed"))
	for _, b := range []struct{ points, rows, few int }{{1 << 20, 1 << 20, 1 << 20}, {10, 100, 100}, {100, 3, 100}, {1, 1, 1}, {1000, 1000, 0}} {
		t.Run(fmt.Sprint(b), func(t *testing.T) {
			s.SetSift(b.points, b.rows, b.few)
			for _, limit := range []int{1, 5, 64, 1000} {
				if got := ids(inSteps(t, s, q, store.SearchPage{Limit: limit, Budget: 1 << 40})); got != want {
					t.Errorf("in steps of %d: %s, want %s", limit, got, want)
				}
				if got, err := s.Search(t.Context(), q, 0, limit); err != nil || len(got) != min(limit, 43) {
					t.Errorf("%d found of %d (%v)", len(got), limit, err)
				}
			}
		})
	}
}

// Whoever keeps the index keeps a census, too, so that the first search need not wait
// for it.
func TestIndexerTakesCensus(t *testing.T) {
	s := open(t, store.Options{Index: true})
	var rev int64
	for n := range 30 {
		rev = record(t, s, delivery(n)).Rev
	}
	for tick := time.NewTicker(10 * time.Millisecond); s.CensusRev() < rev; {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("no census")
		}
	}
}

func attempt(t *testing.T, s *store.Store, seq int64, a store.Attempt, state store.State) {
	t.Helper()
	if _, err := s.AddAttempt(t.Context(), seq, a, state); err != nil {
		t.Fatal(err)
	}
}
