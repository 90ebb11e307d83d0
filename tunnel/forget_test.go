package tunnel_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
)

// What is deleted while the app is away neither counts as waiting nor reaches the
// app when it comes back; what was not, does.
func TestDeletedIsNotForwarded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close() // nobody listens there now
	target := &url.URL{Scheme: "http", Host: addr, Path: "/hook"}
	news := make(chan struct{}, 1)
	var tried atomic.Bool
	f := &tunnel.Forwarder{Target: target, Secret: pictify.NewSecret(localKey), Connections: 1, Notify: func(n tunnel.AppNotice) {
		if n.Seq != 0 {
			tried.Store(true)
		}
		select {
		case news <- struct{}{}:
		default:
		}
	}}
	wait := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.After(20 * time.Second); !ok(); {
			select {
			case <-news:
			case <-deadline:
				t.Fatalf("waited in vain for %s: %+v", what, f.State())
			}
		}
	}
	r := startReceiver(t, &tunnel.Receiver{Forwarder: f})
	for n := range 5 {
		if res := r.post(t, event(n)); res.StatusCode != http.StatusOK {
			t.Fatalf("post = %d", res.StatusCode)
		}
	}
	wait("the app to be known as down", func() bool { return tried.Load() && f.State().Known && f.State().Waiting == 5 })
	if n, err := r.Store.Delete(t.Context(), 1, 2, 4); err != nil || n != 3 {
		t.Fatalf("Delete = %d, %v", n, err)
	}
	if err := f.ForgetRemoved(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait("two to wait", func() bool { return f.State().Waiting == 2 })
	if n, err := r.Store.Delete(t.Context(), 5); err != nil || n != 1 { // nobody tells the forwarder of this one
		t.Fatalf("Delete = %d, %v", n, err)
	}

	var mu sync.Mutex
	var got []string
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	app := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header.Get(tunnel.IDHeader))
	})}
	done := make(chan struct{})
	go func() { defer close(done); app.Serve(l) }()
	defer func() { app.Close(); <-done }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	wait("the app to be up", func() bool { return f.State().Up })
	r.eventually(t, "the one that is left is done", allDone(1)) // the line is let go a moment after that
	if left := f.Drain(ctx); left > 0 {
		t.Errorf("%d are left", left)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(got) != 1 || got[0] != "d3" {
		t.Errorf("the app got %v, want d3", got)
	}
}
