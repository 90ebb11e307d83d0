package pictify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

// given is what the scripts in testdata/broken begin with.
type given struct {
	Now    int64
	Secret string
	Others []struct{ Name, Secret string }
	Plain  string
	Rich   string
}

func readGiven(tb testing.TB) given {
	tb.Helper()
	var g given
	data, err := os.ReadFile("testdata/broken/given.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// A broken delivery, and the codes of the mistakes that another program made with it.
type broken struct {
	Name     string
	Want     []string
	Header   [][2]string
	Body     []byte `json:"body_base64"`
	Now      int64
	Secret   string
	Expected string
	Handled  []byte `json:"handled_base64"`
	Handler  bool
	Varies   bool // with the version of the program that made it
}

func (b broken) question(g given) pictify.Question {
	q := pictify.Question{Body: b.Body, Now: time.Unix(g.Now, 0), Secret: pictify.NewSecret(g.Secret), Expected: b.Expected, Handled: b.Handled}
	for _, f := range b.Header {
		q.Header = append(q.Header, pictify.Field{Name: f[0], Value: f[1]})
	}
	for _, o := range g.Others {
		q.Others = append(q.Others, pictify.NamedSecret{Name: o.Name, Secret: pictify.NewSecret(o.Secret)})
	}
	if b.Now != 0 {
		q.Now = time.Unix(b.Now, 0)
	}
	if b.Secret != "" {
		q.Secret = pictify.NewSecret(b.Secret)
	}
	return q
}

// makers are the scripts, and what makes a table of each.
var makers = map[string][]string{
	"python.json":  {"python3", "mistakes.py"},
	"node.json":    {"node", "mistakes.mjs"},
	"ruby.json":    {"ruby", "mistakes.rb"},
	"go.json":      {"go", "run", "mistakes.go"},
	"openssl.json": {"sh", "mistakes.sh"},
}

func readBroken(tb testing.TB, name string) []broken {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/broken", name))
	if err != nil {
		tb.Fatal(err)
	}
	var list []broken
	if err := json.Unmarshal(data, &list); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return list
}

func codes(c pictify.Cause) []string {
	list := []string{}
	for _, f := range c.Faults {
		list = append(list, string(f.Code))
	}
	return list
}

// The tables are what the scripts make, so that no mistake in them is only claimed.
func TestBrokenIsWhatTheScriptsMake(t *testing.T) {
	g := readGiven(t)
	for name, command := range makers {
		t.Run(name, func(t *testing.T) {
			for _, program := range append([]string{command[0]}, map[string][]string{"openssl.json": {"openssl"}}[name]...) {
				if _, err := exec.LookPath(program); err != nil {
					if os.Getenv("CI") != "" {
						t.Fatalf("%s is not installed, and in CI nothing is skipped", program)
					}
					t.Skipf("%s is not installed: its mistakes were not made again", program)
				}
			}
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Dir, cmd.Stderr = "testdata/broken", os.Stderr
			cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "RUBYOPT=") }), "LC_ALL=C.UTF-8", "PYTHONUTF8=1")
			made, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var got []broken
			if err := json.Unmarshal(made, &got); err != nil {
				t.Fatal(err)
			}
			want := readBroken(t, name)
			for i, b := range got {
				if b.Varies && i < len(want) && b.Name == want[i].Name {
					if c := pictify.Explain(b.question(g)); !c.Unknown() && !slices.Equal(codes(c), b.Want) {
						t.Errorf("%s, made anew: %v, want %v or nothing", b.Name, codes(c), b.Want)
					}
					got[i] = want[i]
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s is not what %s makes (-file +script)\n%s", name, strings.Join(command, " "), diff)
			}
		})
	}
}

// The mistake is named, exactly, or nothing is.
func TestExplainNamesTheMistake(t *testing.T) {
	g := readGiven(t)
	named, total := 0, 0
	for name := range makers {
		for _, b := range readBroken(t, name) {
			total++
			c := pictify.Explain(b.question(g))
			got := codes(c)
			if slices.Equal(got, b.Want) && c.Handler == b.Handler && (c.Proven || strings.HasPrefix(got[0], "header-")) {
				named++
				continue
			}
			t.Errorf("%s: %v (proven %v, handler %v, verdict %s), want %v", b.Name, got, c.Proven, c.Handler, c.Verdict, b.Want)
		}
	}
	if total < 200 || named < total {
		t.Errorf("%d of %d mistakes were named, want all of at least 200", named, total)
	}
}

// What is not a mistake that can be computed stays unknown.
func TestExplainNamesNothingElse(t *testing.T) {
	g := readGiven(t)
	random := rand.New(rand.NewPCG(1, 2))
	bytesOf := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	g.Now += 777 // not the event's time, which is one of the things that are tried
	at := time.Unix(g.Now, 0)
	tests := []struct {
		name string
		sign func(body []byte) (header string, sent []byte)
	}{
		{"random digest", func(body []byte) (string, []byte) { return fmt.Sprintf("t=%d,v1=%x", g.Now, bytesOf(32)), body }},
		{"random short digest", func(body []byte) (string, []byte) { return fmt.Sprintf("t=%d,v1=%x", g.Now, bytesOf(16)), body }},
		{"random long digest", func(body []byte) (string, []byte) { return fmt.Sprintf("t=%d,v1=%x", g.Now, bytesOf(64)), body }},
		{"another's secret", func(body []byte) (string, []byte) {
			return pictify.Sign(pictify.NewSecret(fmt.Sprintf("whsec_%x", bytesOf(32))), at, body), body
		}},
		{"a byte changed", func(body []byte) (string, []byte) {
			changed := bytes.Clone(body)
			changed[bytes.IndexByte(body, 'i')]--
			return pictify.Sign(pictify.NewSecret(g.Secret), at, body), changed
		}},
		{"a digit of v1 changed", func(body []byte) (string, []byte) {
			h := []byte(pictify.Sign(pictify.NewSecret(g.Secret), at, body))
			h[len(h)-1] = "10"[b2i(h[len(h)-1] == '1')]
			return string(h), body
		}},
		{"t changed", func(body []byte) (string, []byte) {
			return strings.Replace(pictify.Sign(pictify.NewSecret(g.Secret), at, body), fmt.Sprint(g.Now), fmt.Sprint(g.Now-4321), 1), body
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, body := range [][]byte{[]byte(g.Plain), append(bytesOf(200), 'i')} {
				header, sent := tt.sign(body)
				b := broken{Header: [][2]string{{pictify.SignatureHeader, header}}, Body: sent}
				c := pictify.Explain(b.question(g))
				if !c.Unknown() || c.Proven || c.Verdict != pictify.Mismatch || len(c.Tried) < 6 || c.Partial {
					t.Errorf("body %d: %v (%s, proven %v, tried %v, partial %v), want unknown", i, c.Faults, c.Verdict, c.Proven, c.Tried, c.Partial)
				}
				if i > 0 {
					continue
				}
				b = broken{Header: [][2]string{{pictify.SignatureHeader, pictify.Sign(pictify.NewSecret(g.Secret), at, sent)}}, Body: sent, Expected: fmt.Sprintf("%x", bytesOf(32))}
				if c := pictify.Explain(b.question(g)); len(c.Faults) != 0 || c.Proven || c.Verdict != pictify.Valid || !c.Handler {
					t.Errorf("body %d, random digest of the handler's: %v", i, c)
				}
			}
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Of a header that cannot be read it says what is wrong with it, and of the rest that it did not find it.
func TestExplainShowsWhatTheHeaderShows(t *testing.T) {
	g := readGiven(t)
	wrong := strings.Repeat("ab", 32)
	tests := []struct{ name, header, want string }{
		{"blanks", "t=1769682600, v1=" + wrong, "header-blanks"},
		{"quotes", `"t=1769682600,v1=` + wrong + `"`, "header-quoted"},
		{"empty", "", "header-malformed"},
		{"comma", ",", "header-malformed"},
		{"words", "not a signature", "header-prefix"},
		{"no digest", "t=1769682600,v1=xyz", "header-no-v1"},
		{"no time", "v1=" + wrong, "header-no-time"},
		{"undefined", "t=1769682600,v1=undefined", "header-undefined"},
		{"milliseconds", "t=1769682600000,v1=" + wrong, "time-unit"},
		{"base64", "t=1769682600,v1=" + strings.Repeat("abcd", 10) + "abc=", "encoding-base64"},
		{"64 KiB", strings.Repeat("t=1,", 16<<10), "header-no-v1"},
		{"ten of them", strings.Repeat("t=1,v1="+wrong+",", 10), "header-several"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := broken{Header: [][2]string{{pictify.SignatureHeader, tt.header}}, Body: []byte(g.Plain)}
			c := pictify.Explain(b.question(g))
			if got := codes(c); len(got) == 0 || got[0] != tt.want || c.Proven {
				t.Errorf("%v (proven %v), want %s first", c.Faults, c.Proven, tt.want)
			}
		})
	}
}

func TestExplainWithoutAllOfIt(t *testing.T) {
	g := readGiven(t)
	at := time.Unix(g.Now, 0)
	good := pictify.Sign(pictify.NewSecret(g.Secret), at, []byte(g.Plain))
	signature := func(v string) []pictify.Field { return []pictify.Field{{Name: "x-pictify-signature", Value: v}} }
	others := []pictify.NamedSecret{{Name: "subscription wh_A", Secret: pictify.NewSecret(g.Secret)}}
	secret := pictify.NewSecret(g.Secret)
	stale := at.Add(time.Hour)
	tests := []struct {
		name     string
		q        pictify.Question
		verdict  pictify.Verdict
		want     []string
		detail   string
		proven   bool
		positive bool // the age
	}{
		{"valid", pictify.Question{Header: signature(good), Body: []byte(g.Plain), Now: at, Secret: secret}, pictify.Valid, []string{}, "", false, false},
		{"nothing", pictify.Question{}, pictify.Unsigned, []string{"header-missing"}, "", false, false},
		{"no secret", pictify.Question{Header: signature(good), Body: []byte(g.Plain), Now: at}, pictify.UnknownSecret, []string{"key-unknown"}, "", false, false},
		{"no secret but another's", pictify.Question{Header: signature(good), Body: []byte(g.Plain), Now: at, Others: others}, pictify.UnknownSecret,
			[]string{"key-other"}, "subscription wh_A", true, false},
		{"cut", pictify.Question{Header: signature(good), Body: []byte(g.Plain[:50]), Now: at, Secret: secret, Cut: true, Verdict: pictify.Mismatch},
			pictify.Mismatch, []string{}, "", false, false},
		{"cut, with blanks", pictify.Question{Header: signature(" " + good), Body: []byte(g.Plain[:50]), Now: at, Secret: secret, Cut: true, Verdict: pictify.Malformed},
			pictify.Malformed, []string{"header-blanks"}, "", false, false},
		{"cut and stale", pictify.Question{Header: signature(good), Body: []byte(g.Plain[:50]), Now: stale, Cut: true, Verdict: pictify.Stale},
			pictify.Stale, []string{"time-old"}, "", true, true},
		{"stale, and its secret is gone", pictify.Question{Header: signature(good), Body: []byte(g.Plain), Now: stale, Verdict: pictify.Stale},
			pictify.Stale, []string{"time-replay"}, "", true, true},
		{"less than announced", pictify.Question{Header: append(signature(good), pictify.Field{Name: "Content-Length", Value: "133"}), Body: []byte(g.Plain[:50]), Now: at, Secret: secret},
			pictify.Mismatch, []string{"body-length"}, "133", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := pictify.Explain(tt.q)
			if diff := cmp.Diff(tt.want, codes(c)); diff != "" || c.Verdict != tt.verdict || c.Proven != tt.proven || (c.Age > 0) != tt.positive {
				t.Errorf("%s %v, proven %v, age %v; want %s, proven %v (-want +got)\n%s", c.Verdict, c.Faults, c.Proven, c.Age, tt.verdict, tt.proven, diff)
			}
			if len(c.Faults) > 0 && c.Faults[0].Detail != tt.detail {
				t.Errorf("detail %q, want %q", c.Faults[0].Detail, tt.detail)
			}
		})
	}
}

func TestExplainShowsTheDifference(t *testing.T) {
	g := readGiven(t)
	sent := []byte(g.Plain)
	seen := bytes.Replace(sent, []byte("test_123"), []byte("test_12"), 1)
	b := broken{Header: [][2]string{{pictify.SignatureHeader, pictify.Sign(pictify.NewSecret(g.Secret), time.Unix(g.Now, 0), sent)}}, Body: sent, Handled: seen}
	d := pictify.Explain(b.question(g)).Difference
	if d == nil {
		t.Fatal("no difference")
	}
	at := strings.Index(g.Plain, "test_123") + len("test_12")
	want := pictify.Difference{Offset: at, Sent: sent[at-16 : at+24], Seen: seen[at-16 : at+24], Before: 16, SentBytes: len(sent), SeenBytes: len(seen)}
	if diff := cmp.Diff(want, *d); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Its work ends with the budget, whatever the body is made of.
func TestExplainIsBounded(t *testing.T) {
	g := readGiven(t)
	const size = 10 << 20
	bodies := map[string][]byte{
		"deep":            bytes.Repeat([]byte("["), size),
		"deep and closed": append(bytes.Repeat([]byte("["), 250), bytes.Repeat([]byte("]"), 250)...),
		"indents to much": append(append(bytes.Repeat([]byte("["), 250), bytes.Repeat([]byte("1,"), size/2)...), append([]byte("1"), bytes.Repeat([]byte("]"), 250)...)...),
		"many members":    append(append([]byte(`{"":0`), bytes.Repeat([]byte(`,"a":1`), size/6)...), '}'),
		"many values":     append(append([]byte(`[0`), bytes.Repeat([]byte(`,1`), 200_000)...), ']'),
		"all to escape":   append(append([]byte(`{"data":"`), bytes.Repeat([]byte(`<`), size)...), `"}`...),
		"not UTF-8":       bytes.Repeat([]byte{0xff}, size),
		"blanks":          bytes.Repeat([]byte(" "), size),
		"letters":         bytes.Repeat([]byte("x"), size),
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			b := broken{Header: [][2]string{{pictify.SignatureHeader, "t=1769682600,v1=" + strings.Repeat("ab", 32)}}, Body: body}
			q := b.question(g)
			q.Budget = 24 << 20
			c := pictify.Explain(q)
			if !c.Unknown() || !c.Partial && len(body) > 1<<20 {
				t.Errorf("%v, partial %v", c.Faults, c.Partial)
			}
		})
	}
}
