package command

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

// Demo shows everything at once on one machine.
func Demo(env Env) *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "see it all on this machine: no account, no network, nothing to set up",
		Description: `Starts the mock, a listen that registers with it, and a small sample app that verifies signatures
with its one secret. One event of every type is delivered, then one now and then, until Ctrl-C.
It has a state of its own, which is removed at the end.`,
		UsageText: `pictap demo
			pictap demo --no-open --output json`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-open", Usage: "do not open the page in the browser"},
			&cli.StringFlag{Name: "ui-addr", Value: defaultPage, Usage: "serve the page on `ADDR` of this machine (default " + defaultPage + ", or the next free port)", DefaultText: "-"},
			&cli.DurationFlag{Name: "every", Value: 4 * time.Second, Usage: "`DURATION` between events, on average"},
			&cli.Int64Flag{Name: "seed", Usage: "make the events of seed `N`, always the same (default: others each time)", DefaultText: "-"},
			&cli.StringFlag{Name: "assets", Usage: "serve the page's files from `DIR`, to change them", Hidden: true},
		},
		Action: env.action(env.demo),
	}
}

func (e Env) demo(c *cli.Context, p *printer) (err error) {
	if c.Duration("every") < 10*time.Millisecond {
		return usagef("--every must be at least 10ms")
	}
	dir, err := os.MkdirTemp("", "pictap-demo-")
	if err != nil {
		return fmt.Errorf("make a state for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	st, err := openState(dir, e.random())
	if err != nil {
		return err
	}
	secret, err := st.secret()
	if err != nil {
		return err
	}
	app, err := startSampleApp(secret.Reveal())
	if err != nil {
		return err
	}
	defer app.close()
	m, err := e.serveMock(&mock.Server{Lenient: true, HookSecret: secret, Now: e.Now, Random: e.Random, Log: e.logger(c)}, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer m.close()

	target, err := parseTarget(app.url, defaultPath)
	if err != nil {
		return err
	}
	cfg := sessionConfig{
		state: st, way: wayConfig{kind: wayLocal, receiverAddr: "127.0.0.1:0"}, mode: "mock", baseURL: m.url, target: target,
		secret: secret, resign: true, onExit: "delete", types: pictify.EventTypes(),
		api:      &pictify.Client{BaseURL: m.url, Key: pictify.NewSecret(anyKey), Now: e.Now},
		pageAddr: c.String("ui-addr"), pageMust: c.IsSet("ui-addr"), assets: c.String("assets"),
	}
	seed := e.now().UnixNano()
	if c.IsSet("seed") {
		seed = c.Int64("seed")
	}
	ctx, stop := context.WithCancel(c.Context)
	var stream loop
	defer func() { stop(); stream.end() }()
	cfg.started = func() {
		stream = startLoop(ctx, func(ctx context.Context) { e.play(ctx, m.Server, seed, c.Duration("every")) })
	}
	return e.runSession(c.Context, p, e.logger(c), cfg, !c.Bool("no-open"))
}

// play has the mock deliver one event of every type, and then one of a random
// type now and then, until ctx ends.
func (e Env) play(ctx context.Context, m *mock.Server, seed int64, every time.Duration) {
	g := fixtures.New(seed, e.now(), "")
	chance := rand.New(rand.NewPCG(uint64(seed), 0))
	types := pictify.EventTypes()
	for n := 0; ; n++ {
		t, pause := types[n%len(types)], 300*time.Millisecond
		if n >= len(types) {
			pause = every/2 + time.Duration(chance.Int64N(int64(every)))
			t = pickWeighted(chance, types)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		ev, err := g.EventAt(t, e.now())
		if err != nil {
			return // every documented type has a sample; a test makes sure
		}
		m.Emit(ctx, ev)
	}
}

// pickWeighted takes a finished render half of the time, as life does.
func pickWeighted(chance *rand.Rand, types []pictify.EventType) pictify.EventType {
	if chance.IntN(2) == 0 {
		return pictify.RenderCompleted
	}
	return types[chance.IntN(len(types))]
}
