package command

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Replay hands stored deliveries to the app once more.
func Replay(env Env) *cli.Command {
	return &cli.Command{
		Name:  "replay",
		Usage: "send stored deliveries to your app again, freshly signed",
		Description: `Sends the recorded bytes again, signed as of now with the local secret, and records the answer.
Works beside a running pictap listen and without one. A delivery that did not verify is never
signed; --as-received sends it as it came, with the signature that it had.`,
		UsageText: `pictap replay last
			pictap replay d17
			pictap replay d3 d4 last~2 --to 8080`,
		ArgsUsage: "<id|last>…",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "send to `TARGET` instead of the app of a running listen"},
			&cli.StringFlag{Name: "path", Usage: "use `PATH` when the target has none"},
			&cli.BoolFlag{Name: "as-received", Usage: "send header and signature as they came"},
			&cli.DurationFlag{Name: "timeout", Usage: "give the app `DURATION` to answer (default 30s)", DefaultText: "-"},
			&cli.BoolFlag{Name: "insecure", Aliases: []string{"k", "skip-verify"}, Usage: "do not check the certificate of an https app"},
			&cli.BoolFlag{Name: "allow-remote", Usage: "the app may be on another machine"},
			localSecretFlag(),
		},
		Action: env.action(env.replay),
	}
}

func (e Env) replay(c *cli.Context, p *printer) error {
	target, err := e.appTarget(c, "", c.String("to"))
	if err != nil {
		return err
	}
	secret, _, err := e.localSecret(c)
	if err != nil {
		return err
	}
	if c.Bool("as-received") {
		secret = pictify.Secret{}
	}
	st, err := e.openStore(c)
	if err != nil {
		return err
	}
	defer st.Close()
	f := &tunnel.Forwarder{Store: st, Target: target, Secret: secret, Timeout: c.Duration("timeout"),
		AllowRemote: c.Bool("allow-remote"), TLS: appTLS(c.Bool("insecure")), Now: e.Now, Log: e.logger(c)}
	refused := 0
	for _, word := range c.Args().Slice() {
		seq, err := resolveID(c.Context, st, word)
		if err != nil {
			return err
		}
		a, err := f.Replay(c.Context, seq)
		if err != nil {
			return fmt.Errorf("replay d%d: %w", seq, err)
		}
		p.attempt(store.Delivery{Seq: seq}, a)
		if !a.OK() {
			refused++
		}
	}
	if refused > 0 {
		return fmt.Errorf("%w %d of %d deliveries", errRefusedByApp, refused, c.NArg())
	}
	return st.Close()
}

func appTLS(insecure bool) *tls.Config {
	if !insecure {
		return nil
	}
	return &tls.Config{InsecureSkipVerify: true} // the developer's own app, because he said so
}

// openStore opens the database of the state directory for a command that looks
// at it or adds to it. Unlike listen it puts nothing aside.
func (e Env) openStore(c *cli.Context) (*store.Store, error) {
	st, err := e.state(c)
	if err != nil {
		return nil, err
	}
	return store.Open(st.path(store.FileName), store.Options{Log: e.logger(c), Now: e.Now, KeepCount: 1 << 62, KeepBytes: 1 << 62})
}

// resolveID reads "d17", "17", "last" or "last~2", the one two before.
func resolveID(ctx context.Context, st *store.Store, word string) (int64, error) {
	back, isLast := 0, word == "last"
	if n, ok := strings.CutPrefix(word, "last~"); ok {
		var err error
		if back, err = strconv.Atoi(n); err != nil || back < 0 || back > 10_000 {
			return 0, usagef("%q is not of the form last~2", sanitize(word, 40))
		}
		isLast = true
	}
	if isLast {
		list, err := st.List(ctx, store.Query{Limit: back + 1})
		if err != nil {
			return 0, err
		}
		if len(list) <= back {
			return 0, fmt.Errorf("%s: %w", word, store.ErrNotFound)
		}
		return list[back].Seq, nil
	}
	seq, err := store.ParseID(word)
	if err != nil {
		return 0, usagef("%q is not a delivery", sanitize(word, 40)).withHint("deliveries are d17, last, or last~2 for the one two before")
	}
	return seq, nil
}

func pid() int { return os.Getpid() }
