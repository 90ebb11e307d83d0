package command_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A verifier is one that the README shows, and how to break it.
type verifier struct {
	file    string
	command []string
	breaks  map[string][2]string // code that stands in it exactly once, and what replaces it
}

// missed are the ways to break a verifier, with the verdict that it must be seen to miss then.
var missed = map[string]string{
	"compares nothing":       "mismatch",
	"ignores the age":        "stale",
	"accepts any future":     "stale",
	"trims the body":         "valid",
	"drops whsec_":           "valid",
	"takes an empty secret":  "unknown-secret",
	"lets anything be added": "malformed",
}

var verifiers = map[string]verifier{
	"js": {"verify.mjs", []string{"node", "verify.mjs"}, map[string][2]string{
		"compares nothing":       {`timingSafeEqual(Buffer.from(mac, 'hex'), want)`, `true`},
		"ignores the age":        {` || Math.abs(now - t[0]) > 300`, ``},
		"accepts any future":     {`Math.abs(now - t[0])`, `(now - t[0])`},
		"trims the body":         {`.update(body)`, `.update(body.toString().trim())`},
		"drops whsec_":           {`createHmac('sha256', secret)`, `createHmac('sha256', secret.replace('whsec_', ''))`},
		"takes an empty secret":  {`!secret || `, ``},
		"lets anything be added": {`/^[1-9][0-9]{0,14}$/`, `/^[1-9][0-9]{0,14}/`},
	}},
	"python": {"verify.py", []string{"python3", "verify.py"}, map[string][2]string{
		"compares nothing":       {`hmac.compare_digest(mac, want)`, `True`},
		"ignores the age":        {` or abs(now - int(t[0])) > 300`, ``},
		"accepts any future":     {`abs(now - int(t[0]))`, `now - int(t[0])`},
		"trims the body":         {`b"." + body`, `b"." + body.strip()`},
		"drops whsec_":           {`secret.encode()`, `secret.removeprefix("whsec_").encode()`},
		"takes an empty secret":  {`not secret or `, ``},
		"lets anything be added": {`"([!-<>-~]+)=([!-<>-~]*)"`, `"(.+)=(.*)"`},
	}},
	"ruby": {"verify.rb", []string{"ruby", "verify.rb"}, map[string][2]string{
		"compares nothing":       {`OpenSSL.fixed_length_secure_compare(mac, want)`, `true`},
		"ignores the age":        {` && (now - t[0].to_i).abs <= 300`, ``},
		"accepts any future":     {`(now - t[0].to_i).abs`, `(now - t[0].to_i)`},
		"trims the body":         {`body.b`, `body.b.strip`},
		"drops whsec_":           {`"SHA256", secret`, `"SHA256", secret.delete_prefix("whsec_")`},
		"takes an empty secret":  {`secret.empty? || `, ``},
		"lets anything be added": {`/\A([!-<>-~]+)=([!-<>-~]*)\z/`, `/^([!-<>-~]+)=([!-<>-~]*)$/`},
	}},
	"go": {"verify.go", []string{"go", "run", "verify.go"}, map[string][2]string{
		"compares nothing":       {`hmac.Equal(mac, want.Sum(nil))`, `true`},
		"ignores the age":        {`now-t > 300 || t-now > 300`, `false`},
		"accepts any future":     {` || t-now > 300`, ``},
		"trims the body":         {`t, body)`, `t, strings.TrimSpace(string(body)))`},
		"drops whsec_":           {`[]byte(secret)`, `[]byte(strings.TrimPrefix(secret, "whsec_"))`},
		"takes an empty secret":  {`secret == "" || `, ``},
		"lets anything be added": {`len(times) != 1`, `len(times) == 0`},
	}},
}

// readmeVerifiers are the code blocks of the part "Check your own verifier" of the
// README, by their language.
func readmeVerifiers(t *testing.T) (blocks map[string]string, prose string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(readme), "\n## Check your own verifier\n")
	if !found {
		t.Fatal("the README has no part on checking a verifier")
	}
	part, _, _ = strings.Cut(part, "\n## ")
	blocks = make(map[string]string)
	for _, m := range regexp.MustCompile("(?s)\n```(\\w+)\n(.*?)\n```\n").FindAllStringSubmatch(part, -1) {
		blocks[m[1]] = m[2] + "\n"
	}
	prose, _, _ = strings.Cut(part, "<details>")
	return blocks, prose
}

// The README's verifiers agree with every case, and its loop notices when they do not.
func TestReadmeVerifiers(t *testing.T) {
	vectors, err := exec.CommandContext(t.Context(), pictap(t), "fixtures", "vectors").Output()
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Name, Verdict string }
	if err := json.Unmarshal(vectors, &cases); err != nil {
		t.Fatal(err)
	}
	blocks, prose := readmeVerifiers(t)
	if len(blocks) != len(verifiers) {
		t.Errorf("the README has %d verifiers, want %d", len(blocks), len(verifiers))
	}
	if number := fmt.Sprintf("writes %d deliveries", len(cases)); !strings.Contains(prose, number) {
		t.Errorf("the README does not say that the command %s", number)
	}

	for language, v := range verifiers {
		t.Run(language, func(t *testing.T) {
			if _, err := exec.LookPath(v.command[0]); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatalf("%s is not installed, and in CI nothing is skipped", v.command[0])
				}
				t.Skipf("%s is not installed: the README's verifier was not run", v.command[0])
			}
			t.Run("as it is", func(t *testing.T) {
				if out, err := runVerifier(t, v, blocks[language], vectors); err != nil || out != "" {
					t.Errorf("%v: %s", err, out)
				}
			})
			for how, verdict := range missed {
				t.Run(how, func(t *testing.T) {
					change := v.breaks[how]
					if n := strings.Count(blocks[language], change[0]); n != 1 || change[0] == "" {
						t.Fatalf("%q is %d times in the README's verifier, want once", change[0], n)
					}
					out, err := runVerifier(t, v, strings.Replace(blocks[language], change[0], change[1], 1), vectors)
					if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
						t.Errorf("the loop ended with %v, want exit code 1; it said %s", err, out)
					}
					said := regexp.MustCompile(`^(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?(.+): should be ([a-z-]+)\. .+\.\n`).FindStringSubmatch(out)
					if said == nil || said[2] != verdict {
						t.Fatalf("the loop said %q, want it to name a case that is %s", out, verdict)
					}
					for _, c := range cases {
						if c.Name == said[1] && c.Verdict == verdict {
							return
						}
					}
					t.Errorf("no case is called %q", said[1])
				})
			}
		})
	}
}

// runVerifier runs code beside vectors.json and returns what it wrote.
func runVerifier(t *testing.T, v verifier, code string, vectors []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{v.file: []byte(code), "vectors.json": vectors} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), v.command[0], v.command[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Whoever adds a way to break verifiers does so in all languages.
func TestEveryVerifierIsBrokenInEveryWay(t *testing.T) {
	for language, v := range verifiers {
		got := make(map[string]bool)
		for how := range v.breaks {
			got[how] = true
		}
		want := make(map[string]bool)
		for how := range missed {
			want[how] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", language, diff)
		}
	}
}
