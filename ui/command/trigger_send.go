package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime/debug"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

var (
	errRefusedByApp   = errors.New("the app refused")
	errAppUnreachable = errors.New("the app could not be reached")
	errUnexpected     = errors.New("not as expected")
)

const (
	// spoken is how many requests are told of one by one; of more there is a summary.
	spoken        = 100
	maxConcurrent = 1000
	manyGC        = 800
	// usualConcurrency is that of many requests.
	usualConcurrency = 16
)

// show prints the requests instead of sending them.
func (v *volley) show(c *cli.Context, e Env, p *printer) error {
	if v.total() == 0 || v.total() > 1000 {
		return usagef("printing is for at most 1000 requests")
	}
	for n := range v.total() {
		s, err := v.shot(n)
		if err != nil {
			return explainEdit(err)
		}
		m := v.message(s, e.now())
		form, wanted := findRequestForm(c.String("as"))
		switch {
		case s.dropped:
		case p.json:
			p.emit(newRequestLine(p, s, m.Header, m.Body))
		case wanted:
			p.data(form.write(s.target, m))
		default:
			text, err := mock.WireText(s.target, m)
			if err != nil {
				return err
			}
			if v.total() == 1 && !e.StdoutTTY { // a file or a program gets the very bytes
				if _, err := io.WriteString(e.stdout(), text); err != nil && !isClosedPipe(err) {
					return fmt.Errorf("write standard output: %w", err)
				}
				continue
			}
			p.data(text)
		}
	}
	if !p.json {
		p.note("%s", p.paintTalk.dim("nothing was sent; receivers take the signature until "+e.now().Add(5*time.Minute).In(p.zone).Format(time.TimeOnly)))
	}
	return p.Err()
}

// requestLine is a request that --dry-run does not send.
type requestLine struct {
	lineHead
	N          int         `json:"n"`
	Method     string      `json:"method"`
	URL        string      `json:"url"`
	Headers    [][2]string `json:"headers"` // in the order in which they are sent
	Body       *string     `json:"body,omitempty"`
	BodyBase64 []byte      `json:"body_base64,omitempty"` // when it is not UTF-8
	Tamper     mock.Tamper `json:"tamper,omitempty"`
}

func newRequestLine(p *printer, s shot, header []pictify.Field, body []byte) requestLine {
	line := requestLine{lineHead: p.head("request"), N: s.n, Method: "POST", URL: s.target, Headers: [][2]string{}, Tamper: s.tamper}
	for _, f := range header {
		line.Headers = append(line.Headers, [2]string{f.Name, f.Value})
	}
	if utf8.Valid(body) {
		text := string(body)
		line.Body = &text
	} else {
		line.BodyBase64 = body
	}
	return line
}

// A barrage is a volley being sent. Its methods may be called from several
// goroutines.
type barrage struct {
	*volley
	sender *mock.Dispatcher
	stop   context.CancelFunc // sends no more
	// told is called after each request, one at a time, with mu held.
	told func(s shot, o mock.Outcome, x expectation)

	mu    sync.Mutex // guards all below
	tally mock.Tally
	counts
	broken error // why a request could not be made
}

// counts is what decides how a trigger exits.
type counts struct{ sent, dropped, unexpected, unreached, late, refused int }

// sendVolley sends the requests, tells how each was answered or, of many, how all
// of them were, and returns an error unless all is well.
func (e Env) sendVolley(c *cli.Context, p *printer, v *volley) error {
	load, err := v.load(c)
	if err != nil {
		return err
	}
	many := v.total() == 0 || v.total() > spoken || load.Rate > 0 || load.Duration > 0
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	b := &barrage{volley: v, stop: stop,
		sender: &mock.Dispatcher{Now: e.Now, Timeout: c.Duration("timeout"), TLS: appTLS(c.Bool("insecure"))}}
	defer b.sender.Close()
	total := int64(v.total())
	if total == 0 {
		total = -1
	}
	bar := e.progress(p, total, "requests")
	defer bar.end()
	said := "" // of the last refusal
	b.told = func(s shot, o mock.Outcome, x expectation) {
		bar.set(b.sent)
		switch {
		case !p.json && many: // of so many there is a summary
		case s.dropped:
			p.dropped(s, o.At)
		default:
			p.triggered(s, o, x, &said)
		}
		select {
		case <-p.Gone(): // whoever reads has seen enough
			stop()
		default:
		}
	}
	load.Do = b.do
	if many { // next to nothing stays in memory, so there is no need to look for what does after each few megabytes
		defer debug.SetGCPercent(debug.SetGCPercent(manyGC))
	}
	start := time.Now()
	load.Run(ctx)
	bar.end()
	switch {
	case b.broken != nil:
		return explainEdit(b.broken)
	case many:
		p.summary(&b.tally, b.counts, time.Since(start))
	}
	if c.Context.Err() != nil {
		return fmt.Errorf("interrupted after %s", count(b.sent, "request"))
	}
	return b.verdict(c)
}

// load is how the requests are spread over time.
func (v *volley) load(c *cli.Context) (*mock.Load, error) {
	n := c.Int("concurrency")
	if c.IsSet("concurrency") && (n < 1 || n > maxConcurrent) {
		return nil, usagef("--concurrency must be from 1 to %d", maxConcurrent)
	}
	rate, err := readRate(c.String("rate"))
	if err != nil {
		return nil, err
	}
	return v.spread(rate, c.String("delay"), c.Duration("duration"), n)
}

// spread has the requests sent at a rate, each after a delay, for some time, so many at
// once: 0 chooses.
func (v *volley) spread(rate float64, delay string, duration time.Duration, concurrency int) (*mock.Load, error) {
	low, high, err := readDelay(delay)
	if err != nil {
		return nil, err
	}
	if concurrency == 0 && (rate > 0 || duration > 0 || v.total() > spoken) {
		concurrency = usualConcurrency
	}
	return &mock.Load{Count: v.total(), Duration: duration, Rate: rate, Concurrency: concurrency,
		MinDelay: low, MaxDelay: high, Seed: v.seed}, nil
}

// do makes and sends request n and takes down what became of it.
func (b *barrage) do(ctx context.Context, n int, due time.Time) {
	s, err := b.shot(n)
	if err != nil {
		b.fail(err)
		return
	}
	o := mock.Outcome{N: n, Result: mock.Result{At: b.now()}}
	if s.wait > 0 && !s.dropped {
		if !sleep(ctx, s.wait) {
			return
		}
		due = time.Now()
	}
	if !s.dropped {
		o.Result = b.sender.Send(ctx, s.target, b.message(s, b.now()))
		o.Latency = time.Since(due)
	}
	if ctx.Err() != nil {
		return // broken off, which says nothing about the handler
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	x := s.expect.of(s.tamper)
	b.count(o, s, x)
	b.told(s, o, x)
}

func (b *barrage) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken == nil {
		b.broken = err
	}
	b.stop()
}

// count takes an outcome down. b.mu must be held.
func (b *barrage) count(o mock.Outcome, s shot, x expectation) {
	if s.dropped {
		b.dropped++
		return
	}
	b.sent++
	b.tally.Add(o)
	switch {
	case o.Status == 0:
		b.unreached++
		if o.TimedOut() {
			b.late++
		}
	case x.text == "" && !isTaken(o.Status):
		b.refused++
	}
	if x.text != "" && !x.met(o.Status) {
		b.unexpected++
	}
}

// verdict is nil when all answers were as they should be.
func (b *barrage) verdict(c *cli.Context) error {
	all := fmt.Sprintf("%d requests", b.sent)
	switch {
	case b.late > 0 && b.late == b.unreached && (b.unexpected == 0 || b.late == b.sent):
		return withHint(withCode(exitTimeout, fmt.Errorf("the app did not answer %d of %s within %v", b.late, all, c.Duration("timeout"))),
			"answer 200 first, then work; Pictify waits 30 s")
	case b.unreached > 0 && (b.unexpected == 0 || b.unreached == b.sent):
		return withHint(withCode(exitNetwork, fmt.Errorf("%w: %d of %s", errAppUnreachable, b.unreached, all)),
			"is your app running, and is %s its address?", b.address())
	case b.unexpected > 0:
		return withCode(exitAssertion, fmt.Errorf("%d of %s: %w", b.unexpected, all, errUnexpected))
	case b.refused > 0:
		return fmt.Errorf("%w %d of %s", errRefusedByApp, b.refused, all)
	}
	return nil
}

// address is where the requests go, as it may be shown.
func (v *volley) address() string {
	u, err := url.Parse(v.target)
	if err != nil {
		return "the target"
	}
	return u.Redacted()
}

// sleep waits; false when ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
