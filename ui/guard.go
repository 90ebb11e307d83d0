package ui

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// A guard knows by which names the page may be called, and by whom.
type guard struct {
	base    string // the page's own origin, "http://127.0.0.1:4455"
	hosts   map[string]bool
	origins map[string]bool
	csrf    *http.CrossOriginProtection
}

// newGuard makes the lists for a server that listens on addr.
func newGuard(addr net.Addr) (guard, error) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return guard{}, fmt.Errorf("%v is not a loopback address", addr)
	}
	g := guard{hosts: map[string]bool{}, origins: map[string]bool{}, csrf: http.NewCrossOriginProtection()}
	for _, name := range []string{"127.0.0.1", "::1", "localhost", tcp.IP.String()} {
		host := net.JoinHostPort(name, strconv.Itoa(tcp.Port))
		if tcp.Port == 80 {
			host = strings.TrimSuffix(host, ":80") // as browsers do
		}
		g.hosts[host] = true
		g.origins["http://"+host] = true
		g.base = "http://" + host
	}
	return g, nil
}

// admit refuses what does not come by one of our names, or comes from a page
// that is not ours. A request without an Origin is from a program, a link or a
// browser's address line; it still needs the token.
//
// [http.CrossOriginProtection] alone would not do: it lets every GET pass, and
// therefore every socket, and without Sec-Fetch-Site it compares Origin to
// Host, which are equal after DNS rebinding.
func (g guard) admit(r *http.Request) error {
	if !g.hosts[strings.ToLower(r.Host)] {
		return httpError{code: http.StatusForbidden, public: "this is not the page's address: open " + g.base}
	}
	if !g.ownOrigin(r) {
		return httpError{code: http.StatusForbidden, public: "other pages may not do this"}
	}
	if err := g.csrf.Check(r); err != nil {
		return httpError{code: http.StatusForbidden, public: "other pages may not do this", err: err}
	}
	return nil
}

// ownOrigin reports whether r comes from our page, or from no page.
func (g guard) ownOrigin(r *http.Request) bool {
	origins := r.Header["Origin"]
	return len(origins) == 0 || len(origins) == 1 && g.origins[origins[0]]
}

// The policy of the page: its own scripts, styles, pictures and API, nothing
// else, nobody may frame it, and text cannot become markup. Pictures may also be
// blobs, which only a script of the page can make. It has no inline
// script or style; styles set by script are not subject to it.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// The policy of a body from outside, should a browser show it in spite of all.
const bodyPolicy = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// protect sets the headers that every answer has. Handlers of assets relax the
// caching.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
}
