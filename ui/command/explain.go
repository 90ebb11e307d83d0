package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Explain finds out why a signature does not match.
func Explain(env Env) *cli.Command {
	return &cli.Command{
		Name:  "explain",
		Usage: "why a signature does not match, or what a handler hashed instead, and what to change",
		Description: `Computes what the signature would be if somebody had made a mistake: some thousand of them, with all
secrets known here, from another subscription's to a stray line feed, from a body written again
by some framework to a digest in base64. It names the first that fits, and what to change. What fits
nothing stays unknown, with what was ruled out.

When it is your handler that refuses a delivery, log what it computes or what it reads, and give that:
--expected is the digest, --body a file with the body as the handler saw it.

The input may be a body, a request (.http), a stored delivery, or lines that pictap writes: each is then
explained in a line. The exit code is 0 if nothing is wrong with the signature, else 1.`,
		UsageText: `pictap explain --delivery last
			pictap explain --delivery d17 --expected 5f2b… --body seen-by-handler.bin
			pictap explain --signature "$HEADER" --secret-file a.txt --secret-file b.txt body.json
			pictap events list --output json --with-body --verdict mismatch | pictap explain -`,
		ArgsUsage: "[FILE|-]",
		Flags: append(judgeFlags(),
			&cli.StringFlag{Name: "expected", Usage: "the digest that your handler computed is `HEX`, or written otherwise"},
			&cli.StringFlag{Name: "body", Usage: "the body as your handler saw it is in `FILE`"},
			&cli.StringSliceFlag{Name: "secret-file", Usage: "read a secret from `FILE`; the first is the right one, further ones are tried too (or set " + envSecret + ")"},
		),
		Action: env.action(env.explainDelivery),
	}
}

// An explanationLine is what "explain" says to a program of one delivery.
type explanationLine struct {
	lineHead
	ID         string          `json:"id,omitempty"`
	Verdict    string          `json:"verdict"`
	Side       string          `json:"side"` // whose mistake it is: "sender" or "handler"
	Bytes      int             `json:"bytes"`
	Age        *int64          `json:"age_seconds,omitempty"`
	Cause      *causeLine      `json:"cause,omitempty"` // absent when nothing is wrong
	Difference *differenceLine `json:"difference,omitempty"`
}

type differenceLine struct {
	Offset    int    `json:"offset"`
	Sent      []byte `json:"sent_base64"` // around there
	Seen      []byte `json:"seen_base64"`
	SentBytes int    `json:"sent_bytes"`
	SeenBytes int    `json:"seen_bytes"`
}

func (e Env) explainDelivery(c *cli.Context, p *printer) error {
	handled, err := handledBody(c)
	if err != nil {
		return err
	}
	if text := c.String("expected"); c.IsSet("expected") && !pictify.IsDigest(text) {
		return usagef("--expected is %q, which is no digest", sanitize(text, 80)).withHint("a digest is 64 hex digits, base64, or what else your handler printed of it")
	}
	r, name, err := e.openInput(c)
	if err != nil {
		return err
	}
	book, err := e.knownSecrets(c, c.String("delivery") != "")
	if err != nil {
		return err
	}
	if r == nil {
		in, err := e.storedInput(c)
		if err != nil {
			return err
		}
		return e.explainOne(c, p, book, in, handled)
	}
	defer r.Close()
	lines := bufio.NewReaderSize(r, 64<<10)
	first, err := longLine(lines)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if l, ok := parseLine(first); ok {
		return e.explainLines(c, p, book, l, lines)
	}
	in, err := e.readInput(c, io.MultiReader(bytes.NewReader(first), lines), name)
	if err != nil {
		return err
	}
	return e.explainOne(c, p, book, in, handled)
}

// handledBody reads the file that --body names; nil without one.
func handledBody(c *cli.Context) ([]byte, error) {
	if !c.IsSet("body") {
		return nil, nil
	}
	f, err := os.Open(c.String("body"))
	if err != nil {
		return nil, fmt.Errorf("read --body: %w", err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, 2*maxInputBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read --body: %w", err)
	case len(body) > 2*maxInputBody:
		return nil, fmt.Errorf("read --body: more than %d MiB", 2*maxInputBody>>20)
	case body == nil:
		body = []byte{}
	}
	return body, nil
}

func (e Env) explainOne(c *cli.Context, p *printer, book secretBook, in input, handled []byte) error {
	in.q.Expected, in.q.Handled = c.String("expected"), handled
	if in.stored && (in.q.Expected != "" || handled != nil) {
		book.handed(&in)
	}
	if err := in.needsSignature(c); err != nil {
		return err
	}
	if err := book.complete(&in, !in.stored); err != nil {
		return err
	}
	cause := pictify.Explain(in.q)
	if p.json {
		p.emit(newExplanationLine(p, in, cause))
	} else {
		p.data(explanationText(p.paint, in, cause)...)
	}
	if cause.Verdict == pictify.Stale && !c.IsSet("at") && !in.stored {
		p.note("A stored request, or a test whose clock stands still: --at TIME judges it as of then.")
	}
	if cause.Verdict == pictify.Valid && !wrong(cause) {
		return nil
	}
	return &outcome{code: exitFailed, err: fmt.Errorf("%w: %s", errNotValid, cause.Verdict), said: true, silent: true}
}

// wrong reports whether a handler does something else than it should.
func wrong(c pictify.Cause) bool {
	return c.Handler && (len(c.Faults) == 0 || c.Faults[0].Code != pictify.HandlerSameBytes)
}

func newExplanationLine(p *printer, in input, c pictify.Cause) explanationLine {
	line := explanationLine{lineHead: p.head("explanation"), ID: clip(in.id, shortText), Verdict: string(c.Verdict), Side: "sender",
		Bytes: len(in.q.Body), Age: ageOf(c), Cause: newCauseLine(c)}
	if c.Handler {
		line.Side = "handler"
	}
	if d := c.Difference; d != nil {
		line.Difference = &differenceLine{d.Offset, d.Sent, d.Seen, d.SentBytes, d.SeenBytes}
	}
	return line
}

// explanationText is an explanation for people.
func explanationText(paint palette, in input, c pictify.Cause) []string {
	head := verdictText(paint, c.Verdict)
	if in.id != "" {
		head = in.id + "  " + head
	}
	line := newCauseLine(c)
	if line == nil {
		lines := []string{head, "The signature is right: " + count(len(in.q.Body), "byte") + ", signed " + signedText(in, c) + "."}
		if in.tries > 0 && !in.last.OK() {
			if guess := likely(in.last); guess != "" {
				lines = append(lines, "Your app answered "+statusText(paint, in.last.Status)+". Likely: "+sanitize(guess, 600)+".")
			}
			lines = append(lines, "To see what your handler did with it: pictap explain --delivery "+in.id+" --expected HEX --body FILE")
		}
		return lines
	}
	lines := []string{head, sanitize(line.Sentence, 2*longText)}
	if in.q.Cut {
		lines = append(lines, "Only the beginning of the body was kept, so no signature can be computed; send it again to a file, and explain that.")
	}
	if line.Change != "" {
		lines = append(lines, paint.green("change:")+" "+sanitize(line.Change, 2*longText))
	} else if c.Unknown() && !in.q.Cut {
		lines = append(lines, "Try further secrets (--secret-file), or give the body as the handler saw it (--body FILE).")
	}
	return append(lines, differenceText(paint, c.Difference)...)
}

func signedText(in input, c pictify.Cause) string {
	at := in.q.Now.Add(-c.Age).UTC().Format(time.RFC3339)
	what := "it was judged"
	if in.stored {
		what = "it arrived"
	}
	if c.Age < 0 {
		return at + ", " + ageText(-c.Age) + " after " + what
	}
	return at + ", " + ageText(c.Age) + " before " + what
}

// explainLines explains each delivery of a stream in a line.
func (e Env) explainLines(c *cli.Context, p *printer, book secretBook, l pipedLine, lines *bufio.Reader) error {
	if c.IsSet("expected") || c.IsSet("body") || c.IsSet("signature") {
		return usagef("--expected, --body and --signature are for one delivery, and this is a stream of them")
	}
	var db *store.Store
	defer func() {
		if db != nil {
			db.Close()
		}
	}()
	wrong, n := 0, 0
	for {
		if l.Type == "" || l.Type == "delivery" {
			n++
			if !e.explainLine(c, p, book, l, &db) {
				wrong++
			}
		}
		for {
			line, err := longLine(lines)
			if err == io.EOF || c.Context.Err() != nil {
				if wrong > 0 {
					return &outcome{code: exitFailed, err: fmt.Errorf("%d of %d deliveries are not valid", wrong, n), said: true}
				}
				return nil
			}
			if err != nil {
				return fmt.Errorf("read lines: %w", err)
			}
			var ok bool
			if l, ok = parseLine(line); ok {
				break
			}
		}
		select {
		case <-p.Gone():
			return nil
		default:
		}
	}
}

// explainLine explains one, and reports whether it is valid.
func (e Env) explainLine(c *cli.Context, p *printer, book secretBook, l pipedLine, db **store.Store) bool {
	in, ok := l.input()
	if !ok || l.Signatures != nil {
		if d, err := e.lookUp(c.Context, c, l.ID, db); err == nil && (d.ReceivedAt.Sub(l.Time).Abs() < time.Second || !ok) {
			in, ok = inputOf(d), true
		}
	}
	if ok {
		var err error
		if in, err = e.asAsked(c, in); err == nil {
			err = book.complete(&in, false)
		}
		ok = err == nil
	}
	if !ok {
		line := explanationLine{lineHead: p.head("explanation"), ID: clip(l.ID, shortText), Verdict: clip(string(l.Verdict), shortText), Side: "sender",
			Cause: notExamined("The line has no body, and the delivery is not stored here.")}
		if p.json {
			p.emit(line)
		} else {
			p.data(pad(sanitize(l.ID, 40), 5) + "  " + verdictText(p.paint, l.Verdict) + "  " + line.Cause.Sentence)
		}
		return l.Verdict == pictify.Valid
	}
	cause := pictify.Explain(in.q)
	switch line := newExplanationLine(p, in, cause); {
	case p.json:
		p.emit(line)
	case line.Cause == nil:
		p.data(pad(sanitize(in.id, 40), 5) + "  " + verdictText(p.paint, cause.Verdict))
	default:
		text := line.Cause.Sentence
		if line.Cause.Change != "" {
			text += " Change: " + line.Cause.Change
		}
		p.data(pad(sanitize(in.id, 40), 5) + "  " + verdictText(p.paint, cause.Verdict) + "  " + sanitize(text, longText))
	}
	return cause.Verdict == pictify.Valid
}

// lookUp finds a delivery of a line in the store, which is opened with the first.
func (e Env) lookUp(ctx context.Context, c *cli.Context, id string, db **store.Store) (store.Delivery, error) {
	seq, err := store.ParseID(id)
	if err != nil {
		return store.Delivery{}, err
	}
	if *db == nil {
		if *db, err = e.openStore(c); err != nil {
			return store.Delivery{}, err
		}
	}
	return (*db).Get(ctx, seq)
}
