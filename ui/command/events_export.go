package command

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
)

func eventsExport(env Env) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write deliveries as one file: an HTTP archive, a page to show, JSON lines",
		Description: `Writes the deliveries that a search finds, the oldest first, without what is personal in them: ids, addresses,
e-mail addresses, dates and every other text become fakes, the same value the same fake everywhere, as
"fixtures capture --redact" does it. Bodies that are no JSON are left out, and so is all that was said of
the sender. With --redact=false payloads and answers are exact; whatever lets somebody in (Authorization,
cookies, our own paths) is left out all the same.

Formats: har is an HTTP archive with an entry for each attempt, for browsers' tools and others; html one
page that needs nothing else, to attach or to send; jsonl what "events list --output json --with-body" prints.

` + searchHelp,
		UsageText: `pictap events export 'status:>=500 after:1d' --format html --out failures.html
			pictap events export --format har --out all.har
			pictap events export d3..d9 --format jsonl --redact=false | jq .event`,
		ArgsUsage: "[search]…",
		Flags: append([]cli.Flag{
			choiceFlag("format", nil, "write `FORMAT`: har, html or jsonl", exportFormNames()...),
			&cli.BoolFlag{Name: "redact", Value: true, Usage: "replace what may be personal; --redact=false leaves it in"},
			&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: exportLimit, Usage: "only the newest `N`"},
		}, outFlags()...),
		Action: env.action(env.exportEvents),
	}
}

// exportedLine says what was written where.
type exportedLine struct {
	lineHead
	Path       string `json:"path"`
	Format     string `json:"format"`
	Deliveries int    `json:"deliveries"`
	Redacted   bool   `json:"redacted"`
}

func (e Env) exportEvents(c *cli.Context, p *printer) error {
	limit := c.Int("limit")
	if limit < 1 {
		return usagef("--limit must be more than 0")
	}
	search, err := parseSearch(c.Args().Slice())
	if err != nil {
		return err
	}
	st, err := e.openStore(c)
	if err != nil {
		return err
	}
	defer st.Close()
	seqs, err := newest(c.Context, st, search, limit+1)
	if err != nil {
		return err
	}
	switch {
	case len(seqs) > limit:
		seqs = seqs[:limit]
		p.warning("there are more than the newest %d that were taken; --limit N takes more", limit)
	case len(seqs) == 0 && search.IsAll():
		return withHint(errors.New("nothing is recorded yet"), "pictap listen records; pictap demo shows how it looks")
	case len(seqs) == 0:
		return withHint(fmt.Errorf("no recorded delivery matches %q", search.String()), `"pictap events list" shows what is stored`)
	}
	slices.Reverse(seqs)
	bar := e.progress(p, int64(len(seqs)), "deliveries")
	defer bar.end()
	i := slices.Index(exportFormNames(), c.String("format"))
	x := exporter{store: st, form: exportForms()[i], exact: !c.Bool("redact"), made: stamp(e.now()), tell: bar.set}
	n := 0
	err = e.writeOut(c, 0o600, func(w io.Writer) (err error) {
		n, err = x.write(c.Context, w, seqs)
		return err
	})
	bar.end()
	if errors.Is(err, fixtures.ErrLeft) {
		return withHint(err, "nothing was written: the value may also be the name of a member, and names stay; leave that delivery out with !d17, or use --redact=false")
	}
	if path := c.String("out"); err == nil && path != "" && path != "-" {
		p.exported(path, x, n)
	}
	return err
}

func (p *printer) exported(path string, x exporter, n int) {
	if p.json {
		p.emit(exportedLine{p.head("exported"), clip(path, longText), x.form.name, n, !x.exact})
		return
	}
	how := "without what is personal in them"
	if x.exact {
		how = "as they are"
	}
	p.note("wrote %s, %s, to %s", count(n, "delivery"), how, sanitize(path, longText))
}
