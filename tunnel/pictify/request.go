package pictify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	maxAnswer      = 1 << 20 // bytes, after decompression
	defaultTimeout = 10 * time.Second
)

// A call is one request to the API.
type call struct {
	method, path string
	query        url.Values
	body         any    // encoded as JSON; nil for none
	idempotency  string // Idempotency-Key; "" for none
}

// An answer is the response to a call, its body read.
type answer struct {
	call
	status int
	header http.Header
	body   []byte
}

// do makes one call. An answer with a status other than 2xx is an *APIError.
func (c *Client) do(ctx context.Context, to call) (answer, error) {
	req, err := c.request(ctx, to)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", to.method, to.path, err)
	}
	a, err := c.send(req)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", to.method, to.path, err)
	}
	a.call = to
	if a.status/100 != 2 {
		return answer{}, readAPIError(a, c.now(), c.clean)
	}
	return a, nil
}

func (c *Client) request(ctx context.Context, to call) (*http.Request, error) {
	if c.Key.IsZero() {
		return nil, fmt.Errorf("%w: no API key", ErrUnauthorized)
	}
	u, err := c.base()
	if err != nil {
		return nil, err
	}
	u = u.JoinPath(to.path)
	u.RawQuery = to.query.Encode()
	var body io.Reader // nil, not a nil *bytes.Reader
	if to.body != nil {
		encoded, err := marshal(to.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, to.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if to.idempotency != "" {
		req.Header.Set("Idempotency-Key", to.idempotency)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.Key.Reveal())
	req.Header.Set("User-Agent", "pictap")
	return req, nil
}

// base checks the base URL before anything is sent there.
func (c *Client) base() (*url.URL, error) {
	u, err := url.Parse(firstOf(c.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, fmt.Errorf("parse base URL: %w", withoutURL(err))
	}
	switch {
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("base URL %q is not scheme://host[/path]", u.Redacted())
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("%w: %q must be https", ErrInsecureBase, u.Redacted())
}

func (c *Client) send(req *http.Request) (answer, error) {
	var client http.Client
	if c.HTTP != nil {
		client = *c.HTTP
	}
	if client.Timeout == 0 {
		client.Timeout = defaultTimeout
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	resp, err := client.Do(req)
	if err != nil {
		return answer{}, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	a := answer{status: resp.StatusCode, header: resp.Header, body: body}
	switch {
	case a.status/100 != 2:
		return a, nil // what arrived of an error's text has to do
	case err != nil:
		return answer{}, fmt.Errorf("read answer: %w", err)
	case len(body) > maxAnswer:
		return answer{}, fmt.Errorf("%w: longer than 1 MiB", ErrBadAnswer)
	}
	return a, nil
}

// object returns the body of an answer that must be a JSON object.
func (a answer) object() ([]byte, error) {
	if body := bytes.TrimSpace(a.body); json.Valid(body) && isObject(body) {
		return body, nil
	}
	return nil, a.bad(errors.New("not a JSON object"))
}

// subscription reads the answer as one subscription.
func (a answer) subscription() (Subscription, error) {
	object, err := a.object()
	if err != nil {
		return Subscription{}, err
	}
	s, err := readSubscription(object)
	if err != nil {
		return s, a.bad(err)
	}
	return s, nil
}

// silent reports whether the answer is a success that shows no subscription: an
// empty body, or something like {"success":true}.
func (a answer) silent() bool {
	if len(bytes.TrimSpace(a.body)) == 0 {
		return true
	}
	object, err := a.object()
	for key := range members(object) {
		if string(key) == "uid" || string(key) == "subscription" {
			return false
		}
	}
	return err == nil
}

func (a answer) bad(reason error) error {
	return fmt.Errorf("%s %s: %w: %w", a.method, a.path, ErrBadAnswer, reason)
}

// clean prepares a text from outside for being shown.
func (c *Client) clean(text string) string {
	if key := c.Key.Reveal(); key != "" {
		text = strings.ReplaceAll(text, key, redactedOther)
	}
	return printable(text, maxErrorText)
}

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// withoutURL removes the method and URL that net/http puts before a cause: the
// caller says both, shorter.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// isLoopback reports whether host can only be this machine. Names other than
// localhost are not resolved: what they mean can change.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
