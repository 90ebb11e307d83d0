package mock_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

// run sends a load whose request n takes as long as takes says, and returns the
// outcomes in the order in which they came, each with its latency and when it was sent.
type sent struct {
	N           int
	At, Latency time.Duration // At from the beginning
}

func run(ctx context.Context, l *mock.Load, takes func(n int) time.Duration) []sent {
	start := time.Now()
	var mu sync.Mutex
	var all []sent
	l.Do = func(ctx context.Context, n int, due time.Time) {
		at := time.Since(start)
		select {
		case <-time.After(takes(n)):
		case <-ctx.Done():
			return
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, sent{n, at, time.Since(due)})
	}
	l.Run(ctx)
	return all
}

const ms = time.Millisecond

// A handler that stalls once makes all wait that were due meanwhile.
func TestOpenLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := run(t.Context(), &mock.Load{Count: 5, Rate: 10}, func(n int) time.Duration {
			if n == 1 {
				return 250 * ms
			}
			return 10 * ms
		})
		want := []sent{{0, 0, 10 * ms}, {1, 100 * ms, 250 * ms}, {2, 350 * ms, 160 * ms}, {3, 360 * ms, 70 * ms}, {4, 400 * ms, 10 * ms}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestClosedLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := run(t.Context(), &mock.Load{Count: 5, Concurrency: 2}, func(n int) time.Duration { return time.Duration(10+n) * ms })
		slices.SortFunc(got, func(a, b sent) int { return a.N - b.N })
		want := []sent{{0, 0, 10 * ms}, {1, 0, 11 * ms}, {2, 10 * ms, 12 * ms}, {3, 11 * ms, 13 * ms}, {4, 22 * ms, 14 * ms}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestLoadForAWhile(t *testing.T) {
	for _, tt := range []struct {
		load *mock.Load
		want int
	}{
		{&mock.Load{Duration: time.Second, Rate: 100}, 100},
		{&mock.Load{Duration: time.Second, Rate: 100, Concurrency: 7}, 100},
		{&mock.Load{Duration: time.Second, Rate: 100, Count: 30}, 30},
		{&mock.Load{Duration: time.Second, Concurrency: 2}, 200}, // each takes 10 ms
		{&mock.Load{Duration: time.Second, Rate: 0.5}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			if got := run(t.Context(), tt.load, func(int) time.Duration { return 10 * ms }); len(got) != tt.want {
				t.Errorf("%d requests in %v, want %d", len(got), time.Since(start), tt.want)
			}
		})
	}
}

// Delays reorder requests, each within its bounds and the same for the same seed.
func TestDelays(t *testing.T) {
	order := func(seed uint64) (order []int) {
		synctest.Test(t, func(t *testing.T) {
			l := &mock.Load{Count: 200, Rate: 100, Concurrency: 300, MinDelay: 20 * ms, MaxDelay: 500 * ms, Seed: seed}
			for _, s := range run(t.Context(), l, func(int) time.Duration { return 0 }) {
				order = append(order, s.N)
				if delay := s.At - time.Duration(s.N)*10*ms; delay < 20*ms || delay > 500*ms || s.Latency != 0 {
					t.Errorf("request %d was sent %v after its turn, with latency %v", s.N, delay, s.Latency)
				}
			}
		})
		return order
	}
	first, other := order(1), order(2)
	if slices.IsSorted(first) {
		t.Error("delays of up to 500 ms left 100 a second in order")
	}
	if slices.Equal(first, other) {
		t.Error("two seeds give the same order")
	}
	if again := order(1); !slices.Equal(first, again) {
		t.Error("one seed gives two orders")
	}
	slices.Sort(first)
	if len(first) != 200 || len(slices.Compact(first)) != 200 {
		t.Errorf("sent %v", first)
	}
}

func TestLoadThatIsBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 105*ms)
		defer cancel()
		if got := run(ctx, &mock.Load{Rate: 100, Concurrency: 3}, func(int) time.Duration { return ms }); len(got) != 11 {
			t.Errorf("%d requests in 105 ms, want 11", len(got))
		}
	})
}

func TestTally(t *testing.T) {
	var tally mock.Tally
	if tally.Quantile(0.5) != 0 || tally.Max() != 0 || tally.Bins(5) != nil {
		t.Error("nothing was counted, and yet there is a latency")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var exact []time.Duration
	for i := range 10_000 {
		o := mock.Outcome{N: i, Latency: time.Duration(r.ExpFloat64() * float64(5*ms)), Result: mock.Result{Status: 200}}
		switch i % 10 {
		case 1:
			o.Status = 500
		case 2:
			o.Status, o.Err = 0, errors.New([]string{"refused", "reset"}[i%20/10])
		}
		exact = append(exact, o.Latency)
		tally.Add(o)
	}
	slices.Sort(exact)
	for _, q := range []float64{0.5, 0.9, 0.99} {
		got, want := tally.Quantile(q), exact[int(q*10_000)-1]
		if d := got - want; d < -want/500-2*time.Microsecond || d > want/500+2*time.Microsecond {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if tally.Max() != exact[len(exact)-1] || tally.Sent != 10_000 {
		t.Errorf("max %v of %d, want %v", tally.Max(), tally.Sent, exact[len(exact)-1])
	}
	if diff := cmp.Diff(map[int]int{200: 8000, 500: 1000, 0: 1000}, tally.Statuses); diff != "" {
		t.Errorf("statuses (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"refused": 500, "reset": 500}, tally.Problems); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
	bins := tally.Bins(8)
	total := 0
	for i, b := range bins {
		total += b.Count
		if b.Low >= b.High || i > 0 && b.Low != bins[i-1].High {
			t.Errorf("bin %d is %+v", i, b)
		}
	}
	if total != 10_000 || len(bins) != 8 || bins[0].Count < bins[6].Count {
		t.Errorf("bins %+v", bins)
	}
}
