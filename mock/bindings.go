package mock

import (
	"net/http"
	"time"
)

func (w *world) binding(uid string) (*binding, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.bindings.get(uid)
}

func noSuchBinding() error { return notFound("binding-not-found", "Binding not found") }

func (s *Server) listBindings(c call) (int, any, error) {
	query := c.URL.Query()
	p, err := readPage(query.Get)
	if err != nil {
		return 0, nil, err
	}
	var all []*binding
	w := s.theWorld()
	w.mu.RLock()
	for _, b := range w.bindings.newest() {
		if fits(query.Get("templateId"), b.TemplateID) && fits(query.Get("status"), b.Status) {
			all = append(all, b)
		}
	}
	w.mu.RUnlock()
	part, pagination := cut(p, all)
	items := make([]bindingJSON, 0, len(part))
	for _, b := range part {
		items = append(items, b.json(c.base()))
	}
	return http.StatusOK, map[string]any{"bindings": items, "pagination": pagination}, nil
}

func (s *Server) createBinding(c call) (int, any, error) {
	var in bindingInput
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	var f faults
	if in.TemplateID == nil {
		f.add("templateId", "is required", "required")
	}
	if in.Source == nil {
		f.add("dataSource", "is required", "required")
	}
	if in.Mapping == nil {
		f.add("mapping", "is required", "required")
	}
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	b := &binding{
		Name: "Untitled binding", Status: "active", Defaults: map[string]any{}, Refresh: refreshPolicy{"ttl", 300, "serve_stale"},
		Output: outputConfig{Format: "png", Quality: 90, Width: defaultWidth, Height: defaultHeight},
	}
	if t, ok := s.theWorld().template(*in.TemplateID); ok {
		b.Output.Width, b.Output.Height = t.Width, t.Height
	}
	err := s.applyBinding(in, b, &f)
	if faulty := f.err(); faulty != nil {
		err = faulty
	}
	if err != nil {
		return 0, nil, err
	}
	if b.UID, err = s.newHexID("bind_"); err != nil {
		return 0, nil, err
	}
	b.CreatedAt = s.now().Truncate(time.Millisecond)
	b.UpdatedAt = b.CreatedAt
	b.settle(b.CreatedAt)
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bindings.len() >= maxBindings || w.bindings.bytes+b.size() > maxBindingBytes {
		return 0, nil, full("binding", maxBindings)
	}
	w.bindings.put(b.UID, b, b.size())
	return http.StatusCreated, oneBinding(b, c.base()), nil
}

func oneBinding(b *binding, base string) any { return map[string]any{"binding": b.json(base)} }

func (s *Server) getBinding(c call) (int, any, error) {
	b, ok := s.theWorld().binding(c.uid)
	if !ok {
		return 0, nil, noSuchBinding()
	}
	return http.StatusOK, oneBinding(b, c.base()), nil
}

// changeBinding replaces a binding by one that change has changed.
func (s *Server) changeBinding(uid string, change func(*binding) error) (*binding, error) {
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := w.bindings.get(uid)
	if !ok {
		return nil, noSuchBinding()
	}
	b := *old
	if err := change(&b); err != nil {
		return nil, err
	}
	if w.bindings.bytes-old.size()+b.size() > maxBindingBytes {
		return nil, full("binding", maxBindings)
	}
	w.bindings.put(uid, &b, b.size())
	return &b, nil
}

func (s *Server) updateBinding(c call) (int, any, error) {
	var in bindingInput
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	old, ok := s.theWorld().binding(c.uid)
	if !ok {
		return 0, nil, noSuchBinding()
	}
	var f faults
	changed := *old
	err := s.applyBinding(in, &changed, &f)
	if faulty := f.err(); faulty != nil {
		err = faulty
	}
	if err != nil {
		return 0, nil, err
	}
	b, err := s.changeBinding(c.uid, func(b *binding) error {
		b.Name, b.TemplateID, b.Source, b.Mapping, b.Defaults = changed.Name, changed.TemplateID, changed.Source, changed.Mapping, changed.Defaults
		b.Refresh, b.Output, b.Status = changed.Refresh, changed.Output, changed.Status
		b.UpdatedAt = s.now().Truncate(time.Millisecond)
		if in.Source != nil || in.Mapping != nil || in.Defaults != nil {
			b.settle(b.UpdatedAt)
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, oneBinding(b, c.base()), nil
}

func (s *Server) deleteBinding(c call) (int, any, error) {
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.bindings.remove(c.uid) {
		return 0, nil, noSuchBinding()
	}
	return http.StatusOK, map[string]bool{"deleted": true, "success": true}, nil
}

func (s *Server) pauseBinding(c call) (int, any, error)  { return s.setBinding(c, "paused") }
func (s *Server) resumeBinding(c call) (int, any, error) { return s.setBinding(c, "active") }

func (s *Server) setBinding(c call, status string) (int, any, error) {
	b, err := s.changeBinding(c.uid, func(b *binding) error {
		b.Status, b.UpdatedAt = status, s.now().Truncate(time.Millisecond)
		if status == "active" {
			b.ErrorCount, b.LastError = 0, ""
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, oneBinding(b, c.base()), nil
}

// refreshBinding has the data fetched, and answers before it is.
func (s *Server) refreshBinding(c call) (int, any, error) {
	b, ok := s.theWorld().binding(c.uid)
	switch {
	case !ok:
		return 0, nil, noSuchBinding()
	case b.Status == "paused":
		return 0, nil, refusal{status: http.StatusConflict, slug: "binding-paused", title: "Paused", detail: "the binding is paused: resume it first"}
	}
	s.startRefresh(b.UID, c.base())
	return http.StatusOK, map[string]any{"status": "refreshing", "imageUrl": b.renderURL(c.base()), "bindingId": b.UID}, nil
}

// testBinding fetches the data and shows what would become of it. Nothing is kept.
func (s *Server) testBinding(c call) (int, any, error) {
	b, ok := s.theWorld().binding(c.uid)
	if !ok {
		return 0, nil, noSuchBinding()
	}
	got := s.fetch(c.Context(), b)
	fetched := map[string]any{"success": got.err == nil, "data": got.data, "statusCode": got.status}
	if got.err != nil {
		fetched["error"] = got.problem()
	}
	values, wrong := b.values(got.data)
	return http.StatusOK, map[string]any{
		"fetch": fetched, "mapping": map[string]any{"valid": len(wrong) == 0, "errors": wrong},
		"variables": values, "availablePaths": pathsOf(got.data),
	}, nil
}
