package mock

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pictap/tunnel/pictify"
)

const (
	fetchTimeout = 10 * time.Second
	maxData      = 1 << 20 // bytes of a data source's answer
	maxPaths     = 200
)

// fetched is what a data source said.
type fetched struct {
	data   map[string]any
	status int
	err    error
}

// problem is what went wrong as Pictify words it, "Data source returned 500".
func (f fetched) problem() string {
	text := f.err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// startRefresh has a binding's data fetched, unless that is under way.
func (s *Server) startRefresh(uid, base string) {
	w := s.theWorld()
	w.mu.Lock()
	b, ok := w.bindings.get(uid)
	if !ok || w.fetching[uid] {
		w.mu.Unlock()
		return
	}
	if w.fetching == nil {
		w.fetching = make(map[string]bool)
	}
	w.fetching[uid] = true
	w.mu.Unlock()
	done := func() {
		w.mu.Lock()
		delete(w.fetching, uid)
		w.mu.Unlock()
	}
	if !s.crew.start(func(ctx context.Context) {
		got := s.fetch(ctx, b)
		done() // before it is told of, so that whoever hears of it may ask for the next
		s.refreshed(b, base, got)
	}) {
		done()
	}
}

// refreshed keeps what was fetched, and tells those who subscribed.
func (s *Server) refreshed(was *binding, base string, got fetched) {
	values, wrong := was.values(got.data)
	if f := failureIn(values); got.err == nil && f != nil {
		got.err = errors.New(f.text)
	} else if got.err == nil && len(wrong) > 0 {
		s.log().Info("binding lacks data", "binding", was.UID, "first", wrong[0])
	}
	now := s.now()
	b, err := s.changeBinding(was.UID, func(b *binding) error {
		b.LastFetchAt = now.Truncate(time.Millisecond)
		if got.err != nil {
			b.LastError, b.ErrorCount = got.problem(), b.ErrorCount+1
			if b.Status == "active" {
				b.Status = "error"
			}
			return nil
		}
		b.Data, b.Variables, b.LastError, b.ErrorCount, b.LastRenderAt = got.data, values, "", 0, b.LastFetchAt
		if b.Status == "error" {
			b.Status = "active"
		}
		return nil
	})
	if err != nil {
		return // it is gone, or there is no room for its data
	}
	at := now.Truncate(time.Second)
	if got.err != nil {
		next := at.Add(time.Duration(b.Refresh.TTLSeconds) * time.Second).UTC()
		s.tell(newEvent(pictify.BindingFailed, at, pictify.BindingFailedData{BindingID: b.UID, Error: b.LastError, RetryCount: b.ErrorCount, NextRetry: next}))
		return
	}
	previous := was.Data
	if previous == nil {
		previous = map[string]any{}
	}
	s.tell(newEvent(pictify.BindingUpdated, at, pictify.BindingUpdatedData{
		BindingID: b.UID, TemplateUID: b.TemplateID, ImageURL: b.renderURL(base), PreviousData: previous, NewData: b.Data,
	}))
}

// fetch gets the data of a binding.
func (s *Server) fetch(ctx context.Context, b *binding) fetched {
	switch b.Source.Type {
	case "static":
		raw := b.Source.Data
		if !isObject(raw) {
			raw = b.Source.Body
		}
		data, err := readData(raw)
		return fetched{data, http.StatusOK, err}
	case "webhook":
		if b.Data == nil {
			return fetched{err: errors.New("nothing was pushed yet")}
		}
		return fetched{b.Data, http.StatusOK, nil}
	}
	return fetchHTTP(ctx, b.Source)
}

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

// pathsOf lists the paths in data, as a mapping has them.
func pathsOf(data map[string]any) []string {
	all := []string{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		if len(all) >= maxPaths {
			return
		}
		if prefix != "" {
			all = append(all, prefix[:min(len(prefix), maxLine)])
		}
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if prefix != "" {
					name = "." + name
				}
				walk(prefix+name, v[trimDot(name, prefix)])
			}
		case []any:
			for i := range v[:min(len(v), 3)] {
				walk(prefix+"["+strconv.Itoa(i)+"]", v[i])
			}
		}
	}
	walk("", data)
	return all
}

func trimDot(name, prefix string) string {
	if prefix == "" {
		return name
	}
	return name[1:]
}

// withoutURL drops the URL that net/http puts before an error: it may have a secret
// in it.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
