package command

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
)

// Listen is the command that people leave running.
func Listen(env Env) *cli.Command {
	return &cli.Command{
		Name:  "listen",
		Usage: "receive webhooks through a tunnel, record them, forward them to your app and show them",
		Description: `Opens a tunnel to this machine, registers it with Pictify, verifies and records every delivery
before it is acknowledged, forwards it to your app with a fresh signature, and shows it here and on
a page. While your app is down deliveries are held; when it answers again they go out in order.
Ctrl-C removes the subscriptions again. Without a target, deliveries are only recorded.

The target is a port, host:port, /path or URL; the path is /webhooks/pictify unless you say otherwise.`,
		UsageText: `pictap listen 3000
			pictap listen 3000 -e 'render.*' --template tmpl_xyz
			pictap listen 3000 --env-file .env
			pictap listen --mock 3000
			pictap listen 3000 --public-url https://hooks.example.com --receiver-addr 127.0.0.1:4456`,
		ArgsUsage: "[target]",
		Flags:     listenFlags(),
		Action:    env.action(env.listen),
	}
}

func listenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "forward-to", Aliases: []string{"f"}, Usage: "the same as the `TARGET` argument"},
		&cli.StringFlag{Name: "path", Usage: "use `PATH` when the target has none"},
		&cli.StringSliceFlag{Name: "events", Aliases: []string{"e"}, Usage: "subscribe to `LIST` only: names, globs such as render.*, !exclusions"},
		&cli.StringFlag{Name: "template", Usage: "only events of the template `ID`"},
		&cli.StringFlag{Name: "binding", Usage: "only events of the binding `ID`"},
		&cli.StringFlag{Name: "type", Usage: "only renders of `TYPE`: image, gif or pdf"},

		choiceFlag("tunnel", nil, "open a tunnel with `WHICH`: ngrok or none", wayNgrok, "none"),
		&cli.StringFlag{Name: "url", Usage: "ask ngrok for this `URL` or host instead of the account's own"},
		secretFileFlag("authtoken-file", "the ngrok authtoken", envAuthtoken),
		&cli.StringFlag{Name: "ngrok-server", Usage: "connect to the ngrok ingress `HOST:PORT`"},
		&cli.StringFlag{Name: "ngrok-ca", Usage: "trust the certificates in `FILE` for the ngrok ingress"},
		&cli.StringFlag{Name: "public-url", Usage: "use `URL`, a tunnel that you already have, to --receiver-addr"},
		&cli.StringFlag{Name: "receiver-addr", Value: defaultReceiver, Usage: "receive on `ADDR` of this machine (default " + defaultReceiver + ", or the next free port)", DefaultText: "-"},

		&cli.BoolFlag{Name: "mock", Usage: "use the built-in mock instead of an account and a tunnel"},
		&cli.BoolFlag{Name: "no-register", Usage: "register nothing: you did that by hand, or something else sends"},
		choiceFlag("on-exit", nil, "what to do with the subscriptions at the end: `WHAT` is delete, pause or keep", "delete", "pause", "keep"),
		&cli.StringFlag{Name: "base-url", Usage: "the Pictify API is at `URL`"},
		secretFileFlag("api-key-file", "the Pictify API key", envAPIKey),

		localSecretFlag(),
		&cli.BoolFlag{Name: "print-secret", Usage: "print the secret that your app needs, and stop"},
		&cli.StringFlag{Name: "env-file", Usage: "write the secret into `FILE[:VAR]`, and leave the rest of it alone"},
		&cli.BoolFlag{Name: "no-resign", Usage: "forward the sender's signature, made with the subscription's own secret"},

		choiceFlag("ack", nil, "answer Pictify when the delivery is recorded, or relay your app's answer: `WHEN` is record or relay", "record", "relay"),
		&cli.IntFlag{Name: "max-connections", Value: 8, Usage: "forward `N` deliveries at a time; 1 keeps strict order"},
		&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "give the app `DURATION` to answer"},
		&cli.StringSliceFlag{Name: "header", Aliases: []string{"H"}, Usage: "add `'NAME: VALUE'` to what is forwarded"},
		&cli.BoolFlag{Name: "insecure", Aliases: []string{"k", "skip-verify"}, Usage: "do not check the certificate of an https app"},
		&cli.BoolFlag{Name: "allow-remote", Usage: "the app may be on another machine"},

		&cli.StringFlag{Name: "ui-addr", Value: defaultPage, Usage: "serve the page on `ADDR` of this machine (default " + defaultPage + ", or the next free port)", DefaultText: "-"},
		&cli.BoolFlag{Name: "no-ui", Usage: "no page"},
		&cli.BoolFlag{Name: "open", Usage: "open the page in the browser"},
		&cli.StringFlag{Name: "assets", Usage: "serve the page's files from `DIR`, to change them", Hidden: true},
		&cli.StringSliceFlag{Name: "picture-host", Usage: "let the page show pictures from `HOST` too, such as your own storage"},
		&cli.Int64Flag{Name: "keep", Value: 100_000, Usage: "keep at most `N` deliveries"},
	}
}

const (
	defaultPage     = "127.0.0.1:4455"
	defaultReceiver = "127.0.0.1:4456"
)

func (e Env) listen(c *cli.Context, p *printer) error {
	secret, source, err := e.localSecret(c)
	if err != nil {
		return err
	}
	if c.Bool("print-secret") {
		p.data(secret.Reveal())
		return nil
	}
	cfg, err := e.listenConfig(c)
	if err != nil {
		return err
	}
	cfg.secret, cfg.source = secret, source
	if err := e.writeEnvFile(c, p, secret); err != nil {
		return err
	}
	if c.Bool("mock") {
		m, err := e.startMock("127.0.0.1:0", secret)
		if err != nil {
			return err
		}
		defer m.close()
		if err := e.announceMock(c, m); err != nil {
			p.warning("trigger --via mock will not find this mock: %v", err)
		}
		cfg.baseURL, cfg.mock = m.url, m.Server
		cfg.api = &pictify.Client{BaseURL: m.url, Key: pictify.NewSecret(anyKey), Now: e.Now}
	}
	return e.runSession(c.Context, p, e.logger(c), cfg, c.Bool("open"))
}

// runSession runs until the user interrupts, nobody reads our output any more,
// or a part of it fails.
func (e Env) runSession(ctx context.Context, p *printer, log *slog.Logger, cfg sessionConfig, open bool) error {
	s, err := startSession(ctx, e, p, log, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil // interrupted while starting, and cleaned up
		}
		return err
	}
	if open && s.page != nil {
		e.showPage(s.page.handler.LaunchURL())
	}
	var cause error
	select {
	case <-ctx.Done():
	case <-p.Gone():
	case cause = <-s.failed:
	}
	if err := s.close(ctx); cause == nil {
		cause = err
	}
	return cause
}

func (e Env) writeEnvFile(c *cli.Context, p *printer, secret pictify.Secret) error {
	text := c.String("env-file")
	if text == "" {
		return nil
	}
	f, err := parseEnvFile(text)
	if err != nil {
		return err
	}
	change, err := f.set(secret.Reveal())
	if err != nil {
		return err
	}
	if change.duplicates > 0 {
		p.warning("%s sets %s in %d lines; the last one counts, and was changed", f.path, f.variable, change.duplicates+1)
	}
	if change.changed || change.created {
		p.note("%s", fmt.Sprintf("%s now has %s; restart your app if it is running", sanitize(f.path, 200), f.variable))
	}
	return nil
}
