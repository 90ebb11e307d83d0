package command

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// globalFlags work with every command.
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "state-dir", Usage: "keep deliveries, install id and secret in `DIR`"},
		choiceFlag("output", []string{"o", "format"}, "write `FORMAT` to stdout: text or json (or just --json)", "text", "json"),
		choiceFlag("color", []string{"colour"}, "colour the output: `WHEN` is auto, on or off", "auto", "on", "off"),
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "write a log for diagnosis to stderr"},
	}
}

// These variables mean to pictap what they mean to other tools, so they keep their names.
const (
	envAPIKey    = "PICTIFY_API_KEY"
	envBaseURL   = "PICTIFY_BASE_URL"
	envSecret    = "PICTIFY_WEBHOOK_SECRET"
	envAuthtoken = "NGROK_AUTHTOKEN"
)

// envName is the variable that a flag's value is taken from when the command line
// does not give it.
func envName(flagName string) string {
	if flagName == "base-url" {
		return envBaseURL
	}
	return "PICTAP_" + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// addEnvironment adds the flags that only the environment gives. An empty
// variable is an unset one.
func (r *reading) addEnvironment(getenv func(string) string) {
	for level, c := range r.path {
		if r.keeps(level) {
			continue
		}
		for _, f := range c.Flags {
			if slices.ContainsFunc(r.flags, func(g given) bool { return g.flag == f }) {
				continue
			}
			name := envName(f.Names()[0])
			if value := getenv(name); value != "" {
				r.flags = append(r.flags, given{level, f, value, name})
			}
		}
	}
}

// check returns a *usageError for a value that its flag does not take, or for
// too few or too many arguments. It names the word or the variable to mend.
func (r *reading) check() error {
	for _, g := range r.flags {
		if r.keeps(g.level) {
			return usagef("%q does not take %s", r.name(), g.origin)
		}
		scratch := flag.NewFlagSet("", flag.ContinueOnError)
		scratch.SetOutput(io.Discard)
		if err := g.flag.Apply(scratch); err != nil {
			return fmt.Errorf("flag %s: %w", g.flag.Names()[0], err)
		}
		if err := scratch.Set(g.flag.Names()[0], g.value); err != nil {
			return usagef("%s is %q, but takes %s", g.origin, sanitize(g.value, 80), kind(g.flag))
		}
	}
	return r.checkArguments()
}

// kind says what values a flag takes.
func kind(f cli.Flag) string {
	switch f := f.(type) {
	case *cli.BoolFlag:
		return "true or false"
	case *cli.DurationFlag:
		return "a duration such as 30s or 5m"
	case *cli.IntFlag, *cli.Int64Flag:
		return "a whole number"
	case *cli.UintFlag, *cli.Uint64Flag:
		return "a whole number, not negative"
	case *cli.Float64Flag:
		return "a number"
	case *cli.GenericFlag:
		if c, ok := f.Value.(*choice); ok {
			return c.list()
		}
	}
	return "another value"
}

// checkArguments compares the number of arguments with the command's
// ArgsUsage, so that what --help says and what is checked are one thing:
// "<event>" must be there, "[target]" may, "<event>|--all" may, because a flag can
// stand for it, and a last field that ends in "…" may be repeated.
func (r *reading) checkArguments() error {
	c := r.last()
	if len(c.Subcommands) > 0 && c.Action == nil {
		var names []string
		for _, sub := range c.Subcommands {
			if !sub.Hidden {
				names = append(names, sub.Name)
			}
		}
		return usagef("%q needs a command: %s", r.name(), strings.Join(names, ", "))
	}
	fields := strings.Fields(strings.TrimPrefix(c.ArgsUsage, "-- "))
	for i, field := range fields {
		if i >= len(r.args) && strings.HasPrefix(field, "<") && !strings.Contains(field, "|--") {
			return usagef("%q needs %s", r.name(), strings.TrimSuffix(field, "…")).
				withHint("usage: %s %s", r.name(), c.ArgsUsage)
		}
	}
	if len(r.args) > len(fields) && !strings.HasSuffix(c.ArgsUsage, "…") {
		return usagef("%q does not take the argument %q", r.name(), sanitize(r.args[len(fields)], 80)).
			withHint("usage: %s", usageLine(r.name(), c))
	}
	return nil
}

// refusedSecret is the error for a flag that would carry a secret, which every user of
// the machine could read in the list of processes. Its value is not repeated.
func refusedSecret(name, origin string) error {
	var variable, file string
	switch name {
	case "api-key", "apikey", "key":
		variable, file = envAPIKey, "--api-key-file"
	case "authtoken", "auth-token", "token":
		variable, file = envAuthtoken, "--authtoken-file"
	case "secret", "webhook-secret", "client-secret", "s", "S":
		variable, file = envSecret, "--secret-file"
	default:
		return nil
	}
	return usagef("%s is not accepted: other users of this machine can read a command line", origin).
		withHint("set %s, or use %s FILE (- is stdin)", variable, file)
}

// secretFileFlag is a flag for a file that holds a secret; [Env.secretFrom] reads it.
func secretFileFlag(name, what, variable string) cli.Flag {
	return &cli.StringFlag{Name: name, Usage: fmt.Sprintf("read %s from `FILE`, - is stdin (or set %s)", what, variable)}
}

// secretFrom returns the secret in the file that the flag names, else the one in the
// environment variable, else "". Blanks and line ends around it are cut off. An empty
// file is an error, for whoever names a file means to have a secret.
func (e Env) secretFrom(c *cli.Context, flagName, variable string) (string, error) {
	path := c.String(flagName)
	if path == "" {
		return strings.TrimSpace(e.getenv(variable)), nil
	}
	text, err := e.readSmall(path)
	if err != nil {
		return "", fmt.Errorf("read --%s: %w", flagName, err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", usagef("--%s: %s is empty", flagName, path)
	}
	return secret, nil
}

// readSmall reads a small file, or standard input for "-".
func (e Env) readSmall(path string) ([]byte, error) {
	const limit = 16 << 10
	in := e.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	if in == nil {
		return nil, io.ErrUnexpectedEOF
	}
	text, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return text, err
}

// splitList splits the values of a repeatable flag at commas: -e a,b -e c is a, b, c.
// (The library would split by itself, but in every flag, and headers may hold commas.)
func splitList(values []string) []string {
	var all []string
	for _, value := range values {
		for word := range strings.SplitSeq(value, ",") {
			if word = strings.TrimSpace(word); word != "" {
				all = append(all, word)
			}
		}
	}
	return all
}

// choiceFlag is a flag that takes one of words; the first is the default.
// [cli.Context.String] reads it.
func choiceFlag(name string, aliases []string, usage string, words ...string) cli.Flag {
	return &cli.GenericFlag{Name: name, Aliases: aliases, Usage: usage, Value: &choice{words: words, value: words[0]}}
}

// A choice is a flag's value that must be one of a few words.
type choice struct {
	words []string
	value string
}

func (c *choice) String() string { return c.value }

func (c *choice) Set(value string) error {
	if !slices.Contains(c.words, value) {
		return fmt.Errorf("not %s", c.list())
	}
	c.value = value
	return nil
}

// list is "auto, on or off".
func (c *choice) list() string {
	last := len(c.words) - 1
	return strings.Join(c.words[:last], ", ") + " or " + c.words[last]
}
