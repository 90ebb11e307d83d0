package command

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

// testCommands is a small command line with every kind of flag and command.
// What was carried out is written to seen.
func testCommands(seen *[]string) []*cli.Command {
	act := func(c *cli.Context) error {
		*seen = append(*seen, c.Command.Name)
		*seen = append(*seen, c.LocalFlagNames()...)
		*seen = append(*seen, c.Args().Slice()...)
		return nil
	}
	return []*cli.Command{
		{
			Name: "listen", ArgsUsage: "[target]", Action: act,
			Flags: []cli.Flag{
				&cli.StringSliceFlag{Name: "events", Aliases: []string{"e"}},
				&cli.StringSliceFlag{Name: "header", Aliases: []string{"H"}},
				&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second},
				&cli.IntFlag{Name: "max-connections"},
				&cli.BoolFlag{Name: "insecure", Aliases: []string{"k"}},
				choiceFlag("on-exit", nil, "what becomes of subscriptions", "delete", "pause", "keep"),
			},
		},
		{
			Name: "trigger", ArgsUsage: "<event>|--all", Action: act,
			Flags: []cli.Flag{
				&cli.Int64Flag{Name: "seed"},
				&cli.StringFlag{Name: "at"},
				&cli.BoolFlag{Name: "all"},
			},
		},
		{Name: "replay", ArgsUsage: "<id> [target]", Action: act},
		{Name: "run", ArgsUsage: "-- <cmd>…", Action: act},
		{Name: "events", Subcommands: []*cli.Command{
			{Name: "list", Action: act, Flags: []cli.Flag{&cli.IntFlag{Name: "limit", Aliases: []string{"n"}}}},
			{Name: "show", ArgsUsage: "<id>", Action: act},
		}},
		{Name: "secret", Action: act, Subcommands: []*cli.Command{{Name: "show", Action: act}}},
	}
}

func testRoot() *cli.Command {
	return &cli.Command{Name: "pictap", Flags: globalFlags(), Subcommands: testCommands(new([]string))}
}

func TestReadFindsFlagsEverywhere(t *testing.T) {
	tests := []struct {
		name, line string
		want       string // as urfave/cli gets it
	}{
		{"flag before the argument", "listen -e a 3000", "pictap listen --events=a -- 3000"},
		{"flag behind the argument", "listen 3000 -e render.*", "pictap listen --events=render.* -- 3000"},
		{"flags on both sides", "listen -e a 3000 --timeout 5s", "pictap listen --events=a --timeout=5s -- 3000"},
		{"repeated under both names", "listen -e a 3000 --events b", "pictap listen --events=a --events=b -- 3000"},
		{"attached with =", "listen --e=x 3000 -e=y", "pictap listen --events=x --events=y -- 3000"},
		{"attached value with =", "listen --header=A:b=c", "pictap listen --header=A:b=c --"},
		{"empty attached value", "trigger x --at=", "pictap trigger --at= -- x"},
		{"a switch swallows nothing", "listen --insecure 3000", "pictap listen --insecure=true -- 3000"},
		{"a switch turned off", "listen 3000 -k=false", "pictap listen --insecure=false -- 3000"},
		{"negative duration", "trigger x --at -10m", "pictap trigger --at=-10m -- x"},
		{"negative number", "trigger x --seed -1", "pictap trigger --seed=-1 -- x"},
		{"two dashes end flags", "run --verbose -- ls -l --color", "pictap --verbose=true run -- ls -l --color"},
		{"second two dashes are an argument", "run -- a -- b", "pictap run -- a -- b"},
		{"lone dash is an argument", "replay -", "pictap replay -- -"},
		{"subcommand", "events list --limit 3", "pictap events list --limit=3 --"},
		{"global flag before the command", "--state-dir d events list", "pictap --state-dir=d events list --"},
		{"global flag behind everything", "events show d1 --state-dir d", "pictap --state-dir=d events show -- d1"},
		{"command with an action and a subcommand", "secret", "pictap secret --"},
		{"its subcommand", "secret show", "pictap secret show --"},
		{"argument that is a command's name", "replay list show", "pictap replay -- list show"},
		{"--json is --output json", "events list --json", "pictap --output=json events list --"},
		{"the last one wins by coming last", "--json listen -o text", "pictap --output=json --output=text listen --"},
		{"short and long of a global flag", "-o json events list", "pictap --output=json events list --"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := read(testRoot(), strings.Fields(tt.line))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(r.words(), " "); got != tt.want {
				t.Errorf("%s\nis read as %s\n     want %s", tt.line, got, tt.want)
			}
		})
	}
}

func TestRunRefusesWhatMakesNoSense(t *testing.T) {
	tests := []struct {
		name, line  string
		error, hint string
	}{
		{"unknown command", "listne 3000", `unknown command "listne" for "pictap"`, `did you mean "pictap listen"?`},
		{"command cut short", "trig x", `unknown command "trig"`, `did you mean "pictap trigger"?`},
		{"nothing like it", "frobnicate", `unknown command "frobnicate"`, `"pictap --help" lists the commands`},
		{"unknown subcommand", "events lst", `unknown command "lst" for "pictap events"`, `did you mean "pictap events list"?`},
		{"a group alone", "events", `"pictap events" needs a command: list, show`, ""},
		{"unknown flag", "listen 3000 --event x", `unknown flag --event for "pictap listen"`, "did you mean --events?"},
		{"unknown flag with a value", "listen --tiemout=5s", `unknown flag --tiemout`, "did you mean --timeout?"},
		{"a flag of the subcommand", "events --limit 3 list", `unknown flag --limit for "pictap events"`, `write it behind that`},
		{"another command's flag", "events list --seed 1", `unknown flag --seed for "pictap events list"`, "lists the flags"},
		{"a negative number as argument", "listen -5", `unknown flag -5`, ""},
		{"value missing at the end", "listen 3000 --timeout", "--timeout needs a value", ""},
		{"value missing before a flag", "listen -e --insecure", "-e needs a value, but --insecure follows", "-e=VALUE"},
		{"value missing before --", "listen -e -- 3000", "-e needs a value, but -- follows", ""},
		{"no duration", "listen --timeout soon", `--timeout is "soon", but takes a duration such as 30s or 5m`, ""},
		{"no number", "listen --max-connections many", `--max-connections is "many", but takes a whole number`, ""},
		{"no boolean", "listen --insecure=perhaps", `--insecure is "perhaps", but takes true or false`, ""},
		{"no choice", "listen --on-exit explode", `--on-exit is "explode", but takes delete, pause or keep`, ""},
		{"argument missing", "replay", `"pictap replay" needs <id>`, "usage: pictap replay <id> [target]"},
		{"argument or flag missing is the command's to say", "trigger --all", "", ""},
		{"too many arguments", "listen 3000 4000", `"pictap listen" does not take the argument "4000"`, "usage: pictap listen [flags] [target]"},
		{"repeated argument missing", "run --", `"pictap run" needs <cmd>`, ""},
		{"repeated argument", "run -- a b c", "", ""},
		{"key on the command line", "listen --api-key=pk_live_canary", "--api-key is not accepted", "set PICTIFY_API_KEY, or use --api-key-file FILE"},
		{"token on the command line", "listen --authtoken canary", "--authtoken is not accepted", "NGROK_AUTHTOKEN"},
		{"secret on the command line", "listen -s whsec_canary", "-s is not accepted", "PICTIFY_WEBHOOK_SECRET"},
		{"control characters", "listen --timeout=\x1b[2J", `--timeout is "\\x1b[2J"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			env := Env{Stderr: &stderr}
			args := append([]string{"pictap"}, strings.Split(tt.line, " ")...)
			code := Run(t.Context(), env, args, testCommands(new([]string))...)
			want := int(exitUsage)
			if tt.error == "" {
				want = int(exitOK)
			}
			if code != want || !strings.Contains(stderr.String(), tt.error) || !strings.Contains(stderr.String(), tt.hint) {
				t.Errorf("%s: exit %d, want %d with %q and %q; stderr:\n%s", tt.line, code, want, tt.error, tt.hint, &stderr)
			}
			if strings.Contains(stderr.String(), "canary") || strings.Contains(stderr.String(), "\x1b") {
				t.Errorf("stderr repeats what it must not:\n%q", &stderr)
			}
		})
	}
}

func TestFlagBeatsEnvironmentBeatsDefault(t *testing.T) {
	var got string
	capture := &cli.Command{
		Name: "listen", ArgsUsage: "[target]",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second},
			&cli.StringSliceFlag{Name: "events", Aliases: []string{"e"}},
			&cli.StringFlag{Name: "base-url"},
			&cli.BoolFlag{Name: "no-open"},
		},
		Action: func(c *cli.Context) error {
			got = strings.Join([]string{c.Duration("timeout").String(), strings.Join(splitList(c.StringSlice("events")), "+"),
				c.String("base-url"), c.String("state-dir"), map[bool]string{true: "no-open"}[c.Bool("no-open")]}, " ")
			return nil
		},
	}
	tests := []struct {
		name, line string
		env        map[string]string
		want       string
	}{
		{"default", "listen", nil, "30s    "},
		{"environment", "listen", map[string]string{"PICTAP_TIMEOUT": "5s", "PICTAP_STATE_DIR": "/s", "PICTAP_NO_OPEN": "1"}, "5s   /s no-open"},
		{"flag beats it", "listen --timeout 7s --state-dir /t --no-open=false", map[string]string{"PICTAP_TIMEOUT": "5s", "PICTAP_STATE_DIR": "/s", "PICTAP_NO_OPEN": "1"}, "7s   /t "},
		{"lists do not mix", "listen -e a", map[string]string{"PICTAP_EVENTS": "b,c"}, "30s a   "},
		{"list from the environment", "listen", map[string]string{"PICTAP_EVENTS": "b, c"}, "30s b+c   "},
		{"the base URL has its own name", "listen", map[string]string{"PICTIFY_BASE_URL": "http://localhost:1", "PICTAP_BASE_URL": "x"}, "30s  http://localhost:1  "},
		{"empty is unset", "listen", map[string]string{"PICTAP_TIMEOUT": ""}, "30s    "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got = ""
			env := Env{Getenv: func(name string) string { return tt.env[name] }}
			if code := Run(t.Context(), env, append([]string{"pictap"}, strings.Fields(tt.line)...), capture); code != 0 {
				t.Fatalf("exit %d", code)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBadVariableIsNamed(t *testing.T) {
	var stderr bytes.Buffer
	env := Env{Stderr: &stderr, Getenv: func(name string) string {
		return map[string]string{"PICTAP_TIMEOUT": "soon"}[name]
	}}
	code := Run(t.Context(), env, []string{"pictap", "listen"}, testCommands(new([]string))...)
	want := "pictap: error: PICTAP_TIMEOUT is \"soon\", but takes a duration such as 30s or 5m\n"
	if code != int(exitUsage) || stderr.String() != want {
		t.Errorf("exit %d, stderr %q, want exit 2 and %q", code, &stderr, want)
	}
}

// The developer's own environment must not reach a command past Env.
func TestLibraryDoesNotReadTheEnvironment(t *testing.T) {
	t.Setenv("PICTAP_TIMEOUT", "soon")
	t.Setenv("PICTIFY_API_KEY", "pk_live_real")
	if code := Run(t.Context(), Env{}, []string{"pictap", "listen"}, testCommands(new([]string))...); code != 0 {
		t.Errorf("exit %d, want 0", code)
	}
}

func TestLibraryDispatches(t *testing.T) {
	var seen []string
	code := Run(t.Context(), Env{}, []string{"pictap", "run", "--", "help", "--timeout", "list"}, testCommands(&seen)...)
	if diff := cmp.Diff([]string{"run", "help", "--timeout", "list"}, seen); code != 0 || diff != "" {
		t.Errorf("exit %d, carried out (-want +got):\n%s", code, diff)
	}
}

func TestErrorsOfReadingGoToStdoutForPrograms(t *testing.T) {
	for _, line := range []string{"lisen --json", "lisen --output=json", "-o json lisen", "lisen -format json"} {
		var stdout bytes.Buffer
		Run(t.Context(), Env{Stdout: &stdout}, append([]string{"pictap"}, strings.Fields(line)...), testCommands(new([]string))...)
		if !strings.HasPrefix(stdout.String(), `{"type":"error","time":"`) || !strings.Contains(stdout.String(), `"exit":2,`) {
			t.Errorf("%s: stdout %q", line, &stdout)
		}
	}
}

// FuzzRead: reading never panics, never loses a word and never makes one up.
func FuzzRead(f *testing.F) {
	seeds := []string{
		"listen 3000 -e render.*", "trigger render.completed --seed 1 --at -10m", "events list --limit=3",
		"secret show --json", "run -- a -- b", "--version", "help events list", "listen --insecure=false -k 3000",
		"-", "--", "---", "-=", "--=x", "listen -e", "events --limit 3 list", "--output json --output=text replay d1",
	}
	for _, seed := range seeds {
		f.Add(strings.ReplaceAll(seed, " ", "\x00"))
	}
	f.Fuzz(func(t *testing.T, joined string) {
		words := strings.Split(joined, "\x00")
		r, err := read(testRoot(), words)
		if err != nil {
			if !errors.As(err, new(*usageError)) {
				t.Fatalf("read(%q): error %v is not a usage error", words, err)
			}
			return
		}
		if r.help {
			return
		}
		if diff := cmp.Diff(accountOf(words), accountFor(r)); diff != "" {
			t.Errorf("read(%q) (-words +reading):\n%s", words, diff)
		}
	})
}

// accountOf lists words in the form in which a reading can give account of them:
// without the first "--", attached values apart, --json in full.
func accountOf(words []string) []string {
	var account []string
	flags := true
	for _, word := range words {
		name, value, attached := strings.Cut(word, "=")
		switch {
		case !flags || !isFlag(word):
			account = append(account, word)
		case word == "--":
			flags = false
		case strings.TrimLeft(name, "-") == "json" && (!attached || value == "true"):
			account = append(account, name, "json")
		case strings.TrimLeft(name, "-") == "version" && !attached:
			account = append(account, "version")
		case attached:
			account = append(account, name, value)
		default:
			account = append(account, name)
		}
	}
	slices.Sort(account)
	return account
}

func accountFor(r reading) []string {
	var account []string
	for _, c := range r.path[1:] {
		account = append(account, c.Name)
	}
	for _, g := range r.flags {
		account = append(account, g.origin)
		if takesValue(g.flag) || g.value != "true" {
			account = append(account, g.value)
		}
	}
	account = append(account, r.args...)
	slices.Sort(account)
	return account
}
