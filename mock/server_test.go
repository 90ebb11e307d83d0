package mock_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func TestRoutes(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, tt := range []struct {
		request string
		status  int
		allow   string
	}{
		{"GET /health", 200, ""},
		{"GET /", 404, ""},
		{"GET /v1", 404, ""},
		{"GET /webhook-subscriptions/", 404, ""},
		{"GET /webhook-subscriptionsx", 404, ""},
		{"GET /v2/webhook-subscriptions", 404, ""},
		{"GET /v1/v1/webhook-subscriptions", 404, ""},
		{"GET //webhook-subscriptions", 404, ""},
		{"GET /v1/../webhook-subscriptions", 404, ""},
		{"GET /webhook-subscriptions/wh_1/", 404, ""},
		{"GET /webhook-subscriptions/wh_1/pause/x", 404, ""},
		{"GET /webhook-subscriptions//pause", 404, ""},
		{"PATCH /webhook-subscriptions/wh_1", 405, "DELETE, GET, PUT"},
		{"GET /webhook-subscriptions/wh_1/pause", 405, "POST"},
		{"DELETE /webhook-subscriptions", 405, "GET, POST"},
		{"OPTIONS /webhook-subscriptions", 405, "GET, POST"},
		{"POST /webhook-subscriptions/stats", 405, "GET"},
		{"GET /api/webhook-subscriptions/stats", 200, ""},
	} {
		method, path, _ := strings.Cut(tt.request, " ")
		status, header, body := ask(t, c, method, path, "", nil)
		if status != tt.status || header.Get("Allow") != tt.allow {
			t.Errorf("%s answered %d (Allow %q) %s, want %d (%q)", tt.request, status, header.Get("Allow"), body, tt.status, tt.allow)
		}
	}
}

var pinned = pictify.NewSecret("pk_test_1")

func TestAuthentication(t *testing.T) {
	for _, tt := range []struct {
		pinned, header string
		status         int
	}{
		{"", "Bearer anything", 200},
		{"", "", 401},
		{"", "Bearer ", 401},
		{"", "bearer anything", 401},
		{"", "Basic YTpi", 401},
		{"pk_test_1", "Bearer pk_test_1", 200},
		{"pk_test_1", "Bearer pk_test_2", 401},
		{"pk_test_1", "Bearer pk_test_11", 401},
		{"pk_test_1", "Bearer  pk_test_1", 401},
	} {
		c := start(t, &mock.Server{Key: pictify.NewSecret(tt.pinned)})
		status, _, body := ask(t, c, "GET", "/webhook-subscriptions", "", http.Header{"Authorization": {tt.header}})
		if status != tt.status || status == 401 && !strings.Contains(body, `"message":"Invalid Request"`) {
			t.Errorf("key %q, header %q: %d %s, want %d", tt.pinned, tt.header, status, body, tt.status)
		}
	}
}

func TestHostAndOrigin(t *testing.T) {
	c := start(t, &mock.Server{})
	port := c.BaseURL[strings.LastIndexByte(c.BaseURL, ':'):] // ":12345"
	for _, tt := range []struct {
		host, origin string
		status       int
	}{
		{"127.0.0.1" + port, "", 200},
		{"localhost" + port, "", 200},
		{"LocalHost" + port, "", 200},
		{"[::1]" + port, "", 200},
		{"127.0.0.1" + port, "http://127.0.0.1" + port, 200},
		{"evil.test" + port, "", 403},
		{"127.0.0.1.evil.test" + port, "", 403},
		{"localhost.evil.test" + port, "", 403},
		{"127.0.0.1", "", 403},
		{"localhost", "", 403},
		{"127.0.0.1:1", "", 403},
		{"0.0.0.0" + port, "", 403},
		{"127.1" + port, "", 403},
		{"2130706433" + port, "", 403},
		{"[::ffff:127.0.0.1]" + port, "", 403},
		{"[[::1]]" + port, "", 403},
		{"127.0.0.1" + port, "http://evil.test", 403},
		{"127.0.0.1" + port, "https://127.0.0.1" + port, 403},
		{"127.0.0.1" + port, "http://127.0.0.1:1", 403},
		{"127.0.0.1" + port, "http://localhost" + port, 403},
		{"127.0.0.1" + port, "null", 403},
		{"127.0.0.1" + port, "file://", 403},
		{"evil.test" + port, "http://evil.test" + port, 403},
	} {
		header := http.Header{"Host": {tt.host}}
		if tt.origin != "" {
			header["Origin"] = []string{tt.origin}
		}
		for _, path := range []string{"/webhook-subscriptions", "/health"} {
			status, got, body := ask(t, c, "GET", path, "", header)
			if status != tt.status {
				t.Errorf("Host %q, Origin %q: %d %s, want %d", tt.host, tt.origin, status, body, tt.status)
			}
			for name := range got {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("Host %q, Origin %q: answered with %s", tt.host, tt.origin, name)
				}
			}
		}
	}
	twice := http.Header{"Origin": {c.BaseURL, "http://evil.test"}}
	if status, _, body := ask(t, c, "GET", "/webhook-subscriptions", "", twice); status != 403 {
		t.Errorf("two Origins: %d %s, want 403", status, body)
	}
	preflight := http.Header{"Origin": {"http://evil.test"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Private-Network": {"true"}}
	if status, _, body := ask(t, c, "OPTIONS", "/webhook-subscriptions", "", preflight); status != 403 {
		t.Errorf("preflight: %d %s, want 403", status, body)
	}
}

// Without a listener nobody knows which names are its own.
func TestHostWithoutListener(t *testing.T) {
	w := httptest.NewRecorder()
	(&mock.Server{}).ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/health", nil))
	if w.Code != 403 {
		t.Errorf("answered %d, want 403", w.Code)
	}
}

func TestPlanWithoutWebhooks(t *testing.T) {
	c := start(t, &mock.Server{NoWebhooks: true})
	_, err := c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target}, "")
	api, ok := errors.AsType[*pictify.APIError](err)
	if !ok || !errors.Is(err, pictify.ErrForbidden) || api.Code != "plan_upgrade_required" {
		t.Errorf("Create = %v, want %v", err, pictify.ErrForbidden)
	}
	if _, err := c.Get(t.Context(), "wh_1"); !errors.Is(err, pictify.ErrForbidden) {
		t.Errorf("Get = %v, want %v", err, pictify.ErrForbidden)
	}
}

func TestBodyIsBounded(t *testing.T) {
	api := &mock.Server{}
	c := start(t, api)
	body := `{"event":"render.failed","targetUrl":"` + target + `"}`
	if status, _, answer := ask(t, c, "POST", "/webhook-subscriptions", body+strings.Repeat(" ", 64<<10-len(body)), nil); status != 201 {
		t.Errorf("64 KiB: %d %s, want 201", status, answer)
	}
	if status, _, answer := ask(t, c, "POST", "/webhook-subscriptions", body+strings.Repeat(" ", 64<<10), nil); status != 413 {
		t.Errorf("more than 64 KiB: %d %s, want 413", status, answer)
	}
}

func TestTrouble(t *testing.T) {
	var trouble atomic.Pointer[mock.Trouble]
	api := &mock.Server{Trouble: func(*http.Request) *mock.Trouble { return trouble.Load() }}
	c := start(t, api)
	c.HTTP.Transport.(*http.Transport).DisableKeepAlives = true // a cut reused connection would be retried
	try := func() error {
		_, err := c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target}, "key")
		return err
	}

	trouble.Store(&mock.Trouble{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: `{"message":"slow down"}`})
	err := try()
	if limited, ok := errors.AsType[*pictify.APIError](err); !ok || !errors.Is(err, pictify.ErrRateLimited) || limited.RetryAfter.Seconds() != 7 || limited.Detail != "slow down" {
		t.Errorf("Create = %v, want the answer of the trouble", err)
	}
	trouble.Store(&mock.Trouble{})
	if err := try(); err == nil || errors.Is(err, pictify.ErrBadAnswer) || len(api.Subscriptions()) != 0 {
		t.Errorf("Create = %v with %d subscriptions, want a broken connection and none", err, len(api.Subscriptions()))
	}
	trouble.Store(&mock.Trouble{Commit: true})
	if err := try(); err == nil || len(api.Subscriptions()) != 1 {
		t.Errorf("Create = %v with %d subscriptions, want a broken connection and one", err, len(api.Subscriptions()))
	}
	trouble.Store(&mock.Trouble{Commit: true, Status: 201, Header: http.Header{"Content-Length": {"500"}}, Body: `{"subscription":{"uid":"wh_`})
	if err := try(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Create = %v, want %v", err, io.ErrUnexpectedEOF)
	}
	trouble.Store(nil)
	if err := try(); err != nil || len(api.Subscriptions()) != 1 {
		t.Errorf("Create with the same key = %v with %d subscriptions, want the one from before", err, len(api.Subscriptions()))
	}
}

func TestRandomThatFails(t *testing.T) {
	c := start(t, &mock.Server{Random: strings.NewReader("too short")})
	_, err := c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target}, "")
	if api, ok := errors.AsType[*pictify.APIError](err); !ok || api.Status != 500 || strings.Contains(err.Error(), "EOF") {
		t.Errorf("Create = %v, want a 500 without its cause", err)
	}
}

// Everything at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	hook := newReceiver(t, nil)
	api := &mock.Server{}
	c := start(t, api)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 10 {
				s, err := c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: hook.URL}, fmt.Sprint(i, "-", j))
				if err != nil {
					t.Error(err)
					return
				}
				api.Emit(t.Context(), event(pictify.RenderFailed, `{}`))
				for _, err := range c.List(t.Context()) {
					_ = err // a list that shifts meanwhile may be refused
				}
				api.Subscriptions()
				if err := c.Delete(t.Context(), s.UID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if left := api.Subscriptions(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
