package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

const maxPayload = 32 << 20 // bytes

// readEvents decides what events there are: made-up ones of the kinds that match
// the patterns, or a payload of the user's.
func (v *volley) readEvents(c *cli.Context, e Env, patterns []string) error {
	typ := c.String("type")
	if err := checkRenderType(typ); err != nil {
		return err
	}
	switch {
	case c.String("data") != "" && c.String("from") != "":
		return usagef("--data and --from are two payloads")
	case c.String("data") != "":
		body, err := e.payload(c.String("data"))
		if err != nil {
			return err
		}
		v.setFixed(body, patterns)
		return nil
	case c.String("from") != "":
		body, err := e.recordedBody(c)
		if err != nil {
			return err
		}
		v.setFixed(body, patterns)
		v.fixed.ID = "" // it is a new delivery
		return nil
	}
	all := pictify.EventTypes()
	if c.String("via") == "mock" && c.Bool("all") {
		all = pictify.Subscribable() // the others reach nobody
	}
	types, err := pickTypes(all, patterns)
	if err != nil {
		return err
	}
	for _, t := range types {
		k := fixtures.Kind{Event: t}
		if fixtures.HasType(t) {
			k.Type = typ
		}
		if typ == "" || k.Type != "" {
			v.kinds = append(v.kinds, k)
		}
	}
	if len(v.kinds) == 0 {
		return usagef("--type %s leaves none of these events", typ).withHint("only renders have a type")
	}
	return nil
}

// setFixed takes body for the payload. The event is the body's own, else the one named.
func (v *volley) setFixed(body []byte, patterns []string) {
	v.kinds = []fixtures.Kind{{Event: pictify.RenderCompleted}} // only for its delivery id
	v.fixed = &fixtures.Sample{Body: body, ID: fixtures.DeliveryID(body)}
	if len(patterns) > 0 {
		v.fixed.Event = pictify.EventType(patterns[0])
	}
	if e, err := pictify.ParseEvent(body); err == nil {
		v.fixed.Event = e.Type
	}
}

// payload reads the value of --data: "@file", "-" for stdin, or the payload itself.
func (e Env) payload(text string) ([]byte, error) {
	var from io.Reader
	switch name, isFile := strings.CutPrefix(text, "@"); {
	case text == "-" || text == "@-":
		if from = e.Stdin; from == nil {
			from = strings.NewReader("")
		}
	case isFile:
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read payload: %w", err)
		}
		defer f.Close()
		from = f
	case strings.HasPrefix(text, "{"):
		from = strings.NewReader(text)
	default:
		return nil, usagef("--data is %q, but takes @FILE, - for stdin, or a JSON object", sanitize(text, 80))
	}
	body, err := io.ReadAll(io.LimitReader(from, maxPayload+1))
	if err != nil {
		return nil, fmt.Errorf("read payload: %w", err)
	}
	if len(body) > maxPayload {
		return nil, fmt.Errorf("the payload is longer than %d MiB", maxPayload>>20)
	}
	return body, nil
}

// recordedBody is the body of the delivery that --from names.
func (e Env) recordedBody(c *cli.Context) ([]byte, error) {
	st, err := e.openStore(c)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	seq, err := resolveID(c.Context, st, c.String("from"))
	if err != nil {
		return nil, err
	}
	d, err := st.Get(c.Context, seq)
	if err != nil {
		return nil, err
	}
	if int64(len(d.Body)) < d.BodySize {
		return nil, fmt.Errorf("only %d of the %d bytes of %s were kept", len(d.Body), d.BodySize, d.ID())
	}
	return d.Body, nil
}

// edit has the user change the payload. It is shown indented, and sent compact
// again if that is how it was.
func (v *volley) edit(c *cli.Context, e Env) error {
	if v.total() != v.copies {
		return usagef("--edit is for one event")
	}
	s, err := v.shot(0)
	if err != nil {
		return explainEdit(err)
	}
	var shown bytes.Buffer
	if json.Indent(&shown, s.sample.Body, "", "  ") != nil {
		shown.Reset()
		shown.Write(s.sample.Body)
	} else {
		shown.WriteByte('\n')
	}
	edited, err := e.editText(c.Context, shown.Bytes())
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if json.Compact(&body, edited) != nil {
		return usagef("what you saved is no JSON: %s", jsonFault(edited)).withHint("nothing was sent; --data @file sends it as it is")
	}
	v.setFixed(body.Bytes(), []string{string(s.sample.Event)})
	v.changes = nil
	return nil
}

// jsonFault says where JSON is broken.
func jsonFault(text []byte) string {
	var any json.RawMessage
	err := json.Unmarshal(text, &any)
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return fmt.Sprint(err)
	}
	before := text[:min(int(syntax.Offset), len(text))]
	return fmt.Sprintf("line %d: %v", 1+bytes.Count(before, []byte("\n")), syntax)
}

// explainEdit adds the nearest place to the error for one that does not exist.
func explainEdit(err error) error {
	var unknown *fixtures.UnknownPathError
	switch {
	case errors.As(err, &unknown):
		u := usagef("%s", err.Error())
		if near := nearest(unknown.Path, unknown.Known); near != "" {
			return u.withHint("did you mean %s? --add makes a place that is not there", near)
		}
		return u.withHint("--dry-run shows the event; --add makes a place that is not there")
	case errors.Is(err, fixtures.ErrNotEditable):
		return usagef("%s", err.Error())
	}
	return err
}
