package store_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/store"
)

// These tests need processes that die. The test binary starts itself again with a
// role in its environment.
const (
	roleVariable = "PICTAP_TEST_ROLE"
	pathVariable = "PICTAP_TEST_PATH"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "holder":
		holdLock(os.Getenv(pathVariable))
	case "writer":
		writeForEver(os.Getenv(pathVariable))
	default:
		os.Exit(m.Run())
	}
}

// A child is another process with a role. It ends with the test at the latest.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startChild(t testing.TB, role, path string) child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := child{cmd: exec.Command(exe)}
	c.cmd.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	c.cmd.Stderr = t.Output()
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	t.Cleanup(func() { c.cmd.Process.Kill(); c.cmd.Wait() })
	return c
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (c child) kill(t testing.TB) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	c.cmd.Wait() // it says that it was killed
}

// next returns the next line that the process prints, "" at the end.
func (c child) next() string {
	c.lines.Scan()
	return c.lines.Text()
}

func holdLock(dir string) {
	l, err := store.TakeLock(dir)
	if err == nil {
		err = l.Announce(store.Holder{PID: os.Getpid(), Started: time.Now(), PublicURL: "https://holder.example"})
	}
	fmt.Println("locked", err)
	io.Copy(io.Discard, os.Stdin)
	select {} // until killed
}

func TestLockIsOneProcesses(t *testing.T) {
	dir := t.TempDir()
	if _, ok, err := store.Listening(dir); ok || err != nil {
		t.Errorf("Listening before anybody = %t, %v", ok, err)
	}
	holder := startChild(t, "holder", dir)
	if line := holder.next(); line != "locked <nil>" {
		t.Fatalf("the holder says %q", line)
	}
	started := time.Now()
	_, err := store.TakeLock(dir)
	held, ok := errors.AsType[*store.HeldError](err)
	if !ok || held.Holder.PID != holder.cmd.Process.Pid || !strings.Contains(err.Error(), fmt.Sprint(held.Holder.PID)) {
		t.Errorf("TakeLock = %v, want that process %d has it", err, holder.cmd.Process.Pid)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("TakeLock took %v to fail", took)
	}
	h, ok, err := store.Listening(dir)
	if !ok || err != nil || h.PublicURL != "https://holder.example" || !cmp.Equal(h, held.Holder) {
		t.Errorf("Listening = %+v, %t, %v, want the same holder", h, ok, err)
	}

	holder.kill(t)
	if h, ok, err := store.Listening(dir); ok || err != nil {
		t.Errorf("Listening after kill -9 = %+v, %t, %v", h, ok, err)
	}
	l, err := store.TakeLock(dir)
	if err != nil {
		t.Fatalf("TakeLock after kill -9 = %v", err)
	}
	// The dead process is not blamed while the new holder has not said who it is.
	_, err = store.TakeLock(dir)
	if held, ok := errors.AsType[*store.HeldError](err); !ok || held.Holder.PID != 0 {
		t.Errorf("TakeLock = %v, want that somebody unknown has it", err)
	}
	if h, ok, err := store.Listening(dir); !ok || err != nil || h.PID != 0 {
		t.Errorf("Listening = %+v, %t, %v, want an unknown holder", h, ok, err)
	}
	want := store.Holder{PID: 17, Started: time.Unix(1_790_000_000, 0).UTC(), Inspector: "http://127.0.0.1:1", PublicURL: "https://x", ForwardTo: "http://y"}
	for range 2 { // a holder may have news
		want.PID++
		if err := l.Announce(want); err != nil {
			t.Fatal(err)
		}
		if h, _, err := store.Listening(dir); err != nil || !cmp.Equal(want, h) {
			t.Errorf("Listening = %+v, %v, want %+v", h, err, want)
		}
	}
	if err := l.Release(); err != nil {
		t.Errorf("Release = %v", err)
	}
	if _, ok, err := store.Listening(dir); ok || err != nil {
		t.Errorf("Listening after Release = %t, %v", ok, err)
	}
	for _, name := range []string{"listen.lock", "listen.json"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestManyTakeTheLockAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	var won, held atomic.Int64
	release := make(chan struct{})
	for range 20 {
		wg.Go(func() {
			l, err := store.TakeLock(dir)
			if err == nil {
				won.Add(1)
				<-release
				if err := l.Release(); err != nil {
					t.Errorf("Release = %v", err)
				}
				return
			}
			if _, ok := errors.AsType[*store.HeldError](err); !ok {
				t.Errorf("TakeLock = %v", err)
			}
			if held.Add(1) == 19 {
				close(release)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || held.Load() != 19 {
		t.Errorf("%d have the lock and %d do not, want 1 and 19", won.Load(), held.Load())
	}
}

// testBody makes the body of one of the writer's deliveries: of any size, and
// different from all others.
func testBody(n int) []byte {
	chance := rand.New(rand.NewPCG(uint64(n), 1))
	return append(fmt.Appendf(nil, "%d ", n), bytes.Repeat([]byte{byte(n)}, chance.IntN(6000))...)
}

// writeForEver records deliveries from several goroutines and tells each one that
// Record has acknowledged, in one write: "n seq".
func writeForEver(path string) {
	s, err := store.Open(path, store.Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	start := 1_000_000 * os.Getpid()
	var next atomic.Int64
	for range 6 {
		go func() {
			for {
				n := start + int(next.Add(1))
				d := delivery(n)
				d.Body = testBody(n)
				d.BodySize = int64(len(d.Body))
				d, err := s.Record(context.Background(), d)
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Println(n, d.Seq)
				s.NoteAttempt(context.Background(), d.Seq, store.Attempt{Kind: store.Forward, Status: 200}, store.Done, nil)
			}
		}()
	}
	select {} // until killed
}

// However often and whenever a process is killed, what it had acknowledged is
// there, byte for byte, and numbers are not used again.
func TestKill9(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), store.FileName)
	acknowledged := make(map[int64]int) // seq -> n
	chance := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for round := range 20 {
		c := startChild(t, "writer", path)
		if round%4 == 3 { // at any moment, also while it opens
			after := time.Duration(chance.IntN(100)) * time.Millisecond
			timer := time.AfterFunc(after, func() { c.cmd.Process.Kill() })
			defer timer.Stop()
		}
		enough := 1 + chance.IntN(80)
		for n := 0; c.lines.Scan(); n++ {
			if n == enough {
				c.cmd.Process.Kill() // what it has printed by now is read all the same
			}
			var number int
			var seq int64
			if _, err := fmt.Sscan(c.lines.Text(), &number, &seq); err != nil {
				if !strings.HasPrefix(c.lines.Text(), "error") {
					break // the last line, cut short: nobody was told
				}
				t.Fatalf("round %d: the writer says %q", round, c.lines.Text())
			}
			if other, used := acknowledged[seq]; used {
				t.Fatalf("round %d: d%d is %d and %d", round, seq, other, number)
			}
			acknowledged[seq] = number
		}
		c.kill(t)
	}
	s := openAt(t, path, store.Options{})
	for seq, n := range acknowledged {
		d, err := s.Get(t.Context(), seq)
		if err != nil || !bytes.Equal(d.Body, testBody(n)) {
			t.Fatalf("d%d: %v, %d bytes, want %d", seq, err, len(d.Body), len(testBody(n)))
		}
	}
	mustBeSound(t, path)
	t.Logf("%d acknowledged, none lost", len(acknowledged))
	if len(acknowledged) < 100 {
		t.Errorf("only %d were acknowledged", len(acknowledged))
	}
}

// mustBeSound has SQLite check a whole database, and looks for halves of rows.
func mustBeSound(t testing.TB, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]string{
		"PRAGMA integrity_check": "ok",
		"SELECT count(*) FROM deliveries WHERE seq NOT IN (SELECT seq FROM contents)":                                 "0",
		"SELECT count(*) FROM contents WHERE seq NOT IN (SELECT seq FROM deliveries)":                                 "0",
		"SELECT count(*) FROM attempts WHERE seq NOT IN (SELECT seq FROM deliveries)":                                 "0",
		"SELECT count(*) FROM deliveries d WHERE attempts <> (SELECT count(*) FROM attempts a WHERE a.seq = d.seq)":   "0",
		"SELECT count(*) FROM clock WHERE count <> (SELECT count(*) FROM deliveries WHERE proof IS NOT NULL)":         "0",
		"SELECT count(*) FROM clock WHERE seq < (SELECT max(seq) FROM deliveries)":                                    "0",
		"SELECT count(*) FROM clock WHERE bytes <> (SELECT total(kept) FROM deliveries WHERE proof IS NOT NULL)":      "0",
		"SELECT count(*) FROM deliveries d JOIN contents c USING (seq) WHERE kept <> length(c.header)+length(c.body)": "0",
	} {
		var got string
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", query, got, err, want)
		}
	}
}
