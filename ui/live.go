package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	subprotocol = "pictap.v1"
	tokenPrefix = "token."

	batchLimit   = 1000             // lines in a frame
	behindLimit  = 20_000           // changes that are sent to a page that comes back; beyond, it reads the list
	statusLines  = 5                // lines that a status frame counts for
	resetLines   = 200              // likewise a reset: the page reads the list, and many deletions come in a row
	readLimit    = 4 << 10          // bytes; pages send nothing at all
	writeTimeout = 10 * time.Second // for one frame
	beatEvery    = 10 * time.Second // browsers cannot see pings, so pages get a frame
	pingEvery    = 30 * time.Second
	pongTimeout  = 60 * time.Second
	goodbye      = time.Second // for the closing handshake
)

var errClosing = errors.New("pictap is stopping")

// socketToken finds the token among the subprotocols that r offers.
func socketToken(r *http.Request) (token string, given bool) {
	for _, p := range websocket.Subprotocols(r) {
		if token, given = strings.CutPrefix(p, tokenPrefix); given {
			return token, true
		}
	}
	return "", false
}

// live upgrades to the socket and serves it to its end. The query says where
// the page left off, ?since=REV&epoch=E; -1 means that it knows nothing yet.
func (h *Handler) live(w http.ResponseWriter, r *http.Request) error {
	since, epoch, err := resumption(r)
	if err != nil {
		return err
	}
	if !h.enter() {
		return httpError{code: http.StatusServiceUnavailable, public: "pictap is stopping"}
	}
	defer h.sockets.Done()
	upgrader := websocket.Upgrader{
		HandshakeTimeout: writeTimeout,
		Subprotocols:     []string{subprotocol},
		CheckOrigin:      h.guard.ownOrigin, // its own default compares with Host, which rebinding makes equal
		Error: func(w http.ResponseWriter, r *http.Request, code int, reason error) {
			h.refuse(w, r, httpError{code: code, public: "this is for the page's live connection", err: reason})
		},
	}
	conn, err := upgrader.Upgrade(w, r, w.Header())
	if err != nil {
		return nil // the upgrader has answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s := &socket{conn: conn, now: h.opts.Now, left: make(chan struct{})}
	go func() {
		defer close(s.left)
		defer cancel()
		s.read()
	}()
	err = h.stream(ctx, s, since, epoch)
	s.close(err)
	h.opts.Log.DebugContext(r.Context(), "page left", "reason", err)
	return nil
}

// resumption reads where the page left off.
func resumption(r *http.Request) (since int64, epoch string, err error) {
	if !slices.Contains(websocket.Subprotocols(r), subprotocol) {
		return 0, "", httpError{code: http.StatusBadRequest, public: "this page is of another version: load it again"}
	}
	if r.FormValue("since") == "-1" {
		return -1, "", nil
	}
	since, err = number(r, "since", -1)
	return since, r.FormValue("epoch"), err
}

// stream sends what changes after since, the oldest change first, until the
// page leaves (which ends ctx), the handler closes, or something fails. A slow
// page gets larger batches, never gaps.
func (h *Handler) stream(ctx context.Context, s *socket, since int64, epoch string) error {
	rev, err := h.greet(ctx, s, since, epoch)
	if err != nil {
		return err
	}
	beat, ping := time.NewTicker(beatEvery), time.NewTicker(pingEvery)
	defer beat.Stop()
	defer ping.Stop()
	woken := h.waking()
	if err := s.send(frame{Type: "status", Status: h.statusFrame()}, 0); err != nil {
		return err
	}
	for {
		changed := h.opts.Store.Changed() // taken before reading, so that no ring is missed
		batch, err := h.opts.Store.Since(ctx, rev, batchLimit)
		if err != nil {
			return fmt.Errorf("read changes after %d: %w", rev, err)
		}
		if h.opts.Store.Removed() > s.removed { // asked after the batch was read, which may be older or newer
			if rev, err = h.tellRemoved(ctx, s, rev); err != nil {
				return err
			}
			continue
		}
		if len(batch) > 0 {
			rev = batch[len(batch)-1].Rev
			if err := s.send(frame{Type: "deliveries", Rev: &rev, Deliveries: summariesOf(batch)}, len(batch)); err != nil {
				return err
			}
		}
		news, status, rested := changed, woken, (<-chan time.Time)(nil)
		if wait := s.pace.wait(s.now()); wait > 0 || len(batch) > 0 { // there is or will be more: look again, but not too soon
			news, status, rested = nil, nil, time.After(wait)
		}
		select {
		case <-news:
		case <-rested:
		case <-status:
			woken = h.waking()
			err = s.send(frame{Type: "status", Status: h.statusFrame()}, statusLines)
		case <-beat.C:
			err = s.send(frame{Type: "beat"}, 0)
		case <-ping.C:
			err = s.conn.WriteControl(websocket.PingMessage, nil, s.now().Add(writeTimeout))
		case <-h.closing:
			err = errClosing
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// greet tells the page from which revision on it is told of changes. A page
// that comes from another store, or from a later state of this one, or from so
// long ago that reading the list is less work, is told to start over, and so is
// one that may show what was deleted since, unless it is known what that is.
func (h *Handler) greet(ctx context.Context, s *socket, since int64, epoch string) (rev int64, err error) {
	last, err := h.opts.Store.LastRev(ctx)
	if err != nil {
		return 0, fmt.Errorf("read revision: %w", err)
	}
	s.removed = h.opts.Store.Removed()
	gone, known := h.opts.Store.RemovedSince(since)
	rev, reset := resume(since, last, known && (epoch == "" || epoch == h.opts.Store.Epoch()))
	if reset {
		return h.startOver(ctx, s)
	}
	err = s.send(frame{Type: "hello", Epoch: h.opts.Store.Epoch(), Rev: &rev}, 0)
	if err == nil && since >= 0 && len(gone) > 0 {
		err = s.send(frame{Type: "removed", IDs: idsOf(gone)}, len(gone))
	}
	return rev, err
}

// startOver tells the page to forget what it has, and where it goes on from.
func (h *Handler) startOver(ctx context.Context, s *socket) (rev int64, err error) {
	s.removed = h.opts.Store.Removed()
	if rev, err = h.opts.Store.LastRev(ctx); err != nil {
		return 0, fmt.Errorf("read revision: %w", err)
	}
	if err := s.send(frame{Type: "hello", Epoch: h.opts.Store.Epoch(), Rev: &rev}, 0); err != nil {
		return rev, err
	}
	return rev, s.send(frame{Type: "reset"}, resetLines)
}

// tellRemoved tells the page what was deleted: which deliveries, or that it has to
// start over.
func (h *Handler) tellRemoved(ctx context.Context, s *socket, rev int64) (int64, error) {
	newest := h.opts.Store.Removed()
	gone, known := h.opts.Store.RemovedSince(s.removed)
	if !known {
		return h.startOver(ctx, s)
	}
	s.removed = newest
	return rev, s.send(frame{Type: "removed", IDs: idsOf(gone)}, len(gone))
}

// resume decides from which revision on a page is told of changes, and whether
// it has to start over. Since is what it knows, -1 for nothing; last is the
// newest there is; known tells whether its revisions are this store's, and all
// that happened since can be told.
func resume(since, last int64, known bool) (rev int64, reset bool) {
	if since < 0 {
		return last, false
	}
	if !known || since > last || last-since > behindLimit {
		return last, true
	}
	return since, false
}

func (h *Handler) statusFrame() *statusAnswer {
	s := h.currentStatus()
	return &s
}

// A socket is one page's live connection. One goroutine writes; another reads,
// for that is how the page's leaving and its pongs are noticed.
type socket struct {
	conn *websocket.Conn
	pace pace
	now  func() time.Time
	left chan struct{} // closed when the reader has ended

	removed int64 // the newest deletion that the page was told of; the writer's
}

// send writes one frame, which counts as so many lines of the pace.
func (s *socket) send(f frame, lines int) error {
	message, err := json.Marshal(f)
	if err != nil {
		return err
	}
	now := s.now()
	s.pace.sent(now, lines)
	if err := s.conn.SetWriteDeadline(now.Add(writeTimeout)); err != nil {
		return err
	}
	return s.conn.WriteMessage(websocket.TextMessage, message)
}

// read returns when the page has left, has not answered a ping for too long, or
// has said anything: pages do not, so this is not one of ours.
func (s *socket) read() {
	s.conn.SetReadLimit(readLimit)
	alive := func(string) error { return s.conn.SetReadDeadline(s.now().Add(pongTimeout)) }
	s.conn.SetPongHandler(alive)
	if alive("") != nil {
		return
	}
	if _, _, err := s.conn.NextReader(); err == nil {
		s.bid(websocket.ClosePolicyViolation)
	}
}

// close says why, lets the page answer, and waits for the reader.
func (s *socket) close(reason error) {
	switch {
	case errors.Is(reason, errClosing):
		s.bid(websocket.CloseGoingAway)
	case errors.Is(reason, os.ErrDeadlineExceeded):
		s.bid(websocket.CloseTryAgainLater)
	case !errors.Is(reason, context.Canceled):
		s.bid(websocket.CloseInternalServerErr)
	}
	select {
	case <-s.left:
	case <-time.After(goodbye):
	}
	s.conn.Close() // ends the reader
	<-s.left
}

// bid sends a closing code, if the page still takes it.
func (s *socket) bid(code int) {
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), s.now().Add(goodbye))
}
