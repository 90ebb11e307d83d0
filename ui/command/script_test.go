package command_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := binaryDir(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

var binaryDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "pictap-test") })

// build makes the real binary, once for all tests.
var build = sync.OnceValues(func() (string, error) {
	dir, err := binaryDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pictap")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", path, "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// pictap is the path of the real binary.
func pictap(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestScript runs the scripts in testdata/script against the real binary. They
// know these commands beside testscript's own:
//
//	exits N cmd [args...]   run cmd, which must end with exit code N
//	mode M file...          the files must have the permissions M, in octal
//	handler NAME MODE       see there
//	cmpids FILE FILE        both have the same delivery ids in the same order, at least one
//	record dir file...      record the files, without the line end of the last line, as verified
//	                        deliveries d1, d2, … in the state directory dir; each is a second younger,
//	                        the last 1 s old, and the app has answered d2 with 500
func TestScript(t *testing.T) {
	bin := pictap(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			for name, value := range map[string]string{
				"PATH": filepath.Dir(bin) + string(filepath.ListSeparator) + os.Getenv("PATH"),
				"HOME": home, "LocalAppData": home, "NO_PROXY": "*",
			} {
				e.Setenv(name, value)
			}
			return os.Mkdir(home, 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "mode": mode, "handler": handler, "cmpids": compareIDs, "record": recordFiles},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N cmd [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode OCTAL file...")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := info.Mode().Perm(); got != fs.FileMode(want) {
			ts.Fatalf("%s has mode %04o, want %04o", name, got, want)
		}
	}
}

func recordFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: record DIR file...")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	st, err := store.Open(filepath.Join(dir, store.FileName), store.Options{})
	ts.Check(err)
	defer st.Close()
	for i, name := range args[1:] {
		body := []byte(strings.TrimSuffix(ts.ReadFile(name), "\n"))
		event, _ := pictify.ParseEvent(body) // what is none has no type
		proof := sha256.Sum256(fmt.Append(body, i))
		d, err := st.Record(context.Background(), store.Delivery{
			ReceivedAt: time.Now().Add(time.Duration(i-len(args)) * time.Second),
			Event:      event.Type, About: event.About(), DeliveryID: fmt.Sprintf("del_recorded%d", i+1), Hook: "hook", Source: store.FromLocal, Verdict: pictify.Valid,
			State: store.Waiting, Method: "POST", Path: "/in/abc/def", Body: body, BodySize: int64(len(body)), Proof: proof[:16],
			Header: []store.Field{{Name: "Content-Type", Value: "application/json"}, {Name: "X-Pictify-Event", Value: string(event.Type)}, {Name: "X-Pictify-Signature", Value: "t=1,v1=ab"}, {Name: "X-Other", Value: "y"}},
		})
		ts.Check(err)
		if d.Seq == 2 {
			_, err := st.AddAttempt(context.Background(), d.Seq, store.Attempt{Kind: store.Forward, Status: 500}, store.Failed)
			ts.Check(err)
		}
	}
	ts.Check(st.Close())
}

// A reader that has seen enough, as in "pictap ... | head -1", is no error, and
// the process does not die of a signal.
func TestClosedStdoutIsNoError(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"secret", "show"}, {"version", "--json"}, {"nonsense", "--json"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			r.Close()
			var stderr bytes.Buffer
			cmd := exec.CommandContext(t.Context(), pictap(t), args...)
			cmd.Env = append(os.Environ(), "PICTAP_STATE_DIR="+t.TempDir())
			cmd.Stdout, cmd.Stderr = w, &stderr
			err = cmd.Run()
			want := 0
			if args[0] == "nonsense" {
				want = 2
			}
			if code := cmd.ProcessState.ExitCode(); code != want {
				t.Errorf("exit %d (%v), want %d; stderr %s", code, err, want, &stderr)
			}
		})
	}
}

var idInLine = regexp.MustCompile(`"n":(\d+),"event":"([^"]+)","delivery_id":"(del_[^"]+)"`)

func compareIDs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cmpids FILE FILE")
	}
	var ids [2][]string
	for i, name := range args {
		ids[i] = idInLine.FindAllString(ts.ReadFile(name), -1)
	}
	if len(ids[0]) == 0 || !slices.Equal(ids[0], ids[1]) {
		ts.Fatalf("%s has %q, %s has %q", args[0], ids[0], args[1], ids[1])
	}
}
