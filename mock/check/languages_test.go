package check_test

import (
	"bufio"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock/check"
)

// start runs a program that prints its address and ends with its standard input.
func start(t *testing.T, command ...string) (address string) {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed, and in CI nothing is skipped", command[0])
		}
		t.Skipf("%s is not installed: its handlers were not checked", command[0])
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "PICTIFY_WEBHOOK_SECRET="+testSecret)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Wait() }) // how it ends does not matter here
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("%v did not say where it is: %v", command, lines.Err())
	}
	return lines.Text()
}

// The mistakes are found in whatever language they are made, and a correct handler
// has a clean card in each.
func TestOtherLanguages(t *testing.T) {
	const c, f, u = check.Critical, check.Fail, check.Unmeasured
	for language, tt := range map[string]struct {
		command []string
		want    map[string]found
	}{
		"node": {[]string{"node", "testdata/handler.mjs"}, map[string]found{
			"correct":           {},
			"stringifies":       join(with(f, "accepts/raw-bytes"), with(c, "rejects/white-space")),
			"no-age":            join(with(c, "rejects/old"), with(f, "rejects/ahead", "rejects/time-not-a-number")),
			"throws-on-length":  with(f, "rejects/empty-v1", "rejects/short-hex", "rejects/long-hex"),
			"throws-on-missing": with(f, "rejects/missing"),
			"throws-on-json":    with(f, "tolerates/malformed-json", "tolerates/empty-body"),
			"no-dedup":          with(f, "idempotent/twice", "idempotent/at-once", "idempotent/after-timeout"),
			"data-id": join(with(f, "idempotent/distinct"),
				with(u, "idempotent/twice", "idempotent/at-once", "idempotent/after-timeout", "rejects/event-header")),
			"small-limit": with(f, "accepts/one-mebibyte"),
		}},
		"python": {[]string{"python3", "testdata/handler.py"}, map[string]found{
			"correct":         {},
			"dumps":           with(f, "first/plain"),
			"attribute-error": with(f, "rejects/missing"),
			"fromhex":         with(f, "rejects/not-hex"),
			"startswith":      with(c, "rejects/empty-v1", "rejects/short-hex"),
			"future":          with(f, "rejects/ahead"),
			"race":            with(f, "idempotent/at-once"),
		}},
	} {
		t.Run(language, func(t *testing.T) {
			address := start(t, tt.command...)
			for _, name := range slices.Sorted(maps.Keys(tt.want)) {
				t.Run(name, func(t *testing.T) {
					b := newBattery(t, address+"/"+name)
					count, err := url.Parse(address + "/" + name + "/count")
					if err != nil {
						t.Fatal(err)
					}
					b.Effect = check.Get(count, nil, check.Local)
					if name == "no-dedup" || name == "race" {
						b.GiveUp = 2 * time.Second // the handler must be done before
					}
					card, err := b.Run(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					got := findings(card)
					maps.DeleteFunc(got, func(_ string, s check.Status) bool { return s == check.Skipped })
					if diff := cmp.Diff(tt.want[name], got); diff != "" {
						explainAll(t, card)
						t.Errorf("(-want +got)\n%s", diff)
					}
				})
			}
			// Its cause is named, which is another than that of the same mistake in Go.
			if language == "python" {
				card, err := newBattery(t, address+"/dumps").Run(t.Context())
				if err != nil || !strings.Contains(card.Results[0].Said, "as Python does") {
					t.Errorf("%v: %q", err, card.Results[0].Said)
				}
			}
		})
	}
}

// Python has the last word on how Python writes JSON.
func TestSpacedJSON(t *testing.T) {
	body := `{"event":"a:b,c","list":[1,-2.5,true,null,{}],"quote":"say \"x, y: z\" \\","empty":"","data":{"a":{"b":"c"}}}`
	if _, err := exec.LookPath("python3"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("python3 is not installed, and in CI nothing is skipped")
		}
		t.Skip("python3 is not installed: nothing to compare with")
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-c", "import json,sys; sys.stdout.write(json.dumps(json.load(sys.stdin)))")
	cmd.Stdin = strings.NewReader(body)
	want, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(check.SpacedJSON([]byte(body)))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := string(check.SortedJSON([]byte(`{"b":1,"a":"<"}`))); got != `{"a":"\u003c","b":1}` {
		t.Errorf("sorted: %s", got)
	}
}
