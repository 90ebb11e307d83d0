package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// unknownFlag is the error for a flag that nobody in the path has. Only its name
// is repeated: what follows "=" may be a secret.
func (r *reading) unknownFlag(name, origin string) error {
	if err := refusedSecret(name, origin); err != nil {
		return err
	}
	err := usagef("unknown flag %s for %q", origin, r.name())
	if strings.Contains(name, ":") && strings.Contains(r.last().ArgsUsage, "search") {
		return err.withHint("to turn a word of a search round, write '!%s'", name)
	}
	if owner := ownerBelow(r.last(), name); owner != "" {
		return err.withHint("it is a flag of %q: write it behind that", r.name()+" "+owner)
	}
	var known []string
	for _, c := range r.path {
		for _, flag := range c.Flags {
			known = append(known, flag.Names()...)
		}
	}
	if best := nearest(name, append(known, "help", "json")); best != "" {
		return err.withHint("did you mean %s?", dashed(best))
	}
	return err.withHint(`"%s --help" lists the flags`, r.name())
}

// unknownCommand is the error for a word where a command should stand.
func (r *reading) unknownCommand(word string) error {
	var known []string
	for _, c := range r.last().Subcommands {
		if !c.Hidden {
			known = append(known, c.Names()...)
		}
	}
	err := usagef("unknown command %q for %q", word, r.name())
	if best := nearest(word, append(known, "help")); best != "" {
		return err.withHint("did you mean %q?", r.name()+" "+best)
	}
	return err.withHint(`"%s --help" lists the commands`, r.name())
}

// ownerBelow names the one command below c that has the flag, as words: "list",
// "remote add". It is "" when none has it.
func ownerBelow(c *cli.Command, name string) string {
	for _, sub := range c.Subcommands {
		if slices.ContainsFunc(sub.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }) {
			return sub.Name
		}
		if owner := ownerBelow(sub, name); owner != "" {
			return sub.Name + " " + owner
		}
	}
	return ""
}

// nearest is the known word closest to word, or "" when none is close: more
// than one letter in three would have to change. Two letters that changed places
// count as one change, as they are typed, and the beginning of a word is close to it.
func nearest(word string, known []string) string {
	if len(word) < 2 || len(word) > 64 {
		return ""
	}
	word = strings.ToLower(word)
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, k := range known {
		distance := smetrics.WagnerFischer(word, k, 1, 1, 1)
		if strings.HasPrefix(k, word) || swapped(word, k) {
			distance = min(distance, 1)
		}
		if len(k) > 1 && distance < bestDistance {
			best, bestDistance = k, distance
		}
	}
	return best
}

// swapped reports whether a is b with two neighbouring letters exchanged.
func swapped(a, b string) bool {
	for i := 0; len(a) == len(b) && i+1 < len(a); i++ {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

// dashed is a flag's name as it is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
