package command

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// codesOf are the constants of type FaultCode, read from their source.
func codesOf(t *testing.T) []pictify.FaultCode {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../tunnel/pictify/explain_cause.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []pictify.FaultCode
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "FaultCode" {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, pictify.FaultCode(code))
		}
		return true
	})
	if len(codes) < 100 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	return codes
}

func TestEveryFaultHasWords(t *testing.T) {
	codes := codesOf(t)
	for _, code := range codes {
		w, ok := faultWords[code]
		if !ok || w.says == "" || w.change == "" {
			t.Errorf("%s has no words", code)
		}
		if strings.HasSuffix(w.says, ".") || strings.HasSuffix(w.change, ".") {
			t.Errorf("%s: %q and %q end with a stop, which is added", code, w.says, w.change)
		}
	}
	if len(faultWords) != len(codes) {
		t.Errorf("there are words for %d codes, and %d codes", len(faultWords), len(codes))
	}
}

// The golden file is there to be read: everything that can be said of one mistake.
func TestCausesRead(t *testing.T) {
	var b strings.Builder
	for _, code := range codesOf(t) {
		for _, handler := range []bool{false, true} {
			c := pictify.Cause{Verdict: pictify.Mismatch, Proven: true, Handler: handler, Age: 17 * time.Minute, Faults: []pictify.Fault{{Code: code, Detail: "DETAIL"}}}
			line := newCauseLine(c)
			if line.Code != string(code) || line.Sentence == "" || strings.ContainsAny(line.Sentence, "{}") {
				t.Errorf("%s: %v", code, line)
			}
			if !handler || !faultWords[code].header {
				fmt.Fprintf(&b, "%s (handler: %v)\n  %s\n  change: %s\n", code, handler, line.Sentence, line.Change)
			}
		}
	}
	golden(t, "causes.txt", []byte(b.String()))
}

// One sentence for several mistakes, and never a secret in it.
func TestCausesOfBrokenDeliveries(t *testing.T) {
	names, err := filepath.Glob("../../tunnel/pictify/testdata/broken/*.json")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d tables (%v)", len(names), err)
	}
	var given struct {
		Now    int64
		Secret string
		Others []struct{ Name, Secret string }
	}
	read := func(name string, into any) {
		data, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	read("../../tunnel/pictify/testdata/broken/given.json", &given)
	secrets := []string{given.Secret}
	for _, o := range given.Others {
		secrets = append(secrets, o.Secret)
	}
	shape := regexp.MustCompile(`^[A-Z][^\n]{20,}\.$`)
	said := 0
	for _, name := range names {
		if filepath.Base(name) == "given.json" {
			continue
		}
		var list []struct {
			Name     string
			Header   [][2]string
			Body     []byte `json:"body_base64"`
			Expected string
			Handled  []byte `json:"handled_base64"`
		}
		read(name, &list)
		for _, b := range list {
			q := pictify.Question{Body: b.Body, Now: time.Unix(given.Now, 0), Secret: pictify.NewSecret(given.Secret), Expected: b.Expected, Handled: b.Handled, Budget: 4 << 20}
			for _, f := range b.Header {
				q.Header = append(q.Header, pictify.Field{Name: f[0], Value: f[1]})
			}
			for _, o := range given.Others {
				q.Others = append(q.Others, pictify.NamedSecret{Name: o.Name, Secret: pictify.NewSecret(o.Secret)})
			}
			line := newCauseLine(pictify.Explain(q))
			if line == nil {
				continue // its mistake depends on a moment or a secret of its own
			}
			said++
			if text := sanitize(line.Sentence, 0); !shape.MatchString(text) || len(text) > 400 || len(line.Change) > 500 {
				t.Errorf("%s: %q, change %q", b.Name, text, line.Change)
			}
			encoded, err := json.Marshal(line)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(string(encoded), s[len("whsec_"):]) }) {
				t.Errorf("%s: a secret is in %s", b.Name, encoded)
			}
		}
	}
	if said < 200 {
		t.Errorf("%d causes were said, want at least 200", said)
	}
}

// A flood is not examined one by one, and each second begins anew.
func TestCauserIsBounded(t *testing.T) {
	dir := t.TempDir()
	st, err := store.Open(filepath.Join(dir, store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	secret := pictify.NewSecret("whsec_of_the_test_and_nobody_else")
	at := time.Unix(1769682600, 0)
	body := []byte(`{"event":"x","data":{}}`)
	const n = causesPerSecond + 3
	for range n {
		st.RecordUnverified(store.Delivery{ReceivedAt: at, Source: store.FromLocal, Verdict: pictify.Mismatch, Body: body, BodySize: int64(len(body)), Header: []store.Field{
			{Name: pictify.SignatureHeader, Value: pictify.Sign(pictify.NewSecret(secret.Reveal()+"\n"), at, body)},
		}})
	}
	var list []store.Delivery
	for len(list) < n {
		changed := st.Changed()
		if list, err = st.List(t.Context(), store.Query{}); err != nil {
			t.Fatal(err)
		}
		if len(list) < n {
			select {
			case <-changed:
			case <-t.Context().Done():
				t.Fatal("nothing was recorded")
			}
		}
	}
	now := at
	x := &causer{store: st, local: secret, now: func() time.Time { return now }}
	for second := range 2 {
		for i, d := range list {
			want := "key-newline"
			if i >= causesPerSecond {
				want = "not-examined"
			}
			if got := x.cause(t.Context(), d); got == nil || got.Code != want {
				t.Errorf("second %d, delivery %d: %v, want %s", second, i, got, want)
			}
		}
		now = now.Add(time.Second)
	}
	if got := x.cause(t.Context(), store.Delivery{Verdict: pictify.Valid}); got != nil {
		t.Errorf("a valid delivery is explained: %v", got)
	}
	if got := x.cause(t.Context(), store.Delivery{Seq: 1 << 40, Verdict: pictify.Mismatch}); got == nil || got.Code != "not-examined" {
		t.Errorf("a delivery that is gone: %v", got)
	}

	// What somebody opens on the page is explained in the same words, all of it.
	page := &explainer{store: st, local: secret}
	for _, d := range list {
		whole, err := st.Get(t.Context(), d.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if got := page.explain(t.Context(), whole); got == nil || !strings.Contains(got.Sentence, "line feed") || got.Change == "" {
			t.Errorf("the page is told %+v", got)
		}
	}
	if got := page.explain(t.Context(), store.Delivery{Verdict: pictify.Valid}); got != nil {
		t.Errorf("the page is told of a valid delivery: %+v", got)
	}
}

func FuzzParseLine(f *testing.F) {
	for _, line := range []string{
		`{"type":"delivery","time":"2026-01-29T10:42:07.123Z","id":"d18","verdict":"mismatch","bytes":2,"signatures":["t=1,v1=00"],"body":"hi"}`,
		`{"type":"ready","v":1,"time":"2026-01-29T10:42:07.123Z"}`,
		`{"event":"x","delivery_id":"d","headers":{"X-Pictify-Signature":"t=1,v1=00"},"body":"{}"}`,
		`{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{}}`,
		`{"type":"delivery","time":"2026-01-29T10:42:07.123Z","body_base64":"/wA="}`, `[]`, `{`, ``,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		l, ok := parseLine(line)
		if !ok {
			return
		}
		if _, err := pictify.ParseEvent(line); err == nil && l.Type == "" && l.Headers == nil {
			t.Errorf("an event was taken for a line of pictap's: %s", line)
		}
		if in, ok := l.input(); ok && in.q.Body == nil && l.Body == nil {
			t.Errorf("a delivery without body: %s", line)
		}
	})
}
