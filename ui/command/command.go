// Package command is pictap's command line: one file for each command, and
// every word that the user reads, hints for errors and guesses about answers included.
//
// # How a command is carried out
//
// [Run] reads the words (args.go), adds what the environment says (flags.go),
// checks both, and has urfave/cli dispatch to the command. The command speaks
// through a printer (output.go): a log for people (text.go, likely.go) or
// NDJSON for programs (ndjson.go). It returns an error; [Env.Report]
// (errors.go) turns that into words and an exit code, in one table.
//
// # Decisions
//
// The library does not parse. urfave/cli v2 stops at the first argument, reports
// an unknown flag in the words of the standard library, reads the process's
// environment past our [Env], and exits by itself in places. It keeps what it is
// good at: the description of commands and flags, typed access to values,
// dispatch. The alternative, to let it parse and to repair its errors
// afterwards, needs to know its wording.
//
// Secrets never come in as flags, because every user of a machine can read
// command lines: there are variables and files instead (refusedSecret).
//
// Small files in the state directory (state.go) live here and not with the store:
// "secret" must work without a database, and nothing but the command line
// chooses directories.
//
// What comes from outside is sanitised where it is printed, not where it
// comes in: the store keeps what was sent, and nothing is escaped twice.
package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const about = "receive, inspect and fake Pictify webhooks on your machine"

// Run carries out args, which begin with the program's name, with one of
// commands, and returns the exit code. Nothing in it ends the process.
func Run(ctx context.Context, env Env, args []string, commands ...*cli.Command) int {
	words := args[min(1, len(args)):]
	env.json = wantsJSON(words, env.getenv)
	return env.Report(env.run(ctx, words, commands))
}

func (e Env) run(ctx context.Context, words []string, commands []*cli.Command) error {
	root := &cli.Command{Name: "pictap", Usage: about, Flags: globalFlags(), Subcommands: commands}
	r, err := read(root, words)
	if err != nil {
		return err
	}
	if r.help || len(r.path) == 1 && len(r.args) == 0 {
		return e.help(r)
	}
	r.addEnvironment(e.getenv)
	if err := r.check(); err != nil {
		return err
	}
	hideLibraryHelp(commands)
	app := &cli.App{
		Name: root.Name, Usage: about, Flags: root.Flags, Commands: commands,
		Reader: e.Stdin, Writer: e.stdout(), ErrWriter: e.stderr(),
		HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true,                         // header values may hold commas; see splitList
		ExitErrHandler:            func(*cli.Context, error) {}, // the library must not end the process
		OnUsageError:              func(_ *cli.Context, err error, _ bool) error { return usagef("%v", err) },
	}
	return app.RunContext(ctx, r.words())
}

// hideLibraryHelp keeps the library from adding a "help" command and flag to
// every command: "listen help" would not reach listen.
func hideLibraryHelp(commands []*cli.Command) {
	for _, c := range commands {
		c.HideHelp = true
		hideLibraryHelp(c.Subcommands)
	}
}

// wantsJSON reports whether errors go to stdout as JSON too. It is asked before
// anything is checked, so that a program hears of its mistakes where it hears everything else.
func wantsJSON(words []string, getenv func(string) string) bool {
	if i := slices.Index(words, "--"); i >= 0 {
		words = words[:i]
	}
	format := getenv(envName("output"))
	for i, word := range words {
		name, value, attached := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case !isFlag(word):
		case name == "json":
			format = "json"
		case name != "output" && name != "o" && name != "format":
		case attached:
			format = value
		case i+1 < len(words):
			format = words[i+1]
		}
	}
	return format == "json"
}

// action adapts a command's function to the library: it gets the printer that
// the flags ask for, and failing to write to stdout is its failure.
func (e Env) action(run func(c *cli.Context, p *printer) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		p := e.printer(c)
		if err := run(c, p); err != nil {
			return err
		}
		return p.Err()
	}
}

// usageLine is how a command is typed: "pictap listen [flags] [target]".
func usageLine(name string, c *cli.Command) string {
	switch {
	case len(c.Subcommands) > 0 && c.Action == nil:
		return fmt.Sprintf("%s [flags] <command>", name)
	case len(c.Subcommands) > 0:
		return fmt.Sprintf("%s [flags] [command]", name)
	}
	return strings.TrimSpace(fmt.Sprintf("%s [flags] %s", name, c.ArgsUsage))
}
