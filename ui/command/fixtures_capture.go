package command

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

func fixturesCapture(env Env) *cli.Command {
	return &cli.Command{
		Name: "capture", Usage: "write recorded deliveries as files, with --redact without what is personal",
		Description: `Writes the newest deliveries that a search finds, a file each and manifest.json, for their owner alone
to read. Without --redact they are the exact bytes that were received.

With --redact ids, URLs, e-mail addresses, dates and every other text become fakes, the same value the
same fake in all files, so that what belonged together still does. Numbers, true, false and null stay,
and so do the names of members, also those in variables and data, and the words and times that Pictify's
documents define: look whether something personal is among them. What was replaced is listed. Nothing is
written if something that was replaced is found in the result, as it is or encoded. Bodies that are no
JSON are left out.

` + searchHelp,
		UsageText: `pictap fixtures capture last --out testdata --redact
			pictap fixtures capture 'event:render.* verdict:valid after:1d' --out testdata --redact
			pictap fixtures capture d3..d9 --out /tmp/real --format http`,
		ArgsUsage: "<search>…",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write into the folder `DIR`, which is made if it is missing"},
			&cli.BoolFlag{Name: "redact", Usage: "replace what may be personal"},
			choiceFlag("format", nil, "write `FORMAT`: json is the body, http the request", "json", "http"),
			&cli.BoolFlag{Name: "force", Usage: "replace what exists"},
			&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: 100, Usage: "only the newest `N`"},
		},
		Action: env.action(env.captureFixtures),
	}
}

// maxCapture bounds the bodies of one capture, in bytes: all are in memory.
const maxCapture = 32 << 20

func (e Env) captureFixtures(c *cli.Context, p *printer) error {
	limit := c.Int("limit")
	switch {
	case c.String("out") == "":
		return usagef("--out is missing").withHint("name a folder: --out testdata")
	case limit < 1:
		return usagef("--limit must be more than 0")
	}
	search, err := parseSearch(c.Args().Slice())
	if err != nil {
		return err
	}
	list, err := e.recorded(c, p, search, limit)
	if err != nil {
		return err
	}
	asRequest := c.String("format") == "http"
	var files []capturedFile
	var redactor fixtures.Redactor
	if c.Bool("redact") {
		files, err = redacted(c.Context, p, &redactor, list)
	} else {
		files = unredacted(p, list, asRequest)
	}
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("none of the deliveries that were found can be written")
	}
	manifest := finish(files, asRequest, c.Bool("redact"))
	if err := writeAll(c.String("out"), c.Bool("force"), files, manifest); err != nil {
		return err
	}
	tellCaptured(p, c.String("out"), files, redactor.Replaced())
	return nil
}

// recorded reads the newest deliveries that search chooses, the oldest first.
func (e Env) recorded(c *cli.Context, p *printer, search store.Search, limit int) ([]store.Delivery, error) {
	st, err := e.openStore(c)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	seqs, err := newest(c.Context, st, search, limit+1)
	if err != nil {
		return nil, err
	}
	if len(seqs) == 0 {
		return nil, withHint(fmt.Errorf("no recorded delivery matches %q", search.String()), `"pictap events list" shows what is stored`)
	}
	if len(seqs) > limit {
		seqs = seqs[:limit]
		p.warning("there are more than the newest %d that were taken; --limit N takes more", limit)
	}
	var list []store.Delivery
	size := 0
	for _, seq := range slices.Backward(seqs) {
		d, err := st.Get(c.Context, seq)
		if err != nil {
			return nil, err
		}
		if size += len(d.Body); size > maxCapture {
			return nil, withHint(fmt.Errorf("the deliveries have more than %d MiB", maxCapture>>20), "narrow the search, or take fewer with --limit N")
		}
		if int64(len(d.Body)) < d.BodySize {
			p.warning("%s is left out: only %d of its %d bytes were kept", d.ID(), len(d.Body), d.BodySize)
			continue
		}
		list = append(list, d)
	}
	return list, st.Close()
}

// unredacted makes files of the exact bytes.
func unredacted(p *printer, list []store.Delivery, asRequest bool) []capturedFile {
	var files []capturedFile
	for _, d := range list {
		f := capturedFile{id: d.ID(), body: d.Body}
		f.Event, f.DeliveryID = d.Event, d.DeliveryID
		f.fields = requestFields(
			pictify.EventHeader, store.FieldValue(d.Header, pictify.EventHeader),
			pictify.DeliveryIDHeader, d.DeliveryID,
			pictify.SignatureHeader, store.FieldValue(d.Header, pictify.SignatureHeader),
			"Content-Type", store.FieldValue(d.Header, "Content-Type"))
		f.Name = fileName(d.Event, d.ID(), "json")
		if !asRequest && !json.Valid(d.Body) {
			p.warning("%s is no JSON; it is written as it is", d.ID())
			f.Name = fileName(d.Event, d.ID(), "bin")
		}
		files = append(files, f)
	}
	return files
}

// redacted makes files without what is personal, and looks whether that is so.
func redacted(ctx context.Context, p *printer, r *fixtures.Redactor, list []store.Delivery) ([]capturedFile, error) {
	list = slices.DeleteFunc(list, func(d store.Delivery) bool {
		if json.Valid(d.Body) {
			return false
		}
		p.warning("%s is left out: it is no JSON, so that nobody can tell what in it is personal", d.ID())
		return true
	})
	return redactAll(ctx, r, list)
}

// redactAll is redacted for bodies that all are JSON.
func redactAll(ctx context.Context, r *fixtures.Redactor, list []store.Delivery) ([]capturedFile, error) {
	const header = pictify.DeliveryIDHeader
	for _, d := range list {
		if err := r.Learn(d.Body); err != nil {
			return nil, err
		}
		r.LearnText(header, d.DeliveryID)
	}
	var files []capturedFile
	for _, d := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		body, err := r.Redact(d.Body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.ID(), err)
		}
		f := capturedFile{id: d.ID(), body: body}
		f.Name, f.DeliveryID = fileName(d.Event, d.ID(), "json"), r.Text(header, d.DeliveryID)
		if event, err := pictify.ParseEvent(body); err == nil {
			f.Event = event.Type
		}
		known := ""
		if slices.Contains(pictify.EventTypes(), d.Event) {
			known = string(d.Event)
		}
		f.fields = requestFields(pictify.EventHeader, known, header, f.DeliveryID, "Content-Type", "application/json")
		files = append(files, f)
	}
	return files, checkRedacted(r, files)
}

// checkRedacted returns an error that matches [fixtures.ErrLeft] when something is
// left of the originals. All at once is quicker; one by one tells which it is.
func checkRedacted(r *fixtures.Redactor, files []capturedFile) error {
	var all [][]byte
	for _, f := range files {
		all = append(all, f.body, []byte(f.DeliveryID)) // the rest of a header is ours
	}
	err := r.Check(all...)
	if err == nil {
		return nil
	}
	for _, f := range files {
		if err := r.Check(f.body, []byte(f.DeliveryID)); err != nil {
			return fmt.Errorf("%s: %w", f.id, err)
		}
	}
	return err
}
