package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Events shows what was recorded.
func Events(env Env) *cli.Command {
	return &cli.Command{
		Name:  "events",
		Usage: "what was recorded",
		UsageText: `pictap events list
			pictap events list --output json --with-body | jq -r .body
			pictap events show last
			pictap events show d17 --body > body.json`,
		Subcommands: []*cli.Command{
			{
				Name: "list", Aliases: []string{"ls"}, Usage: "list deliveries, the newest last",
				Description: searchHelp,
				UsageText: `pictap events list --limit 20 --event render.failed
					pictap events list 'event:render.* status:>=500'
					pictap events list 'data.width:>1000 !verdict:valid after:1h'`,
				ArgsUsage: "[search]…",
				Flags: []cli.Flag{
					&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: 100, Usage: "the newest `N`"},
					&cli.StringFlag{Name: "event", Aliases: []string{"e"}, Usage: "only of the type `EVENT`"},
					&cli.StringFlag{Name: "verdict", Usage: "only with `VERDICT`: valid, unsigned, malformed, stale, mismatch or unknown-secret"},
					&cli.BoolFlag{Name: "with-body", Usage: "add the body to each line of JSON"},
				},
				Action: env.action(env.listEvents),
			},
			{
				Name: "show", Usage: "show one delivery whole", ArgsUsage: "<id|last>",
				UsageText: "pictap events show last",
				Flags: []cli.Flag{
					&cli.BoolFlag{Name: "body", Usage: "write the exact bytes of the body and nothing else"},
				},
				Action: env.action(env.showEvent),
			},
			eventsExport(env),
			eventsRemove(env),
		},
	}
}

func (e Env) listEvents(c *cli.Context, p *printer) error {
	limit := c.Int("limit")
	if limit < 1 {
		return usagef("--limit must be more than 0")
	}
	if c.Bool("with-body") && !p.json {
		return usagef("--with-body needs --output json").withHint("for one delivery: pictap events show d17 --body")
	}
	search, err := listSearch(c)
	if err != nil {
		return err
	}
	st, err := e.openStore(c)
	if err != nil {
		return err
	}
	defer st.Close()
	// From the newest back to find where to begin, then forward to print, so that
	// the newest is what a terminal shows last.
	seqs, err := newest(c.Context, st, search, limit)
	if err != nil {
		return err
	}
	for _, seq := range slices.Backward(seqs) {
		d, err := st.Get(c.Context, seq)
		if err != nil {
			continue // removed in between by a running listen
		}
		if p.json {
			p.emit(newListedLine(d, c.Bool("with-body")))
		} else {
			p.data(listedText(p, d))
		}
		select {
		case <-p.Gone():
			return nil
		default:
		}
	}
	switch {
	case len(seqs) > 0:
	case search.IsAll():
		p.note("Nothing is recorded yet. pictap demo shows how it looks; pictap listen records.")
	default:
		p.note("No recorded delivery is like that.")
	}
	return nil
}

// listSearch is what the arguments and the flags of "events list" ask for together.
func listSearch(c *cli.Context) (store.Search, error) {
	search, err := parseSearch(c.Args().Slice())
	if err != nil {
		return search, err
	}
	if event := c.String("event"); event != "" {
		search = search.And(store.EventIs(pictify.EventType(event)))
	}
	if verdict := c.String("verdict"); verdict != "" {
		verdicts, err := store.ParseSearch("verdict:" + verdict)
		if err != nil || strings.ContainsAny(verdict, " \t") {
			return search, usagef("--verdict is %q, but takes valid, unsigned, malformed, stale, mismatch or unknown-secret", sanitize(verdict, 80))
		}
		search = search.And(verdicts)
	}
	return search, nil
}

// listedText is a delivery in one line, with its last answer.
func listedText(p *printer, d store.Delivery) string {
	answer := string(d.State)
	if n := len(d.Attempts); n > 0 {
		answer = statusText(p.paint, d.Attempts[n-1].Status) + " " + took(d.Attempts[n-1].Duration)
		if n > 1 {
			answer += fmt.Sprintf(" (%d attempts)", n)
		}
	}
	event := sanitize(string(d.Event), 80)
	if event == "" {
		event = "(no event)"
	}
	return fmt.Sprintf("%s  %s  %s  %s  %s  %s", pad(d.ID(), 5), p.paint.dim(d.ReceivedAt.In(p.zone).Format("2006-01-02 15:04:05")),
		p.paint.bold(pad(event, 16)), pad(sanitize(d.About, 160), 26), verdictText(p.paint, d.Verdict), answer)
}

func (e Env) showEvent(c *cli.Context, p *printer) error {
	st, err := e.openStore(c)
	if err != nil {
		return err
	}
	defer st.Close()
	seq, err := resolveID(c.Context, st, c.Args().First())
	if err != nil {
		return err
	}
	d, err := st.Get(c.Context, seq)
	if err != nil {
		return err
	}
	var cause *causeLine
	if d.Verdict != pictify.Valid && !c.Bool("body") {
		if book, err := e.knownSecrets(c, true); err == nil {
			cause = book.cause(d, 0)
		}
	}
	switch {
	case c.Bool("body"):
		_, err := e.stdout().Write(d.Body)
		return err
	case p.json:
		line := newListedLine(d, true)
		line.Cause = cause
		p.emit(line)
	default:
		p.data(shownText(p, d, cause)...)
	}
	return nil
}

// shownText is a delivery whole, for people.
func shownText(p *printer, d store.Delivery, cause *causeLine) []string {
	lines := deliveryText(p.paint, p.zone, d, cause)
	lines = append(lines, "", sanitize(d.Method+" "+d.Path, longText))
	lines = append(lines, fieldsText(d.Header)...)
	lines = append(lines, "")
	lines = append(lines, bodyText(d.Body, d.BodySize)...)
	for _, a := range d.Attempts {
		lines = append(lines, "")
		lines = append(lines, attemptText(p.paint, p.zone, d.ID(), a)...)
		lines = append(lines, fieldsText(a.Header)...)
		if len(a.Body) > 0 {
			lines = append(lines, "")
			lines = append(lines, bodyText(a.Body, a.BodySize)...)
		}
	}
	return lines
}

func fieldsText(list []store.Field) []string {
	var lines []string
	for _, f := range list {
		lines = append(lines, "  "+sanitize(f.Name, shortText)+": "+sanitize(f.Value, longText))
	}
	return lines
}

// bodyText shows a body so that a person can read it: JSON indented, other text
// line by line, anything else as a size.
func bodyText(body []byte, size int64) []string {
	if len(body) == 0 {
		return []string{"  (empty body)"}
	}
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		return []string{fmt.Sprintf("  (%d bytes that are not text; --body writes them)", size)}
	}
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") != nil {
		b.Reset()
		b.Write(body)
	}
	var lines []string
	const most = 400
	for line := range strings.Lines(b.String()) {
		if len(lines) == most {
			return append(lines, "  … (--body writes all of it)")
		}
		lines = append(lines, "  "+sanitize(strings.TrimRight(line, "\r\n"), maxLine))
	}
	if int64(len(body)) < size {
		lines = append(lines, fmt.Sprintf("  … (%d of %d bytes were kept)", len(body), size))
	}
	return lines
}
