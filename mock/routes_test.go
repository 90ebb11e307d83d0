package mock_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pictap/mock"
)

// Every route under every prefix, with every method, with and without a key.
func TestRouteMatrix(t *testing.T) {
	c := start(t, &mock.Server{})
	routes := mock.Routes()
	if len(routes) < 70 {
		t.Fatalf("only %d routes", len(routes))
	}
	byPattern := map[string][]string{}
	open := map[string]bool{}
	for _, r := range routes {
		if slices.Contains(byPattern[r.Pattern], r.Method) {
			t.Errorf("%s %s is there twice", r.Method, r.Pattern)
		}
		byPattern[r.Pattern] = append(byPattern[r.Pattern], r.Method)
		open[r.Method+" "+r.Pattern] = r.Open
	}
	for pattern, methods := range byPattern {
		slices.Sort(methods)
		path := strings.NewReplacer("{uid}", "NOSUCHONE0", "{id}", "none", "{type}", "none", "{file}", "none.png", "{size}", "none").Replace(pattern)
		for _, prefix := range append([]string{""}, mock.Prefixes()...) {
			for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"} {
				status, header, body := ask(t, c, method, prefix+path, "", nil)
				allowed := slices.Contains(methods, method)
				if allowed == (status == 405) || status >= 500 {
					t.Errorf("%s %s answered %d %s", method, prefix+path, status, body)
				}
				if !allowed && header.Get("Allow") != strings.Join(methods, ", ") {
					t.Errorf("%s %s: Allow %q, want %q", method, prefix+path, header.Get("Allow"), methods)
				}
				if status >= 400 {
					checkProblem(t, method+" "+prefix+path, status, body)
				}
				status, _, body = ask(t, c, method, prefix+path, "", http.Header{"Authorization": nil})
				if keyless := allowed && open[method+" "+pattern]; !keyless && (status != 401 || !strings.Contains(body, `"message":"Invalid Request"`)) {
					t.Errorf("%s %s without a key answered %d %s, want 401", method, prefix+path, status, body)
				} else if keyless && (status == 401) != needsToken(pattern) {
					t.Errorf("%s %s without a key answered %d %s", method, prefix+path, status, body)
				}
			}
		}
	}
}

// needsToken reports whether a route looks for its key itself.
func needsToken(pattern string) bool {
	return pattern == "/r/{file}" || pattern == "/image/agent-screenshot-stream"
}

// checkProblem wants every client's key of an error filled.
func checkProblem(t *testing.T, request string, status int, body string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Instance, Message, Error string
		Status                                        int
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Errorf("%s: %v in %s", request, err, body)
	}
	if p.Status != status || !strings.HasPrefix(p.Type, "https://docs.pictify.io/errors/") || p.Title == "" || p.Instance == "" || p.Detail == "" || p.Message != p.Detail || p.Error != p.Detail {
		t.Errorf("%s: %s is not what every client reads", request, body)
	}
}

func TestStrangePaths(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, path := range []string{
		"/image/", "/image//health", "//image", "/v1/v1/image", "/v2/image", "/v1image", "/api", "/templates/", "/templates//render", "/templates/x/render/",
		"/templates/x/y", "/experiments", "/s/slug.png", "/workflow", "/connector-configs", "/audit/logs", "/_mock", "/%69mage", "/image/%2e%2e/x/y",
		"/media", "/media/", "/media/renders", "/media/renders/", "/media/renders/a/b.png", "/media/renders/..%2f..%2fetc%2fpasswd", "/media/renders/%00.png",
		"/media/renders/x.png%00", "/media/renders/x.exe", "/media/renders/.png", "/media/renders/x", "/media/renders/x.PNG", "/media/renders/x.png/", "/media/bindings/%5c.png",
		"/media/renders/../renders/x.png", "/b/..%2fx.png", "/b/x.gif", "/r/x.exe?token=k", "/media/templates/XL13XACH2V.webp",
	} {
		if status, _, body := ask(t, c, "GET", path, "", nil); status != 404 {
			t.Errorf("GET %s answered %d %s, want 404", path, status, body)
		}
	}
}

// A literal goes before a {…}, and a uid may be written with escapes.
func TestRoutePrecedence(t *testing.T) {
	c := start(t, &mock.Server{})
	for request, want := range map[string]string{
		"GET /templates/search?q=welcome":     "templates",
		"GET /templates/type/variables":       "templates",
		"GET /templates/XL13XACH2V":           "template",
		"GET /templates/%58L13XACH2V":         "template",
		"GET /api/templates/XL13XACH2V":       "template",
		"GET /templates/XL13XACH2V/variables": "variables",
		"GET /experiments/api/quota":          "quota",
		"GET /video/templates":                "templates",
		"GET /v1/users/":                      "user",
	} {
		if o := api(t, c, 200, request, ""); o[want] == nil {
			t.Errorf("%s answered %v, want %s", request, o, want)
		}
	}
	if o := api(t, c, 404, "GET /templates/search/variables", ""); o.text("detail") != "Template not found" {
		t.Errorf("a template named search: %v", o)
	}
}

func TestRateHeaders(t *testing.T) {
	var clock clock
	c := start(t, &mock.Server{Now: clock.now})
	for _, want := range []string{"299", "298"} {
		_, header, _ := ask(t, c, "GET", "/templates", "", nil)
		if got := rateOf(t, header); got != "300 "+want+" 1769682660 " {
			t.Errorf("got %q, want %s left", got, want)
		}
	}
}

func TestHealth(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, path := range []string{"/health", "/healthcheck", "/image/health", "/gif/health", "/v1/health"} {
		if status, _, body := ask(t, c, "GET", path, "", http.Header{"Authorization": nil}); status != 200 || body != `{"status":"ok"}` {
			t.Errorf("%s answered %d %s", path, status, body)
		}
	}
}
