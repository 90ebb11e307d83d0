package mock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// A restart loses nothing: subscriptions with secrets, counts, logs, what is due and to
// the moment when, and the bytes of the events.
func TestStateSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "mock.json")
		first := newLine(t, &mock.Server{HookSecret: pictify.NewSecret("whsec_of_the_project")}, 500)
		if err := first.KeepState(path); err != nil {
			t.Fatal(err)
		}
		uid := first.subscribe()
		e := event(pictify.RenderFailed, `{"html":"<b>&amp;</b>\u2028 ü","n":1.50}`)
		id := first.Emit(t.Context(), e)[0].ID
		first.EmitTo(t.Context(), "http://127.0.0.1:9/batch", event(pictify.BatchCompleted, `{}`))
		pass(2 * time.Minute)
		shown, queue, due, subs := first.shown(uid), first.queue(), first.Due(), first.Subscriptions()
		log, _ := first.Attempts(uid)
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file is %v, %v", info.Mode(), err)
			}
		}

		pass(time.Minute)
		second := newLine(t, &mock.Server{}, 500)
		second.begin = first.begin
		var mu sync.Mutex
		var got []string
		second.set(func(_ context.Context, d mock.Delivery) mock.Result {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, d.ID+" "+d.Secret.Reveal()+" "+string(d.Event.Body()))
			return mock.Result{Status: 200}
		})
		if err := second.KeepState(path); err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		restored, _ := second.Attempts(uid)
		reveal := cmp.Transformer("Reveal", func(s pictify.Secret) string { return s.Reveal() })
		for what, diff := range map[string]string{
			"subscription":  cmp.Diff(shown, second.shown(uid)),
			"queue":         cmp.Diff(queue, second.queue()),
			"due":           cmp.Diff(due, second.Due()),
			"log":           cmp.Diff(log, restored),
			"subscriptions": cmp.Diff(subs, second.Subscriptions(), reveal),
		} {
			if diff != "" {
				t.Errorf("%s (-before +after)\n%s", what, diff)
			}
		}
		pass(100 * time.Hour)
		if diff := cmp.Diff([]string{"6m0s", "6m0s"}, second.times()); diff != "" {
			t.Errorf("attempts after the restart (-want +got)\n%s", diff)
		}
		if want := id + " " + subs[0].Secret.Reveal() + " " + string(e.Body()); len(got) != 2 || got[0] != want && got[1] != want {
			t.Errorf("sent %q, want %q among them", got, want)
		}
	})
}

// What was late when the mock came back goes out at once.
func TestStateThatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{}, 500)
		l.subscribe()
		l.Emit(t.Context(), renderFailed)
		text, err := l.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		pass(10 * time.Hour)
		again := newLine(t, &mock.Server{}, 200)
		defer again.Close()
		if err := again.Restore(text); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"0s"}, again.times()); diff != "" {
			t.Errorf("attempts (-want +got)\n%s", diff)
		}
	})
}

// A change is on disk soon, without Close: as after a kill.
func TestStateIsWrittenMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "mock.json")
		l := newLine(t, &mock.Server{}, 200)
		defer l.Close()
		if err := l.KeepState(path); err != nil {
			t.Fatal(err)
		}
		uid := l.subscribe()
		pass(time.Second)
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), uid) {
			t.Errorf("a second later: %s, %v", text, err)
		}
		before, _ := os.Stat(path)
		l.must("GET", "/webhook-subscriptions", "")
		pass(time.Second)
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("a GET rewrites the state: %v", err)
		}
		// What a crash left half written is nobody's state.
		half := filepath.Join(filepath.Dir(path), ".mock.json.new")
		if err := os.WriteFile(half, []byte(`{"format":`), 0o600); err != nil {
			t.Fatal(err)
		}
		l.must("DELETE", "/webhook-subscriptions/"+uid, "")
		pass(time.Second)
		if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), uid) {
			t.Errorf("after a deletion: %s, %v", text, err)
		}
		if _, err := os.Stat(half); err == nil {
			t.Error("the half written file is still there")
		}
	})
}

// A crash in the middle of a write leaves the old state or the new one, whatever the moment.
func TestStateCrash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "mock.json")
	one := newLine(t, &mock.Server{}, 200)
	if err := one.KeepState(path); err != nil {
		t.Fatal(err)
	}
	one.subscribe()
	one.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n <= len(whole); n += 97 { // as far as the writer came
		if err := os.WriteFile(filepath.Join(dir, ".mock.json.new"), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		l := newLine(t, &mock.Server{}, 200)
		if err := l.KeepState(path); err != nil || len(l.Subscriptions()) != 1 {
			t.Fatalf("after a crash at byte %d: %v, %d subscriptions", n, err, len(l.Subscriptions()))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What is no state, or a newer one, or not ours any more, is refused and stays as it is.
func TestStateRefused(t *testing.T) {
	wants := map[string]error{
		"whole": nil, "empty": nil, "answers": nil, "newer": mock.ErrStateNewer, "unknown-field": mock.ErrStateNewer,
		"internal-target": mock.ErrStateTarget,
	}
	seeds, err := filepath.Glob("testdata/seeds/state/*.json")
	if err != nil || len(seeds) < 10 {
		t.Fatalf("%d seeds, %v", len(seeds), err)
	}
	for _, seed := range seeds {
		name := strings.TrimSuffix(filepath.Base(seed), ".json")
		want, known := wants[name]
		if !known {
			want = mock.ErrStateCorrupt
		}
		text, err := os.ReadFile(seed)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "mock.json")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		l := newLine(t, &mock.Server{Now: func() time.Time { return testNow }}, 200)
		if err := l.KeepState(path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if err := l.Close(); err != nil && want == nil {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); want != nil && (err != nil || !bytes.Equal(after, text)) {
			t.Errorf("%s was changed to %s, %v", name, after, err)
		}
	}
}

func TestStateOfSomebodyElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mock.json")
	l := newLine(t, &mock.Server{}, 200)
	if err := l.KeepState(path); err != nil {
		t.Fatal(err)
	}
	other := []byte(`{"somebody":"else"}`)
	if err := os.WriteFile(path, other, 0o600); err != nil {
		t.Fatal(err)
	}
	l.subscribe()
	if err := l.Close(); !errors.Is(err, mock.ErrStateTaken) {
		t.Errorf("Close = %v, want %v", err, mock.ErrStateTaken)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, other) {
		t.Errorf("it was overwritten: %s", after)
	}
	if err := newLine(t, &mock.Server{}, 200).KeepState(filepath.Join(path, "below a file")); err == nil {
		t.Error("a path that cannot be is taken")
	}
	if err := newLine(t, &mock.Server{}, 200).KeepState(t.TempDir()); !errors.Is(err, mock.ErrStateCorrupt) {
		t.Errorf("a directory: %v", err)
	}
}

// A restore replaces everything, or nothing.
func TestRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, &mock.Server{}, 500)
		defer l.Close()
		uid := l.subscribe()
		l.Emit(t.Context(), renderFailed)
		before, err := l.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		l.Reset()
		other := l.subscribe()
		l.set(hang)
		l.Enqueue(renderFailed)
		synctest.Wait()
		if err := l.Restore([]byte(`{}`)); !errors.Is(err, mock.ErrStateCorrupt) || len(l.Due()) != 1 || l.Due()[0].Subscription != other {
			t.Errorf("Restore of nonsense = %v, due %+v", err, l.Due())
		}
		if err := l.Restore(before); err != nil {
			t.Fatal(err)
		}
		if subs := l.Subscriptions(); len(subs) != 1 || subs[0].UID != uid {
			t.Errorf("restored %+v", subs)
		}
		after, err := l.Snapshot()
		if err != nil || !json.Valid(after) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(before), string(after)); diff != "" {
			t.Errorf("(-before +after)\n%s", diff)
		}
	})
}
