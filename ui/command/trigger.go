package command

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Trigger sends made-up events, signed like real ones.
func Trigger(env Env) *cli.Command {
	return &cli.Command{
		Name:  "trigger",
		Usage: "send a signed fake event to your app, offline",
		Description: `Makes an event up, signs it with the local secret and POSTs it to your app, which cannot tell it
from one that pictap listen forwards. The target is an argument, else the app of a running
pictap listen, else http://localhost:3000/webhooks/pictify. The exit code is 0 if the app took
all of them (2xx), 1 if it refused one, 4 if it could not be reached.`,
		UsageText: `pictap trigger render.completed
			pictap trigger --all 8080
			pictap trigger 'render.*' --to http://localhost:3000/hooks --seed 7`,
		ArgsUsage: "<event>|--all [target]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "one of every type"},
			&cli.StringFlag{Name: "to", Usage: "the same as the `TARGET` argument"},
			&cli.StringFlag{Name: "path", Usage: "use `PATH` when the target has none"},
			&cli.Int64Flag{Name: "seed", Usage: "make the event of seed `N`, always the same (default: another each time)", DefaultText: "-"},
			&cli.BoolFlag{Name: "allow-remote", Usage: "the app may be on another machine"},
			localSecretFlag(),
		},
		Action: env.action(env.trigger),
	}
}

func (e Env) trigger(c *cli.Context, p *printer) error {
	words := c.Args().Slice()
	var patterns []string
	if !c.Bool("all") {
		if len(words) == 0 {
			return usagef(`"pictap trigger" needs an event, or --all`).withHint("events are %s", typeNames())
		}
		patterns, words = words[:1], words[1:]
	}
	types, err := pickTypes(pictify.EventTypes(), patterns)
	if err != nil {
		return err
	}
	if len(words) > 1 {
		return usagef("one target is enough: %q", sanitize(words[1], 80))
	}
	target, err := e.appTarget(c, append(words, "")[0], c.String("to"))
	if err != nil {
		return err
	}
	secret, _, err := e.localSecret(c)
	if err != nil {
		return err
	}
	seed := e.now().UnixNano()
	if c.IsSet("seed") {
		seed = c.Int64("seed")
	}
	return e.sendAll(c.Context, p, fixtures.New(seed, e.now(), ""), types, target, secret)
}

func typeNames() string {
	var names []string
	for _, t := range pictify.EventTypes() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// appTarget is where an event goes: the argument or flag, else the app of a
// running listen, else the guide's address.
func (e Env) appTarget(c *cli.Context, argument, flag string) (*url.URL, error) {
	if argument != "" && flag != "" {
		return nil, usagef("the target is given twice, as %q and as --to %q", sanitize(argument, 80), sanitize(flag, 80))
	}
	text := argument + flag
	if text == "" && c.String("path") == "" {
		st, err := e.state(c)
		if err != nil {
			return nil, err
		}
		h, listening, err := store.Listening(st.dir)
		if err != nil {
			return nil, err
		}
		if listening && h.ForwardTo != "" {
			return url.Parse(h.ForwardTo)
		}
	}
	if text == "" {
		text = defaultPort
	}
	target, err := parseTarget(text, c.String("path"))
	if err != nil {
		return nil, err
	}
	if !isLoopbackName(target.Hostname()) && !c.Bool("allow-remote") {
		return nil, usagef("%s is not this machine", sanitize(target.Host, 120)).withHint("add --allow-remote if you mean it")
	}
	return target, nil
}

var (
	errRefusedByApp   = errors.New("the app refused")
	errAppUnreachable = errors.New("the app could not be reached")
)

// sendAll sends one event of each type and tells how each was answered.
func (e Env) sendAll(ctx context.Context, p *printer, g *fixtures.Generator, types []pictify.EventType, target *url.URL, secret pictify.Secret) error {
	d := &mock.Dispatcher{Now: e.Now}
	defer d.Close()
	var refused, unreachable int
	for _, t := range types {
		ev, err := g.Event(t)
		if err != nil {
			return err
		}
		del := mock.Delivery{URL: target.String(), Secret: secret, Event: ev, ID: g.NewDeliveryID()}
		r := d.Deliver(ctx, del)
		if ctx.Err() != nil {
			return nil
		}
		p.triggered(del, r)
		switch {
		case r.Status == 0:
			unreachable++
		case !r.OK():
			refused++
		}
	}
	switch {
	case unreachable > 0:
		return withHint(withCode(exitNetwork, fmt.Errorf("%w: %d of %d events", errAppUnreachable, unreachable, len(types))),
			"is your app running, and is %s its address?", target.Redacted())
	case refused > 0:
		return fmt.Errorf("%w %d of %d events", errRefusedByApp, refused, len(types))
	}
	return nil
}

// triggerLine is one event that was sent.
type triggerLine struct {
	lineHead
	Event      pictify.EventType `json:"event"`
	DeliveryID string            `json:"delivery_id"`
	URL        string            `json:"url"`
	Status     int               `json:"status"` // 0: no answer
	DurationMS float64           `json:"duration_ms"`
	Error      string            `json:"error,omitempty"`
}

// triggered tells how the app took an event.
func (p *printer) triggered(del mock.Delivery, r mock.Result) {
	line := triggerLine{lineHead{"trigger", 0, stamp(r.At)}, del.Event.Type, del.ID, clip(del.URL, longText), r.Status,
		float64(r.Duration.Microseconds()) / 1000, clip(r.Problem(), longText)}
	if p.json {
		p.emit(line)
		return
	}
	a := store.Attempt{URL: del.URL, At: r.At, Status: r.Status, Duration: r.Duration, Body: r.Body}
	if r.Err != nil {
		a.Error = r.Err.Error()
	}
	p.data(fmt.Sprintf("%s  %s %s  %s", p.paint.dim(r.At.In(p.zone).Format("15:04:05")), p.paint.cyan("-->"),
		p.paint.bold(pad(string(del.Event.Type), 16)), sanitize(del.Event.About(), 160)))
	p.data(attemptText(p.paint, p.zone, del.ID, a)...)
}

// send delivers the generator's next event of a type to one of our own paths.
func (s *session) send(ctx context.Context, g *fixtures.Generator, token string, t pictify.EventType) error {
	ev, err := g.Event(t)
	if err != nil {
		return err
	}
	r := s.sender.Deliver(ctx, mock.Delivery{
		URL: "http://" + s.door.Addr().String() + s.hooks.Path(token), Secret: s.cfg.secret, Event: ev, ID: g.NewDeliveryID(),
	})
	if !r.OK() {
		return fmt.Errorf("send %s to our own receiver: %s", t, r.Problem())
	}
	return nil
}
