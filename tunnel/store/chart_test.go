package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

var chartStart = time.Date(2026, 1, 29, 10, 0, 0, 0, time.UTC)

// live does a few random things to a store, as life does.
func live(t *testing.T, s *store.Store, rng *rand.Rand, n *int) {
	t.Helper()
	for range rng.IntN(30) {
		*n++
		d := delivery(*n)
		d.ReceivedAt = chartStart.Add(time.Duration(rng.Int64N(int64(2 * time.Hour)))) // clocks are set, so not in order
		d.Event = pictify.EventTypes()[rng.IntN(4)]
		d.Subscription = []string{"", "wh_1", "wh_2"}[rng.IntN(3)]
		d.State = []store.State{store.Waiting, store.Waiting, store.Waiting, store.Kept}[rng.IntN(4)]
		if rng.IntN(5) == 0 {
			d.Verdict, d.State, d.Proof, d.Event = pictify.Mismatch, store.Kept, nil, "nobody's"
			s.RecordUnverified(d)
			continue
		}
		record(t, s, d)
	}
	for _, d := range summaries(t, s) {
		if rng.IntN(4) > 0 || d.State == store.Kept {
			continue
		}
		a := store.Attempt{Kind: store.Forward, At: d.ReceivedAt, Status: []int{0, 200, 204, 302, 401, 500}[rng.IntN(6)],
			Duration: time.Duration(rng.IntN(3_000_000)) * time.Microsecond}
		after := []store.State{store.Failed, store.Waiting}[rng.IntN(2)]
		if a.OK() {
			after = store.Done
		}
		if _, err := s.AddAttempt(t.Context(), d.Seq, a, after); err != nil && !errors.Is(err, store.ErrNotFound) { // pruned before, or by this
			t.Fatal(err)
		}
	}
}

// summaries are enough here: they have the last attempts.
func summaries(t *testing.T, s *store.Store) []store.Delivery {
	t.Helper()
	list, err := s.List(t.Context(), store.Query{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func outcome(d store.Delivery) store.Outcome {
	status := lastStatus(d)
	switch {
	case d.Verdict != pictify.Valid:
		return store.Unverified
	case d.State == store.Done:
		return store.Taken
	case d.State == store.Kept:
		return store.Recorded
	case d.State == store.Waiting || status == 0:
		return store.Unanswered
	}
	return store.Refused
}

func lastStatus(d store.Delivery) int {
	if n := len(d.Attempts); n > 0 {
		return d.Attempts[n-1].Status
	}
	return 0
}

// plainChart is the chart as one would count it by hand.
func plainChart(all []store.Delivery, from, to time.Time, step time.Duration) []store.ChartStep {
	var list []store.ChartStep
	for start := from.Truncate(step); start.Before(to); start = start.Add(step) {
		s := store.ChartStep{Start: start}
		var took []time.Duration
		n := 0
		for _, d := range all {
			if at := d.ReceivedAt; at.Before(start) || !at.Before(start.Add(step)) || at.Before(from) || !at.Before(to) {
				continue
			}
			n++
			s.Outcomes[outcome(d)]++
			if lastStatus(d) != 0 {
				took = append(took, d.Attempts[len(d.Attempts)-1].Duration)
			}
		}
		if s.Answers = int64(len(took)); len(took) > 0 {
			slices.Sort(took)
			rank := func(part float64) time.Duration { // the first that so many do not exceed
				for i, d := range took {
					if float64(i+1) >= part*float64(len(took)) {
						return d
					}
				}
				panic("part is more than all")
			}
			s.P50, s.P95 = rank(.5), rank(.95)
		}
		if n > 0 {
			list = append(list, s)
		}
	}
	return list
}

func plainShares(all []store.Delivery, name func(store.Delivery) string) map[string]store.Share {
	shares := map[string]store.Share{}
	slices.SortFunc(all, func(a, b store.Delivery) int { return int(a.Seq - b.Seq) })
	for _, d := range all {
		s := shares[name(d)]
		s.Name = name(d)
		s.Outcomes[outcome(d)]++
		s.Last = store.Sight{Seq: d.Seq, At: d.ReceivedAt, Status: lastStatus(d)}
		if d.Verdict == pictify.Valid && lastStatus(d) != 0 {
			s.Answered = s.Last
		}
		shares[name(d)] = s
	}
	return shares
}

// Whatever has happened, here or by another process, what is counted is what is
// stored: arrivals, repeats, attempts, and what was pruned.
func TestChartIsWhatIsStored(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			path := filepath.Join(t.TempDir(), store.FileName)
			s := openAt(t, path, store.Options{KeepCount: 20 + 1000*int64(seed%2)})
			other := openAt(t, path, store.Options{KeepCount: 1000})
			n := 0
			for round := range 8 {
				live(t, []*store.Store{s, s, other}[rng.IntN(3)], rng, &n)
				from := chartStart.Add(time.Duration(rng.Int64N(int64(time.Hour)))).Truncate(time.Microsecond)
				to := from.Add(time.Duration(rng.Int64N(int64(2 * time.Hour)))).Truncate(time.Microsecond)
				checkCensus(t, s, from, to, []time.Duration{15 * time.Second, time.Minute, time.Hour}[rng.IntN(3)])
				if t.Failed() {
					t.Fatalf("in round %d", round)
				}
			}
		})
	}
}

func checkCensus(t *testing.T, s *store.Store, from, to time.Time, step time.Duration) {
	t.Helper()
	for {
		rev, err := s.LastRev(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all := summaries(t, s)
		chart, err := s.Chart(t.Context(), from, to, step)
		if err != nil {
			t.Fatal(err)
		}
		events, subs, err := s.Shares(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if after, err := s.LastRev(t.Context()); err != nil || after != rev {
			continue // what did not verify is written when it suits the store
		}
		if diff := cmp.Diff(plainChart(all, from, to, step), append([]store.ChartStep(nil), chart.Steps...)); diff != "" {
			t.Errorf("%v to %v by %v (-by hand +chart):\n%s", from, to, step, diff)
		}
		checkShares(t, plainShares(all, func(d store.Delivery) string { return string(d.Event) }), events)
		want := plainShares(all, func(d store.Delivery) string { return d.Subscription })
		delete(want, "")
		checkShares(t, want, subs)
		return
	}
}

func checkShares(t *testing.T, want map[string]store.Share, got []store.Share) {
	t.Helper()
	byName := map[string]store.Share{}
	for _, s := range got {
		byName[s.Name] = s
	}
	if len(byName) != len(got) {
		t.Errorf("a name comes twice in %+v", got)
	}
	if diff := cmp.Diff(want, byName); diff != "" {
		t.Errorf("shares (-by hand +store):\n%s", diff)
	}
}

func TestChartChoosesItsRange(t *testing.T) {
	s := open(t, store.Options{})
	now := chartStart.Add(24 * time.Hour)
	chart, err := s.Chart(t.Context(), time.Time{}, now, 0)
	if err != nil || len(chart.Steps) != 0 || !chart.From.Equal(now.Add(-time.Hour)) || chart.Step != 30*time.Second {
		t.Errorf("of an empty store: %+v, %v", chart, err)
	}
	for n, ago := range []time.Duration{20 * time.Hour, 23 * time.Hour, time.Minute} {
		d := delivery(n)
		d.ReceivedAt = now.Add(-ago)
		record(t, s, d)
	}
	chart, err = s.Chart(t.Context(), time.Time{}, now, 0)
	if err != nil || len(chart.Steps) != 3 || !chart.From.Equal(now.Add(-23*time.Hour)) || chart.Step != 10*time.Minute {
		t.Errorf("of all: %+v, %v", chart, err)
	}
	if _, err := s.Chart(t.Context(), chartStart, now, time.Second); err == nil {
		t.Error("a chart of 86,400 steps is drawn")
	}
	if _, err := s.Chart(t.Context(), chartStart, now, -time.Second); err == nil {
		t.Error("a chart goes backwards")
	}
}

// So many types of events take no memory without end, and are still counted.
func TestCensusOfManyNames(t *testing.T) {
	s := open(t, store.Options{})
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := n.Add(1); i <= 5000; i = n.Add(1) {
				d := delivery(int(i))
				d.Event = pictify.EventType(fmt.Sprint("type", i))
				if _, err := s.Record(t.Context(), d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for range 2 {
		events, _, err := s.Shares(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var total int64
		for _, e := range events {
			total += e.Arrived()
		}
		if total != 5000 || len(events) > 4096 {
			t.Errorf("%d deliveries of %d types", total, len(events))
		}
	}
}

func TestHeld(t *testing.T) {
	s := open(t, store.Options{})
	for n := range 5 {
		d := delivery(n)
		if n == 1 {
			d.State = store.Kept
		}
		record(t, s, d)
	}
	held, err := s.Held(t.Context(), 3)
	if err != nil || ids(held) != "d4 d3 d1" || held[0].Seq != 1 {
		t.Errorf("held are %s, %v", ids(held), err)
	}
	if size, err := s.Size(); err != nil || size < 10<<10 {
		t.Errorf("the database takes %d bytes, %v", size, err)
	}
}
