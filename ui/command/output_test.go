package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

var noon = time.Date(2026, 1, 29, 10, 42, 7, 123456789, time.UTC)

// testPrinter writes what goes to stdout and to stderr into one text, as a
// terminal shows it.
func testPrinter(json bool) (*printer, *bytes.Buffer) {
	var terminal bytes.Buffer
	p := newPrinter(Env{Stdout: &terminal, Stderr: &terminal, Now: func() time.Time { return noon }}, json, "off")
	p.zone = time.UTC
	return p, &terminal
}

func exampleDelivery() store.Delivery {
	return store.Delivery{
		Seq: 17, Rev: 40, FirstRev: 40, ReceivedAt: noon, Event: pictify.RenderCompleted, About: "tmpl_xyz 1200×630 png",
		DeliveryID: "del_7Hq2", Subscription: "sub_1", Source: store.FromPictify, Verdict: pictify.Valid,
		State: store.Waiting, Arrivals: 1, BodySize: 512, Body: []byte(`{"event":"render.completed"}`),
	}
}

func exampleAttempt() store.Attempt {
	return store.Attempt{
		N: 1, Rev: 41, Kind: store.Forward, At: noon.Add(40 * time.Millisecond), URL: "http://localhost:3000/webhooks/pictify",
		Status: 200, Duration: 38 * time.Millisecond,
	}
}

// tell has p say everything that it can say.
func tell(p *printer) {
	target, _ := url.Parse("http://localhost:3000/webhooks/pictify")
	d, a := exampleDelivery(), exampleAttempt()
	p.ready(readiness{
		readyLine: readyLine{
			Mode: "ngrok", PublicURL: "https://acme-dev.ngrok-free.dev", Probed: true,
			Hooks: []hookLine{
				{pictify.RenderCompleted, "https://acme-dev.ngrok-free.dev/in/i/t1", "sub_1"},
				{pictify.RenderFailed, "https://acme-dev.ngrok-free.dev/in/i/t2", "sub_2"},
			},
			ForwardTo: target.String(), Inspector: "http://127.0.0.1:4455/#code=c",
		},
		Account: "live key pk_live_…9f2c", Took: 212 * time.Millisecond, Refused: []string{"batch.*"}, App: "answering", Secret: "whsec_…",
	})
	p.subscription(subscriptionLine{Event: pictify.RenderCompleted, Subscription: "sub_1", Status: "created"})
	p.delivery(d, nil)
	p.attempt(d, a)

	refused := a
	refused.N, refused.Status, refused.Duration = 2, 401, 3950*time.Microsecond
	refused.Header = []store.Field{{Name: "Content-Type", Value: "text/plain"}}
	refused.Body = []byte("\nInvalid signature\nmore\n")
	p.attempt(d, refused)

	silent := a
	silent.N, silent.Kind, silent.Status, silent.Duration = 3, store.Replay, 0, 400*time.Microsecond
	silent.Error = "dial tcp 127.0.0.1:3000: connect: connection refused"
	p.attempt(d, silent)
	p.held(2, target, "connection refused")
	p.held(3, target, "timeout")
	p.held(0, target, "")

	forged := d
	forged.Seq, forged.Event, forged.About, forged.Verdict, forged.Source = 18, "", "", pictify.Mismatch, store.FromPictify
	forged.Reason = "signature does not match"
	p.delivery(forged, &causeLine{Code: "key-newline", Sentence: "The signature was made with \x1b[31m…", Change: "trim it", Proven: true})
	late := d
	late.Seq, late.Verdict, late.Reason, late.Arrivals = 19, pictify.Stale, "signed 312 s ago", 2
	p.delivery(late, notExamined("Too many at once."))

	p.reconnecting(errors.New("read tcp: connection reset by peer"))
	p.reconnected("https://other.ngrok-free.dev")
	p.warning("the %s did not answer", "probe")
	p.bye(byeLine{Removed: []string{"sub_1", "sub_2"}, Left: []string{"sub_3"}, Waiting: 1, Deliveries: 19})
	p.bye(byeLine{})
}

func TestLogForPeople(t *testing.T) {
	p, terminal := testPrinter(false)
	tell(p)
	golden(t, "log.txt", terminal.Bytes())
}

func TestLinesForPrograms(t *testing.T) {
	p, terminal := testPrinter(true)
	tell(p)
	p.emit(newListedLine(exampleDelivery(), true))
	binary := exampleDelivery()
	binary.Body = []byte{0xff, 0}
	binary.Attempts = []store.Attempt{exampleAttempt()}
	p.emit(newListedLine(binary, true))
	p.emit(newListedLine(binary, false))
	golden(t, "lines.ndjson", terminal.Bytes())
	for line := range strings.Lines(terminal.String()) {
		if !strings.HasPrefix(line, `{"type":"`) || !json.Valid([]byte(line)) {
			t.Errorf("not an object with type first: %s", line)
		}
	}
}

func TestColoursOnlyWhereAsked(t *testing.T) {
	var stdout, stderr bytes.Buffer
	env := Env{Stdout: &stdout, Stderr: &stderr, StdoutTTY: true, Now: func() time.Time { return noon }}
	tell(newPrinter(env, false, "auto"))
	if !strings.Contains(stdout.String(), "\x1b[32msig ok\x1b[0m") || strings.Contains(stderr.String(), "\x1b") {
		t.Errorf("stdout is a terminal, stderr is not; stdout:\n%q\nstderr:\n%q", &stdout, &stderr)
	}
	stdout.Reset()
	tell(newPrinter(env, true, "on"))
	if strings.Contains(stdout.String(), "\x1b") {
		t.Errorf("colours in JSON: %q", &stdout)
	}
}

// hostile has everything that drives a terminal or hides text.
const hostile = "\x1b[2J\x1b]52;c;AAAA\x07\x1bP\x1b_\x9b\u009b31m\r\n\b\a\x7f\x00\u202e\u2066\u200b\U000e0041\"\\"

func TestHostileTextsAreHarmless(t *testing.T) {
	long := strings.Repeat(hostile, 40_000) // about 1 MiB
	for _, text := range []string{hostile, long, strings.Repeat("x", 1<<20), strings.Repeat("\u202e", 1<<18)} {
		d := store.Delivery{
			Seq: 1, ReceivedAt: noon, Event: pictify.EventType(text), About: text, DeliveryID: text, Subscription: text,
			Verdict: pictify.Verdict("odd"), Reason: text, Arrivals: 3,
		}
		a := store.Attempt{
			N: 1, At: noon, URL: "http://localhost:3000/" + url.PathEscape(text), Status: 302, Kind: store.Forward,
			Header: []store.Field{{Name: "Location", Value: "/" + url.PathEscape(text)}}, Body: []byte(text),
		}
		silent := a
		silent.Status, silent.Error = 0, text
		for _, json := range []bool{false, true} {
			p, terminal := testPrinter(json)
			p.delivery(d, nil)
			p.attempt(d, a)
			p.attempt(d, silent)
			p.reconnecting(errors.New(text))
			p.reconnected(text)
			p.warning("%s", text)
			p.held(1, &url.URL{Scheme: "http", Host: "localhost:3000", Path: "/"}, text)
			p.subscription(subscriptionLine{Event: pictify.EventType(text), Subscription: text, Status: "created", Note: text})
			p.bye(byeLine{Left: []string{text}})
			checkHarmless(t, terminal.String())
		}
	}
}

func checkHarmless(t *testing.T, terminal string) {
	t.Helper()
	if !utf8.ValidString(terminal) {
		t.Errorf("not UTF-8: %.200q", terminal)
	}
	for line := range strings.Lines(terminal) {
		line = strings.TrimSuffix(line, "\n")
		if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("a line has %.10q in it: %.200q", line[i:], line)
		}
		if len(line) > maxLine {
			t.Errorf("a line has %d bytes: %.200q", len(line), line)
		}
	}
}

func FuzzEscapeJSON(f *testing.F) {
	for _, seed := range []string{hostile, "", "a\u2028b", "\U0010ffff", "<&>", strings.Repeat("\xff", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		escaped := escapeJSON(encoded)
		checkHarmless(t, string(escaped[:min(len(escaped), maxLine)]))
		var before, after string
		if err := errors.Join(json.Unmarshal(encoded, &before), json.Unmarshal(escaped, &after)); err != nil || before != after {
			t.Errorf("%q is %q after escaping, %v", before, after, err)
		}
		clipped := clip(text, 100)
		var plain bytes.Buffer
		enc := json.NewEncoder(&plain)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(clipped); err != nil || !strings.HasPrefix(text, clipped) {
			t.Errorf("clip(%q) = %q, %v", text, clipped, err)
		}
		if n := len(escapeJSON(bytes.TrimSpace(plain.Bytes()))) - len(`""`); n > 100 {
			t.Errorf("clip(%q, 100) takes %d bytes", text, n)
		}
	})
}

// A writer that fails like a pipe whose reader has gone, or a full disk.
type failingWriter struct {
	writes int
	err    error
}

func (w *failingWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, fmt.Errorf("write |1: %w", w.err)
}

func TestClosedOutput(t *testing.T) {
	closed := &failingWriter{err: errClosedPipe}
	p := newPrinter(Env{Stdout: closed}, false, "off")
	select {
	case <-p.Gone():
		t.Fatal("gone before anything was written")
	default:
	}
	p.data("a")
	p.data("b")
	<-p.Gone()
	if p.Err() != nil || closed.writes != 1 {
		t.Errorf("error %v after %d writes, want none after 1", p.Err(), closed.writes)
	}

	full := &failingWriter{err: syscall.ENOSPC}
	p = newPrinter(Env{Stdout: full}, true, "off")
	p.warning("x")
	<-p.Gone()
	if err := p.Err(); !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "write standard output: ") {
		t.Errorf("error %v", err)
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0 ms", 412 * time.Microsecond: "0.4 ms", 38 * time.Millisecond: "38 ms", 1234 * time.Millisecond: "1.2 s", 30 * time.Second: "30.0 s",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	for target, want := range map[string]string{
		"http://localhost:3000/x": ":3000", "http://[::1]/x": ":80", "https://127.0.0.1/": ":443", "http://app.test:8080/": "app.test:8080",
	} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := place(u); got != want {
			t.Errorf("place(%s) = %q, want %q", target, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	got := []string{count(1, "delivery"), count(2, "delivery"), count(0, "subscription"), count(1, "subscription")}
	if diff := cmp.Diff([]string{"1 delivery", "2 deliveries", "0 subscriptions", "1 subscription"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
