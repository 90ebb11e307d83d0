package ui_test

import (
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pictap/ui"
)

// Whatever a request calls us and says it comes from: without one of our names
// and with another origin than ours it gets nothing, and never a panic.
func FuzzStrangers(f *testing.F) {
	for _, host := range []string{"127.0.0.1:4455", "localhost:4455", "[::1]:4455", "evil.test:4455", "[::ffff:127.0.0.1]:4455", "[", "", ":", "a:b:c", "\x00", "LOCALHOST:4455", "localhoſt:4455"} {
		for _, origin := range []string{"", "null", "http://127.0.0.1:4455", "http://evil.test", "http://[", "://", "http://127.0.0.1:4455\x00"} {
			f.Add(host, origin, "/api/status", "")
			f.Add(host, origin, "/../app.js", "GET")
			f.Add(host, origin, "/api/deliveries/d1/replay", "POST")
		}
	}
	h, err := ui.New(ui.Options{Store: openStore(f)}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4455})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { h.Close() })
	own := []string{"127.0.0.1:4455", "localhost:4455", "[::1]:4455"}
	f.Fuzz(func(t *testing.T, host, origin, path, method string) {
		r := httptest.NewRequest("GET", "/", strings.NewReader("{}"))
		r.Method, r.Host, r.URL.Path = method, host, path
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		named := slices.Contains(own, strings.ToLower(host))
		known := origin == "" || slices.Contains(own, strings.TrimPrefix(origin, "http://")) && strings.HasPrefix(origin, "http://")
		if !(named && known) && w.Code != 403 {
			t.Errorf("%q %q, Host %q, Origin %q: %d, want 403", method, path, host, origin, w.Code)
		}
		if strings.HasPrefix(path, "/api/") && w.Code < 300 {
			t.Errorf("%q %q, Host %q, Origin %q: %d without a token", method, path, host, origin, w.Code)
		}
	})
}
