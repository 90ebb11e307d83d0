package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// An input is a delivery to sign, to judge or to explain.
type input struct {
	q       pictify.Question // header, body, moment; the secrets come later
	id      string           // of a stored delivery
	stored  bool
	request bool   // it came with a header of its own
	hook    string // token of the path of a stored delivery
	source  store.Source
	last    store.Attempt // of a stored one, the app's last answer
	tries   int
}

const (
	maxInputBody = 10 << 20 // what the receiver takes
	maxInputLine = 4 * maxInputBody
)

// oneInput reads what the flags and the argument name, which is not a stream.
func (e Env) oneInput(c *cli.Context) (input, error) {
	r, name, err := e.openInput(c)
	if err != nil || r == nil {
		in, errStored := e.storedInput(c)
		return in, errors.Join(err, errStored)
	}
	defer r.Close()
	return e.readInput(c, r, name)
}

// openInput opens the argument, or standard input without one. It is nil when
// --delivery stands for it.
func (e Env) openInput(c *cli.Context) (io.ReadCloser, string, error) {
	name := c.Args().First()
	if c.String("delivery") != "" {
		if name != "" {
			return nil, "", usagef("--delivery and a file cannot both be judged")
		}
		return nil, "", nil
	}
	if name == "" || name == "-" {
		if slices.Contains(secretFiles(c), "-") {
			return nil, "", usagef("stdin can be read only once, but the secret and the body are both to come from it").withHint("name a FILE")
		}
		if e.Stdin == nil || name == "" && e.StdinTTY {
			return nil, "", usagef("there is no body").withHint("name a FILE, - for standard input, or --delivery last")
		}
		return io.NopCloser(e.Stdin), "-", nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "", err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, "", fmt.Errorf("%s is a folder, not a file", name)
	}
	return f, name, nil
}

// readInput reads one delivery: a request if the name ends in .http, else a body.
func (e Env) readInput(c *cli.Context, r io.Reader, name string) (input, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxInputBody+64<<10+1))
	if err != nil {
		return input{}, fmt.Errorf("read %s: %w", name, err)
	}
	m := pictify.Message{Body: body}
	if strings.EqualFold(filepath.Ext(name), ".http") {
		if m, err = fixtures.ParseHTTP(string(body)); err != nil {
			return input{}, fmt.Errorf("read %s: %w", name, err)
		}
	}
	if len(m.Body) > maxInputBody {
		return input{}, fmt.Errorf("%s has more than %d MiB, which no receiver takes", name, maxInputBody>>20)
	}
	return e.asAsked(c, input{request: m.Header != nil, q: pictify.Question{Header: m.Header, Body: m.Body}})
}

// asAsked adds what the flags say to a delivery: its signature and the moment.
func (e Env) asAsked(c *cli.Context, in input) (input, error) {
	if c.IsSet("signature") {
		in.q.Header = withoutSignature(in.q.Header)
		for _, v := range c.StringSlice("signature") {
			in.q.Header = append(in.q.Header, pictify.Field{Name: pictify.SignatureHeader, Value: v})
		}
	}
	if c.IsSet("at") || in.q.Now.IsZero() {
		at, err := e.momentFlag(c)
		if err != nil {
			return in, err
		}
		in.q.Now = at
	}
	return in, nil
}

// needsSignature refuses a body alone: that there is no signature would be no finding.
func (in input) needsSignature(c *cli.Context) error {
	if in.stored || in.request || c.IsSet("signature") {
		return nil
	}
	return usagef("there is no signature to judge").withHint("give the value of the header: --signature 't=…,v1=…'; or a request with its header, as a .http file")
}

func withoutSignature(header []pictify.Field) []pictify.Field {
	var rest []pictify.Field
	for _, f := range header {
		if !strings.EqualFold(f.Name, pictify.SignatureHeader) {
			rest = append(rest, f)
		}
	}
	return rest
}

// storedInput is the delivery that --delivery names.
func (e Env) storedInput(c *cli.Context) (input, error) {
	if c.String("delivery") == "" {
		return input{}, nil
	}
	st, err := e.openStore(c)
	if err != nil {
		return input{}, err
	}
	defer st.Close()
	seq, err := resolveID(c.Context, st, c.String("delivery"))
	if err != nil {
		return input{}, err
	}
	d, err := st.Get(c.Context, seq)
	if err != nil {
		return input{}, err
	}
	return e.asAsked(c, inputOf(d))
}

// inputOf is a delivery of the store, judged as of its arrival.
func inputOf(d store.Delivery) input {
	in := input{
		id: d.ID(), stored: true, hook: d.Hook, source: d.Source, tries: len(d.Attempts),
		q: pictify.Question{Header: d.Header, Body: d.Body, Now: d.ReceivedAt, Cut: int64(len(d.Body)) < d.BodySize, Verdict: d.Verdict},
	}
	if in.tries > 0 {
		in.last = d.Attempts[in.tries-1]
	}
	return in
}

// A pipedLine is a line that pictap writes itself: of listen and of events list,
// or of fixtures as JSON lines.
type pipedLine struct {
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	DeliveryID string            `json:"delivery_id"`
	Time       time.Time         `json:"time"`
	Verdict    pictify.Verdict   `json:"verdict"`
	Bytes      int64             `json:"bytes"`
	Signatures *[]string         `json:"signatures"`
	Headers    map[string]string `json:"headers"`
	Body       *string           `json:"body"`
	BodyBase64 []byte            `json:"body_base64"`
}

// parseLine reads a line of NDJSON; ok is false when it is none of ours.
func parseLine(line []byte) (l pipedLine, ok bool) {
	if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 || trimmed[0] != '{' || json.Unmarshal(line, &l) != nil {
		return l, false
	}
	return l, l.Type != "" && !l.Time.IsZero() || l.Headers != nil && l.Body != nil
}

// input is the delivery that a line carries whole; ok is false when it does not.
func (l pipedLine) input() (in input, ok bool) {
	in.id, in.q.Now = l.ID, l.Time
	if l.ID == "" {
		in.id = l.DeliveryID
	}
	switch {
	case l.Body != nil:
		in.q.Body = []byte(*l.Body)
	case l.BodyBase64 != nil:
		in.q.Body = l.BodyBase64
	default:
		return in, false
	}
	switch {
	case l.Headers != nil:
		for name, value := range l.Headers {
			in.q.Header = append(in.q.Header, pictify.Field{Name: textproto.CanonicalMIMEHeaderKey(name), Value: value})
		}
	case l.Signatures != nil:
		for _, v := range *l.Signatures {
			in.q.Header = append(in.q.Header, pictify.Field{Name: pictify.SignatureHeader, Value: v})
		}
		in.q.Verdict, in.q.Cut = l.Verdict, int64(len(in.q.Body)) < l.Bytes
	default:
		return in, false
	}
	return in, true
}

// longLine reads a line, without its end, of at most maxInputLine bytes; of a longer
// one there is only the beginning. The error is io.EOF behind the last line.
func longLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxInputLine-min(len(line), maxInputLine))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			if err == io.EOF && len(line) > 0 {
				err = nil
			}
			return line, err
		}
	}
}
