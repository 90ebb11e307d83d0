package command_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
)

const checkSecret = "whsec_5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

// runCheck runs "pictap check" and returns what it wrote and its exit code.
func runCheck(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), pictap(t), append([]string{"check"}, args...)...)
	cmd.Env = append(os.Environ(), "PICTIFY_WEBHOOK_SECRET="+checkSecret, "PICTAP_STATE_DIR="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// signedOnly is a handler that takes what is signed rightly, whatever its age and however
// often, and refuses the rest with a text. It counts what it has taken.
func signedOnly(refusal string, count *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var t int64
		var got string
		fmt.Sscanf(r.Header.Get("X-Pictify-Signature"), "t=%d,v1=%s", &t, &got)
		mac := hmac.New(sha256.New, []byte(checkSecret))
		fmt.Fprintf(mac, "%d.%s", t, body)
		switch {
		case r.URL.Path == "/count":
			fmt.Fprintln(w, count.Load())
		case got == hex.EncodeToString(mac.Sum(nil)):
			count.Add(1)
			io.WriteString(w, "OK")
		default:
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, refusal)
		}
	}
}

var (
	times    = regexp.MustCompile(`(?m) +[0-9.]+ m?s$`)
	requests = regexp.MustCompile(`(?m)^[0-9]+ requests in [0-9.]+ s`)
)

// The guide's own handler, run as it is written, gets the card that it deserves.
func TestGuideCard(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is not installed, and in CI nothing is skipped")
		}
		t.Skip("node is not installed: the guide's handler was not checked")
	}
	cmd := exec.CommandContext(t.Context(), "node", "../../fixtures/testdata/handlers/guide.mjs")
	cmd.Env = append(os.Environ(), "PICTIFY_WEBHOOK_SECRET="+checkSecret)
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
		t.Fatalf("the guide's handler did not say where it is: %v", lines.Err())
	}
	address := lines.Text()
	go io.Copy(io.Discard, stdout) // what it has handled

	card, stderr, code := runCheck(t, address, "--seed", "7", "--only", "accepts,rejects,tolerates,idempotent,get,head,redirects,connection-reuse")
	if code != 6 || !strings.Contains(stderr, "12 cases failed") {
		t.Errorf("exit %d, want 6: %s", code, stderr)
	}
	for line := range strings.Lines(card) {
		if cells := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); cells > 80 {
			t.Errorf("a line of %d columns: %s", cells, line)
		}
	}
	card = times.ReplaceAllString(card, " …")
	card = strings.ReplaceAll(requests.ReplaceAllString(card, "N requests in …"), address, "http://GUIDE")
	compareGolden(t, "check_guide.txt", card)
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}

// What a handler answers is text wherever it is shown: on a terminal, in XML, in HTML.
func TestCheckReportsOfAHostileHandler(t *testing.T) {
	const nasty = "\x1b[2J\x1b]0;owned\x07</pre><script>alert(1)</script>\u202e]]>&\x00\xff"
	var count atomic.Int64
	srv := httptest.NewServer(signedOnly(nasty, &count))
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "reports")
	card, _, code := runCheck(t, srv.URL+"/hook?<script>", "--only", "old,two-v1-right-first,twice,missing", "--effect-url", srv.URL+"/count",
		"--report", "json,junit,html", "--out", dir, "--color", "on")
	if code != 6 {
		t.Errorf("exit %d, want 6\n%s", code, card)
	}
	for _, bad := range []string{"\x1b[2J", "\x1b]", "\x07", "\u202e", "\x00"} {
		if strings.Contains(card, bad) {
			t.Errorf("the card has %q in it", bad)
		}
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), checkSecret) {
			t.Errorf("%s has the secret in it", name)
		}
		return string(data)
	}
	page := read("pictap-check.html")
	if strings.Contains(strings.ToLower(page), "<script") || strings.Contains(page, "</pre><s") || !strings.Contains(page, "&lt;/pre&gt;&lt;script&gt;") {
		t.Error("the page has the handler's markup in it")
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page)
	policy := regexp.MustCompile(`content="(default-src[^"]*)"`).FindStringSubmatch(page)
	if style == nil || policy == nil {
		t.Fatal("the page has no style or no policy")
	}
	if strings.Contains(page, " style=") || strings.Contains(page, " on") && regexp.MustCompile(`<[^>]* on[a-z]+=`).MatchString(page) {
		t.Error("the page has styles or handlers of events that its policy forbids")
	}

	var junit struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Cases    []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(read("pictap-check.xml")), &junit); err != nil {
		t.Fatal(err)
	}
	tests, failures := 0, 0
	for _, s := range junit.Suites {
		tests, failures = tests+len(s.Cases), failures+s.Failures
	}
	if tests != 5 || failures != 2 { // the age is not checked, and nothing is deduplicated
		t.Errorf("JUnit: %d tests, %d failures; want 5 and 2", tests, failures)
	}

	var report struct {
		Summary struct {
			OK             bool
			Fail, Critical int
		}
		Cases []struct{ ID, Status, Said, Fix string }
	}
	if err := json.Unmarshal([]byte(read("pictap-check.json")), &report); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, c := range report.Cases {
		got[c.ID] = c.Status
		if (c.Status == "pass") != (c.Fix == "") {
			t.Errorf("%s is %s, and its fix is %q", c.ID, c.Status, c.Fix)
		}
	}
	want := map[string]string{"first/plain": "pass", "rejects/missing": "pass", "rejects/old": "critical", "tolerates/two-v1-right-first": "warn", "idempotent/twice": "fail"}
	if diff := cmp.Diff(want, got); diff != "" || report.Summary.OK || report.Summary.Fail != 1 || report.Summary.Critical != 1 {
		t.Errorf("summary %+v, cases (-want +got)\n%s", report.Summary, diff)
	}

	if _, stderr, code := runCheck(t, srv.URL, "--only", "missing", "--report", "json", "--out", dir); code != 1 || !strings.Contains(stderr, "exists already") {
		t.Errorf("a second report: exit %d, %s", code, stderr)
	}
}

func TestCheckExitCodes(t *testing.T) {
	var count atomic.Int64
	srv := httptest.NewServer(signedOnly("no", &count))
	t.Cleanup(srv.Close) // after the parallel ones
	shell := []string{"--effect-cmd", "echo 1"}
	if runtime.GOOS == "windows" {
		shell = []string{"--effect-cmd", "echo 1 "}
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string // on stderr, or on stdout
	}{
		{"well", []string{"--only", "missing,gif"}, 0, "3 pass, of 3 cases"},
		{"a warning", []string{"--only", "two-v1-right-first"}, 0, "1 warn"},
		{"a warning too many", []string{"--only", "two-v1-right-first", "--fail-on", "warn"}, 6, "1 warning, and --fail-on is warn"},
		{"critical", []string{"--only", "old"}, 6, "1 case failed, 1 of them critical"},
		{"unmeasured", []string{"--only", "twice"}, 1, "nothing could be told"},
		{"measured by what stands still", append([]string{"--only", "at-once"}, shell...), 1, "the effect did not change"},
		{"measured by what fails", []string{"--only", "at-once", "--effect-cmd", "exit 3"}, 1, "exit status 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := runCheck(t, append([]string{srv.URL}, tt.args...)...)
			if code != tt.code || !strings.Contains(strings.Join(strings.Fields(stdout+stderr), " "), tt.says) {
				t.Errorf("exit %d, want %d and %q\n%s%s", code, tt.code, tt.says, stdout, stderr)
			}
		})
	}
}

// Ctrl-C gives the card so far.
func TestCheckInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no interrupts for other processes")
	}
	var count atomic.Int64
	srv := httptest.NewServer(signedOnly("no", &count))
	defer srv.Close()
	cmd := exec.CommandContext(t.Context(), pictap(t), "check", srv.URL, "--json")
	cmd.Env = append(os.Environ(), "PICTIFY_WEBHOOK_SECRET="+checkSecret)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	type line struct {
		Type, Status         string
		Cases, Pass, Skipped int
		Interrupted          bool
	}
	var last line
	cases := 0
	for dec := json.NewDecoder(stdout); ; {
		var l line
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if l.Type == "case" {
			cases++
		}
		if l.Type == "summary" {
			last = l
		}
		if cases == 3 {
			cmd.Process.Signal(os.Interrupt)
		}
	}
	cmd.Wait() // its exit code tells
	if code := cmd.ProcessState.ExitCode(); code != 1 || !last.Interrupted || last.Cases != cases || last.Skipped == 0 || last.Pass == 0 {
		t.Errorf("exit %d, %d case lines, summary %+v", code, cases, last)
	}
}
