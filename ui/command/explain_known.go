package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A secretBook has the secrets that are known here, by what people call them.
type secretBook struct {
	given []pictify.NamedSecret // by flags and the environment, the first comes first
	local pictify.Secret        // zero when there is none yet
	subs  []store.Subscription
}

const localName = "the local secret"

// knownSecrets collects the secrets that the flags, the environment and, if there
// is one, the state know. It makes none.
func (e Env) knownSecrets(c *cli.Context, mustHaveStore bool) (secretBook, error) {
	var b secretBook
	if err := e.givenSecrets(c, &b); err != nil {
		return b, err
	}
	st, err := e.state(c)
	if err != nil {
		if len(b.given) > 0 && !mustHaveStore {
			return b, nil // it needs no state
		}
		return b, err
	}
	text, err := st.read(secretFile, secretForm)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	b.local = pictify.NewSecret(text)
	if _, err := os.Stat(st.path(store.FileName)); errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	db, err := e.openStore(c)
	if err != nil {
		if len(b.given) > 0 && !mustHaveStore {
			return b, nil
		}
		return b, err
	}
	defer db.Close()
	b.subs, err = db.Subscriptions(c.Context)
	return b, err
}

// givenSecrets reads --secret-file, which may be there several times, and the
// variable. They are taken as they are: that a secret looks odd may be the cause.
func (e Env) givenSecrets(c *cli.Context, b *secretBook) error {
	for _, path := range secretFiles(c) {
		text, err := e.readSmall(path)
		if err != nil {
			return fmt.Errorf("read --secret-file: %w", err)
		}
		secret := strings.TrimSpace(string(text))
		if secret == "" {
			return usagef("--secret-file: %s is empty", path)
		}
		b.given = append(b.given, pictify.NamedSecret{Name: "the secret in " + path, Secret: pictify.NewSecret(secret)})
	}
	if text := strings.TrimSpace(e.getenv(envSecret)); text != "" {
		b.given = append(b.given, pictify.NamedSecret{Name: "the secret in " + envSecret, Secret: pictify.NewSecret(text)})
	}
	return nil
}

// secretFiles are the values of --secret-file, which some commands take once and
// others several times.
func secretFiles(c *cli.Context) []string {
	switch v := c.Value("secret-file").(type) {
	case cli.StringSlice:
		return v.Value()
	case string:
		if v != "" {
			return []string{v}
		}
	}
	return nil
}

// subscriptionName is what people call a subscription.
func subscriptionName(s store.Subscription) string {
	if s.UID == "" {
		return "the secret of a subscription to " + string(s.Event)
	}
	return fmt.Sprintf("the secret of subscription %s (%s)", s.UID, s.Event)
}

// complete gives a question its secret, the right one for where the delivery came
// in, and all others.
func (b secretBook) complete(in *input, demand bool) error {
	var all []pictify.NamedSecret
	right := -1
	add := func(name string, s pictify.Secret, isRight bool) {
		if s.IsZero() {
			return
		}
		if isRight && right < 0 {
			right = len(all)
		}
		all = append(all, pictify.NamedSecret{Name: name, Secret: s})
	}
	for _, g := range b.given {
		add(g.Name, g.Secret, in.hook == "" || in.source == store.FromLocal)
	}
	add(localName, b.local, in.hook == "" || in.source == store.FromLocal)
	for _, s := range b.subs {
		add(subscriptionName(s), s.Secret, in.hook != "" && s.Token == in.hook)
	}
	if right < 0 {
		if demand {
			return usagef("there is no secret to judge by").withHint("name a file with --secret-file, or set %s; \"pictap secret show\" makes the local one", envSecret)
		}
		in.q.Others = all
		return nil
	}
	in.q.Secret = all[right].Secret
	in.q.Others = append(append([]pictify.NamedSecret(nil), all[:right]...), all[right+1:]...)
	return nil
}

// handed makes of a delivery what the app got of it last: pictap signs anew what it
// forwards, with the local secret and the time of the attempt.
func (b secretBook) handed(in *input) {
	if in.q.Verdict != pictify.Valid || in.tries == 0 {
		return
	}
	secret := b.local
	if len(b.given) > 0 {
		secret = b.given[0].Secret
	}
	if secret.IsZero() {
		return
	}
	in.q.Header = append(withoutSignature(in.q.Header), pictify.Field{Name: pictify.SignatureHeader, Value: pictify.Sign(secret, in.last.At, in.q.Body)})
	in.q.Now, in.hook = in.last.At, ""
}

// bookOf are the secrets of a running session.
func bookOf(ctx context.Context, st *store.Store, local pictify.Secret) (b secretBook, err error) {
	b.local = local
	b.subs, err = st.Subscriptions(ctx)
	return b, err
}
