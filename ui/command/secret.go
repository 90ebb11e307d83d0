package command

import (
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
)

// Secret is the command for the stable local secret, with which every delivery
// that reaches the app is signed.
func Secret(env Env) *cli.Command {
	return &cli.Command{
		Name:  "secret",
		Usage: "the one secret that your app verifies deliveries with",
		Description: `Pictify gives every subscription a secret of its own. pictap verifies with those, and signs what
it forwards with one local secret that stays the same from run to run, so the app's
PICTIFY_WEBHOOK_SECRET is set once. Without a subcommand this says where the secret is.`,
		UsageText: `PICTIFY_WEBHOOK_SECRET=$(pictap secret show) npm run dev
			pictap secret rotate`,
		Flags: []cli.Flag{localSecretFlag()},
		Subcommands: []*cli.Command{
			{
				Name:      "show",
				Usage:     "print the secret and nothing else",
				UsageText: "PICTIFY_WEBHOOK_SECRET=$(pictap secret show) npm run dev",
				Action:    env.action(env.showSecret),
			},
			{
				Name:      "rotate",
				Usage:     "replace the secret by a new one, which is not printed",
				UsageText: "pictap secret rotate && pictap secret show",
				Action:    env.action(env.rotateSecret),
			},
		},
		Action: env.action(env.aboutSecret),
	}
}

// localSecretFlag is for commands that sign or verify with the local secret.
func localSecretFlag() cli.Flag {
	return secretFileFlag("secret-file", "the local secret", envSecret)
}

// localSecret is the secret that deliveries to the app are signed with: the
// one the user gives, else the one in the state directory. from says which, for people.
func (e Env) localSecret(c *cli.Context) (secret pictify.Secret, from string, err error) {
	text, err := e.secretFrom(c, "secret-file", envSecret)
	if err != nil {
		return pictify.Secret{}, "", err
	}
	if text != "" {
		from = envSecret
		if c.String("secret-file") != "" {
			from = "--secret-file"
		}
		return pictify.NewSecret(text), from, checkSecret(from, text)
	}
	st, err := e.state(c)
	if err != nil {
		return pictify.Secret{}, "", err
	}
	secret, err = st.secret()
	return secret, st.path(secretFile), err
}

// checkSecret refuses what would make a signature worthless, or could not
// travel in a file of settings.
func checkSecret(from, text string) error {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }
	switch {
	case len(text) < 16 || len(text) > 512:
		return usagef("the secret from %s has %d bytes; 16 to 512 are expected", from, len(text))
	case strings.ContainsFunc(text, odd):
		return usagef("the secret from %s has a blank or an unprintable character in it", from)
	}
	return nil
}

func (e Env) showSecret(c *cli.Context, p *printer) error {
	secret, _, err := e.localSecret(c)
	if err != nil {
		return err
	}
	p.data(secret.Reveal())
	return nil
}

// secretLine is what "secret" and "secret rotate" say to a program.
type secretLine struct {
	lineHead
	From    string `json:"from"`
	Rotated bool   `json:"rotated"`
}

func (e Env) aboutSecret(c *cli.Context, p *printer) error {
	_, from, err := e.localSecret(c)
	if err != nil {
		return err
	}
	if p.json {
		p.emit(secretLine{p.head("secret"), from, false})
		return nil
	}
	p.data(
		"The local secret comes from "+sanitize(from, 300)+".",
		"Give it to your app once; it stays the same from run to run:",
		"",
		"  PICTIFY_WEBHOOK_SECRET=$(pictap secret show) npm run dev",
		"  pictap listen 3000 --env-file .env",
		"",
		`"pictap secret rotate" replaces it.`)
	return nil
}

func (e Env) rotateSecret(c *cli.Context, p *printer) error {
	st, err := e.state(c)
	if err != nil {
		return err
	}
	if _, err := st.rotateSecret(); err != nil {
		return err
	}
	if given, err := e.secretFrom(c, "secret-file", envSecret); err == nil && given != "" {
		p.warning("a secret given by --secret-file or %s comes first, so the new one is not used while that is set", envSecret)
	}
	if p.json {
		p.emit(secretLine{p.head("secret"), st.path(secretFile), true})
		return nil
	}
	p.note("The local secret is a new one. Now")
	p.note("  - restart a running pictap listen, which still signs with the old one,")
	p.note("  - give it to your app: pictap secret show, or pictap listen --env-file .env, and restart the app.")
	return nil
}
