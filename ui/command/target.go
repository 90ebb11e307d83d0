package command

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	defaultPort = "3000"
	defaultPath = "/webhooks/pictify" // the path in Pictify's guide to webhooks
)

var portForm = regexp.MustCompile(`^:?([0-9]+)(/.*)?$`)

// parseTarget reads where the app is: "3000", ":3000", "3000/hook",
// "host:port", "/path" or a URL. path, the value of --path, is for a target
// without one; "" means the guide's.
//
// A port alone is one of "localhost", not of 127.0.0.1: some apps listen on ::1
// only (Node since version 17 takes what the resolver says first), others on
// 127.0.0.1 only, and who dials "localhost" tries both. isLoopbackName tells
// whether a target is on this machine.
//
// The error is a *usageError.
func parseTarget(text, path string) (*url.URL, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	raw := text
	if m := portForm.FindStringSubmatch(text); m != nil {
		raw = "http://localhost:" + m[1] + m[2]
	} else if strings.HasPrefix(text, "/") {
		raw = "http://localhost:" + defaultPort + text
	} else if !strings.Contains(text, "://") {
		raw = "http://" + text
	}
	u, err := url.Parse(raw)
	if err != nil || strings.ContainsAny(text, "\\ ") || strings.HasPrefix(text, "//") {
		return nil, badTarget(text, "is not understood")
	}
	if why := targetFault(u); why != "" {
		return nil, badTarget(u.Redacted(), why)
	}
	if u.Port() == "" && !strings.Contains(text, "://") {
		return nil, badTarget(text, "names no port")
	}
	switch {
	case u.Path == "" && path != "":
		p, _ := url.Parse(path) // checked above
		u.Path, u.RawPath, u.RawQuery = p.Path, p.RawPath, p.RawQuery
	case u.Path == "":
		u.Path = defaultPath
	case path != "":
		return nil, usagef("the target %q has a path already, so --path %q cannot be its path too", sanitize(text, 120), sanitize(path, 120))
	}
	return u, nil
}

// targetFault says what is wrong with a target, "" for nothing.
func targetFault(u *url.URL) string {
	addr, _ := netip.ParseAddr(u.Hostname())
	port, portErr := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "is neither http nor https"
	case u.User != nil:
		return "has a user name in it, which is not supported"
	case u.Fragment != "":
		return "has a fragment, which a server never sees"
	case u.Hostname() == "" || u.Opaque != "":
		return "names no host"
	case addr.IsValid() && addr.IsUnspecified():
		return "is an address to listen on, not one to call; use localhost"
	case u.Port() != "" && (portErr != nil || port == 0):
		return "has no port between 1 and 65535"
	}
	return ""
}

// checkPath checks the value of --path.
func checkPath(path string) error {
	if path == "" {
		return nil
	}
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || u.Fragment != "" || strings.ContainsAny(path, "\\ ") {
		return usagef("--path %q is not a path such as /webhooks/pictify", sanitize(path, 120))
	}
	return nil
}

func badTarget(text, why string) error {
	return usagef("target %q %s", sanitize(text, 120), why).
		withHint("a target is 3000, :3000, localhost:3000, /path or http://localhost:3000/path")
}
