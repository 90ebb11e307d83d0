package mock

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
		data, err := b.Source.static()
		return fetched{data, http.StatusOK, err}
	case "webhook":
		if b.Data == nil {
			return fetched{err: errors.New("nothing was pushed yet")}
		}
		return fetched{b.Data, http.StatusOK, nil}
	}
	return fetchHTTP(ctx, b.Source)
}

// settle has the picture show what is known after a change: the data of a static source,
// which nobody has to fetch, and whatever data there is by the mapping of now. Data that
// ask for a failure are left for a refresh to tell of.
func (b *binding) settle(now time.Time) {
	data := b.Data
	if b.Source.Type == "static" {
		var err error
		if data, err = b.Source.static(); err != nil {
			return
		}
	}
	values, _ := b.values(data)
	if data == nil || failureIn(values) != nil {
		return
	}
	if b.Source.Type == "static" {
		b.LastFetchAt, b.LastError, b.ErrorCount = now, "", 0
		if b.Status == "error" {
			b.Status = "active"
		}
	}
	b.Data, b.Variables, b.LastRenderAt = data, values, now
}

// static reads the data of a static source. Which field has them is not documented.
func (d dataSource) static() (map[string]any, error) {
	if isObject(d.Data) {
		return readData(d.Data)
	}
	return readData(d.Body)
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
			walk(prefix+".length", nil)
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
