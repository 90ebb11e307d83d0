package command

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// actSession is a running session with an app that notes what it gets; its answer
// is 401 unless the signature, computed anew, is right.
func actSession(t *testing.T) (s *session, got func() []string) {
	t.Helper()
	st, err := openState(t.TempDir(), Env{}.random())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := st.secret()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var list []string
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		at, v1, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Pictify-Signature"), "t="), ",v1=")
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		fmt.Fprintf(mac, "%s.%s", at, body)
		if v1 != hex.EncodeToString(mac.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, r.Header.Get("X-Pictify-Event")+" "+string(body)+" "+r.Header.Get("X-Pictap-Edited"))
	}))
	t.Cleanup(app.Close)
	target, err := parseTarget(app.URL, defaultPath)
	if err != nil {
		t.Fatal(err)
	}
	cfg := sessionConfig{
		state: st, way: wayConfig{kind: wayLocal, receiverAddr: "127.0.0.1:0"}, mode: "local", target: target, secret: secret,
		resign: true, pageAddr: "127.0.0.1:0", keepCount: 1 << 40, connections: 1,
	}
	s, err = startSession(t.Context(), Env{}, newPrinter(Env{}, true, "off"), slog.New(slog.DiscardHandler), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close(context.Background()) })
	return s, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), list...)
	}
}

// until waits for a change of the store after which ok is true.
func (s *session) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	patience := time.After(20 * time.Second)
	for {
		changed := s.store.Changed()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-patience:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (s *session) sent(t *testing.T, event, body string) store.Delivery {
	t.Helper()
	seq, err := s.sendEdited(t.Context(), ui.Outgoing{Event: pictify.EventType(event), Body: []byte(body), Of: 17})
	if err != nil {
		t.Fatalf("send %s: %v", event, err)
	}
	s.until(t, "its answer", func() bool {
		d, err := s.store.Get(t.Context(), seq)
		return err == nil && len(d.Attempts) > 0
	})
	d, err := s.store.Get(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An edited event comes in as a delivery of its own, by the same way as any other,
// whatever it is.
func TestSendEdited(t *testing.T) {
	s, got := actSession(t)
	for _, tt := range []struct{ event, body, recorded string }{
		{"render.failed", `{"event":"render.failed","data":{"a":1}}`, "render.failed"},
		{"custom.thing", `{"event":"custom.thing"}`, "custom.thing"},
		{"render.completed", `{"event":"batch.failed"}`, "batch.failed"},
		{"render.completed", "no JSON\x00\r\n", ""},
		{"render.completed", "", ""},
		{"render.completed", "", ""}, // the same again is another one
	} {
		d := s.sent(t, tt.event, tt.body)
		if string(d.Body) != tt.body || d.Verdict != pictify.Valid || d.Source != store.FromLocal || string(d.Event) != tt.recorded || d.Arrivals != 1 {
			t.Errorf("sent %s %q: %+v", tt.event, tt.body, d)
		}
		if !d.Attempts[0].OK() {
			t.Errorf("sent %s %q: the app answers %d", tt.event, tt.body, d.Attempts[0].Status)
		}
		if of := store.FieldValue(d.Header, editedHeader); of != "d17" {
			t.Errorf("sent %s %q: made of %q", tt.event, tt.body, of)
		}
		list := got()
		if last := list[len(list)-1]; last != tt.event+" "+tt.body+" " {
			t.Errorf("the app got %q", last)
		}
	}
	_, err := s.sendEdited(t.Context(), ui.Outgoing{Event: "render.completed", Body: make([]byte, 11<<20)})
	var public *ui.Refusal
	if !errors.As(err, &public) || public.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too long: %v", err)
	}
}

func TestValidateEdited(t *testing.T) {
	for body, want := range map[string]string{
		`{"event":"render.completed",`:                       "the end stands where",
		"{\n\"event\":\"render.failed\",\"data\":{\"x\":1}}": "header will say",
		`{"event":"nothing.known"}`:                          "is not one of",
		``:                                                   "",
	} {
		problems := validateEdited("render.completed", []byte(body))
		found := false
		for _, p := range problems {
			found = found || strings.Contains(p.Text, want)
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Errorf("%s: %+v says not where or what", body, p)
			}
		}
		if !found {
			t.Errorf("%q: %+v, want something with %q", body, problems, want)
		}
	}
	sample, err := fixtures.New(1, time.Now(), "").Sample(fixtures.Kind{Event: pictify.RenderFailed})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range validateEdited(pictify.RenderFailed, sample.Body) {
		if !p.Warning {
			t.Errorf("a good event: %+v", p)
		}
	}
}

// What is copied is signed for the app, unless it never verified.
func TestCopyDelivery(t *testing.T) {
	s, _ := actSession(t)
	body := []byte(`{"event":"render.completed"}`)
	d := store.Delivery{Seq: 5, Verdict: pictify.Valid, Body: body, BodySize: int64(len(body)), Header: []store.Field{
		{Name: "Host", Value: "acme.ngrok.app"}, {Name: "Authorization", Value: "Bearer geheim"}, {Name: "Content-Type", Value: "application/json"},
		{Name: "X-Pictify-Signature", Value: "t=1,v1=00"}, {Name: "X-Pictify-Event", Value: "render.completed"}, {Name: "X-Pictify-Odd", Value: "\x1b[2J"},
		{Name: "x-pictify-event", Value: "twice"},
	}}
	text, note, err := s.copyDelivery(t.Context(), d, "http")
	if err != nil {
		t.Fatal(err)
	}
	m, err := fixtures.ParseHTTP(text)
	if err != nil {
		t.Fatal(err)
	}
	var signature string
	for _, f := range m.Header {
		switch f.Name {
		case "X-Pictify-Signature":
			signature = f.Value
		case "Content-Type", "X-Pictify-Event":
		default:
			t.Errorf("it has %s: %s", f.Name, f.Value)
		}
	}
	if len(m.Header) != 3 || !strings.Contains(note, "left out") {
		t.Errorf("header %q, note %q", m.Header, note)
	}
	if err := pictify.Verify(s.cfg.secret, signature, m.Body, time.Now()); err != nil {
		t.Errorf("signature %q: %v", signature, err)
	}
	if !strings.HasPrefix(text, "POST "+s.cfg.target.String()+" ") {
		t.Errorf("it goes to %.80q", text)
	}

	d.Verdict = pictify.Mismatch
	text, note, err = s.copyDelivery(t.Context(), d, "curl")
	if err != nil || !strings.Contains(text, "t=1,v1=00") || !strings.Contains(note, "did not verify") {
		t.Errorf("a forgery is copied as %q, note %q, %v", text, note, err)
	}
	for what, d := range map[string]store.Delivery{
		"cut":  {Body: body, BodySize: 1000},
		"long": {Body: bytes.Repeat(body, 20_000), BodySize: int64(len(body) * 20_000)},
	} {
		if _, _, err := s.copyDelivery(t.Context(), d, "curl"); !errors.As(err, new(*ui.Refusal)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSaveFixture(t *testing.T) {
	s, _ := actSession(t)
	t.Chdir(t.TempDir())
	body := []byte(`{"event":"render.completed","data":{"title":"Hello Anna","width":1.50}}`)
	d := store.Delivery{Seq: 5, Event: pictify.RenderCompleted, Body: body, BodySize: int64(len(body))}
	odd := store.Delivery{Seq: 6, Event: "../../x", Body: []byte("\xff"), BodySize: 1}
	save := func(d store.Delivery, name string, exact bool, want string) {
		t.Helper()
		path, err := s.saveFixture(t.Context(), d, name, exact)
		var public *ui.Refusal
		switch {
		case want == "" && errors.As(err, &public):
		case want == "" || err != nil || path != filepath.Join("testdata", "pictify", want):
			t.Errorf("save %s as %q = %q, %v, want %q", d.ID(), name, path, err, want)
		}
	}
	save(d, "", false, "render.completed-d5.json")
	save(d, "", false, "") // it exists
	save(d, "exact", true, "exact.json")
	save(d, "exact.json", true, "")
	save(odd, "", false, "")
	save(odd, "", true, "event-d6.bin")
	for _, name := range []string{"../x", "/tmp/x", `..\x`, `C:\x`, "CON", "con.json", ".", ".hidden", "a/b", strings.Repeat("x", 300), "a\x00b", "a\nb", "-rf", "é"} {
		save(d, name, true, "")
	}
	files, err := os.ReadDir(filepath.Join("testdata", "pictify"))
	if err != nil || len(files) != 3 {
		t.Errorf("files %v, %v, want three", files, err)
	}
	got, err := os.ReadFile(filepath.Join("testdata", "pictify", "render.completed-d5.json"))
	if err != nil || bytes.Contains(got, []byte("Anna")) || !json.Valid(got) || !bytes.Contains(got, []byte(`"width":1.50`)) {
		t.Errorf("redacted: %s, %v", got, err)
	}
	if got, _ := os.ReadFile(filepath.Join("testdata", "pictify", "exact.json")); !bytes.Equal(got, body) {
		t.Errorf("exact: %s", got)
	}
	if info, err := os.Stat(filepath.Join("testdata", "pictify", "exact.json")); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Hostile deliveries are text in an exported page, and data in an archive.
func TestExportHostile(t *testing.T) {
	st, err := store.Open(filepath.Join(t.TempDir(), store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	bodies := [][]byte{[]byte(`{"event":"<script>alert(1)</script>","data":{"url":"javascript:x","</pre>":"</style>\u202e"}}`), []byte("\xff\x00</pre><img src=x onerror=x>"), []byte("\x1b[2J\u202e"), {}}
	for i, body := range bodies {
		d := store.Delivery{ReceivedAt: time.Now(), Event: "<b>", About: "</details>\u202e", DeliveryID: `"><svg onload=x>`, Verdict: pictify.Valid, Body: body, BodySize: int64(len(body)),
			Proof: fmt.Appendf(nil, "%016d", i), Header: []store.Field{{Name: "Authorization", Value: "geheim"}, {Name: "X", Value: "<i>\x1b"}}}
		d, err := st.Record(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.AddAttempt(t.Context(), d.Seq, store.Attempt{URL: "http://u:geheim@localhost/?<a>", Status: 200, Error: "<u>", Header: []store.Field{{Name: "Set-Cookie", Value: "geheim"}}, Body: body, BodySize: int64(len(body))}, store.Done); err != nil {
			t.Fatal(err)
		}
	}
	for _, form := range exportForms() {
		for _, exact := range []bool{true, false} {
			var b bytes.Buffer
			n, err := exporter{store: st, form: form, exact: exact}.write(t.Context(), &b, []int64{1, 2, 3, 4, 99})
			if err != nil || n != len(bodies) {
				t.Fatalf("%s: %d, %v", form.name, n, err)
			}
			if bytes.Contains(b.Bytes(), []byte("geheim")) {
				t.Errorf("%s tells a secret", form.name)
			}
			switch form.name {
			case "html":
				for _, wrong := range []string{"<script", "<img", "<svg", "<b>", "<i>", "<u>", "<a>", "\u202e", "\x1b", "</style>\n\"", "javascript:x\""} {
					if bytes.Contains(b.Bytes(), []byte(wrong)) && wrong != "<b>" {
						t.Errorf("the page has %q", wrong)
					}
				}
				if c := bytes.Count(b.Bytes(), []byte("<style>")); c != 1 {
					t.Errorf("the page has %d styles", c)
				}
			case "har":
				if !json.Valid(b.Bytes()) {
					t.Errorf("the archive is no JSON: %s", b.Bytes())
				}
			case "jsonl":
				if lines := bytes.Count(b.Bytes(), []byte("\n")); lines != len(bodies) {
					t.Errorf("%d lines, want %d", lines, len(bodies))
				}
			}
		}
	}
}

// Memory does not grow with what is exported as it is.
func TestExportStreams(t *testing.T) {
	st, err := store.Open(filepath.Join(t.TempDir(), store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	body := []byte(`{"event":"render.completed","data":"` + strings.Repeat("x", 1<<20) + `"}`)
	var seqs []int64
	for i := range 60 {
		d, err := st.Record(t.Context(), store.Delivery{Body: body, BodySize: int64(len(body)), Proof: fmt.Appendf(nil, "%016d", i), Verdict: pictify.Valid})
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, d.Seq)
	}
	for _, form := range exportForms() {
		runtime.GC()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		most := uint64(0)
		x := exporter{store: st, form: form, exact: true, tell: func(n int) {
			if n%10 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}}
		if _, err := x.write(t.Context(), io.Discard, seqs); err != nil {
			t.Fatal(err)
		}
		if grown := int64(most) - int64(before.HeapAlloc); grown > 24<<20 {
			t.Errorf("%s takes %d MiB for 60 of 1 MiB", form.name, grown>>20)
		}
	}
}

// After a deletion others come and are handed on as before.
func TestForwardingAfterDeletion(t *testing.T) {
	s, got := actSession(t)
	d := s.sent(t, "render.completed", `{"event":"render.completed","data":1}`)
	if n, err := s.store.Delete(t.Context(), d.Seq); err != nil || n != 1 {
		t.Fatalf("Delete = %d, %v", n, err)
	}
	again := s.sent(t, "render.completed", `{"event":"render.completed","data":2}`)
	if again.Seq != d.Seq+1 || len(got()) != 2 {
		t.Errorf("after a deletion d%d came, the app has %q", again.Seq, got())
	}
}
