package command

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Subs shows the account's subscriptions, and removes what we left behind.
func Subs(env Env) *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "base-url", Usage: "the Pictify API is at `URL`"},
		secretFileFlag("api-key-file", "the Pictify API key", envAPIKey),
	}
	return &cli.Command{
		Name:  "subs",
		Usage: "webhook subscriptions at Pictify",
		Description: `The account belongs to a team. Only subscriptions whose target URL carries this installation's
id are ever changed; "list" marks them with *.`,
		UsageText: `pictap subs list
			pictap subs prune
			pictap subs prune --yes`,
		Subcommands: []*cli.Command{
			{Name: "list", Aliases: []string{"ls"}, Usage: "list the account's subscriptions", Flags: flags,
				UsageText: "pictap subs list --output json", Action: env.action(env.listSubs)},
			{Name: "prune", Usage: "remove those that an earlier run of ours left behind",
				UsageText: "pictap subs prune --yes",
				Flags:     append([]cli.Flag{&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do it; without, say what would be done"}}, flags...),
				Action:    env.action(env.pruneSubs)},
		},
	}
}

func (e Env) apiClient(c *cli.Context) (*pictify.Client, error) {
	key, err := e.secretFrom(c, "api-key-file", envAPIKey)
	if err != nil {
		return nil, err
	}
	base := c.String("base-url")
	if key == "" && isLoopbackURL(base) {
		key = anyKey
	}
	if key == "" {
		return nil, withHint(withCode(exitDenied, errNoKey), "set %s to a key from https://pictify.io/dashboard", envAPIKey)
	}
	return &pictify.Client{BaseURL: base, Key: pictify.NewSecret(key), Now: e.Now}, nil
}

var errNoKey = errors.New("no Pictify API key")

// subLine is a subscription in a listing.
type subLine struct {
	lineHead
	Subscription string            `json:"subscription"`
	Event        pictify.EventType `json:"event"`
	Status       string            `json:"status"`
	URL          string            `json:"url"`
	Ours         bool              `json:"ours"`
	Deliveries   int               `json:"deliveries"`
	Failures     int               `json:"failures"`
}

func (e Env) listSubs(c *cli.Context, p *printer) error {
	api, err := e.apiClient(c)
	if err != nil {
		return err
	}
	hooks, _, err := e.ourHooks(c)
	if err != nil {
		return err
	}
	n := 0
	for sub, err := range api.List(c.Context) {
		if err != nil {
			return err
		}
		n++
		_, ours := hooks.Ours(sub.TargetURL)
		p.listedSub(sub, ours)
	}
	if n == 0 {
		p.note("The account has no webhook subscriptions.")
	}
	return nil
}

func (p *printer) listedSub(sub pictify.Subscription, ours bool) {
	if p.json {
		p.emit(subLine{p.head("subscription"), clip(sub.UID, shortText), pictify.EventType(clip(string(sub.Event), shortText)), clip(string(sub.Status), shortText),
			clip(sub.TargetURL, longText), ours, sub.DeliveryCount, sub.FailureCount})
		return
	}
	mark := " "
	if ours {
		mark = p.paint.cyan("*")
	}
	p.data(fmt.Sprintf("%s %s  %s  %s  %s", mark, pad(sanitize(sub.UID, 80), 16), pad(sanitize(string(sub.Event), 40), 16),
		pad(sanitize(string(sub.Status), 20), 6), sanitize(sub.TargetURL, 300)))
}

func (e Env) ourHooks(c *cli.Context) (*tunnel.Hooks, *state, error) {
	st, err := e.state(c)
	if err != nil {
		return nil, nil, err
	}
	install, err := st.installID()
	return &tunnel.Hooks{Install: install}, st, err
}

// pruneSubs removes ours that no running listen uses. It takes the lock that a
// listen holds: while there is one, all of ours are in use.
func (e Env) pruneSubs(c *cli.Context, p *printer) error {
	api, err := e.apiClient(c)
	if err != nil {
		return err
	}
	hooks, state, err := e.ourHooks(c)
	if err != nil {
		return err
	}
	lock, err := store.TakeLock(state.dir)
	if err != nil {
		return withHint(err, "its subscriptions are in use; they are removed when it ends")
	}
	defer lock.Release()
	st, err := e.openStore(c)
	if err != nil {
		return err
	}
	defer st.Close()
	r := &tunnel.Registrar{API: api, Store: st, Hooks: hooks, Now: e.Now, Log: e.logger(c)}
	ours, err := r.Ours(c.Context)
	if err != nil {
		return err
	}
	for _, sub := range ours {
		p.listedSub(sub, true)
	}
	switch {
	case len(ours) == 0:
		p.note("Nothing of ours is left at Pictify.")
		return nil
	case !c.Bool("yes"):
		p.note("%s would be removed: pictap subs prune --yes", count(int64(len(ours)), "subscription"))
		return nil
	}
	if err := r.Prune(c.Context); err != nil {
		return err
	}
	p.note("Removed %s.", count(int64(len(ours)), "subscription"))
	return nil
}
