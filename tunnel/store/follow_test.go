package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// follow asks again and again what has changed, as a page does, until it has
// seen deliveries in their last state, and returns what it saw.
func follow(t testing.TB, s *store.Store, rev int64, done func(map[int64]store.Delivery) bool) map[int64]store.Delivery {
	t.Helper()
	seen := make(map[int64]store.Delivery)
	deadline := time.After(30 * time.Second)
	for !done(seen) {
		changed := s.Changed()
		list, err := s.Since(t.Context(), rev, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if d.Rev <= rev {
				t.Fatalf("Since(%d) goes back to %d", rev, d.Rev)
			}
			rev = d.Rev
			seen[d.Seq] = d
		}
		if len(list) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("after 30 s at rev %d with %d deliveries", rev, len(seen))
		}
	}
	return seen
}

// Memory and database must say the same, whoever asks and wherever he begins.
func TestSinceFromMemoryIsSinceFromTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{KeepCount: 2500})
	var writers errgroup.Group // many at once: they share transactions, which is quicker
	writers.SetLimit(64)
	var noted sync.WaitGroup
	for n := range 3000 {
		writers.Go(func() error { return history(t.Context(), s, n, &noted) })
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	noted.Wait() // attempts are written a little later
	for {        // those that did not verify are written a little later
		changed := s.Changed()
		newest, err := s.Newest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if newest == 3000-s.Skipped() {
			break
		}
		<-changed
	}
	recent, err := s.List(t.Context(), store.Query{Verdict: string(pictify.Valid)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddAttempt(t.Context(), recent[90].Seq, store.Attempt{Kind: store.Replay, Status: 200}, store.Done); err != nil {
		t.Fatal(err)
	}
	last, err := s.LastRev(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fresh := openAt(t, path, store.Options{KeepCount: 2500}) // has nothing in memory
	for _, back := range []int64{0, 1, 2, 500, 2048, 2049, 4000} {
		for _, limit := range []int{1, 5000} {
			t.Run(fmt.Sprintf("back %d limit %d", back, limit), func(t *testing.T) {
				want, err := fresh.Since(t.Context(), last-back, limit)
				if err != nil {
					t.Fatal(err)
				}
				got, err := s.Since(t.Context(), last-back, limit)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("(-database +memory)\n%.2000s", diff)
				}
			})
		}
	}
}

// history is what may happen to a delivery. noted waits for what is written later.
func history(ctx context.Context, s *store.Store, n int, noted *sync.WaitGroup) error {
	d := delivery(n)
	if n%10 == 0 {
		d.Verdict = pictify.Mismatch
		s.RecordUnverified(d)
		return nil
	}
	stored, err := s.Record(ctx, d)
	if err == nil && n%3 > 0 {
		a := store.Attempt{Kind: store.Forward, Status: 200 + n%7, Duration: time.Duration(n) * time.Microsecond}
		noted.Add(1)
		if err = s.NoteAttempt(ctx, stored.Seq, a, store.Done, func(error) { noted.Done() }); err != nil {
			noted.Done()
		}
	}
	if err == nil && n%50 == 1 {
		_, err = s.Record(ctx, d) // the sender repeats itself
	}
	return err
}

func TestManyFollowersMissNothing(t *testing.T) {
	s := open(t, store.Options{})
	const writers, each = 8, 100
	var wg sync.WaitGroup
	complete := func(seen map[int64]store.Delivery) bool {
		n := 0
		for _, d := range seen {
			if d.State == store.Done {
				n++
			}
		}
		return n == writers*each
	}
	for range 3 {
		wg.Go(func() { follow(t, s, 0, complete) })
	}
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				d, err := s.Record(t.Context(), delivery(w*1000+i))
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.NoteAttempt(t.Context(), d.Seq, store.Attempt{Status: 200}, store.Done, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// Two processes have the file open; here two stores stand for them.
func TestChangesOfAnotherProcessAreNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	one, two := openAt(t, path, store.Options{}), openAt(t, path, store.Options{})
	d := record(t, one, delivery(1))
	rev, err := one.LastRev(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.AddAttempt(t.Context(), d.Seq, store.Attempt{Kind: store.Replay, Status: 200}, store.Done); err != nil {
		t.Fatal(err)
	}
	seen := follow(t, one, rev, func(m map[int64]store.Delivery) bool { return len(m) == 1 })
	if got := seen[d.Seq]; got.State != store.Done || len(got.Attempts) != 1 || got.Attempts[0].Kind != store.Replay {
		t.Errorf("one saw %+v, want the replay of two", got)
	}
	// both write now, and both end with the same picture
	var wg sync.WaitGroup
	for w, s := range []*store.Store{one, two} {
		wg.Go(func() {
			for n := range 25 { // SQLite does not share a file fairly
				if _, err := s.Record(t.Context(), delivery(1000*(w+1)+n)); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() { follow(t, s, 0, func(m map[int64]store.Delivery) bool { return len(m) == 51 }) })
	}
	wg.Wait()
}
