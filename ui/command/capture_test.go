package command_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// captureState makes a state directory with deliveries of every type, d1 on.
func captureState(t *testing.T, bodies ...[]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(filepath.Join(dir, store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for i, body := range bodies {
		event, _ := pictify.ParseEvent(body) // what is none has no type
		proof := sha256.Sum256(fmt.Append(nil, i))
		if _, err := st.Record(context.Background(), store.Delivery{ReceivedAt: time.Now(), Event: event.Type, DeliveryID: fmt.Sprint("del_", i), Hook: "h",
			Verdict: pictify.Valid, State: store.Done, Method: "POST", Path: "/in/x", Body: body, BodySize: int64(len(body)), Proof: proof[:16]}); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func runCapture(t *testing.T, state string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), pictap(t), append([]string{"fixtures", "capture", "--state-dir", state}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// The manifest is right about every file, and sha256 is what another program would compute.
func TestCaptureManifest(t *testing.T) {
	g := fixtures.New(5, time.Date(2026, 1, 29, 10, 30, 0, 0, time.UTC), "")
	var bodies [][]byte
	for range 20 {
		for _, typ := range pictify.EventTypes() {
			e, err := g.Event(typ)
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, e.Body())
		}
	}
	state := captureState(t, bodies...)
	for _, format := range []string{"json", "http"} {
		for _, redact := range []bool{false, true} {
			dir := filepath.Join(t.TempDir(), "out")
			stdout, stderr, code := runCapture(t, state, "event:*", "-n", "1000", "--out", dir, "--format", format, fmt.Sprintf("--redact=%v", redact))
			if code != 0 || strings.Count(stdout, "\n") != len(bodies) {
				t.Fatalf("exit %d, %d lines, stderr %s", code, strings.Count(stdout, "\n"), stderr)
			}
			checkManifest(t, dir, bodies, format, redact)
		}
	}
}

func checkManifest(t *testing.T, dir string, bodies [][]byte, format string, redact bool) {
	t.Helper()
	var manifest struct {
		Manifest           int
		Captured, Redacted bool
		Files              []struct {
			Name, Event string
			DeliveryID  string `json:"delivery_id"`
			Bytes       int
			SHA256      string
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &manifest)
	}
	if err != nil || manifest.Manifest != 1 || !manifest.Captured || manifest.Redacted != redact || len(manifest.Files) != len(bodies) {
		t.Fatalf("manifest %.300s, %v", text, err)
	}
	for i, f := range manifest.Files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		event, err := pictify.ParseEvent(bodies[i])
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%s-d%d.%s", event.Type, i+1, format); f.Name != want || f.Bytes != len(content) || f.SHA256 != hex.EncodeToString(sum[:]) || f.Event != string(event.Type) {
			t.Errorf("manifest says %+v, want %s", f, want)
		}
		body := content
		if format == "http" {
			_, body, _ = bytes.Cut(content, []byte("\n\n"))
		}
		if same := bytes.Equal(body, bodies[i]); same == redact || (f.DeliveryID == fmt.Sprint("del_", i)) == redact {
			t.Errorf("%s: redact %v, but the same bytes %v, id %s", f.Name, redact, same, f.DeliveryID)
		}
		if _, err := pictify.ParseEvent(body); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// Names of files are ours, and what is sent cannot reach the terminal raw.
func TestCaptureHostile(t *testing.T) {
	state := captureState(t,
		[]byte(`{"event":"../../etc/passwd","data":{"variables":{"\u001b[31mred\n\u202e":"Anna Schmidt"}}}`),
		[]byte(`{"event":"render.completed\u0000/../x","data":"Anna Schmidt"}`),
		[]byte(strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)),
		[]byte("\x00\xff"),
		[]byte(`{"event":"`+strings.Repeat("a", 5000)+`","data":{}}`))
	for _, redact := range []string{"--redact=false", "--redact"} {
		dir := filepath.Join(t.TempDir(), "out")
		stdout, stderr, code := runCapture(t, state, "!nothing", "--out", dir, redact)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		if strings.ContainsAny(stdout+stderr, "\x1b\x00\u202e") {
			t.Errorf("raw: %q %q", stdout, stderr)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if name := entry.Name(); name != "manifest.json" && !strings.HasPrefix(name, "event-d") {
				t.Errorf("%s: a file called %q", redact, name)
			}
			content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil || redact == "--redact" && bytes.Contains(content, []byte("Schmidt")) {
				t.Errorf("%s: %.200s, %v", entry.Name(), content, err)
			}
		}
	}
}
