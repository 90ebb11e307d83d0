package mock

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
)

// readData reads a JSON object; what else there is becomes {"value":…}.
func readData(raw []byte) (map[string]any, error) {
	if depth(raw) > maxDepth {
		return nil, errors.New("data source returned data that is nested too deeply")
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, errors.New("data source returned no JSON")
	}
	if object, ok := v.(map[string]any); ok {
		return object, nil
	}
	return map[string]any{"value": v}, nil
}

func fetchHTTP(ctx context.Context, d dataSource) fetched {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	method := d.Method
	if method == "" {
		method = http.MethodGet
	}
	var body io.Reader
	if !isNull(d.Body) && method != http.MethodGet {
		body = bytes.NewReader(d.Body)
	}
	req, err := http.NewRequestWithContext(ctx, method, d.URL, body)
	if err != nil {
		return fetched{err: fmt.Errorf("fetch data: %w", withoutURL(err))}
	}
	d.dress(req)
	raw, status, err := download(fetcher(isLoopback(req.URL.Hostname())), req, "data source", maxData)
	if err != nil {
		return fetched{status: status, err: err}
	}
	data, err := readData(raw)
	return fetched{data, status, err}
}

// download reads an answer that must be 2xx and of no more than so many bytes. The
// error says what it is about, who, and does not repeat the URL. The status is 0 when
// there was no answer.
func download(client *http.Client, req *http.Request, who string, most int) (raw []byte, status int, err error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, 0, fmt.Errorf("%s could not be reached: %w", who, withoutURL(err))
	}
	defer resp.Body.Close()
	raw, err = io.ReadAll(io.LimitReader(resp.Body, int64(most)+1))
	switch {
	case resp.StatusCode/100 != 2:
		return nil, resp.StatusCode, fmt.Errorf("%s returned %d", who, resp.StatusCode)
	case err != nil:
		return nil, resp.StatusCode, fmt.Errorf("%s broke off: %w", who, withoutURL(err))
	case len(raw) > most:
		return nil, resp.StatusCode, fmt.Errorf("%s returned more than %d bytes", who, most)
	}
	return raw, resp.StatusCode, nil
}

// dress adds the headers and the credentials that a source wants.
func (d dataSource) dress(req *http.Request) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if req.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range d.Headers {
		req.Header.Set(name, value)
	}
	c := d.Credentials
	if c == nil {
		return
	}
	switch name := c.HeaderName; c.Type {
	case "bearer_token":
		req.Header.Set("Authorization", "Bearer "+c.Value)
	case "basic_auth":
		req.SetBasicAuth(c.Username, c.Value)
	case "api_key", "custom_header":
		if name == "" {
			name = "X-API-Key"
		}
		req.Header.Set(name, c.Value)
	}
}

// fetcher makes a client that follows no redirects, knows no proxy, and reaches this
// machine only under names that say so, and otherwise public addresses only.
func fetcher(local bool) *http.Client {
	dialer := &net.Dialer{Timeout: fetchTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read address: %w", err)
		}
		if loopback := to.Addr().Unmap().IsLoopback(); loopback != local || !loopback && isInternal(to.Addr().String()) {
			return errors.New("the address is not a public one")
		}
		return nil
	}}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// withoutURL drops the URL that net/http puts before an error: it may have a secret
// in it.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
