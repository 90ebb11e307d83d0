package command

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

func newSampleApp(t *testing.T) *sampleApp {
	t.Helper()
	api := &mock.Server{Lenient: true}
	srv := httptest.NewServer(api)
	a, err := startSampleApp("whsec_0123456789abcdef", srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.close()
		srv.Close()
		api.Close()
	})
	return a
}

func tilesOf(t *testing.T, a *sampleApp) []tile {
	t.Helper()
	resp, err := http.Get(a.url + "/tiles?since=-1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Tiles []tile }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Tiles
}

// The app asks the real mock for each wish, and what it gets can be looked at.
func TestSampleAppAsks(t *testing.T) {
	a := newSampleApp(t)
	for _, what := range wishes() {
		if err := a.ask(t.Context(), what); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := a.ask(t.Context(), "the moon"); err == nil {
		t.Error("it knows how to ask for the moon")
	}
	asked := 0
	for _, tile := range tilesOf(t, a) {
		if tile.State == "asked" {
			asked++
		}
	}
	if asked != 4 { // card, gif, pdf, banner
		t.Errorf("%d frames are empty, want 4", asked)
	}
}

// Webhooks of every kind, whole and broken: only those that verify show up, once.
func TestSampleAppHears(t *testing.T) {
	a := newSampleApp(t)
	signer := pictify.NewSigner(pictify.NewSecret("whsec_0123456789abcdef"))
	d := &mock.Dispatcher{}
	defer d.Close()
	g := fixtures.New(1, time.Now(), a.api)
	for _, k := range fixtures.Kinds() {
		s, err := g.Sample(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range append(mock.Tampers(), "") {
			if way == mock.TamperOversize || way == mock.TamperContentType || way == mock.TamperEvent {
				continue // the app may take these
			}
			for range 2 {
				if r := d.Send(t.Context(), a.url+defaultPath, way.Message(s, signer, time.Now())); !way.Accepts(r.Status) {
					t.Errorf("%s, %q: %s", k, way, r.Problem())
				}
			}
		}
	}
	if tiles := tilesOf(t, a); len(tiles) != len(fixtures.Kinds()) {
		t.Errorf("%d tiles after %d deliveries: %+v", len(tiles), len(fixtures.Kinds()), tiles)
	}
}

// The app refuses what does not fit its wall, and says why; what was made to fit
// is taken, and so is the same delivery when it comes again.
func TestSampleAppRefuses(t *testing.T) {
	a := newSampleApp(t)
	d := &mock.Dispatcher{}
	defer d.Close()
	signer := pictify.NewSigner(pictify.NewSecret("whsec_0123456789abcdef"))
	send := func(id string, width int) mock.Result {
		body := fmt.Sprintf(`{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{"imageId":"img_%s","width":%d,"height":300}}`, id, width)
		return d.Send(t.Context(), a.url+defaultPath, pictify.NewMessage(signer, time.Now(), pictify.RenderCompleted, "del_"+id, []byte(body)))
	}
	if r := send("wide", 1201); r.Status != 422 || !strings.Contains(string(r.Body), "too wide for this wall: 1201×300") {
		t.Errorf("a banner was answered %d %s", r.Status, r.Body)
	}
	for _, r := range []mock.Result{send("fits", 1200), send("wide", 1200)} {
		if r.Status != 200 || strings.Contains(string(r.Body), "seen before") {
			t.Errorf("what fits was answered %d %s", r.Status, r.Body)
		}
	}
}

// Other pages in the same browser get nothing, nor do names that lead here.
func TestSampleAppIsForItsOwnPage(t *testing.T) {
	a := newSampleApp(t)
	for _, tt := range []struct {
		method, path, host, origin, contentType string
		want                                    int
	}{
		{"GET", "/", "", "", "", 200},
		{"GET", "/gallery.js", "", "", "", 200},
		{"GET", "/tiles?since=-1", "", a.url, "", 200},
		{"POST", "/ask/card", "", a.url, "application/json", 202},
		{"POST", "/ask/nothing", "", a.url, "application/json", 502},
		{"GET", "/tiles?since=-1", "evil.test", "", "", 403},
		{"GET", "/tiles?since=-1", "", "http://evil.test", "", 403},
		{"POST", "/ask/card", "", "http://evil.test", "application/json", 403},
		{"POST", "/ask/card", "", "", "text/plain", 403},
		{"GET", "/../sampleapp.go", "", "", "", 307}, // to /sampleapp.go, which is not there
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, a.url+tt.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = tt.host
		for name, value := range map[string]string{"Origin": tt.origin, "Content-Type": tt.contentType} {
			if value != "" {
				req.Header.Set(name, value)
			}
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s %s as %q from %q: %d, want %d", tt.method, tt.path, tt.host, tt.origin, resp.StatusCode, tt.want)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); tt.path == "/" && !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("policy %q", csp)
		}
	}
}
