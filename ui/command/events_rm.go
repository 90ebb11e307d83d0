package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/store"
)

func eventsRemove(env Env) *cli.Command {
	return &cli.Command{
		Name: "rm", Aliases: []string{"remove", "delete"}, Usage: "remove deliveries for good",
		Description: `Removes the deliveries named, or, with --yes, all that a search finds; without it, says how many that would
be. A delivery that still waits for the app is then not handed to it. Works beside a running pictap listen,
whose page forgets them too.

` + searchHelp,
		UsageText: `pictap events rm d17 d18
			pictap events rm 'verdict:mismatch' --yes
			pictap events rm 'before:7d source:local' --yes
			pictap events rm --all --yes`,
		ArgsUsage: "<id|search>|--all…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "everything that was recorded"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do it; without, say what would be done, unless deliveries are named"},
		},
		Action: env.action(env.removeEvents),
	}
}

// removedLine says how many deliveries were removed, or would be.
type removedLine struct {
	lineHead
	Deliveries int  `json:"deliveries"`
	Done       bool `json:"done"`
}

func (e Env) removeEvents(c *cli.Context, p *printer) error {
	words := c.Args().Slice()
	if c.Bool("all") == (len(words) > 0) {
		return usagef(`"pictap events rm" needs deliveries, a search, or --all`).withHint(`pictap events rm d17; "pictap events list" tries a search`)
	}
	search, err := parseSearch(words)
	if err != nil {
		return err
	}
	st, err := e.openStore(c)
	if err != nil {
		return err
	}
	defer st.Close()
	var n int
	done := true
	switch {
	case !c.Bool("all") && areIDs(words):
		n, err = removeNamed(c, st, words)
	case c.Bool("yes"):
		n, err = st.Clear(c.Context, search)
	default:
		n, err = st.CountFound(c.Context, search)
		done = false
	}
	if err != nil {
		return err
	}
	p.removed(n, done)
	return st.Close()
}

func (p *printer) removed(n int, done bool) {
	switch {
	case p.json:
		p.emit(removedLine{p.head("removed"), n, done})
	case n == 0:
		p.note("No recorded delivery is like that.")
	case done:
		p.note("Removed %s.", count(n, "delivery"))
	default:
		p.note("%s would be removed; --yes does it.", count(n, "delivery"))
	}
}

// areIDs reports whether each word names one delivery. Together they would be a search
// for one that is all of them.
func areIDs(words []string) bool {
	for _, word := range words {
		if _, err := store.ParseID(word); err != nil && word != "last" && !strings.HasPrefix(word, "last~") {
			return false
		}
	}
	return true
}

// removeNamed removes the deliveries named, and none if one of them is not there.
func removeNamed(c *cli.Context, st *store.Store, words []string) (int, error) {
	var seqs []int64
	for _, word := range words {
		seq, err := resolveID(c.Context, st, word)
		if err != nil {
			return 0, err
		}
		_, err = st.Get(c.Context, seq)
		if errors.Is(err, store.ErrNotFound) {
			return 0, fmt.Errorf("nothing was removed: d%d: %w", seq, store.ErrNotFound)
		}
		if err != nil {
			return 0, err
		}
		seqs = append(seqs, seq)
	}
	return st.Delete(c.Context, seqs...)
}
