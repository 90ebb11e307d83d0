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
	"strconv"
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
	resp, err := fetcher(isLoopback(req.URL.Hostname())).Do(req)
	if err != nil {
		return fetched{err: fmt.Errorf("data source could not be reached: %w", withoutURL(err))}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxData+1))
	switch {
	case resp.StatusCode/100 != 2:
		return fetched{status: resp.StatusCode, err: fmt.Errorf("data source returned %d", resp.StatusCode)}
	case err != nil:
		return fetched{status: resp.StatusCode, err: fmt.Errorf("data source broke off: %w", withoutURL(err))}
	case len(raw) > maxData:
		return fetched{status: resp.StatusCode, err: errors.New("data source returned more than " + strconv.Itoa(maxData) + " bytes")}
	}
	data, err := readData(raw)
	return fetched{data, resp.StatusCode, err}
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
