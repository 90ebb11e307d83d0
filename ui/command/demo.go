package command

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// Demo shows everything at once on one machine.
func Demo(env Env) *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "see it all on this machine: no account, no network, nothing to set up",
		Description: `Starts the mock, a listen that registers with it, and a small sample app: a gallery that asks the mock
for pictures and hangs them up when a webhook says that they are ready, verified with its one secret. It asks for
one of everything, then for something now and then, until Ctrl-C. All has a state of its own, which is
removed at the end.`,
		UsageText: `pictap demo
			pictap demo --no-open --output json`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-open", Usage: "do not open the page in the browser"},
			&cli.StringFlag{Name: "ui-addr", Value: defaultPage, Usage: "serve the page on `ADDR` of this machine (default " + defaultPage + ", or the next free port)", DefaultText: "-"},
			&cli.DurationFlag{Name: "every", Value: 4 * time.Second, Usage: "`DURATION` between wishes, on average"},
			&cli.Int64Flag{Name: "seed", Usage: "ask in the order of seed `N`, always the same (default: another each time)", DefaultText: "-"},
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
	m, err := e.serveMock(&mock.Server{Lenient: true, HookSecret: secret, Now: e.Now, Random: e.Random, Log: e.logger(c)}, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer m.close()
	app, err := startSampleApp(secret.Reveal(), m.url)
	if err != nil {
		return err
	}
	defer app.close()

	target, err := parseTarget(app.url, defaultPath)
	if err != nil {
		return err
	}
	cfg := sessionConfig{
		state: st, way: wayConfig{kind: wayLocal, receiverAddr: "127.0.0.1:0"}, mode: "mock", baseURL: m.url, mock: m.Server, gallery: app.url + "/", target: target,
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
		stream = startLoop(ctx, func(ctx context.Context) { e.play(ctx, p, app, seed, c.Duration("every")) })
	}
	return e.runSession(c.Context, p, e.logger(c), cfg, !c.Bool("no-open"))
}

// play has the app ask for one of everything, so that an event of every type comes
// in, and then for something now and then, until ctx ends.
func (e Env) play(ctx context.Context, p *printer, app *sampleApp, seed int64, every time.Duration) {
	chance := rand.New(rand.NewPCG(uint64(seed), 0))
	all := wishes()
	for n := 0; ; n++ {
		what, pause := all[n%len(all)], 300*time.Millisecond
		if n >= len(all) {
			pause = every/2 + time.Duration(chance.Int64N(int64(every)))
			what = pickWeighted(chance, all[:6]) // what fails as a whole has been seen
		}
		if !sleep(ctx, pause) {
			return
		}
		if err := app.ask(ctx, what); err != nil && ctx.Err() == nil {
			p.warning("the sample app: %v", err)
		}
	}
}

// pickWeighted takes a card half of the time: most of life is that.
func pickWeighted(chance *rand.Rand, wishes []string) string {
	if chance.IntN(2) == 0 {
		return wishes[0]
	}
	return wishes[chance.IntN(len(wishes))]
}
