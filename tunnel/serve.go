package tunnel

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve answers requests from l until ctx ends, then gives those being answered
// grace to end, breaks off the rest, and returns nil when all have ended. It
// closes l. When l fails it ends in the same way and returns the error.
func (rc *Receiver) Serve(ctx context.Context, l net.Listener, grace time.Duration) error {
	rc.init()
	over, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	var handlers gate
	srv := &http.Server{
		Handler:           handlers.guard(rc),
		ReadHeaderTimeout: headTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHead - 4096, // net/http adds 4 KiB of slack
		ConnContext:       withHead,
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(over, overKey{}, over) },
		ErrorLog:          slog.NewLogLogger(rc.Log.Handler(), slog.LevelDebug),
		// No WriteTimeout: answers are a few bytes, and an expired write
		// deadline can corrupt a whole ngrok session.
		DisableGeneralOptionsHandler: true, // "OPTIONS *" gets a 404 like everything else
	}
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(headListener{l, make(chan struct{}, maxConnections)}) }()
	var failed error
	select {
	case failed = <-done:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(over, grace)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		breakOff()
		srv.Close() // whoever is still talking had its time
	}
	if failed == nil {
		<-done
	}
	handlers.close()
	return failed
}

// overKey is the context key of a context that ends when a request is to be broken
// off. The request's own ends already when the sender hangs up.
type overKey struct{}

// A gate knows when all handlers have ended: http.Server does not wait for those
// that it breaks off.
type gate struct {
	mu     sync.RWMutex // held for reading by handlers; guards closed
	closed bool
}

func (g *gate) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.RLock()
		defer g.mu.RUnlock()
		if g.closed {
			panic(http.ErrAbortHandler) // to return would be to answer 200
		}
		h.ServeHTTP(w, r)
	})
}

// close waits for the handlers that have begun; later ones are broken off.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
