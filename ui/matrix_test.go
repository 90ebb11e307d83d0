package ui_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// What a request that is let through gets from each route, asked with the body
// {} and a delivery d1 in the store. A new route needs a line here.
var letThrough = map[string]int{
	"/":                           200,
	"/readyz":                     200,
	"/api/session":                401, // {} holds no key
	"/api/invite":                 200,
	"/api/status":                 200,
	"/api/deliveries":             200,
	"/api/deliveries/{id}":        200,
	"/api/deliveries/{id}/body":   200,
	"/api/deliveries/{id}/replay": 200,
	"/api/trigger":                400, // {} names no event
	"/api/trigger/{job}":          404, // nothing has been sent
	"/api/trigger/{job}/stop":     404,
	"/api/volleys":                200,
	"/api/schema/{event}":         404, // there is no such event
	"/api/sample":                 400,
	"/api/chart":                  200,
	"/api/coverage":               200,
	"/api/hold":                   200,
	"/api/drain":                  200,
	"/api/subscriptions":          200,
	"/api/run":                    200,
	"/api/mock":                   200,
	"/api/mock/journal":           200,

	"/api/subscriptions/{uid}/pause":       404, // there is none of that name
	"/api/subscriptions/{uid}/resume":      404,
	"/api/mock/deliveries/{id}/attempt":    200,
	"/api/mock/subscriptions/{uid}/resume": 200,
	"/api/changes":                         200,
	"/api/search/words":                    200,
	"/api/deliveries/{id}/media":           404, // nobody fetches
	"/api/deliveries/{id}/media/bytes":     404,
	"/api/live":                            500, // the recorder cannot become a socket

	"/api/deliveries/{id}/copy":    400, // as what?
	"/api/deliveries/{id}/fixture": 200,
	"DELETE /api/deliveries/{id}":  200,
	"/api/clear":                   400, // {} does not say what
	"/api/validate":                200,
	"/api/send":                    400, // {} names no event
	"/api/export":                  400, // as what?
}

// through is what a request that is let through to a route gets.
func through(rt ui.Route) int {
	if code, ok := letThrough[rt.Method+" "+rt.Pattern]; ok {
		return code
	}
	return letThrough[rt.Pattern]
}

// routeFor is the route of a path's own for a method, else the one that was meant.
func routeFor(method string, meant ui.Route) ui.Route {
	if method == "HEAD" {
		method = "GET"
	}
	for _, rt := range ui.Routes() {
		if rt.Method == method && rt.Pattern == meant.Pattern {
			return rt
		}
	}
	return meant
}

// A try is one request of the matrix.
type try struct {
	route         ui.Route
	method        string
	host, origin  string // origin "" means none; "a|b" two lines
	ownHost, ownO bool
	show          show
	kind          string // Content-Type
}

// A show is one way to present a token, or not to.
type show struct {
	name string
	in   func(r *http.Request, token string)
	fits string // the need that it satisfies
}

func authorization(format string) func(*http.Request, string) {
	return func(r *http.Request, token string) { r.Header.Set("Authorization", fmt.Sprintf(format, token)) }
}

func protocols(format string) func(*http.Request, string) {
	return func(r *http.Request, token string) {
		r.Header.Set("Sec-Websocket-Protocol", "pictap.v1, "+fmt.Sprintf(format, token))
	}
}

var shows = []show{
	{"nothing", func(*http.Request, string) {}, ""},
	{"bearer", authorization("Bearer %s"), "bearer"},
	{"protocol", protocols("token.%s"), "protocol"},
	{"bearer, one character more", authorization("Bearer %sA"), ""},
	{"bearer, first character off", func(r *http.Request, token string) {
		r.Header.Set("Authorization", "Bearer ~"+token[1:])
	}, ""},
	{"bearer, empty", authorization("Bearer %.0s"), ""},
	{"basic", authorization("Basic %s"), ""},
	{"two bearers", func(r *http.Request, token string) {
		r.Header["Authorization"] = []string{"Bearer x", "Bearer " + token}
	}, ""},
	{"protocol, cut", func(r *http.Request, token string) { protocols("token.%s")(r, token[:len(token)-1]) }, ""},
	{"query", func(r *http.Request, token string) { r.URL.RawQuery = "token=" + token + "&access_token=" + token }, ""},
	{"cookie", func(r *http.Request, token string) { r.AddCookie(&http.Cookie{Name: "token", Value: token}) }, ""},
}

// want says what the request must get.
func (y try) want() int {
	y.route = routeFor(y.method, y.route)
	unsafe := y.method != "GET" && y.method != "HEAD" && y.method != "OPTIONS"
	switch {
	case !y.ownHost || !y.ownO:
		return 403
	case unsafe && y.origin != "" && y.origin != "http://"+y.host:
		return 403 // one of our names calling another: no page of ours does
	case y.method == "HEAD" && y.route.Method == "GET":
	case y.method != y.route.Method && (y.method == "GET" || y.method == "HEAD"):
		return 404 // the page has no such file
	case y.method != y.route.Method:
		return 405
	}
	switch {
	case y.route.Needs != "" && y.route.Needs != y.show.fits:
		return 401
	case y.route.Method == "POST" && y.kind != "application/json":
		return 415
	case y.route.Needs == "protocol" && y.method == "HEAD":
		return 405
	}
	return through(y.route)
}

// Every route, asked by every kind of stranger: routes × methods × Host names ×
// Origins × ways to show a token × content types.
func TestMatrix(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200)
	replays := 0
	h, err := ui.New(ui.Options{
		Store: st, Events: pictify.EventTypes(),
		Trigger: func(context.Context, pictify.EventType) error { t.Error("triggered"); return nil },
		Replay: func(context.Context, int64) (store.Attempt, error) {
			replays++
			return store.Attempt{Status: 200}, nil
		},
		Drain:     func(context.Context) error { return nil },
		SetPaused: func(context.Context, string, bool) error { t.Error("paused"); return nil },
		Mock:      stillMock(),
		Acts: ui.Acts{
			Send: func(context.Context, ui.Outgoing) (int64, error) { t.Error("sent"); return 0, nil },
			Copy: func(context.Context, store.Delivery, string) (string, string, error) {
				t.Error("copied")
				return "", "", nil
			},
			Fixture: func(context.Context, store.Delivery, string, bool) (string, error) { return "fixtures/a.json", nil },
			Export:  func(context.Context, ui.Export) error { t.Error("exported"); return nil },
		},
		Volleys: &ui.Volleys{},
	}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4455})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	token := login(t, h)

	own := []string{"127.0.0.1:4455", "localhost:4455", "[::1]:4455", "LocalHost:4455"}
	foreign := []string{
		"evil.test:4455", "127.0.0.1.evil.test:4455", "localhost.evil.test", "127.0.0.1:4456", "127.0.0.1", "0.0.0.0:4455",
		"[::ffff:127.0.0.1]:4455", "127.1:4455", "2130706433:4455", "localhost:4455@evil", "file:x", "", "localhost.:4455",
		strings.Repeat("a", 4096), "lócalhost:4455",
	}
	ownOrigins := []string{"", "http://127.0.0.1:4455", "http://localhost:4455", "http://[::1]:4455"}
	foreignOrigins := []string{
		"http://evil.test", "https://127.0.0.1:4455", "http://127.0.0.1:4456", "http://127.0.0.1", "http://localhost.evil", "null",
		"http://evil@127.0.0.1:4455", "http://127.0.0.1:4455.evil", "http://[", "http://127.0.0.1:4455|http://127.0.0.1:4455",
		"http://127.0.0.1:4455|http://evil.test", "http://127.0.0.1:4455/", strings.Repeat("o", 10<<10),
	}
	tries, passed := 0, 0
	for _, rt := range ui.Routes() {
		if through(rt) == 0 {
			t.Errorf("%s: say in letThrough what a request that is let through gets", rt.Pattern)
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} {
			for _, host := range slices.Concat(own, foreign) {
				origins := slices.Concat(ownOrigins, foreignOrigins)
				if !slices.Contains(own, host) {
					origins = origins[:len(ownOrigins)+2] // it is refused before anybody looks
				}
				for _, origin := range origins {
					for i, show := range shows {
						kinds := []string{"application/json"}
						if i <= 2 && method == "POST" {
							kinds = append(kinds, "", "text/plain", "application/x-www-form-urlencoded", "application/json-seq")
						}
						for _, kind := range kinds {
							y := try{rt, method, host, origin, slices.Contains(own, host), slices.Contains(ownOrigins, origin), show, kind}
							tries++
							if y.run(t, h, token) == through(rt) {
								passed++
							}
							if t.Failed() {
								return // thousands of lines say no more
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations, %d let through", tries, passed)
	if tries < 100_000 || passed < 100 {
		t.Errorf("%d combinations, %d let through: the matrix has holes", tries, passed)
	}
	if replays == 0 {
		t.Error("nobody could replay")
	}
}

func (y try) run(t *testing.T, h *ui.Handler, token string) int {
	t.Helper()
	id := "d1"
	if y.method == "DELETE" {
		id = "d999" // d1 is still needed
	}
	r := httptest.NewRequest(y.method, strings.ReplaceAll(y.route.Pattern, "{id}", id), strings.NewReader("{}"))
	r.Host = y.host
	if y.origin != "" {
		r.Header["Origin"] = strings.Split(y.origin, "|")
	}
	if y.kind != "" {
		r.Header.Set("Content-Type", y.kind)
	}
	if y.route.Needs == "protocol" {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Sec-WebSocket-Version", "13")
		r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	}
	y.show.in(r, token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != y.want() {
		t.Errorf("%s %s, Host %.40q, Origin %.40q, token as %s, Content-Type %q: %d, want %d", y.method, y.route.Pattern, y.host, y.origin, y.show.name, y.kind, w.Code, y.want())
	}
	guarded(t, w.Result().Header, w.Body.String(), token)
	return w.Code
}

// guarded checks what every answer must have, and must not have.
func guarded(t *testing.T, header http.Header, body, token string) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Referrer-Policy":              "no-referrer",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("Content-Security-Policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy %q is unsafe", policy)
	}
	if cache := header.Get("Cache-Control"); cache != "no-store" && (cache != "no-cache" || header.Get("ETag") == "") {
		t.Errorf("Cache-Control is %q", cache)
	}
	for name, values := range header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" || strings.Contains(fmt.Sprint(values), token) {
			t.Errorf("answer has %s: %q", name, values)
		}
	}
	if strings.Contains(body, token) {
		t.Errorf("answer tells the token: %.200s", body)
	}
}

// login exchanges the launch code without a server.
func login(t *testing.T, h *ui.Handler) string {
	t.Helper()
	base, code, _ := strings.Cut(h.LaunchURL(), "/#code=")
	r := httptest.NewRequest("POST", base+"/api/session", strings.NewReader(`{"code":"`+code+`"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var g grant
	result{status: w.Code, body: w.Body.Bytes()}.into(t, &g)
	if g.Token == "" {
		t.Fatalf("login: %d %s", w.Code, w.Body)
	}
	return g.Token
}

// CrossOriginProtection sees what our own list cannot: a browser's own word
// that the request comes from elsewhere, although it names no origin.
func TestFetchMetadata(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	for site, want := range map[string]int{"": 200, "none": 200, "same-origin": 200, "same-site": 403, "cross-site": 403} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.base+"/api/invite", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		if got := s.send(r).status; got != want {
			t.Errorf("POST with Sec-Fetch-Site %q = %d, want %d", site, got, want)
		}
	}
}

// The page may only be served where nobody but this machine can connect.
func TestNewRefusesOtherInterfaces(t *testing.T) {
	st := openStore(t)
	for _, addr := range []net.Addr{
		&net.TCPAddr{IP: net.IPv4zero, Port: 4455},
		&net.TCPAddr{IP: net.IPv4(192, 168, 1, 7), Port: 4455},
		&net.TCPAddr{IP: net.IPv6unspecified, Port: 4455},
		&net.TCPAddr{Port: 4455},
		&net.UnixAddr{Name: "/tmp/x", Net: "unix"},
	} {
		if h, err := ui.New(ui.Options{Store: st}, addr); err == nil {
			h.Close()
			t.Errorf("New on %v: no error", addr)
		}
	}
	for addr, want := range map[string]string{"127.0.0.1:4455": "http://127.0.0.1:4455/#code=", "[::1]:80": "http://[::1]/#code=", "127.0.0.5:1": "http://127.0.0.5:1/#code="} {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		h, err := ui.New(ui.Options{Store: st}, tcp)
		if err != nil {
			t.Fatalf("New on %s: %v", addr, err)
		}
		if got := h.LaunchURL(); !strings.HasPrefix(got, want) {
			t.Errorf("LaunchURL on %s = %s, want %s…", addr, got, want)
		}
		h.Close()
	}
}
