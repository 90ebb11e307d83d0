package tunnel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

func TestStartSubscribesToWhatIsAccepted(t *testing.T) {
	a := newAccount(t)
	for _, u := range lookalikes {
		a.teammate(t, u)
	}
	h := a.newHome(t, "")
	h.Types = pictify.EventTypes()
	a.set(func(r *http.Request) *mock.Trouble {
		if r.Method != "POST" {
			return nil
		}
		// At this moment the intent is on disk, and the path exists but is closed.
		var n pictify.NewSubscription
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := errors.Join(err, json.Unmarshal(body, &n)); err != nil {
			t.Error(err)
		}
		row := h.rows(t)[len(h.rows(t))-1]
		if row.State != store.Intended || row.TargetURL != n.TargetURL || row.Event != n.Event || row.IdempotencyKey != r.Header.Get("Idempotency-Key") {
			t.Errorf("the store has %+v while %+v is asked for", row, n)
		}
		for _, key := range []string{"", remoteKey} {
			if code := h.deliver(n.TargetURL, key); code != 503 {
				t.Errorf("the path of %s answers %d before its secret is known, want 503", n.Event, code)
			}
		}
		return nil
	})
	h.start(t)
	h.mustDeliver(t, publicURL, pictify.Subscribable()...)
	for i, sub := range a.ours(t) {
		row := h.rows(t)[i]
		if row.State != store.Live || row.UID != sub.UID || !row.Secret.Equal(sub.Secret) || row.API != a.client.BaseURL {
			t.Errorf("the store has %+v of %s", row, sub.UID)
		}
	}
	want := []string{"created", "created", "refused", "refused", "created", "created"}
	if diff := cmp.Diff(want, a.whats()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, n := range a.told() {
		if n.What == "refused" && (!strings.HasPrefix(string(n.Event), "batch.") || !errors.Is(n.Err, pictify.ErrRefused)) {
			t.Errorf("told %+v", n)
		}
	}
	removed, left := h.Stop(t.Context())
	if len(removed) != 4 || len(left) != 0 {
		t.Errorf("Stop removed %d and left %v, want 4 and none", len(removed), left)
	}
	a.mustBeAsBefore(t)
	h.mustBeClosedAfterStop(t)
}

func TestStopWithinBudget(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		trouble *mock.Trouble
		left    bool
		atMost  int // requests for 4 subscriptions
	}{
		"404":             {&mock.Trouble{Status: 404}, false, 8},
		"204":             {&mock.Trouble{Status: 204, Commit: true}, false, 8},
		"200 empty":       {&mock.Trouble{Status: 200, Commit: true}, false, 8},
		"200 not deleted": {&mock.Trouble{Status: 200, Body: `{"deleted":false}`}, true, 32},
		"200 html":        {&mock.Trouble{Status: 200, Body: "<html>"}, true, 32},
		"401":             {&mock.Trouble{Status: 401}, true, 8},
		"403":             {&mock.Trouble{Status: 403}, true, 8},
		"429":             {&mock.Trouble{Status: 429}, true, 32},
		"429 for long":    {&mock.Trouble{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, true, 8},
		"500":             {&mock.Trouble{Status: 500}, true, 32},
		"cut":             {&mock.Trouble{}, true, 32},
		"cut, but done":   {&mock.Trouble{Commit: true}, false, 32},
		"silence":         {nil, true, 8},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/1.db"
			a := newAccount(t)
			h := a.newHome(t, path)
			h.start(t)
			before := a.ours(t)
			ctx := t.Context()
			a.set(nil)
			if tt.trouble != nil {
				fault := on("DELETE", 1, 0, *tt.trouble)
				var seen sync.Map
				a.set(func(r *http.Request) *mock.Trouble {
					if _, again := seen.LoadOrStore(r.Method+r.URL.Path, true); again && name == "cut, but done" {
						return nil
					}
					return fault(r)
				})
			} else {
				a.change(nil, func(r *http.Request) <-chan struct{} {
					if r.Method == "DELETE" {
						return make(chan struct{})
					}
					return nil
				})
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
			}
			started := time.Now()
			removed, left := h.Stop(ctx)
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("Stop took %v", took)
			}
			if n := a.count(""); n > tt.atMost {
				t.Errorf("%d requests: %v", n, a.methods())
			}
			if len(removed)+len(left) != 4 || (len(left) == 4) != tt.left {
				t.Errorf("removed %d, left %d", len(removed), len(left))
			}
			for i, l := range left {
				if l.UID != before[i].UID || l.Event != before[i].Event || l.Err == nil {
					t.Errorf("left %+v, want %s with the reason", l, before[i].UID)
				}
			}
			if len(h.Live()) != 0 {
				t.Errorf("Live still has %d", len(h.Live()))
			}
			a.set(nil)
			a.change(nil, nil)
			again := a.newHome(t, path)
			again.start(t)
			again.mustDeliver(t, publicURL, h.Types...)
			again.Stop(t.Context())
			a.mustBeAsBefore(t)
			again.mustBeClosedAfterStop(t)
		})
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	const next = "https://next.ngrok.app"
	for name, tt := range map[string]struct {
		trouble func(*account, []pictify.Subscription)
		whats   []string
		fails   bool
	}{
		"all well":            {nil, []string{"moved", "moved", "moved", "moved"}, false},
		"one paused":          {func(a *account, s []pictify.Subscription) { a.Edit(s[1].UID, pause) }, []string{"moved", "moved", "moved", "moved"}, false},
		"one removed":         {func(a *account, s []pictify.Subscription) { a.client.Delete(context.Background(), s[1].UID) }, []string{"moved", "created", "recreated", "moved", "moved"}, false},
		"busy for a while":    {func(a *account, s []pictify.Subscription) { a.set(on("PUT", 2, 4, mock.Trouble{Status: 503})) }, []string{"moved", "moved", "moved", "moved"}, false},
		"one cannot be moved": {func(a *account, s []pictify.Subscription) { a.set(on("PUT", 2, 6, mock.Trouble{Status: 503})) }, []string{"moved", "lost", "moved", "moved"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			h.start(t)
			a.told()
			if tt.trouble != nil {
				tt.trouble(a, a.ours(t))
			}
			if err := h.Move(t.Context(), next); (err != nil) != tt.fails {
				t.Errorf("Move = %v", err)
			}
			if diff := cmp.Diff(tt.whats, a.whats()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			a.set(nil)
			if tt.fails { // the next look mends it
				if err := h.Check(t.Context(), next, time.Now()); err != nil {
					t.Errorf("Check = %v", err)
				}
			}
			h.mustDeliver(t, next, h.Types...)
			h.Stop(t.Context())
			a.mustBeAsBefore(t)
		})
	}
}
