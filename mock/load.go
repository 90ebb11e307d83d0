package mock

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A Load is a number of requests and how they are spread over time.
//
// With a Rate it is open: each request is due at a moment of its own, whatever
// became of those before, and its latency counts from then. So a handler that
// stalls shows in all the requests that had to wait, not in one. Without a Rate a
// request is due when one of the Concurrency before it has been answered.
type Load struct {
	Count       int           // 0 means until Duration is over
	Duration    time.Duration // no request is due after it; 0 means no end
	Rate        float64       // requests a second; 0 means as they are answered
	Concurrency int           // at once; 0 means 1
	MinDelay    time.Duration // each request is due so much later, by chance
	MaxDelay    time.Duration
	Seed        uint64

	// Do makes and sends request n, from 0, which was due at that moment. It is
	// called from several goroutines.
	Do func(ctx context.Context, n int, due time.Time)

	mu    sync.Mutex // guards what follows
	next  int
	start time.Time
	late  waiting
	rng   *rand.Rand
}

// A due request.
type due struct {
	n  int
	at time.Time
}

// Run has the requests sent, and returns when the last one is done or ctx ends.
func (l *Load) Run(ctx context.Context) {
	l.start = time.Now()
	l.rng = rand.New(rand.NewPCG(l.Seed, 0x6c6f6164))
	var wg sync.WaitGroup
	for range max(1, l.Concurrency) {
		wg.Go(func() {
			for {
				d, ok := l.take()
				if !ok || !sleepUntil(ctx, d.at) {
					return
				}
				l.Do(ctx, d.n, d.at)
			}
		})
	}
	wg.Wait()
}

// take returns the request that is due next.
func (l *Load) take() (due, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Rate <= 0 {
		at := time.Now().Add(l.delay())
		if l.over(at) {
			return due{}, false
		}
		l.next++
		return due{l.next - 1, at}, true
	}
	// Delays change the order, so those that begin before the next one ends its
	// delay wait in line.
	for {
		at := l.start.Add(time.Duration(float64(l.next) / l.Rate * float64(time.Second)))
		over := l.over(at)
		if len(l.late) > 0 && (over || l.late[0].at.Before(at)) {
			return heap.Pop(&l.late).(due), true
		}
		if over {
			return due{}, false
		}
		heap.Push(&l.late, due{l.next, at.Add(l.delay())})
		l.next++
	}
}

// over reports whether a request that is due at that moment is one too many.
func (l *Load) over(at time.Time) bool {
	return l.Count > 0 && l.next >= l.Count || l.Duration > 0 && at.Sub(l.start) >= l.Duration
}

func (l *Load) delay() time.Duration {
	if l.MaxDelay <= l.MinDelay {
		return l.MinDelay
	}
	return l.MinDelay + time.Duration(l.rng.Int64N(int64(l.MaxDelay-l.MinDelay)+1))
}

// sleepUntil waits for a moment; false when ctx ended before.
func sleepUntil(ctx context.Context, at time.Time) bool {
	left := time.Until(at)
	if left <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// waiting is a heap of requests, the one that is due first on top.
type waiting []due

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].at.Before(w[j].at) }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(due)) }
func (w *waiting) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}
