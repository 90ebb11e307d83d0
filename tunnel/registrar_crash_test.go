package tunnel_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// A life is what a process does with its subscriptions until it dies.
type life struct {
	before func(testing.TB, *home)      // what an earlier process left
	run    func(context.Context, *home) // errors are those of a process that is dying
}

// Whatever request a process dies at, before or after it was carried out, the
// next start works, and when that one has left the account is as it was.
//
// Death is simulated from what it leaves: the files as they are at that moment,
// and a service that hears nothing any more.
func TestCrashAtEveryRequest(t *testing.T) {
	t.Parallel()
	restart := func(t testing.TB, h *home) { h.start(t) }
	for name, l := range map[string]life{
		"a whole run": {nil, func(ctx context.Context, h *home) {
			h.Start(ctx, publicURL)
			if live := h.Live(); len(live) > 1 {
				h.client.Delete(ctx, live[0].UID) // by somebody, in the dashboard
				h.Edit(live[1].UID, pause)
			}
			h.Check(ctx, publicURL, time.Now())
			h.Stop(ctx)
		}},
		"after a crash, at another URL": {restart, func(ctx context.Context, h *home) {
			h.Start(ctx, "https://next.ngrok.app")
			h.Pause(ctx)
		}},
		"after a crash, with other wishes": {restart, func(ctx context.Context, h *home) {
			h.Types = h.Types[1:]
			h.Filters.TemplateID = "tmpl_1"
			h.Start(ctx, publicURL)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			methods := liveAndDie(t, l, -1, mock.Trouble{})
			if len(methods) < 4 {
				t.Errorf("the life had only %d requests", len(methods))
			}
			for n, method := range methods {
				for _, committed := range []bool{false, true} {
					if committed && method == "GET" {
						continue // it makes no difference
					}
					if liveAndDie(t, l, n, mock.Trouble{Commit: committed}); t.Failed() {
						t.Fatalf("died at request %d (%s), committed: %t", n, method, committed)
					}
				}
			}
		})
	}
}

// liveAndDie lets a life die at one of its requests, counted from 0, and then
// another one start and stop. With -1 it dies after the last one. It returns the
// methods of what was asked in the whole life.
func liveAndDie(t *testing.T, l life, at int, death mock.Trouble) (methods []string) {
	a := emptyAccount(t)
	a.teammate(t, publicURL+"/in/ffffffffffffffffffffffffffffffff/"+token)
	dir := t.TempDir()
	first := a.newHome(t, filepath.Join(dir, "1.db"))
	first.Types = first.Types[:2]
	if l.before != nil {
		l.before(t, first)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	requests := atomic.Int64{}
	a.set(func(r *http.Request) *mock.Trouble {
		switch n := int(requests.Add(1)) - 1; {
		case at < 0 || n < at:
			return nil
		case n > at:
			return &mock.Trouble{} // it is dead already
		}
		copyDatabase(t, filepath.Join(dir, "1.db"), filepath.Join(dir, "2.db"))
		cancel() // its own cleaning up goes nowhere either
		return &death
	})
	l.run(ctx, first)
	methods = a.methods()
	if at < 0 || int(requests.Load()) <= at { // lives differ by a request or two
		copyDatabase(t, filepath.Join(dir, "1.db"), filepath.Join(dir, "2.db"))
	}
	first.Store.Close()
	a.set(func(r *http.Request) *mock.Trouble {
		if r.Header.Get("Authorization") == "Bearer "+first.API.Key.Reveal() {
			return &mock.Trouble{} // a last word, arriving late
		}
		return nil
	})
	second := a.newHome(t, filepath.Join(dir, "2.db"))
	client := *a.client
	client.Key = pictify.NewSecret("pk_test_2")
	second.API, second.Types = &client, first.Types
	second.start(t)
	second.mustDeliver(t, publicURL, second.Types...)
	if removed, left := second.Stop(t.Context()); len(removed) != len(second.Types) || len(left) != 0 {
		t.Errorf("Stop removed %d and left %v", len(removed), left)
	}
	a.mustBeAsBefore(t)
	second.mustBeClosedAfterStop(t)
	second.Store.Close()
	return methods
}

// copyDatabase copies a database that nobody writes to at the moment, with its
// log: what a killed process leaves.
func copyDatabase(t testing.TB, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		in, err := os.Open(from + suffix)
		if err != nil {
			t.Error(err)
			return
		}
		defer in.Close()
		out, err := os.OpenFile(to+suffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := io.Copy(out, in); err != nil {
			t.Error(err)
		}
		if err := out.Close(); err != nil {
			t.Error(err)
		}
	}
}
