package check

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/tunnel/wire"
)

// ErrUnreachable is matched by the error for a handler that no connection can be
// made to.
var ErrUnreachable = errors.New("nothing can be reached")

// A Battery is what is sent and to whom. Target and Secret must be set; the rest
// has useful zero values. It is not for several goroutines.
type Battery struct {
	Target *url.URL
	Secret pictify.Secret // that the handler verifies with
	TLS    *tls.Config    // for https; nil means the system's roots
	// Allow is asked for each address when it is dialled. Nil means [Local].
	Allow func(netip.Addr) error

	Timeout time.Duration // for one answer; 0 means 30 s, as Pictify waits
	Slow    time.Duration // from here on an answer is slow; 0 means 8/30 of Timeout
	Total   time.Duration // for everything; 0 means 10 min
	Rate    float64       // requests a second; 0 means 25
	Pace    time.Duration // how long the slow sender takes; 0 means 2 s
	GiveUp  time.Duration // how long the sender waits that does not wait for its answer; 0 means 100 ms

	// Effect measures what deliveries have done, as a number or another text. Nil
	// leaves that unmeasured.
	Effect func(context.Context) (string, error)
	Settle time.Duration // how long an effect may take to show; 0 means 3 s

	Cases  []Case // nil means all; the plain delivery comes first in any case
	Seed   int64  // of the order, and of what is in payloads
	Now    func() time.Time
	Random io.Reader    // of ids and wrong secrets; nil means crypto/rand
	Done   func(Result) // is told of each result as it comes
}

// Local allows this machine and private networks. Link-local addresses are not
// among them: a cloud's metadata service has one.
func Local(addr netip.Addr) error {
	metadata := netip.MustParseAddr("fd00:ec2::254") // Amazon's, in a private range
	if addr = addr.Unmap(); addr.Zone() == "" && addr != metadata && (addr.IsLoopback() || addr.IsPrivate()) {
		return nil
	}
	return fmt.Errorf("%s is neither this machine nor in a private network", addr)
}

// Run sends everything and returns the card. When ctx ends, or Total is over, the
// card has what was found until then. The error matches [ErrUnreachable], or says
// why nothing could be sent.
func (b *Battery) Run(ctx context.Context) (Card, error) {
	r, err := b.round()
	if err != nil {
		return Card{}, err
	}
	defer r.client.CloseIdle()
	card := Card{Started: b.Now(), Seed: b.Seed, Measured: b.Effect != nil}
	start := time.Now() // a duration is real time
	cases := b.cases()
	within, cancel := context.WithTimeout(ctx, b.Total)
	defer cancel()

	results := make(map[string]Result)
	note := func(res Result) {
		results[res.ID()] = res
		if b.Done != nil {
			b.Done(res)
		}
	}
	first := r.judge(within, cases[0])
	if n := len(first.Exchanges); n > 0 && first.Exchanges[n-1].away && ctx.Err() == nil {
		return Card{}, fmt.Errorf("%w: %s", ErrUnreachable, first.Exchanges[n-1].Problem)
	}
	note(first)
	why := ""
	if first.Status != Pass {
		why = "not sent, because the plain delivery was not accepted"
	}
	for _, i := range mrand.New(mrand.NewPCG(uint64(b.Seed), 0x6f72646572)).Perm(len(cases) - 1) {
		switch {
		case ctx.Err() != nil:
			why = "not sent, because the run was interrupted"
		case within.Err() != nil:
			why = fmt.Sprintf("not sent, because the whole run may take %s", b.Total)
		case r.gone != "":
			why = "not sent, because the handler is gone since " + r.gone
		}
		c := cases[i+1]
		if why != "" {
			note(Result{Case: c, Status: Skipped, Said: why})
			continue
		}
		note(r.judge(within, c))
	}
	for _, c := range cases {
		card.Results = append(card.Results, results[c.ID()])
	}
	card.Took, card.Requests, card.Interrupted = time.Since(start), r.sent, ctx.Err() != nil
	return card, nil
}

// cases are those to run, the plain delivery first.
func (b *Battery) cases() []Case {
	if b.Cases == nil {
		return Cases()
	}
	rest := slices.DeleteFunc(slices.Clone(b.Cases), func(c Case) bool { return c.Group == First })
	return append([]Case{probe()}, rest...)
}

// round fills in what is not set and returns what the cases work with.
func (b *Battery) round() (*round, error) {
	if b.Secret.IsZero() {
		return nil, errors.New("no secret to sign with")
	}
	for _, d := range []struct {
		field *time.Duration
		usual time.Duration
	}{{&b.Timeout, 30 * time.Second}, {&b.Total, 10 * time.Minute}, {&b.Pace, 2 * time.Second}, {&b.GiveUp, 100 * time.Millisecond}, {&b.Settle, 3 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.usual
		}
	}
	if b.Slow == 0 {
		b.Slow = b.Timeout * 8 / 30
	}
	if b.Rate == 0 {
		b.Rate = 25
	}
	if b.Allow == nil {
		b.Allow = Local
	}
	if b.Now == nil {
		b.Now = time.Now
	}
	if b.Random == nil {
		b.Random = rand.Reader
	}
	r := &round{Battery: b, base: fixtures.Kind{Event: pictify.RenderCompleted, Type: "image"}, gen: fixtures.New(b.Seed, b.Now(), "")}
	r.gen.Strict = true
	r.client = r.newClient()
	return r, nil
}

// newClient has connections of its own.
func (r *round) newClient() *wire.Client {
	return &wire.Client{Origin: &url.URL{Scheme: r.Target.Scheme, Host: r.Target.Host}, TLS: r.TLS, Allow: r.Allow, MaxBody: maxAnswer}
}
