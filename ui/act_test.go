package ui_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/store"
	"pictap/ui"
)

// A page never shows what was deleted: not the one that looks on, not one that
// comes back, not one that comes back to another run or after another process.
func TestLiveRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), store.FileName)
	st, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close() // once more, should it fail before
	for n := range 6 {
		record(t, st, sample(n), 200)
	}
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	c, away := newClient(t, s, token), newClient(t, s, token)
	for _, one := range []*client{c, away} {
		one.rev, one.epoch = 0, st.Epoch()
		one.dial()
		one.caughtUp(st)
	}
	away.conn.Close()

	removed := func(id string, want int) {
		t.Helper()
		var got struct{ Removed int }
		if res := s.do("DELETE", "/api/deliveries/"+id, token, ""); res.status != 200 {
			t.Fatalf("DELETE %s = %d %s", id, res.status, res.body)
		} else if res.into(t, &got); got.Removed != want {
			t.Errorf("DELETE %s removed %d, want %d", id, got.Removed, want)
		}
	}
	removed("d2", 1)
	removed("d2", 0)
	record(t, st, sample(6), 0)
	c.until("d7", func(frameJSON) bool { return c.rows[7].ID != "" })
	showsRows(t, c, "d1 d3 d4 d5 d6 d7")
	if c.resets > 0 {
		t.Error("a page that looked on had to start over")
	}
	away.dial()
	away.caughtUp(st)
	showsRows(t, away, "d1 d3 d4 d5 d6 d7")

	// Another process, which cannot say by name what it removed.
	other, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	away.conn.Close()
	if _, err := other.Delete(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	c.until("reset", isType("reset"))
	showsRows(t, c, "")

	// Another run: what was deleted before it is not known by name either.
	removed("d6", 1)
	s.stop()
	if err := errors.Join(st.Close(), other.Close()); err != nil {
		t.Fatal(err)
	}
	st = openStoreAt(t, path)
	s = serve(t, ui.Options{Store: st})
	away.s, away.token = s, s.login()
	away.dial()
	away.until("reset", isType("reset"))
	last, err := st.LastRev(t.Context())
	if err != nil || away.rev != last {
		t.Errorf("it goes on from %d, want %d (%v)", away.rev, last, err)
	}
	away.conn.Close()
	away.resets = 0
	away.dial()
	away.until("status", isType("status"))
	if away.resets > 0 {
		t.Error("a page that has started over has to do so again")
	}
}

func showsRows(t *testing.T, c *client, want string) {
	t.Helper()
	var ids []string
	for seq := int64(1); seq <= 100; seq++ {
		if d, ok := c.rows[seq]; ok {
			ids = append(ids, d.ID)
		}
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("the page shows %q, want %q", got, want)
	}
}

func TestClearRoute(t *testing.T) {
	st := openStore(t)
	for n := range 12 {
		record(t, st, sample(n), 200)
	}
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	for _, tt := range []struct {
		body   string
		status int
		answer string
	}{
		{`{}`, 400, `{"error":"say what to delete"}`},
		{``, 400, `{"error":"say what to delete"}`},
		{`{"q":"verdict:nonsense"}`, 400, ""},
		{`{"q":"event:render.failed"}`, 200, `{"removed":2}`},
		{`{"q":"event:render.failed"}`, 200, `{"removed":0}`},
		{`{"q":""}`, 200, `{"removed":10}`},
	} {
		res := s.do("POST", "/api/clear", token, tt.body)
		if res.status != tt.status || tt.answer != "" && string(res.body) != tt.answer {
			t.Errorf("clear %s = %d %s, want %d %s", tt.body, res.status, res.body, tt.status, tt.answer)
		}
	}
}

// The routes hand on what they were given, and nothing that makes no sense.
func TestActRoutes(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	var did []string
	o := ui.Options{Store: st, Acts: ui.Acts{
		Send: func(_ context.Context, out ui.Outgoing) (int64, error) {
			did = append(did, fmt.Sprintf("send %s %q of %d", out.Event, out.Body, out.Of))
			return 2, nil
		},
		Copy: func(_ context.Context, d store.Delivery, form string) (string, string, error) {
			did = append(did, "copy "+d.ID()+" "+form)
			if form == "http" {
				return "", "", &ui.Refusal{Code: 413, Text: "it is too long"}
			}
			return "curl x", "a note", nil
		},
		CopyForms: []ui.Choice{{Name: "curl", Title: "curl"}, {Name: "http", Title: "HTTP"}},
		Fixture: func(_ context.Context, d store.Delivery, name string, exact bool) (string, error) {
			did = append(did, fmt.Sprintf("fixture %s %q %v", d.ID(), name, exact))
			return "fixtures/x.json", nil
		},
		Export: func(_ context.Context, e ui.Export) error {
			did = append(did, fmt.Sprintf("export %s %q %v %v", e.Form, e.Search, e.IDs, e.Exact))
			switch e.Search.String() {
			case "refuse":
				return &ui.Refusal{Code: 422, Text: "it cannot be"}
			case "break":
				io.WriteString(e.To, "half of")
				return errors.New("the disk is gone")
			case "nothing":
				return nil
			}
			_, err := io.WriteString(e.To, "<script>")
			return err
		},
		ExportForms: []ui.Choice{{Name: "html", Title: "HTML"}},
	}}
	s := serve(t, o)
	token := s.login()
	for _, tt := range []struct {
		method, path, body string
		status             int
		answer, did        string
	}{
		{"GET", "/api/deliveries/d1/copy?as=curl", "", 200, `{"text":"curl x","note":"a note"}`, "copy d1 curl"},
		{"GET", "/api/deliveries/d1/copy?as=http", "", 413, `{"error":"it is too long"}`, "copy d1 http"},
		{"GET", "/api/deliveries/d1/copy?as=sh", "", 400, "", ""},
		{"GET", "/api/deliveries/d9/copy?as=curl", "", 404, "", ""},
		{"POST", "/api/deliveries/d1/fixture", `{}`, 200, `{"path":"fixtures/x.json"}`, `fixture d1 "" false`},
		{"POST", "/api/deliveries/d1/fixture", `{"name":"mine","exact":true}`, 200, `{"path":"fixtures/x.json"}`, `fixture d1 "mine" true`},
		{"POST", "/api/deliveries/d1/fixture", `{"path":"/etc/passwd"}`, 400, "", ""},
		{"POST", "/api/send", `{"event":"a.b","body":"{\"a\":1}\r\n","of":"d1"}`, 200, `{"id":"d2"}`, `send a.b "{\"a\":1}\r\n" of 1`},
		{"POST", "/api/send", `{"event":"a.b","body":"{"}`, 200, `{"id":"d2"}`, `send a.b "{" of 0`},
		{"POST", "/api/send", `{"event":"","body":"{}"}`, 400, "", ""},
		{"POST", "/api/send", `{"event":"a\r\nX: y","body":"{}"}`, 400, "", ""},
		{"POST", "/api/send", `{"event":"é","body":"{}"}`, 400, "", ""},
		{"POST", "/api/send", `{"event":"a","body":"{}","target":"http://evil.test"}`, 400, "", ""},
		{"POST", "/api/send", `{"event":"a","body":"{}","of":"x"}`, 400, "", ""},
		{"POST", "/api/validate", `{"event":"a","body":"{\n \"é\":,}"}`, 200, `{"problems":[{"line":2,"column":6,"text":"invalid character ',' looking for beginning of value"}]}`, ""},
		{"POST", "/api/validate", `{"event":"a","body":"{}"}`, 200, `{"problems":[]}`, ""},
		{"POST", "/api/validate", `{"event":"a","body":""}`, 200, `{"problems":[{"line":1,"column":1,"text":"unexpected end of JSON input"}]}`, ""},
		{"GET", "/api/export?format=html&q=a+b&id=d1&id=d2", "", 200, "<script>", `export html "a b" [1 2] false`},
		{"GET", "/api/export?format=html&redact=false", "", 200, "<script>", `export html "" [] true`},
		{"GET", "/api/export?format=html&q=nothing", "", 200, "", `export html "nothing" [] false`},
		{"GET", "/api/export?format=html&q=refuse", "", 422, `{"error":"it cannot be"}`, `export html "refuse" [] false`},
		{"GET", "/api/export?format=exe", "", 400, "", ""},
		{"GET", "/api/export?format=html&id=x", "", 400, "", ""},
		{"GET", "/api/export?format=html&q=%22", "", 400, "", ""},
	} {
		did = nil
		res := s.do(tt.method, tt.path, token, tt.body)
		if res.status != tt.status || tt.answer != "" && string(res.body) != tt.answer {
			t.Errorf("%s %s %s = %d %s, want %d %s", tt.method, tt.path, tt.body, res.status, res.body, tt.status, tt.answer)
		}
		if diff := cmp.Diff(tt.did, strings.Join(did, "; ")); diff != "" {
			t.Errorf("%s %s %s did (-want +got):\n%s", tt.method, tt.path, tt.body, diff)
		}
		if strings.HasPrefix(tt.path, "/api/export") && res.status == 200 {
			isAttachment(t, res.header)
		}
	}
	u := s.base + "/api/export?format=html&q=" + url.QueryEscape("break")
	req, err := http.NewRequestWithContext(t.Context(), "GET", u, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	did = nil
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatalf("an export that broke off has no answer, and the client may have asked again: %v", err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("an export that broke off looks whole")
	}
	if len(did) != 1 {
		t.Errorf("one request did %q", did)
	}
}

func isAttachment(t *testing.T, h http.Header) {
	t.Helper()
	if kind, how := h.Get("Content-Type"), h.Get("Content-Disposition"); kind != "application/octet-stream" || !strings.HasPrefix(how, "attachment; filename=pictap-") || !strings.HasSuffix(how, ".html") {
		t.Errorf("an export comes as %q, %q", kind, how)
	}
	if !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") {
		t.Errorf("its policy is %q", h.Get("Content-Security-Policy"))
	}
}

// Without functions nothing is offered, and nothing done.
func TestNoActs(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	for _, call := range []string{"GET /api/deliveries/d1/copy?as=curl", "POST /api/deliveries/d1/fixture", "POST /api/send", "GET /api/export?format=har"} {
		method, path, _ := strings.Cut(call, " ")
		if res := s.do(method, path, token, "{}"); res.status != 404 {
			t.Errorf("%s = %d, want 404", call, res.status)
		}
	}
	var status struct {
		CanSend    bool  `json:"can_send"`
		CanFixture bool  `json:"can_fixture"`
		CopyForms  []any `json:"copy_forms"`
		ExportAs   []any `json:"export_as"`
	}
	s.do("GET", "/api/status", token, "").into(t, &status)
	if status.CanSend || status.CanFixture || status.CopyForms == nil || status.ExportAs == nil || len(status.CopyForms)+len(status.ExportAs) > 0 {
		t.Errorf("status offers %+v", status)
	}
}
