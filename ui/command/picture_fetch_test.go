package command

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pictap/tunnel/pictify"
	"pictap/ui"
)

// asked fetches, and returns the words of what went wrong.
func asked(t *testing.T, f *pictureFetcher, address string) (body []byte, words string, refused bool) {
	t.Helper()
	body, err := f.fetch(t.Context(), address)
	if err == nil {
		return body, "", false
	}
	var told *ui.MediaError
	if !errors.As(err, &told) {
		t.Fatalf("%s: %v is not for the page", address, err)
	}
	return nil, told.Words, told.Refused
}

// What is not an address of Pictify's is refused before anything is dialled.
func TestPictureHosts(t *testing.T) {
	f := newPictureFetcher([]string{"my-bucket.s3.amazonaws.com"}, &pictify.Client{BaseURL: "http://127.0.0.1:4460"})
	for address, want := range map[string]string{
		"https://evil.test/x.png":                              "evil.test is not a host of Pictify's",
		"https://cdn.pictify.io.evil.test/x.png":               "is not a host of Pictify's",
		"https://evilcdn.pictify.io/x.png":                     "is not a host of Pictify's",
		"https://your-bucket.s3.amazonaws.com/x.png":           "--picture-host your-bucket.s3.amazonaws.com",
		"https://cdn.pictify.io./x.png":                        "is not a host of Pictify's",
		"https://cdn.pictify.io:8443/x.png":                    "has a port of its own",
		"http://cdn.pictify.io/x.png":                          "without encryption",
		"https://user:pass@cdn.pictify.io/x.png":               "user name",
		"https://cdn.pictify.io@evil.test/x.png":               "user name",
		"https://169.254.169.254/latest/meta-data":             "is not a host of Pictify's",
		"https://[::1]/x.png":                                  "on this machine",
		"http://127.0.0.1:5432/":                               "on this machine",
		"http://127.0.0.1/":                                    "on this machine",
		"http://localhost:4461/x.png":                          "on this machine",
		"https://localhost:4460/x.png":                         "on this machine",
		"http://foo.localhost/x.png":                           "on this machine",
		"http://2130706433:4460/x.png":                         "without encryption",
		"http://127.1:4460/x.png":                              "without encryption",
		"file:///etc/passwd":                                   "only https",
		"gopher://cdn.pictify.io/x":                            "only https",
		"//cdn.pictify.io/x.png":                               "only https",
		"https:///x.png":                                       "only https",
		"https://cdn.pictify.io/x.png?a b":                     "blank",
		"https://cdn.pictify.io/\r\nHost: evil":                "not an address that can be read",
		"javascript:alert(1)":                                  "only https",
		"https://\u202ecdn.pictify.io/x":                       "is not a host of Pictify's",
		"https://" + strings.Repeat("a", 5000) + ".test/x.png": "is not a host of Pictify's",
	} {
		if _, words, refused := asked(t, f, address); !refused || !strings.Contains(words, want) || len(words) > 500 || strings.Contains(words, "\u202e") {
			t.Errorf("%.60q: refused %v, %q, want %q", address, refused, words, want)
		}
	}
	for _, address := range []string{
		"https://cdn.pictify.io/renders/a.png", "https://MEDIA.pictify.io:443/a.png?x=1", "https://my-bucket.s3.amazonaws.com/a.png", "http://localhost:4460/media/a.png", "http://[::1]:4460/a.png",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.check(u); err != nil {
			t.Errorf("%s: %s", address, err.Words)
		}
	}
	// Without a mock on this machine, nothing on this machine is asked.
	for _, api := range []*pictify.Client{nil, {BaseURL: "https://api.pictify.io"}} {
		if _, words, refused := asked(t, newPictureFetcher(nil, api), "http://127.0.0.1:4460/a.png"); !refused {
			t.Errorf("asked: %s", words)
		}
	}
}

// A stand-in for the mock that serves what it should not.
func TestPictureFetch(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another server on this machine was asked") }))
	defer other.Close()
	over := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/good.png", func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "Cookie", "Referer"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s was sent", name)
			}
		}
		fmt.Fprint(w, "bytes")
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good.png", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop", http.StatusMovedPermanently)
	})
	for name, to := range map[string]string{"inside": other.URL + "/x", "metadata": "http://169.254.169.254/", "away": "https://evil.test/x.png", "file": "file:///etc/passwd", "nowhere": "http://[", "user": "http://a:b@" + "127.0.0.1/"} {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
	}
	mux.HandleFunc("/silent", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			select {
			case <-over:
				return
			case <-r.Context().Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for block := make([]byte, 1<<20); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "bytes")
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(over)
	f := newPictureFetcher(nil, &pictify.Client{BaseURL: server.URL})
	for path, want := range map[string]string{
		"/good.png": "", "/moved": "",
		"/none":     "answered 404 Not Found",
		"/loop":     "more than 5 redirects",
		"/inside":   "leads on to another address, which is not asked: 127.0.0.1:",
		"/metadata": "169.254.169.254 would be asked without encryption",
		"/away":     "evil.test is not a host",
		"/file":     "only https",
		"/nowhere":  "no address",
		"/user":     "user name",
		"/endless":  "more than 32 MiB",
		"/cut":      "broke off after 5 bytes",
	} {
		body, words, _ := asked(t, f, server.URL+path)
		if want == "" && string(body) != "bytes" || !strings.Contains(words, want) || want == "" && words != "" {
			t.Errorf("%s: %q, %q, want %q", path, body, words, want)
		}
	}
	f.timeout = 300 * time.Millisecond
	for _, path := range []string{"/silent", "/slow"} {
		start := time.Now()
		if _, words, _ := asked(t, f, server.URL+path); !strings.Contains(words, "has not sent it within 300ms") {
			t.Errorf("%s: %q", path, words)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s took %v", path, took)
		}
	}
	// A host that may be asked, by a name that is this machine's.
	u := &url.URL{Scheme: "https", Host: "127.0.0.1:1"}
	if _, err := f.get(t.Context(), u); !strings.Contains(fmt.Sprint(err), "an address that is not public") {
		t.Errorf("a private address: %v", err)
	}
	server.Close()
	if _, words, refused := asked(t, f, server.URL+"/good.png"); refused || !strings.Contains(words, "could not be asked: connection refused") {
		t.Errorf("nobody there: %q", words)
	}
}

func TestParseHosts(t *testing.T) {
	if got, err := parseHosts([]string{"My-Bucket.s3.amazonaws.com"}); err != nil || len(got) != 1 || got[0] != "my-bucket.s3.amazonaws.com" {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"", "https://a.test", "a.test/x", "a.test:8443", "localhost", "127.0.0.1", "x.localhost", "a", "u@a.test", "a.test?x", "[::1]", "a b.test"} {
		if got, err := parseHosts([]string{text}); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}
