package check

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"pictap/tunnel/wire"
)

const (
	effectTime = 10 * time.Second // for one measurement
	maxEffect  = 64 << 10         // bytes that it may have
)

// Get measures an effect by asking a URL: what it answers, if that is a 200 and at
// most 64 KiB. It follows no redirect; allow, unless nil, is asked for its address.
func Get(u *url.URL, tls *tls.Config, allow func(netip.Addr) error) func(context.Context) (string, error) {
	client := &wire.Client{Origin: &url.URL{Scheme: u.Scheme, Host: u.Host}, TLS: tls, Allow: allow, MaxBody: maxEffect}
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, effectTime)
		defer cancel()
		a, err := client.Do(ctx, wire.Request{Method: http.MethodGet, URI: u.RequestURI(), Host: u.Host})
		switch {
		case err != nil:
			return "", err
		case a.Status != http.StatusOK:
			return "", fmt.Errorf("answered %d, not 200", a.Status)
		case a.Longer || a.BrokenOff:
			return "", errors.New("the answer is longer than 64 KiB, or broke off")
		}
		return string(a.Body), nil
	}
}
