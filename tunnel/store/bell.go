package store

import (
	"context"
	"sync"
	"time"
)

// A bell wakes everybody who took its channel before the ring.
type bell struct {
	mu sync.Mutex // guards ch
	ch chan struct{}
}

func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// pollEvery is how often the file is asked whether another process changed it.
// Changes of this process ring at once.
const pollEvery = 250 * time.Millisecond

// Changed returns a channel that is closed by the next commit, of this process
// or of another one. Take it before reading with [Store.Since], so that no ring
// falls between the two.
func (s *Store) Changed() <-chan struct{} {
	s.watchOnce.Do(func() {
		if s.ctx.Err() == nil {
			s.wg.Go(s.watch)
		}
	})
	return s.bell.wait()
}

// watch rings the bell for commits of other processes.
func (s *Store) watch() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.noticeForeign(s.ctx)
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Store) noticeForeign(ctx context.Context) {
	s.writer.committing.Lock() // else a commit of ours that is not announced yet would look foreign
	defer s.writer.committing.Unlock()
	rev, err := s.LastRev(ctx)
	if err != nil {
		return // the next tick asks again; whoever reads meets the error itself
	}
	if rev > s.lastRev.Load() {
		if s.noticeRemovals(ctx) != nil {
			return // likewise
		}
		s.recent.foreign(rev)
		s.advance(rev)
		s.bell.ring()
	}
}

// advance raises lastRev to rev and reports whether that was news.
func (s *Store) advance(rev int64) bool {
	for {
		old := s.lastRev.Load()
		if rev <= old {
			return false
		}
		if s.lastRev.CompareAndSwap(old, rev) {
			return true
		}
	}
}

// LastRev returns the revision of the newest change.
func (s *Store) LastRev(ctx context.Context) (int64, error) {
	var rev int64
	err := s.read.QueryRowContext(ctx, "SELECT rev FROM clock").Scan(&rev)
	return rev, err
}
