package pictify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
			if diff := cmp.Diff(readBroken(t, name), got); diff != "" {
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

var _ = fmt.Sprint
var _ = bytes.Equal
var _ = errors.New
