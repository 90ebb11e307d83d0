//go:build unix

package store_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"pictap/tunnel/store"
)

// A full disk is played by a limit on the size of files. It holds for the whole
// process, so the test runs in one of its own.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getenv(roleVariable) == "" {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), roleVariable+"=full disk")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	path := filepath.Join(t.TempDir(), store.FileName)
	s := openAt(t, path, store.Options{})
	stored := make(map[int]int64) // n -> seq
	for n := range 20 {
		stored[n] = record(t, s, delivery(n)).Seq
	}
	// Room for a few more, then for nothing, then enough, and once more.
	for round, limit := range []int64{fileSize(t, path+"-wal") + 20_000, 4096, 0, 4096, 0} {
		lift := limitFiles(t, limit)
		var mu sync.Mutex
		var wg sync.WaitGroup
		var accepted, refused atomic.Int64
		for w := range 8 {
			wg.Go(func() {
				for i := range 10 {
					n := 1000*(round+1) + 100*w + i
					d, err := s.Record(context.Background(), delivery(n))
					if err != nil {
						refused.Add(1)
						continue
					}
					accepted.Add(1)
					mu.Lock()
					stored[n] = d.Seq
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		_, err := s.AddAttempt(t.Context(), stored[0], store.Attempt{Kind: store.Forward, Status: 200}, store.Done)
		switch {
		case accepted.Load()+refused.Load() != 80:
			t.Errorf("round %d: %d accepted, %d refused, want an answer to each of 80", round, accepted.Load(), refused.Load())
		case limit == 4096 && (accepted.Load() != 0 || err == nil):
			t.Errorf("round %d: %d accepted on a full disk, and an attempt (%v)", round, accepted.Load(), err)
		case limit == 0 && (refused.Load() != 0 || err != nil):
			t.Errorf("round %d: %d refused although there is room again, and an attempt (%v)", round, refused.Load(), err)
		}
		if err := s.IndexNow(t.Context(), nil); limit == 0 && err != nil {
			t.Errorf("round %d: IndexNow = %v", round, err)
		}
		if list := search(t, s, `"del_0"`); len(list) != 1 || list[0].Seq != stored[0] {
			t.Errorf("round %d: del_0 is found %d times", round, len(list))
		}
		if list, err := s.List(t.Context(), store.Query{Limit: 1000}); err != nil || len(list) != len(stored) {
			t.Errorf("round %d: %d can be read (%v), want %d", round, len(list), err, len(stored))
		}
		lift()
	}
	seen := make(map[int64]bool)
	for n, seq := range stored {
		d, err := s.Get(t.Context(), seq)
		if err != nil || string(d.Body) != string(delivery(n).Body) || seen[seq] {
			t.Errorf("d%d: %v, %q, want what was recorded", seq, err, d.Body)
		}
		seen[seq] = true
	}
	if c, err := s.Count(t.Context()); err != nil || c.Deliveries != int64(len(stored)) {
		t.Errorf("Count = %+v, %v, want %d", c, err, len(stored))
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	mustBeSound(t, path)
}

// limitFiles makes every write beyond size fail until the returned function is
// called; 0 is no limit. The signal that goes with it is one that Go ignores.
func limitFiles(t testing.TB, size int64) (lift func()) {
	t.Helper()
	if size == 0 {
		return func() {}
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := old
	limit.Cur = uint64(size)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
	}
}
