package tunnel_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func TestEarlierSubscriptionsAreUsedAgain(t *testing.T) {
	dir := t.TempDir()
	a := newAccount(t)
	first := a.newHome(t, dir+"/1.db")
	first.start(t)
	before := a.ours(t)
	first.Store.Close() // and nothing is removed: kill -9, or --on-exit keep

	t.Run("same wishes, another URL", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		if err := h.Start(t.Context(), "https://other.ngrok.app/"); err != nil {
			t.Fatal(err)
		}
		h.mustDeliver(t, "https://other.ngrok.app", h.Types...)
		for i, sub := range a.ours(t) {
			if sub.UID != before[i].UID || !sub.Secret.Equal(before[i].Secret) || a.whats()[4+i] != "reused" {
				t.Errorf("%s was replaced by %s, want it reused", before[i].UID, sub.UID)
			}
		}
	})
	t.Run("fewer types", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.Types = h.Types[:2]
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		if got := a.ours(t); got[0].UID != before[0].UID || got[1].UID != before[1].UID {
			t.Error("those still wanted were replaced")
		}
	})
	t.Run("other filters", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.Filters = pictify.Filters{TemplateID: "tmpl_1"}
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		for _, sub := range a.ours(t) {
			if sub.Filters != h.Filters {
				t.Errorf("%s has filters %+v", sub.UID, sub.Filters)
			}
			if slices.ContainsFunc(before, func(b pictify.Subscription) bool { return b.UID == sub.UID }) {
				t.Errorf("%s was kept although its filters differ", sub.UID)
			}
		}
		for _, row := range before {
			if code := h.deliver(row.TargetURL, row.Secret.Reveal()); code != 410 {
				t.Errorf("a replaced path answers %d, want 410", code)
			}
		}
	})
	t.Run("somebody changed the filters", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.start(t)
		changed := a.ours(t)[0].UID
		a.Edit(changed, func(s *pictify.Subscription) { s.Filters.TemplateID = "tmpl_2" })
		again := a.newHome(t, dir+"/1.db")
		again.start(t)
		again.mustDeliver(t, publicURL, h.Types...)
		if slices.ContainsFunc(a.ours(t), func(s pictify.Subscription) bool { return s.UID == changed }) {
			t.Error("a subscription with filters that nobody asked for was used again")
		}
	})
	t.Run("secret not known", func(t *testing.T) { // such as after the database was lost
		h := a.newHome(t, "")
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		h.Stop(t.Context())
		a.mustBeAsBefore(t)
	})
	t.Run("they are gone", func(t *testing.T) {
		h := a.newHome(t, dir+"/1.db")
		h.start(t)
		h.mustDeliver(t, publicURL, h.Types...)
		h.Stop(t.Context())
		a.mustBeAsBefore(t)
	})
}

// A service where PUT cannot change the status, or says so and does not, has
// another way to resume (the documents differ).
func TestPausedIsResumedOneWayOrTheOther(t *testing.T) {
	for name, edit := range map[string]func(*account, *http.Request) *mock.Trouble{
		"PUT works": func(*account, *http.Request) *mock.Trouble { return nil },
		"PUT refuses a status": func(a *account, r *http.Request) *mock.Trouble {
			if r.Method == "PUT" {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				if bytes.Contains(body, []byte(`"status"`)) {
					return &mock.Trouble{Status: 400}
				}
			}
			return nil
		},
		"PUT ignores a status": func(a *account, r *http.Request) *mock.Trouble {
			if r.Method == "PUT" {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(`"status"`), []byte(`"ignored"`))))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/1.db"
			a := newAccount(t)
			h := a.newHome(t, path)
			h.start(t)
			before := a.ours(t)
			for _, sub := range before {
				a.Edit(sub.UID, func(s *pictify.Subscription) { s.Status = pictify.Paused })
			}
			a.set(func(r *http.Request) *mock.Trouble { return edit(a, r) })
			again := a.newHome(t, path)
			again.start(t)
			again.mustDeliver(t, publicURL, h.Types...)
			if name != "PUT refuses a status" && a.ours(t)[0].UID != before[0].UID {
				t.Error("it was replaced")
			}
			uid := a.ours(t)[0].UID
			a.Edit(uid, func(s *pictify.Subscription) { s.Status = pictify.Failed })
			if err := again.Check(t.Context(), publicURL, time.Now()); err != nil {
				t.Errorf("Check = %v", err)
			}
			again.mustDeliver(t, publicURL, h.Types...)
			again.Stop(t.Context())
			a.mustBeAsBefore(t)
		})
	}
}

// Ours are found on whichever page of the list they are, and nothing else is.
func TestAllPagesAreSearched(t *testing.T) {
	a := newAccount(t)
	dir := t.TempDir()
	for page := range 3 { // crashed three times, with colleagues busy in between
		h := a.newHome(t, fmt.Sprintf("%s/%d.db", dir, page))
		h.start(t)
		ours := a.ours(t)
		for i := range 70 {
			a.teammate(t, fmt.Sprintf("%s/in/%032x/%d", publicURL, page, i))
		}
		a.others = slices.DeleteFunc(a.others, func(s pictify.Subscription) bool {
			return slices.ContainsFunc(ours, func(o pictify.Subscription) bool { return o.UID == s.UID })
		})
	}
	if n := len(a.Subscriptions()); n < 200 {
		t.Fatalf("%d subscriptions, want three pages of them", n)
	}
	h := a.newHome(t, "")
	h.start(t)
	h.mustDeliver(t, publicURL, h.Types...)
	h.Stop(t.Context())
	a.mustBeAsBefore(t)

	a.newHome(t, "").start(t)
	h = a.newHome(t, "")
	if err := h.Prune(t.Context()); err != nil {
		t.Errorf("Prune = %v", err)
	}
	a.mustBeAsBefore(t)
}
