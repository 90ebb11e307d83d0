package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// urfave/cli v2 stops looking for flags at the first argument, knows no
// "unknown flag" but the standard library's, and reads the process's environment
// by itself. So the words are read here, once, for all commands; the library
// is then handed a line in the one order that it understands, and dispatches.

// A reading is what the words of a command line mean.
type reading struct {
	path  []*cli.Command // the commands named, the program itself first
	flags []given        // in the order they were given
	args  []string       // arguments of the last command in path
	help  bool           // -h, --help or "help" was among the words
}

// A given flag has a value, from the command line or from the environment.
type given struct {
	level  int // index into reading.path: whose flag it is
	flag   cli.Flag
	value  string
	origin string // as the user knows it: "--timeout", "-e", "PICTAP_TIMEOUT"
}

// read reads words, which do not include the program's name, as a command line
// of root. Flags of the command and of those around it may stand anywhere after
// the command's name; "--" ends them. A value may look like a flag ("--at -10m")
// unless it is the name of a flag that the command knows.
//
// The error is a *usageError. Nothing is checked yet but names, and that values are there.
func read(root *cli.Command, words []string) (reading, error) {
	r := reading{path: []*cli.Command{root}}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if word == "--" {
			r.args = append(r.args, words...)
			break
		}
		if isFlag(word) {
			used, err := r.readFlag(word, words)
			if err != nil {
				return r, err
			}
			words = words[used:]
		} else if err := r.readArgument(word); err != nil {
			return r, err
		}
	}
	return r, nil
}

// isFlag reports whether word has the form of a flag; a lone "-" is an
// argument, by custom the standard input.
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// readFlag reads the flag in word, with rest after it, and returns how many
// words of rest are its value: none or one.
func (r *reading) readFlag(word string, rest []string) (used int, err error) {
	name, value, attached := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
	origin := word[:len(word)-len(value)]
	origin = strings.TrimSuffix(origin, "=")
	if name == "h" || name == "help" {
		r.help = true
		return 0, nil
	}
	if name == "version" && len(r.path) == 1 {
		return 0, r.readArgument(name) // the command of that name
	}
	if name == "json" && (!attached || value == "true") {
		name, value, attached = "output", "json", true
	}
	level, flag := r.lookup(name)
	switch {
	case flag == nil:
		return 0, r.unknownFlag(name, origin)
	case attached:
	case !takesValue(flag):
		value = "true"
	case len(rest) == 0:
		return 0, usagef("%s needs a value", origin)
	case rest[0] == "--" || r.knowsFlag(rest[0]):
		return 0, usagef("%s needs a value, but %s follows", origin, rest[0]).
			withHint("write %s=VALUE when the value itself looks like a flag", origin)
	default:
		value, used = rest[0], 1
	}
	r.flags = append(r.flags, given{level, flag, value, origin})
	return used, nil
}

// readArgument reads a word that is no flag: the name of a command, or an argument.
func (r *reading) readArgument(word string) error {
	current := r.last()
	if len(r.args) > 0 || len(current.Subcommands) == 0 {
		r.args = append(r.args, word)
		return nil
	}
	if sub := current.Command(word); sub != nil {
		r.path = append(r.path, sub)
		return nil
	}
	if word == "help" {
		r.help = true
		return nil
	}
	if current.ArgsUsage != "" {
		r.args = append(r.args, word)
		return nil
	}
	return r.unknownCommand(word)
}

func (r *reading) last() *cli.Command { return r.path[len(r.path)-1] }

// lookup finds the flag called name, the innermost command's first.
func (r *reading) lookup(name string) (level int, flag cli.Flag) {
	for level := len(r.path) - 1; level >= 0; level-- {
		if r.keeps(level) {
			continue
		}
		for _, flag := range r.path[level].Flags {
			if slices.Contains(flag.Names(), name) {
				return level, flag
			}
		}
	}
	return 0, nil
}

// ownFlags is the Category of a command whose flags are not for the commands below
// it. (The library would group commands by it, in a help that is not ours.)
const ownFlags = "own flags"

// keeps reports whether the command at that level does not share its flags with the
// one that is to be carried out.
func (r *reading) keeps(level int) bool {
	return level > 0 && level < len(r.path)-1 && r.path[level].Category == ownFlags
}

// knowsFlag reports whether word is, by itself, a flag of the current command.
func (r *reading) knowsFlag(word string) bool {
	if !isFlag(word) {
		return false
	}
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	_, flag := r.lookup(name)
	return flag != nil || name == "json" || name == "help"
}

// words is the reading as urfave/cli understands it: every command followed by
// its own flags under their first names, the arguments behind "--".
func (r *reading) words() []string {
	var words []string
	for level, c := range r.path {
		words = append(words, c.Name)
		for _, g := range r.flags {
			if g.level == level {
				words = append(words, "--"+g.flag.Names()[0]+"="+g.value)
			}
		}
	}
	return append(append(words, "--"), r.args...)
}

// name is what the user types to get to the innermost command: "pictap events list".
func (r *reading) name() string {
	var names []string
	for _, c := range r.path {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

func takesValue(flag cli.Flag) bool {
	f, ok := flag.(cli.DocGenerationFlag)
	return !ok || f.TakesValue()
}
