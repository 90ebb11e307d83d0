package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"pictap/fixtures"
	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// A page is the inspector's server.
type page struct {
	listener net.Listener
	handler  *ui.Handler
	log      *slog.Logger
}

func (p *page) base() string { return "http://" + p.listener.Addr().String() }

// openPage serves the inspector, if there is to be one.
func (s *session) openPage() error {
	if s.cfg.pageAddr == "" {
		return nil
	}
	l, err := listenNear(s.cfg.pageAddr, s.cfg.pageMust)
	if err != nil {
		return fmt.Errorf("open page: %w", err)
	}
	opts := ui.Options{
		Store: s.store, Status: s.status, Log: s.log, Now: s.env.Now, Random: s.env.random(),
		Opened: s.p.pageLink, Trigger: s.trigger, Events: pictify.EventTypes(), Assets: assets(s.cfg.assets),
		Acts: s.acts(),
	}
	opts.Explain = (&explainer{store: s.store, local: s.cfg.secret}).explain
	opts.Run = s.aboutRun
	opts.Media = newPictureFetcher(s.cfg.pictureHosts, s.cfg.api).fetch
	opts.Volleys = s.volleys()
	if s.forwarder != nil {
		opts.Replay, opts.Drain = s.replay, s.lookForApp
	}
	if s.cfg.api != nil {
		opts.SetPaused = s.setPaused
	}
	if s.cfg.mock != nil {
		opts.Mock = lookInto(s.cfg.mock, s.cfg.baseURL)
	}
	h, err := ui.New(opts, l.Addr())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.mu.Lock()
	s.page = &page{l, h, s.log}
	s.mu.Unlock()
	s.serve(s.page.serve)
	return nil
}

// assets is a directory to serve the page from, nil for the one built in.
func assets(dir string) fs.FS {
	if dir == "" {
		return nil
	}
	return os.DirFS(dir)
}

func (p *page) serve(ctx context.Context) error {
	srv := &http.Server{
		Handler: p.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		p.handler.Close() // the sockets, which Shutdown does not know
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), serveGrace)
		defer cancel()
		if srv.Shutdown(stop) != nil {
			srv.Close()
		}
	})
	err := srv.Serve(p.listener)
	if !stop() {
		<-ended // Serve returns when that begins; what is under way may still want the store
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

func (s *session) replay(ctx context.Context, seq int64) (store.Attempt, error) {
	a, err := s.forwarder.Replay(ctx, seq)
	if errors.Is(err, tunnel.ErrNotVerified) || errors.Is(err, tunnel.ErrNotWhole) {
		err = &ui.Refusal{Code: http.StatusConflict, Text: err.Error()}
	}
	return a, err
}

// trigger sends one made-up event through the receiver, signed with the local
// secret: the same way as a real one, so that the page shows what it would show.
func (s *session) trigger(ctx context.Context, t pictify.EventType) error {
	at := s.env.now()
	return s.sendSample(ctx, fixtures.New(at.UnixNano(), at, s.mediaBase()), t)
}

// sendSample sends the generator's next event of that type to our own receiver.
func (s *session) sendSample(ctx context.Context, g *fixtures.Generator, t pictify.EventType) error {
	address, err := s.localURL(t)
	if err != nil {
		return err
	}
	sample, err := g.SampleAt(fixtures.Kind{Event: t}, s.env.now())
	if err != nil {
		return err
	}
	r := s.sender.Send(ctx, address, sample.Message(pictify.NewSigner(s.cfg.secret), s.env.now()))
	if relayed := s.cfg.relay && r.Err == nil; !r.OK() && !relayed { // what is relayed is the app's answer, which the delivery has
		return &ui.Refusal{Code: http.StatusBadGateway, Text: "our own receiver did not take it: " + clip(r.Problem(), shortText)}
	}
	return nil
}
