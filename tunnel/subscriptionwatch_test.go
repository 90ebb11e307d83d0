package tunnel_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
)

func pause(s *pictify.Subscription) { s.Status = pictify.Paused }
func fail(s *pictify.Subscription)  { s.Status = pictify.Failed }

func TestCheck(t *testing.T) {
	t.Parallel()
	retarget := func(target string) func(*account, string) {
		return func(a *account, uid string) { a.Edit(uid, func(s *pictify.Subscription) { s.TargetURL = target }) }
	}
	for name, tt := range map[string]struct {
		what   func(a *account, uid string)
		whats  []string
		theirs bool // it is somebody else's now
	}{
		"all well": {func(*account, string) {}, nil, false},
		"paused":   {func(a *account, uid string) { a.Edit(uid, pause) }, []string{"resumed"}, false},
		"failed":   {func(a *account, uid string) { a.Edit(uid, fail) }, []string{"resumed"}, false},
		"unknown status": {func(a *account, uid string) {
			a.Edit(uid, func(s *pictify.Subscription) { s.Status = "quarantined" })
		}, []string{"resumed"}, false},
		"no status":         {func(a *account, uid string) { a.Edit(uid, func(s *pictify.Subscription) { s.Status = "" }) }, nil, false},
		"deleted":           {func(a *account, uid string) { a.client.Delete(context.Background(), uid) }, []string{"created", "recreated"}, false},
		"another tunnel":    {func(a *account, uid string) { retarget("https://old.ngrok.app/in/"+install+"/"+token)(a, uid) }, []string{"moved"}, false},
		"another host":      {func(a *account, uid string) { retarget("https://staging.example.com/hook")(a, uid) }, []string{"created", "recreated"}, true},
		"a colleague's":     {func(a *account, uid string) { retarget(publicURL+"/in/"+strings.Repeat("f", 32)+"/"+token)(a, uid) }, []string{"created", "recreated"}, true},
		"ours with a query": {func(a *account, uid string) { retarget(publicURL+"/in/"+install+"/"+token+"?x=1")(a, uid) }, []string{"created", "recreated"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 1, 29, 10, 0, 0, 0, time.UTC)
			a := newAccount(t)
			h := a.newHome(t, "")
			h.Now = func() time.Time { return now }
			h.start(t)
			a.told()
			uid := a.ours(t)[1].UID
			tt.what(a, uid)
			if tt.theirs {
				a.adopt(uid)
			}
			if err := h.Check(t.Context(), publicURL, now.Add(-70*time.Second)); err != nil {
				t.Errorf("Check = %v", err)
			}
			if diff := cmp.Diff(tt.whats, a.whats()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			for _, n := range a.told() {
				if n.What != "created" && n.Gap != 70*time.Second {
					t.Errorf("%s with a gap of %v, want 70 s", n.What, n.Gap)
				}
			}
			if name != "no status" {
				h.mustDeliver(t, publicURL, h.Types...)
			}
			if removed, left := h.Stop(t.Context()); len(removed) != 4 || len(left) != 0 {
				t.Errorf("Stop removed %d and left %v, want 4 and none", len(removed), left)
			}
			a.mustBeAsBefore(t)
		})
	}
}

// adopt makes a subscription one of the others.
func (a *account) adopt(uid string) {
	for _, sub := range a.Subscriptions() {
		if sub.UID == uid {
			a.others = append(a.others, sub)
		}
	}
}

func TestCheckWhileTheServiceIsDown(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	h.start(t)
	a.Edit(a.ours(t)[2].UID, pause)
	for name, trouble := range map[string]mock.Trouble{"cut": {}, "500": {Status: 500}, "401": {Status: 401}, "html": {Status: 200, Body: "<html>"}} {
		a.set(func(*http.Request) *mock.Trouble { return &trouble })
		if err := h.Check(t.Context(), publicURL, time.Now()); err == nil {
			t.Errorf("%s: Check = nil", name)
		}
		if n := a.count(""); n > 4 {
			t.Errorf("%s: %d requests for 4 subscriptions", name, n)
		}
		if len(h.Live()) != 4 || len(h.rows(t)) != 4 {
			t.Fatalf("%s: %d live, %d stored, want 4", name, len(h.Live()), len(h.rows(t)))
		}
	}
	a.set(nil)
	if err := h.Check(t.Context(), publicURL, time.Now()); err != nil {
		t.Errorf("Check = %v", err)
	}
	h.mustDeliver(t, publicURL, h.Types...)
}

// What is done when nobody has looked yet: somebody has taken a subscription
// over, and we leave.
func TestLeavingAloneWhatWasTakenOver(t *testing.T) {
	for name, leave := range map[string]func(*home) []tunnel.Leftover{
		"stop":  func(h *home) []tunnel.Leftover { _, left := h.Stop(context.Background()); return left },
		"pause": func(h *home) []tunnel.Leftover { _, left := h.Pause(context.Background()); return left },
		"move and stop": func(h *home) []tunnel.Leftover {
			h.Move(context.Background(), "https://next.ngrok.app")
			_, left := h.Stop(context.Background())
			return left
		},
		"check that cannot replace it, and stop": func(h *home) []tunnel.Leftover {
			h.set(on("POST", 1, 0, mock.Trouble{Status: 403}))
			h.Check(context.Background(), publicURL, time.Now())
			_, left := h.Stop(context.Background())
			return left
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			h.start(t)
			uid := a.ours(t)[1].UID
			a.Edit(uid, func(s *pictify.Subscription) { s.TargetURL = "https://staging.example.com/hook" })
			a.adopt(uid)
			if left := leave(h); len(left) != 0 {
				t.Errorf("left %+v", left)
			}
			if ours := a.ours(t); name != "pause" && len(ours) != 0 || name == "pause" && len(ours) != 3 {
				t.Errorf("%d of ours afterwards", len(ours))
			}
		})
	}
}

// A subscription whose replacement was made twice, of which we know one, is not
// forgotten when we leave.
func TestSurplusOfARunningSession(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	h.start(t)
	a.client.Delete(t.Context(), a.ours(t)[0].UID)
	a.set(func(r *http.Request) *mock.Trouble { // forgets keys, cuts the first create, and does not list
		r.Header.Del("Idempotency-Key")
		switch {
		case r.Method == "POST" && a.count("POST") == 1:
			return &mock.Trouble{Commit: true}
		case r.Method == "GET" && strings.HasSuffix(r.URL.Path, "/webhook-subscriptions"):
			return &mock.Trouble{Status: 500}
		}
		return nil
	})
	if err := h.Check(t.Context(), publicURL, time.Now()); err == nil {
		t.Error("Check = nil, want that the surplus could not be looked for")
	}
	if n := len(a.ours(t)); n != 5 {
		t.Fatalf("%d subscriptions, want 5", n)
	}
	t.Run("stop cannot look either", func(t *testing.T) {
		removed, left := h.Stop(t.Context())
		if len(removed) != 4 || len(left) != 1 || left[0].UID != "" || left[0].Err == nil {
			t.Errorf("removed %d, left %+v, want 4 and one that is not known", len(removed), left)
		}
	})
	a.set(nil)
	again := a.newHome(t, "")
	again.start(t)
	again.Stop(t.Context())
	a.mustBeAsBefore(t)
}

func TestSurplusIsSweptByTheNextCheck(t *testing.T) {
	a := newAccount(t)
	h := a.newHome(t, "")
	h.start(t)
	a.client.Delete(t.Context(), a.ours(t)[0].UID)
	a.set(func(r *http.Request) *mock.Trouble {
		r.Header.Del("Idempotency-Key")
		if r.Method == "POST" && a.count("POST") == 1 {
			return &mock.Trouble{Commit: true}
		}
		return nil
	})
	if err := h.Check(t.Context(), publicURL, time.Now()); err != nil {
		t.Errorf("Check = %v", err)
	}
	h.mustDeliver(t, publicURL, h.Types...)
}
