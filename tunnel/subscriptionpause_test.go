package tunnel_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"pictap/mock"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
)

func TestPauseAndResume(t *testing.T) {
	path := t.TempDir() + "/1.db"
	a := newAccount(t)
	h := a.newHome(t, path)
	h.start(t)
	before := a.ours(t)
	paused, left := h.Pause(t.Context())
	if len(paused) != 4 || len(left) != 0 {
		t.Errorf("paused %d, left %v, want 4 and none", len(paused), left)
	}
	for _, sub := range a.ours(t) {
		if sub.Status != pictify.Paused {
			t.Errorf("%s is %s", sub.UID, sub.Status)
		}
	}
	h.Store.Close()
	h = a.newHome(t, path)
	h.start(t)
	h.mustDeliver(t, publicURL, h.Types...)
	for i, sub := range a.ours(t) {
		if sub.UID != before[i].UID || !sub.Secret.Equal(before[i].Secret) {
			t.Errorf("%s was replaced by %s", before[i].UID, sub.UID)
		}
	}

	a.set(on("PUT", 1, 0, mock.Trouble{Status: 400})) // and where PUT cannot pause
	if paused, left := h.Pause(t.Context()); len(paused) != 4 || len(left) != 0 {
		t.Errorf("paused %d, left %v, want 4 and none", len(paused), left)
	}
	a.set(nil)
	h = a.newHome(t, path)
	h.start(t)
	h.Stop(t.Context())
	a.mustBeAsBefore(t)
}

// What a person has paused stays so, whatever else happens, until somebody resumes it.
func TestSetPaused(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*http.Request) *mock.Trouble{
		"PUT works": nil, "PUT refuses a status": on("PUT", 1, 2, mock.Trouble{Status: 400}),
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			h := a.newHome(t, "")
			h.start(t)
			uid := a.ours(t)[1].UID
			status := func(want pictify.Status) {
				t.Helper()
				for i, sub := range a.ours(t) {
					if expected := map[bool]pictify.Status{true: want, false: pictify.Active}[i == 1]; sub.Status != expected {
						t.Errorf("%s is %s, want %s", sub.UID, sub.Status, expected)
					}
				}
				if h.IsPaused(uid) != (want == pictify.Paused) {
					t.Errorf("IsPaused = %v while it is %s", h.IsPaused(uid), want)
				}
			}
			a.set(fault)
			if err := h.SetPaused(t.Context(), uid, true); err != nil {
				t.Fatal(err)
			}
			a.set(nil)
			status(pictify.Paused)
			if err := h.Check(t.Context(), publicURL, time.Now()); err != nil {
				t.Error(err)
			}
			status(pictify.Paused)
			const next = "https://next.ngrok.app"
			if err := h.Move(t.Context(), next); err != nil {
				t.Error(err)
			}
			status(pictify.Paused)
			a.set(fault)
			if err := h.SetPaused(t.Context(), uid, false); err != nil {
				t.Fatal(err)
			}
			a.set(nil)
			status(pictify.Active)
			h.mustDeliver(t, next, h.Types...) // to the new place, all of them

			// Resumed by somebody else, it is looked after again.
			h.SetPaused(t.Context(), uid, true)
			a.Edit(uid, func(s *pictify.Subscription) { s.Status = pictify.Active })
			h.Check(t.Context(), next, time.Now())
			status(pictify.Active)
			a.Edit(uid, pause)
			h.Check(t.Context(), next, time.Now())
			status(pictify.Active)

			for _, foreign := range []string{"wh_0", "", a.Subscriptions()[0].UID} {
				if err := h.SetPaused(t.Context(), foreign, true); !errors.Is(err, tunnel.ErrNotLive) {
					t.Errorf("SetPaused(%q) = %v", foreign, err)
				}
			}
			a.Edit(uid, func(s *pictify.Subscription) { s.TargetURL = "https://staging.example.com/hook" })
			if err := h.SetPaused(t.Context(), uid, true); err == nil {
				t.Error("what is somebody else's now was paused")
			}
			a.adopt(uid)
			h.Stop(t.Context())
			a.mustBeAsBefore(t)
		})
	}
}
