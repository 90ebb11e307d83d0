package pictify_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pictap/tunnel/pictify"
)

func TestClientBoundsAnswers(t *testing.T) {
	for _, tt := range []struct {
		name string
		mib  int // of blanks before the answer proper
		want error
	}{
		{"within the limit", 0, nil},
		{"past the limit", 1, pictify.ErrBadAnswer},
		{"1 GB", 1024, pictify.ErrBadAnswer},
	} {
		for _, encoding := range []string{"", "gzip"} {
			t.Run(tt.name+" "+encoding, func(t *testing.T) {
				c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
					var out io.Writer = w
					if encoding == "gzip" {
						w.Header().Set("Content-Encoding", "gzip")
						z := gzip.NewWriter(w)
						defer z.Close()
						out = z
					}
					block := strings.Repeat(" ", 1<<20)
					for i := range tt.mib {
						if _, err := io.WriteString(out, block); err != nil {
							return // the client has hung up, as it should
						}
						if i == 100 && encoding == "" {
							t.Error("the client reads on and on")
						}
					}
					io.WriteString(out, `{"uid":"wh_1","x":"`+strings.Repeat("a", 1<<19)+`"}`)
				})
				if _, err := c.Get(t.Context(), "wh_1"); !errors.Is(err, tt.want) {
					t.Errorf("Get = %v, want %v", err, tt.want)
				}
			})
		}
	}
}

func TestClientTimeout(t *testing.T) {
	stop := make(chan struct{})
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"uid":`)
		w.(http.Flusher).Flush()
		<-stop
	})
	defer close(stop)
	c.HTTP.Timeout = 50 * time.Millisecond
	began := time.Now()
	if _, err := c.Get(t.Context(), "wh_1"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("Get = %v after %v, want %v", err, time.Since(began), context.DeadlineExceeded)
	}
}

// Without a Timeout a request has ten seconds.
func TestClientDefaultTimeout(t *testing.T) {
	var left time.Duration
	c := pictify.Client{Key: testKey, HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if deadline, ok := r.Context().Deadline(); ok {
			left = time.Until(deadline)
		}
		return nil, errors.New("no network in tests")
	})}}
	if _, err := c.Get(t.Context(), "wh_1"); left <= 0 || left > 10*time.Second {
		t.Errorf("Get = %v with %v left, want at most 10 s", err, left)
	}
}

func TestClientCancelled(t *testing.T) {
	c := newClient(t, answering(200, bare))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, "wh_1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get = %v, want %v", err, context.Canceled)
	}
}

// The key goes to the configured host and nowhere else.
func TestClientFollowsNoRedirect(t *testing.T) {
	canary := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect's target got %s with %q", r.Method, r.Header.Get("Authorization"))
	}))
	defer canary.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := newClient(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, canary.URL, status) })
		c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return nil } // the caller's policy does not count
		_, err := c.Create(t.Context(), pictify.NewSubscription{}, "")
		api, ok := errors.AsType[*pictify.APIError](err)
		if !ok || api.Status != status || !strings.Contains(api.Detail, canary.URL) {
			t.Errorf("%d: Create = %v, want an APIError that names the target", status, err)
		}
	}
}

func TestClientBaseURL(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want error // nil: the request is sent
	}{
		{"", nil},
		{"https://api.pictify.io/v1", nil},
		{"http://localhost:8080", nil},
		{"http://LOCALHOST", nil},
		{"http://127.0.0.1:1", nil},
		{"http://127.9.9.9:1/api", nil},
		{"http://[::1]:1", nil},
		{"http://[::ffff:127.0.0.1]:1", nil},
		{"http://api.pictify.io", pictify.ErrInsecureBase},
		{"http://localhost.evil.test", pictify.ErrInsecureBase},
		{"http://127.0.0.1.evil.test", pictify.ErrInsecureBase},
		{"http://10.0.0.1", pictify.ErrInsecureBase},
		{"http://0.0.0.0:1", pictify.ErrInsecureBase},
		{"ftp://127.0.0.1", pictify.ErrInsecureBase},
		{"api.pictify.io", errAny},
		{"localhost:8080", errAny},
		{"https://", errAny},
		{"https://user:c4n4ry@api.pictify.io", errAny},
		{"https://api.pictify.io?x=1", errAny},
		{"https://user:c4n4ry@[", errAny},
	} {
		sent := false
		c := pictify.Client{BaseURL: tt.url, Key: testKey, HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			sent = true
			return nil, errors.New("no network in tests")
		})}}
		_, err := c.Get(t.Context(), "wh_1")
		if sent != (tt.want == nil) || (tt.want != nil && tt.want != errAny && !errors.Is(err, tt.want)) {
			t.Errorf("base URL %q: sent %t, %v, want %v", tt.url, sent, err, tt.want)
		}
		mustNotLeak(t, "error", err.Error())
	}
}

var errAny = errors.New("any error")

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestClientWithoutKey(t *testing.T) {
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) { t.Error("a request without a key was sent") })
	c.Key = pictify.Secret{}
	if _, err := c.Get(t.Context(), "wh_1"); !errors.Is(err, pictify.ErrUnauthorized) {
		t.Errorf("Get = %v, want %v", err, pictify.ErrUnauthorized)
	}
}

// The zero HTTP client is usable, and its connections are http.DefaultTransport's.
func TestClientZeroHTTP(t *testing.T) {
	c := newClient(t, answering(200, bare))
	c.HTTP = nil
	if _, err := c.Get(t.Context(), "wh_abc123"); err != nil {
		t.Error(err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestClientDoesNotShowKey(t *testing.T) {
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		json.NewEncoder(w).Encode(map[string]any{"message": "not valid: " + r.Header.Get("Authorization")})
	})
	_, err := c.Get(t.Context(), "wh_1")
	mustNotLeak(t, "error", fmt.Sprintf("%v %+v", err, err))
	mustNotLeak(t, "client", fmt.Sprintf("%v %+v %#v", c, *c, *c))
}
