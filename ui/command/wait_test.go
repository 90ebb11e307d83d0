package command_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A wait sees what arrives, and how it is answered, in the store of another process.
func TestWaitSeesWhatArrives(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(filepath.Join(dir, store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	add := func(event pictify.EventType) store.Delivery {
		t.Helper()
		body := []byte(`{"event":"` + event + `","data":{}}`)
		d, err := st.Record(t.Context(), store.Delivery{
			Event: event, Verdict: pictify.Valid, State: store.Waiting, Body: body, BodySize: int64(len(body)), ReceivedAt: time.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	refuse := func(d store.Delivery) {
		t.Helper()
		if _, err := st.AddAttempt(t.Context(), d.Seq, store.Attempt{Kind: store.Forward, Status: 500}, store.Failed); err != nil {
			t.Fatal(err)
		}
	}
	refuse(add(pictify.RenderCompleted))

	cmd := exec.CommandContext(t.Context(), pictap(t), "wait", "render.*", "status:500", "-n", "3", "--since", "-1h", "--state-dir", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	next := func(want string) {
		t.Helper()
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Fatalf("printed %q, want %s", lines.Text(), want)
		}
	}
	next("d1 ")
	late := add(pictify.RenderFailed) // d2 does not match before it is answered
	refuse(add(pictify.BatchCompleted))
	refuse(add(pictify.RenderFailed))
	next("d4 ")
	refuse(late)
	next("d2 ")
	if lines.Scan() {
		t.Errorf("and then %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
