package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/store"
)

// seqsOf returns what is stored, the oldest first.
func seqsOf(t *testing.T, s *store.Store) []int64 {
	t.Helper()
	list, err := s.List(t.Context(), store.Query{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	var seqs []int64
	for _, d := range slices.Backward(list) {
		seqs = append(seqs, d.Seq)
	}
	return seqs
}

func remove(t *testing.T, s *store.Store, want int, seqs ...int64) {
	t.Helper()
	if n, err := s.Delete(t.Context(), seqs...); err != nil || n != want {
		t.Fatalf("Delete(%v) = %d, %v, want %d", seqs, n, err, want)
	}
}

// Everything of a delivery goes, nothing of another, and the totals agree with
// what a fresh look at the file counts.
func TestDelete(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{})
	for n := range 5 {
		d := record(t, s, delivery(n))
		if _, err := s.AddAttempt(t.Context(), d.Seq, store.Attempt{Kind: store.Forward, Status: 200}, store.Done); err != nil {
			t.Fatal(err)
		}
	}
	waiting := record(t, s, delivery(5))
	odd := delivery(6)
	odd.Proof = nil
	s.RecordUnverified(odd)
	for changed := s.Changed(); len(seqsOf(t, s)) < 7; changed = s.Changed() { // written soon, but not at once
		<-changed
	}
	remove(t, s, 4, 2, 4, waiting.Seq, 7, 99)
	remove(t, s, 0, 2)
	remove(t, s, 0)
	if diff := cmp.Diff([]int64{1, 3, 5}, seqsOf(t, s)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if _, err := s.Get(t.Context(), 2); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get of a deleted one = %v", err)
	}
	if _, err := s.AddAttempt(t.Context(), 2, store.Attempt{}, store.Done); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("AddAttempt to a deleted one = %v", err)
	}
	if list, err := s.Waiting(t.Context(), 0, 10); err != nil || len(list) > 0 {
		t.Errorf("Waiting = %v, %v", list, err)
	}
	got, err := s.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var want store.Counts
	var strays int
	err = db.QueryRow(`SELECT count(*), sum(kept), (SELECT count(*) FROM attempts WHERE seq NOT IN (1, 3, 5)) + (SELECT count(*) FROM contents WHERE seq NOT IN (1, 3, 5))
		FROM deliveries`).Scan(&want.Deliveries, &want.Bytes, &strays)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || strays > 0 {
		t.Errorf("counts (-counted +told):\n%s%d rows of what was deleted", diff, strays)
	}
	if next := record(t, s, delivery(8)); next.Seq != 8 {
		t.Errorf("the next one is d%d, want d8", next.Seq)
	}
	again := record(t, s, delivery(1)) // what was deleted is new when it comes again
	if again.Repeat || again.Seq != 9 {
		t.Errorf("what was deleted came again as %+v", again)
	}
}

// What is removed by search is what the search finds, in steps, and nothing that
// comes meanwhile.
func TestClear(t *testing.T) {
	s := open(t, store.Options{})
	for n := range 1203 {
		record(t, s, delivery(n))
	}
	clear := func(text string, want int) {
		t.Helper()
		q, err := store.ParseSearch(text)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.Clear(t.Context(), q); err != nil || n != want {
			t.Fatalf("Clear(%q) = %d, %v, want %d", text, n, err, want)
		}
	}
	clear("data.n:7", 1)
	clear("d1..d3", 3)
	clear("last", 1)
	clear("nowhere", 0)
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
				record(t, s, delivery(10_000+n))
			}
		}
	}()
	q, _ := store.ParseSearch("")
	cleared, err := s.Clear(t.Context(), q)
	close(stop)
	came := <-done
	if err != nil || cleared < 1198 {
		t.Errorf("Clear = %d, %v, want at least 1198", cleared, err)
	}
	if left := len(seqsOf(t, s)); left != 1198+came-cleared {
		t.Errorf("%d left, want %d that came less those of %d cleared", left, came, cleared)
	}
}

// Whoever follows learns of a removal before anything that is newer, in the process
// that does it, in another one, and after a restart.
func TestRemovedIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	s, other := openAt(t, path, store.Options{}), openAt(t, path, store.Options{})
	for n := range 4 {
		record(t, s, delivery(n))
	}
	if rev := s.Removed(); rev != 0 {
		t.Errorf("Removed = %d before any", rev)
	}
	told := func(rev int64, want []int64, wantOK bool) {
		t.Helper()
		got, ok := s.RemovedSince(rev)
		if ok != wantOK || ok && !slices.Equal(got, want) {
			t.Errorf("RemovedSince(%d) = %v, %v, want %v, %v", rev, got, ok, want, wantOK)
		}
	}
	told(0, nil, true)
	remove(t, s, 1, 1)
	if rev := s.Removed(); rev != 5 {
		t.Errorf("Removed = %d, want 5", rev)
	}
	told(4, []int64{1}, true)
	told(5, nil, true)

	// The other process removes, and one of ours records before we look.
	remove(t, other, 1, 2)
	record(t, s, delivery(10))
	list, err := s.Since(t.Context(), 4, 100)
	if err != nil || len(list) == 0 || list[len(list)-1].Rev != 7 {
		t.Fatalf("Since(4) = %v, %v", list, err)
	}
	if rev := s.Removed(); rev != 6 {
		t.Errorf("Since tells of revision 7, and Removed of %d, want 6", rev)
	}
	told(4, nil, false)
	told(6, nil, true)

	changed := s.Changed()
	remove(t, other, 1, 3)
	select {
	case <-changed:
	case <-time.After(10 * time.Second):
		t.Fatal("the bell does not ring for another process's removal")
	}
	if rev := s.Removed(); rev != 8 {
		t.Errorf("Removed = %d after the bell, want 8", rev)
	}
	if err := errors.Join(s.Close(), other.Close()); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path, store.Options{})
	if rev := s.Removed(); rev != 8 {
		t.Errorf("Removed = %d after a restart, want 8", rev)
	}
	told(7, nil, false)
	told(8, nil, true)
}

// Of very many removals only the newest are known by number.
func TestRemovedSinceIsBounded(t *testing.T) {
	s := open(t, store.Options{})
	for n := range 4500 {
		record(t, s, delivery(n))
	}
	before := s.Removed()
	q, _ := store.ParseSearch("")
	if n, err := s.Clear(context.Background(), q); err != nil || n != 4500 {
		t.Fatalf("Clear = %d, %v", n, err)
	}
	if seqs, ok := s.RemovedSince(before); ok {
		t.Errorf("RemovedSince knows all %d", len(seqs))
	}
}
