package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/tunnel/wire"
	"pictap/ui"
)

// A pictureFetcher asks for the pictures that payloads name, when somebody wants to
// see one. A payload is written by others, so it decides nothing: asked are only
// Pictify's hosts and those that the user names, by https and at public addresses,
// and on this machine only the mock. The same holds for each redirect.
//
// It has no credentials, no cookies and no proxy.
type pictureFetcher struct {
	hosts   []string    // beside Pictify's own
	mock    *url.URL    // the API of a mock on this machine; nil for none
	tls     *tls.Config // nil means the system's roots
	timeout time.Duration
}

const (
	pictureTimeout   = 15 * time.Second // all redirects included
	pictureRedirects = 5
)

// pictureHosts are where Pictify keeps what it has rendered: one by its documents, the
// other by what it sends.
var pictureHosts = []string{"cdn.pictify.io", "media.pictify.io"}

// newPictureFetcher takes the API's address, which is that of the mock if it is on
// this machine.
func newPictureFetcher(hosts []string, api *pictify.Client) *pictureFetcher {
	f := &pictureFetcher{hosts: hosts, timeout: pictureTimeout}
	if api != nil && isLoopbackURL(api.BaseURL) {
		f.mock, _ = url.Parse(api.BaseURL) // isLoopbackURL has
	}
	return f
}

// fetch returns the bytes at an address. The error is a [*ui.MediaError].
func (f *pictureFetcher) fetch(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	u, err := url.Parse(address)
	if err != nil {
		return nil, notAsked("it is not an address that can be read")
	}
	for hop := 0; ; hop++ {
		if err := f.check(u); err != nil {
			if hop > 0 {
				err.Words = "it leads on to another address, which is not asked: " + err.Words
			}
			return nil, err
		}
		a, err := f.get(ctx, u)
		if err != nil {
			return nil, err
		}
		if !slices.Contains([]int{301, 302, 303, 307, 308}, a.Status) {
			return f.take(ctx, u, a)
		}
		if hop == pictureRedirects {
			return nil, noPicture("it leads on and on: more than %d redirects", pictureRedirects)
		}
		next, parseErr := u.Parse(store.FieldValue(a.Header, "Location"))
		if parseErr != nil {
			return nil, noPicture("%s leads on to something that is no address", hostText(u))
		}
		u = next
	}
}

// check says why an address is not asked; nil when it is.
func (f *pictureFetcher) check(u *url.URL) *ui.MediaError {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || host == "":
		return notAsked("only https addresses are asked")
	case u.User != nil:
		return notAsked("the address has a user name in it")
	case strings.Contains(u.RequestURI(), " "):
		return notAsked("the address has a blank in it")
	case f.isMock(u):
		return nil
	case isLoopbackName(host):
		return notAsked("%s is on this machine, and only the mock's pictures are asked for here", hostText(u))
	case u.Scheme != "https":
		return notAsked("%s would be asked without encryption: only https addresses are", hostText(u))
	case u.Port() != "" && u.Port() != "443":
		return notAsked("%s has a port of its own: only the usual one of https is asked", hostText(u))
	case !slices.Contains(pictureHosts, host) && !slices.Contains(f.hosts, host):
		return notAsked("%s is not a host of Pictify's. To allow it, start listen with --picture-host %s", hostText(u), hostText(u))
	}
	return nil
}

func (f *pictureFetcher) isMock(u *url.URL) bool {
	return f.mock != nil && u.Scheme == f.mock.Scheme && u.Port() == f.mock.Port() && isLoopbackName(u.Hostname())
}

// get asks for an address that has been checked. Whether the name's address may be
// asked is decided at the moment of dialling.
func (f *pictureFetcher) get(ctx context.Context, u *url.URL) (wire.Answer, error) {
	allow := func(addr netip.Addr) error {
		if !wire.IsPublic(addr) {
			return errNotPublic
		}
		return nil
	}
	if f.isMock(u) {
		allow = func(addr netip.Addr) error {
			if !addr.IsLoopback() {
				return errNotPublic
			}
			return nil
		}
	}
	c := &wire.Client{Origin: &url.URL{Scheme: u.Scheme, Host: u.Host}, TLS: f.tls, Allow: allow, MaxBody: ui.MaxMedia}
	defer c.CloseIdle()
	a, err := c.Do(ctx, wire.Request{Method: http.MethodGet, URI: u.RequestURI(), Host: u.Host, Header: []pictify.Field{
		{Name: "User-Agent", Value: "pictap"}, {Name: "Accept", Value: "image/*, application/pdf"}, {Name: "Accept-Encoding", Value: "identity"},
	}})
	switch dial, isDial := errors.AsType[*wire.DialError](err); {
	case ctx.Err() != nil:
		return a, f.late(ctx, u)
	case isDial && dial.Reason == errNotPublic.Error():
		return a, notAsked("%s is the name of %s", hostText(u), errNotPublic)
	case err != nil:
		return a, noPicture("%s could not be asked: %s", hostText(u), sanitize(err.Error(), 200))
	}
	return a, nil
}

var errNotPublic = errors.New("an address that is not public")

// take is the body of the last answer, if it may be taken.
func (f *pictureFetcher) take(ctx context.Context, u *url.URL, a wire.Answer) ([]byte, error) {
	switch {
	case a.Status != http.StatusOK:
		return nil, noPicture("%s", strings.TrimSpace(fmt.Sprintf("%s answered %d %s", hostText(u), a.Status, http.StatusText(a.Status))))
	case ctx.Err() != nil:
		return nil, f.late(ctx, u)
	case a.Longer:
		return nil, noPicture("it has more than %d MiB", ui.MaxMedia>>20)
	case a.BrokenOff:
		return nil, noPicture("%s broke off after %d bytes", hostText(u), len(a.Body))
	}
	return a.Body, nil
}

func (f *pictureFetcher) late(ctx context.Context, u *url.URL) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return noPicture("%s has not sent it within %v", hostText(u), f.timeout)
	}
	return ctx.Err() // the page has gone
}

// hostText is an address's host for people.
func hostText(u *url.URL) string { return sanitize(u.Host, 120) }

func notAsked(format string, args ...any) *ui.MediaError {
	return &ui.MediaError{Refused: true, Words: fmt.Sprintf(format, args...)}
}

func noPicture(format string, args ...any) *ui.MediaError {
	return &ui.MediaError{Words: fmt.Sprintf(format, args...)}
}

// parseHosts reads the hosts that a user names: a bare name each.
func parseHosts(list []string) ([]string, error) {
	var hosts []string
	for _, text := range list {
		host := strings.ToLower(text)
		u, err := url.Parse("https://" + host + "/")
		if err != nil || u.Host != host || u.Hostname() != host || isLoopbackName(host) || !strings.Contains(host, ".") {
			return nil, usagef("--picture-host %q is not the name of a host", sanitize(text, 120)).withHint("such as your-bucket.s3.amazonaws.com, without https:// and without a path")
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}
