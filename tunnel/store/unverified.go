package store

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// unverifiedEvery is how often requests that did not verify are written. They
// were refused, so nobody relies on them, and a flood of them must not cost a
// sync each.
const unverifiedEvery = 100 * time.Millisecond

// A ring collects requests that did not verify until they are written. It holds
// the newest UnverifiedCount; older ones of the same moment are only counted.
type ring struct {
	s    *Store
	wake chan struct{}
	done chan struct{}

	writing sync.Mutex // held from taking the list until it is written

	mu      sync.Mutex // guards all below
	closed  bool
	list    []Delivery
	skipped int64
}

func newRing(s *Store) *ring {
	return &ring{s: s, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// RecordUnverified keeps a request that did not verify, within the bounds of
// [UnverifiedCount] and [UnverifiedBytes], soon but not at once. It never
// blocks. The caller cuts the body; d.BodySize is what was received.
func (s *Store) RecordUnverified(d Delivery) {
	d.State, d.Proof = Kept, nil
	r := s.unverified
	r.mu.Lock()
	if !r.closed {
		if len(r.list) >= UnverifiedCount {
			r.list = append(r.list[:0], r.list[1:]...)
			r.skipped++
		}
		r.list = append(r.list, d)
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Settle returns when what [Store.RecordUnverified] was given before is written, so
// that a person who has just sent it can be told its numbers.
func (s *Store) Settle() { s.unverified.flush() }

// Skipped returns how many requests that did not verify were not written
// because too many came at once.
func (s *Store) Skipped() int64 {
	s.unverified.mu.Lock()
	defer s.unverified.mu.Unlock()
	return s.unverified.skipped
}

func (r *ring) take() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.list
	r.list = nil
	return list
}

func (r *ring) run() {
	tick := time.NewTicker(unverifiedEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.wake:
			r.flush()
		case <-r.done:
			return
		}
		select { // at most one transaction in each interval
		case <-tick.C:
		case <-r.done:
			return
		}
	}
}

func (r *ring) flush() {
	r.writing.Lock()
	defer r.writing.Unlock()
	list := r.take()
	if len(list) == 0 {
		return
	}
	err := r.s.writer.do(context.Background(), write{apply: func(ctx context.Context, b *batch) error {
		for _, d := range list {
			if _, err := insert(ctx, b, d, sha256.Sum256(d.Body)); err != nil {
				return err
			}
		}
		return pruneUnverified(ctx, b)
	}})
	if err != nil {
		r.s.opts.Log.Warn("unverified requests not kept", "count", len(list), "err", err)
	}
}

// close writes what is left and ends run. Later requests are not kept.
func (r *ring) close() {
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	r.mu.Unlock()
	if first {
		close(r.done)
		r.flush()
	}
}
