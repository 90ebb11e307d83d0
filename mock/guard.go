package mock

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"pictap/tunnel/pictify"
)

// checkOrigin lets only requests through that were meant for this server: Host
// must be a loopback name with the port of the listener, which a rebound name is
// not, and the Origin that a browser adds must be this very one.
func checkOrigin(r *http.Request) error {
	if !slices.Contains(ownHosts(r), strings.ToLower(r.Host)) {
		return refusal{status: http.StatusForbidden, slug: "forbidden", title: "Forbidden", detail: "This is not the name of this server"}
	}
	if origins := r.Header.Values("Origin"); len(origins) > 1 || len(origins) == 1 && origins[0] != "http://"+r.Host {
		return refusal{status: http.StatusForbidden, slug: "forbidden", title: "Forbidden", detail: "This server is not for pages of another origin"}
	}
	return nil
}

// ownHosts lists what Host may say on the listener that took the request; nothing
// when no [http.Server] did.
func ownHosts(r *http.Request) []string {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return nil
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil // not a TCP listener
	}
	hosts := []string{"127.0.0.1:" + port, "[::1]:" + port, "localhost:" + port}
	if port == "80" {
		hosts = append(hosts, "127.0.0.1", "[::1]", "localhost")
	}
	return hosts
}

// authenticate wants a Bearer key. What is wrong with it is not said: the real
// service answers every failure with the same words.
func (s *Server) authenticate(r *http.Request) error {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		key = ""
	}
	return s.accept(key)
}

// authenticateByQuery is authenticate for what a page shows or listens to: the key
// may be the query's token.
func (s *Server) authenticateByQuery(r *http.Request) error {
	if r.Header.Get("Authorization") == "" {
		return s.accept(r.URL.Query().Get("token"))
	}
	return s.authenticate(r)
}

// accept judges a key; "" is none.
func (s *Server) accept(key string) error {
	if key == "" {
		return refusal{status: http.StatusUnauthorized, slug: "missing-authorization", title: "Unauthorized", detail: "Invalid Request"}
	}
	if !s.Key.IsZero() && !s.Key.Equal(pictify.NewSecret(key)) {
		return badKey()
	}
	return nil
}

// badKey refuses a key that is none.
func badKey() error {
	return refusal{status: http.StatusUnauthorized, slug: "invalid-api-key", title: "Unauthorized", detail: "Invalid Request"}
}
