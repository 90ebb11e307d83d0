package ui_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

type summaryJSON struct {
	ID            string
	Seq, Rev      int64
	Event, State  string
	Attempt_Count int
	Attempts      []struct {
		Status int
		Error  string
	}
}

type pageJSON struct {
	Deliveries []summaryJSON
	More       bool
}

func TestDeliveriesPages(t *testing.T) {
	st := openStore(t)
	for n := range 25 {
		record(t, st, sample(n), 200)
	}
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	var seqs []int64
	path := "/api/deliveries?limit=10"
	for range 3 {
		var p pageJSON
		s.do("GET", path, token, "").into(t, &p)
		for _, d := range p.Deliveries {
			seqs = append(seqs, d.Seq)
		}
		last := p.Deliveries[len(p.Deliveries)-1]
		if p.More != (last.Seq > 1) {
			t.Errorf("page that ends with %s: more = %v", last.ID, p.More)
		}
		path = "/api/deliveries?limit=10&before=" + strings.TrimPrefix(last.ID, "d")
	}
	for i, seq := range seqs {
		if seq != int64(25-i) {
			t.Fatalf("deliveries come as %v, want 25 to 1", seqs)
		}
	}
	for query, want := range map[string]int{
		"limit=0": 200, "limit=100000": 200, "limit=-1": 400, "before=x": 400, "before=-5": 400, "before=9999999999999999999": 400,
		"event=render.completed&verdict=valid": 200, "unknown=1": 200,
	} {
		if got := s.do("GET", "/api/deliveries?"+query, token, ""); got.status != want {
			t.Errorf("GET /api/deliveries?%s = %d %s, want %d", query, got.status, got.body, want)
		}
	}
}

func TestDetailAndBody(t *testing.T) {
	long := `{"event":"x","data":"` + strings.Repeat("é", 600_000) + `"}`
	for name, tt := range map[string]struct {
		body, kind, file, shownText string
		shownBase64                 bool
		truncated                   bool
	}{
		"JSON":           {`{"a":"<script>alert(1)</script>"}`, "text/plain; charset=utf-8", "d1.json", `{"a":"<script>alert(1)</script>"}`, false, false},
		"HTML":           {"<html><script>alert(1)</script>", "text/plain; charset=utf-8", "d1.txt", "<html><script>alert(1)</script>", false, false},
		"SVG":            {`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "text/plain; charset=utf-8", "d1.txt", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, false, false},
		"PDF, not UTF-8": {"%PDF-1.7\n\xff\xfe", "application/octet-stream", "d1.bin", "", true, false},
		"empty":          {"", "text/plain; charset=utf-8", "d1.txt", "", false, false},
		"NUL and ESC":    {"\x00\x1b[2J\u202e", "text/plain; charset=utf-8", "d1.txt", "\x00\x1b[2J\u202e", false, false},
		"long text":      {long, "text/plain; charset=utf-8", "d1.json", long[:1<<20-1], false, true},
		"long binary":    {"\xff" + strings.Repeat("b", 80<<10), "application/octet-stream", "d1.bin", "", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			st := openStore(t)
			d := sample(0)
			d.Body, d.BodySize = []byte(tt.body), int64(len(tt.body))
			d.Header = []store.Field{{Name: "X-B", Value: "1"}, {Name: "X-A", Value: "2"}, {Name: "X-B", Value: "3"}}
			record(t, st, d, 0)
			s := serve(t, ui.Options{Store: st})
			token := s.login()

			raw := s.do("GET", "/api/deliveries/d1/body", token, "")
			if !bytes.Equal(raw.body, d.Body) {
				t.Errorf("body of %d bytes comes back as %d others", len(d.Body), len(raw.body))
			}
			for header, want := range map[string]string{
				"Content-Type": tt.kind, "Content-Disposition": `attachment; filename="` + tt.file + `"`,
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			} {
				if got := raw.header.Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			if policy := raw.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox;") {
				t.Errorf("Content-Security-Policy of a body is %q, want a sandbox", policy)
			}

			var detail struct {
				Header      [][2]string
				Body        *string
				Body_Base64 string
				Truncated   bool
			}
			s.do("GET", "/api/deliveries/1", token, "").into(t, &detail)
			if diff := cmp.Diff([][2]string{{"X-B", "1"}, {"X-A", "2"}, {"X-B", "3"}}, detail.Header); diff != "" {
				t.Errorf("headers are not those received, in order (-want +got):\n%s", diff)
			}
			if detail.Truncated != tt.truncated || (detail.Body == nil) != tt.shownBase64 {
				t.Errorf("truncated %v, text %v", detail.Truncated, detail.Body != nil)
			}
			if tt.shownBase64 {
				bin, err := base64.StdEncoding.DecodeString(detail.Body_Base64)
				if err != nil || !bytes.HasPrefix(d.Body, bin) || len(bin) != min(len(d.Body), 64<<10) {
					t.Errorf("base64 holds %d bytes, %v", len(bin), err)
				}
			} else if *detail.Body != tt.shownText {
				t.Errorf("text of %d bytes, want %d", len(*detail.Body), len(tt.shownText))
			}
		})
	}
}

func TestNoSuchDelivery(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t), Replay: func(context.Context, int64) (store.Attempt, error) {
		return store.Attempt{}, store.ErrNotFound
	}})
	token := s.login()
	for _, id := range []string{"d1", "d0", "-1", "x", "d99999999999999999999", "%2e%2e", "d1%00", "d1;x"} {
		for _, path := range []string{"/api/deliveries/" + id, "/api/deliveries/" + id + "/body"} {
			if got := s.do("GET", path, token, "").status; got != 404 {
				t.Errorf("GET %s = %d, want 404", path, got)
			}
		}
		if got := s.do("POST", "/api/deliveries/"+id+"/replay", token, "{}").status; got != 404 {
			t.Errorf("replay of %s = %d, want 404", id, got)
		}
	}
}

func TestActions(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	var log lockedBuffer
	var triggered []pictify.EventType
	var replayed []int64
	var failure error
	s := serve(t, ui.Options{
		Store: st, Events: []pictify.EventType{pictify.RenderCompleted}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Trigger: func(_ context.Context, e pictify.EventType) error { triggered = append(triggered, e); return failure },
		Replay: func(_ context.Context, seq int64) (store.Attempt, error) {
			replayed = append(replayed, seq)
			return store.Attempt{N: 2, Kind: store.Replay, Status: 418, Duration: 1500 * time.Microsecond}, failure
		},
	})
	token := s.login()
	post := func(path, body string, want int) result {
		t.Helper()
		got := s.do("POST", path, token, body)
		if got.status != want {
			t.Errorf("POST %s %s = %d %s, want %d", path, body, got.status, got.body, want)
		}
		return got
	}
	post("/api/trigger", `{"event":"render.completed"}`, 202)
	post("/api/trigger", `{"event":"render.failed"}`, 400) // not among Events
	post("/api/trigger", `{"event":"render.completed","target":"http://evil.test"}`, 400)
	post("/api/trigger", `{"event":"render.completed","secret":"x"}`, 400)
	post("/api/trigger", `{}`, 400)
	post("/api/deliveries/d1/replay", `{"url":"http://evil.test"}`, 400)
	var a struct {
		Status      int
		Duration_MS float64
	}
	post("/api/deliveries/d1/replay", ``, 200).into(t, &a)
	if a.Status != 418 || a.Duration_MS != 1.5 {
		t.Errorf("replay answers %+v", a)
	}

	failure = errors.New("whsec_0123456789abcdef is wrong")
	for _, got := range []result{post("/api/trigger", `{"event":"render.completed"}`, 502), post("/api/deliveries/d1/replay", `{}`, 500)} {
		if bytes.Contains(got.body, []byte("whsec")) {
			t.Errorf("a cause went out: %s", got.body)
		}
	}
	if n := strings.Count(log.String(), "is wrong"); n != 2 {
		t.Errorf("the log has %d causes, want 2:\n%s", n, log.String())
	}
	if len(triggered) != 2 || len(replayed) != 2 {
		t.Errorf("triggered %v, replayed %v, want two of each", triggered, replayed)
	}
}

// Without the functions the page is told so, and asking anyway is refused.
func TestNothingToActWith(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t), Events: pictify.EventTypes()})
	token := s.login()
	var st struct {
		Can_Replay    bool
		Events        []string
		Subscriptions []any
		Warnings      []any
	}
	s.do("GET", "/api/status", token, "").into(t, &st)
	if st.Can_Replay || st.Events == nil || len(st.Events) > 0 || st.Subscriptions == nil || st.Warnings == nil {
		t.Errorf("status = %+v, want no abilities, and empty lists that are not null", st)
	}
	for _, path := range []string{"/api/trigger", "/api/deliveries/d1/replay"} {
		if got := s.do("POST", path, token, "{}").status; got != 404 {
			t.Errorf("POST %s = %d, want 404", path, got)
		}
	}
}

func TestAssets(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8",
		"/style.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml", "/vendor/htm-preact.js": "text/javascript; charset=utf-8",
		"/vendor/LICENSE-htm": "text/plain; charset=utf-8",
	} {
		got := s.do("GET", path, "", "")
		if got.status != 200 || got.header.Get("Content-Type") != kind || got.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("GET %s = %d, %v", path, got.status, got.header)
		}
		if bytes.Contains(got.body, []byte(token)) {
			t.Errorf("%s holds the token", path)
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", got.header.Get("ETag"))
		if again := s.send(r); again.status != 304 || len(again.body) != 0 {
			t.Errorf("GET %s with its ETag = %d, %d bytes, want 304", path, again.status, len(again.body))
		}
	}
	for _, path := range []string{"/vendor", "/vendor/", "/none.js", "/app.js/", "/..%2fui.go", "/vendor%2f..%2f..%2fui.go", "/app.js%00", "/%2e%2e/%2e%2e/etc/passwd", "/.", "/api", "/api/unknown"} {
		if got := s.do("GET", path, "", "").status; got != 404 && got/100 != 3 {
			t.Errorf("GET %s = %d, want 404", path, got)
		}
	}
	html := string(s.do("GET", "/", "", "").body)
	if inline := regexp.MustCompile(`(?i)<style|\son\w+=|style=|<script[^>]*>[^<]`).FindString(html); inline != "" {
		t.Errorf("index.html has %q, which its own policy forbids", inline)
	}
}

// Assets come from the folder given, as it is at the moment: that is what makes
// working on the page pleasant.
func TestAssetsFromFolder(t *testing.T) {
	dir := fstest.MapFS{"index.html": {Data: []byte("one")}}
	s := serve(t, ui.Options{Store: openStore(t), Assets: dir})
	if got := s.do("GET", "/", "", ""); string(got.body) != "one" {
		t.Errorf("GET / = %q, want one", got.body)
	}
	dir["index.html"] = &fstest.MapFile{Data: []byte("two")}
	if got := s.do("GET", "/", "", ""); string(got.body) != "two" {
		t.Errorf("GET / after a change = %q, want two", got.body)
	}
}

func TestReady(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	if got := s.do("GET", "/readyz", "", ""); got.status != 200 || string(got.body) != "ok" {
		t.Errorf("GET /readyz = %d %q, want 200 ok", got.status, got.body)
	}
}

// A lockedBuffer may be written and read at once.
type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
