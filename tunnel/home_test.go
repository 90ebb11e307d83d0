package tunnel_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A home is one installation: its database, its paths and its receiver.
type home struct {
	*tunnel.Registrar
	*account
	rc *tunnel.Receiver
}

// emptyDatabase is a database of an installation that has its local paths. To
// copy it is quicker than to make it, a hundred times.
var emptyDatabase = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "pictap")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, store.FileName)
	s, err := store.Open(path, store.Options{})
	if err == nil {
		err = tunnel.LoadHooks(context.Background(), s, &tunnel.Hooks{Install: install})
	}
	if err != nil {
		panic(err)
	}
	if err := s.Close(); err != nil {
		panic(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return data
})

// newHome opens the database in the file path, "" for a new one.
func (a *account) newHome(t testing.TB, path string) *home {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), store.FileName)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(path, emptyDatabase(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, path)
	hooks := &tunnel.Hooks{Install: install}
	if err := tunnel.LoadHooks(t.Context(), s, hooks); err != nil {
		t.Fatal(err)
	}
	return &home{
		Registrar: &tunnel.Registrar{
			API: a.client, Store: s, Hooks: hooks, Types: pictify.Subscribable(),
			Wait: func(ctx context.Context, d time.Duration) error {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.pauses = append(a.pauses, d)
				return ctx.Err()
			},
			Notify: func(n tunnel.SubscriptionNotice) {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.news = append(a.news, n)
			},
		},
		account: a,
		rc:      &tunnel.Receiver{Hooks: hooks, Store: s},
	}
}

func (h *home) start(t testing.TB) {
	t.Helper()
	if err := h.Start(t.Context(), publicURL); err != nil {
		t.Fatalf("Start: %v", err)
	}
}

// rows returns the registered subscriptions in the store that are not retired.
func (h *home) rows(t testing.TB) (list []store.Subscription) {
	t.Helper()
	all, err := h.Store.Subscriptions(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all {
		if row.Kind == store.Registered && row.State != store.Retired {
			list = append(list, row)
		}
	}
	return list
}

// deliver sends a delivery to a target URL, signed with key, and returns the
// receiver's status.
func (h *home) deliver(target, key string) int {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	body := event(1)
	r := httptest.NewRequest("POST", u.Path, bytes.NewReader(body))
	r.Header.Set("X-Pictify-Signature", sign(key, time.Now(), body))
	w := httptest.NewRecorder()
	h.rc.ServeHTTP(w, r)
	return w.Code
}

// mustDeliver fails the test unless there is exactly one active subscription for
// each of types, its path is open, and its secret alone opens it.
func (h *home) mustDeliver(t testing.TB, public string, types ...pictify.EventType) {
	t.Helper()
	var got []pictify.EventType
	for _, sub := range h.ours(t) {
		got = append(got, sub.Event)
		if sub.Status != pictify.Active || !strings.HasPrefix(sub.TargetURL, public+"/in/"+install+"/") {
			t.Errorf("%s is %s at %s", sub.Event, sub.Status, sub.TargetURL)
		}
		if code := h.deliver(sub.TargetURL, sub.Secret.Reveal()); code != 200 {
			t.Errorf("a delivery of %s is answered %d, want 200", sub.Event, code)
		}
		if code := h.deliver(sub.TargetURL, "whsec_somebody_elses_0123"); code != 401 {
			t.Errorf("a forged delivery of %s is answered %d, want 401", sub.Event, code)
		}
	}
	slices.Sort(got)
	slices.Sort(types)
	if diff := cmp.Diff(types, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("subscribed (-want +got):\n%s", diff)
	}
	var live []pictify.EventType
	for _, row := range h.Live() {
		live = append(live, row.Event)
	}
	if slices.Sort(live); !slices.Equal(live, got) {
		t.Errorf("Live has %s, Pictify %s", live, got)
	}
}

// mustBeClosed fails the test if a path of ours accepts anything, whatever it
// may be signed with, or the store still counts on a subscription.
func (h *home) mustBeClosed(t testing.TB) {
	t.Helper()
	if rows := h.rows(t); len(rows) != 0 {
		t.Errorf("the store still has %+v", rows)
	}
	all, err := h.Store.Subscriptions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all {
		if row.Kind != store.Registered {
			continue
		}
		for _, key := range []string{"", "short", "whsec_short_one"} {
			// 401 where there was a secret: paths that were open go on verifying
			if code := h.deliver(row.TargetURL, key); code != 410 && code != 401 {
				t.Errorf("the path of %s answers %d, want 410 or 401", row.Event, code)
			}
		}
	}
	if len(h.Live()) != 0 {
		t.Errorf("Live still has %d", len(h.Live()))
	}
}
