package tunnel_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A relayRig is a receiver without a server, and a forwarder that runs when told.
type relayRig struct {
	t  testing.TB
	f  *tunnel.Forwarder
	rc *tunnel.Receiver
}

func newRelayRig(t testing.TB, base string) relayRig {
	f := forwarder(t, base)
	f.Store = openStore(t, "")
	rc := &tunnel.Receiver{Store: f.Store, Forwarder: f, Relay: true, Hooks: &tunnel.Hooks{Install: install}}
	rc.Hooks.Set(tunnel.Hook{Token: token, Source: store.FromPictify, Secret: pictify.NewSecret(remoteKey)})
	return relayRig{t, f, rc}
}

// run starts the forwarder, and ends it with the test.
func (r relayRig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.f.Run(ctx); err != nil {
			r.t.Errorf("Run = %v", err)
		}
	})
	r.t.Cleanup(func() { cancel(); wg.Wait() })
}

// post delivers body to rc with a signature of that moment.
func (r relayRig) post(rc *tunnel.Receiver, at time.Time, body []byte) int {
	req := httptest.NewRequest("POST", rc.Hooks.Path(token), bytes.NewReader(body))
	req.Header.Set("X-Pictify-Signature", sign(remoteKey, at, body))
	w := httptest.NewRecorder()
	rc.ServeHTTP(w, req)
	return w.Code
}

// drained waits until the forwarder has nothing left to do, and returns the
// state of the only delivery.
func (r relayRig) drained() store.State {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	if left := r.f.Drain(ctx); left != 0 {
		r.t.Fatalf("%d are left", left)
	}
	d, err := r.rc.Store.Get(ctx, 1)
	if err != nil {
		r.t.Fatal(err)
	}
	return d.State
}

// A delivery that is being relayed is waiting in the store, where a forwarder that
// begins looks for work.
func TestRelayedIsNotForwardedAsWell(t *testing.T) {
	got, answer := make(chan bool, 10), make(chan bool)
	a := newApp(t, func(http.ResponseWriter, *http.Request) { got <- true; <-answer })
	r := newRelayRig(t, a.URL)
	now := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() {
		if code := r.post(r.rc, now, event(1)); code != 200 {
			t.Errorf("answered %d, want 200", code)
		}
	})
	<-got
	r.run()
	// Pictify has lost patience and tries again: it is told to wait.
	if code := r.post(r.rc, now, event(1)); code != 503 {
		t.Errorf("the same delivery again is answered %d meanwhile, want 503", code)
	}
	close(answer)
	wg.Wait()
	if state := r.drained(); state != store.Done {
		t.Errorf("the delivery is %s, want done", state)
	}
	if code := r.post(r.rc, now, event(1)); code != 200 {
		t.Errorf("the same delivery again is answered %d afterwards, want 200", code)
	}
	if n := len(a.requests()); n != 1 {
		t.Errorf("the app got it %d times", n)
	}
}

// What waits in line, from a time without relay, is not sent twice when its
// sender comes back with it.
func TestRelayTakesOutOfLine(t *testing.T) {
	a := newApp(t, nil)
	r := newRelayRig(t, a.URL)
	plain := &tunnel.Receiver{Store: r.rc.Store, Forwarder: r.f, Hooks: r.rc.Hooks}
	now := time.Now()
	for _, rc := range []*tunnel.Receiver{plain, r.rc} {
		if code := r.post(rc, now, event(1)); code != 200 {
			t.Errorf("answered %d, want 200", code)
		}
	}
	r.run()
	if state := r.drained(); state != store.Done {
		t.Errorf("the delivery is %s, want done", state)
	}
	if n := len(a.requests()); n != 1 {
		t.Errorf("the app got it %d times", n)
	}
}
