package check

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/tunnel/wire"
)

const (
	maxAnswer = 64 << 10        // bytes of an answer that are read
	keptBytes = 1 << 10         // of a request's or an answer's body that are kept
	patience  = 3 * time.Second // with a handler that is being restarted
	userAgent = "pictap-check"
)

// A round is one run of a battery, as its cases see it.
type round struct {
	*Battery
	client *wire.Client
	gen    *fixtures.Generator
	base   fixtures.Kind // of ordinary deliveries: one that the handler accepts
	unit   reading       // what the first of all deliveries did
	gone   string        // the case after which no connection could be made any more

	mu    sync.Mutex // guards what follows; some cases send from several goroutines
	sent  int
	next  time.Time  // when the next request may go out
	trace []Exchange // of the case that runs
}

// judge runs one case.
func (r *round) judge(ctx context.Context, c Case) Result {
	r.trace = nil
	start := time.Now()
	v := c.run(ctx, r)
	res := Result{Case: c, Status: v.status, Said: v.said, Exchanges: r.trace}
	if c.Group != First && ctx.Err() == nil && r.isGone(ctx) {
		r.gone = c.ID()
		res.Status, res.Said = Fail, v.said+"; after that nothing answered any more"
		if res.Mend = c.Crash; res.Mend == "" {
			res.Mend = c.Fix
		}
	}
	switch {
	case ctx.Err() != nil && res.Status != Critical:
		res.Status, res.Said = Skipped, "broken off before it was finished"
	case res.Status != Pass && res.Mend == "":
		if res.Mend = v.fix; res.Mend == "" {
			res.Mend = c.Fix
		}
	}
	res.Took = time.Since(start)
	return res
}

// isGone reports whether the handler, after a case with an exchange that broke,
// cannot be reached any more.
func (r *round) isGone(ctx context.Context) bool {
	if !slices.ContainsFunc(r.trace, func(e Exchange) bool { return e.Status == 0 }) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var dial *wire.DialError
		if err := r.client.Reach(ctx); !errors.As(err, &dial) {
			return false
		}
		if !wait(ctx, 50*time.Millisecond) {
			return true
		}
	}
}

// A shot is a request and how it is sent.
type shot struct {
	what    string
	method  string // "" means POST
	message pictify.Message
	client  *wire.Client  // nil means that of the round
	within  time.Duration // 0 means Timeout
	send    func(ctx context.Context, w io.Writer, head, body []byte) error
	atOnce  bool // does not wait for its turn
}

// fire sends a request and takes down what came back.
func (r *round) fire(ctx context.Context, s shot) Exchange {
	if !s.atOnce {
		r.turn(ctx)
	}
	m := s.message
	e := Exchange{What: s.what, Method: "POST", Header: m.Header, Body: bytes.Clone(m.Body[:min(len(m.Body), keptBytes)]), Size: len(m.Body), At: r.Now()}
	if s.method != "" {
		e.Method = s.method
	}
	if s.client == nil {
		s.client = r.client
	}
	if s.within == 0 {
		s.within = r.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	header := slices.Clone(m.Header)
	if !slices.ContainsFunc(header, func(f pictify.Field) bool { return f.Name == "User-Agent" }) {
		header = append(header, pictify.Field{Name: "User-Agent", Value: userAgent})
	}
	start := time.Now()
	a, err := s.client.Do(ctx, wire.Request{Method: e.Method, URI: r.Target.RequestURI(), Host: r.Target.Host, Header: header, Body: m.Body, Send: s.send})
	e.Duration = time.Since(start)
	e.Status, e.Fields, e.Answer = a.Status, a.Header, a.Body[:min(len(a.Body), keptBytes)]
	e.reused = a.Reused
	var dial *wire.DialError
	switch {
	case errors.As(err, &dial):
		e.away, e.Problem = true, dial.Reason
	case err != nil:
		e.Problem = err.Error()
	case a.BrokenOff:
		e.Problem = "the answer broke off"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent++
	r.trace = append(r.trace, e)
	return e
}

// turn waits until the next request may go out.
func (r *round) turn(ctx context.Context) {
	r.mu.Lock()
	now := time.Now()
	if r.next.Before(now) {
		r.next = now
	}
	left := r.next.Sub(now)
	r.next = r.next.Add(time.Duration(float64(time.Second) / r.Rate))
	r.mu.Unlock()
	wait(ctx, left)
}

// wait returns false when ctx ended before.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// accepted reports whether the delivery was acknowledged.
func (e Exchange) accepted() bool { return e.Status/100 == 2 && e.Problem == "" }

// crashed reports whether the handler broke, or said nothing.
func (e Exchange) crashed() bool { return e.Status == 0 || e.Status >= 500 || e.Problem != "" }

func (e Exchange) refused() bool { return e.Status/100 == 4 && e.Problem == "" }

// words say how it was answered: "answered 500 Internal Server Error".
func (e Exchange) words() string {
	answered := strings.TrimSpace(fmt.Sprintf("answered %d %s", e.Status, http.StatusText(e.Status)))
	switch {
	case e.Status == 0 && e.Problem == wire.ErrTimeout.Error():
		return fmt.Sprintf("gave no answer within %s", e.Duration.Round(100*time.Millisecond))
	case e.Status == 0:
		return "gave no answer (" + e.Problem + ")"
	case e.Problem != "":
		return answered + ", but " + e.Problem
	case e.Status/100 == 3 && e.Field("Location") != "":
		return answered + ", to " + e.Field("Location")
	}
	return answered
}

// Field is a field of the answer's header, "" when it has none of that name.
func (e Exchange) Field(name string) string {
	for _, f := range e.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// newID is a delivery id that no other run has used.
func (r *round) newID(prefix string) string { return prefix + "check" + hex.EncodeToString(r.bytes(8)) }

func (r *round) bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(r.Random, b); err != nil {
		panic(fmt.Sprintf("no random bytes: %v", err)) // crypto/rand does the same
	}
	return b
}

// newSecret is one that nobody knows.
func (r *round) newSecret() pictify.Secret {
	return pictify.NewSecret("whsec_" + hex.EncodeToString(r.bytes(32)))
}
