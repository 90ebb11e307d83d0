package mock

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"pictap/tunnel/wire"
)

// checkTarget decides where events may be delivered: to this machine and the places,
// by http or https, and to public hosts by https. What else there is, such as the
// router or a cloud's metadata service, must not be reachable by asking a mock for it.
//
// The real service refuses this machine as well, which is why tunnels exist.
func (ps Places) checkTarget(text string) error { return ps.check(targetField, text) }

const targetField = "targetUrl"

// checkURL is checkTarget for another field that names no place where events go.
func checkURL(field, text string) error { return Places(nil).check(field, text) }

func (ps Places) check(field, text string) error {
	if len(text) > 2048 {
		return invalid(fieldError{field, "is longer than 2048 characters", "too_long"})
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return invalid(fieldError{field, "is not an absolute URL", "invalid_format"})
	}
	host := hostOf(u)
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return blocked(field, "must be http or https")
	case host == "" || u.User != nil || u.Fragment != "":
		return invalid(fieldError{field, "must have a host, and neither user nor fragment", "invalid_format"})
	case isLoopback(host), ps.named(u):
		return nil
	case isInternal(host):
		return blocked(field, "is on an internal network")
	case u.Scheme == "http":
		return blocked(field, "must be https unless it is on this machine")
	}
	return nil
}

// differs says what the real service would have against a target that is accepted
// here; "" when nothing. It does not repeat the path, which may have a token in it.
//
// Source: Pictify's deployment checklist (2026-01-19), and the guide, which has its
// readers use a tunnel.
func differs(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme == "https" && !isLoopback(hostOf(u)) && !isInternal(hostOf(u)) {
		return ""
	}
	return "Pictify itself refuses the target " + u.Scheme + "://" + u.Host + ": it wants https, and a host that is public, as a tunnel's is"
}

// blocked refuses a URL. The documents have two statuses for it: 400 when a
// subscription is made (checklist, 2026-01-19), 422 with the slug (errors.mdx).
func blocked(field, reason string) error {
	status := http.StatusUnprocessableEntity
	if field == targetField {
		status = http.StatusBadRequest
	}
	return refusal{status: status, slug: "blocked-url", title: "Blocked URL",
		detail: field + " " + reason, fields: []fieldError{{field, reason, "invalid_format"}}}
}

// isLoopback reports whether host is this machine by its very text.
func isLoopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// isInternal reports whether host is an address that is not a public one, or a
// name that some resolvers read as an address ("127.1", "2130706433", "0x7f.1").
func isInternal(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		last := host[strings.LastIndexByte(host, '.')+1:]
		return last == "" || last[0] >= '0' && last[0] <= '9'
	}
	return addr.Zone() != "" || !wire.IsPublic(addr)
}
