package mock

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const maxSide = 4096 // pixels; the documents name 4000 and 4096

func (w *world) template(uid string) (*template, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.templates.get(uid)
}

func noSuchTemplate() error { return notFound("template-not-found", "Template not found") }

// sortedTemplates lists those that keep says yes to, in the order that the query
// asks for.
func (s *Server) sortedTemplates(c call, keep func(*template) bool) ([]*template, error) {
	var f faults
	order := f.choice("sort", c.URL.Query().Get("sort"), "newest", "newest", "oldest", "name")
	if err := f.err(); err != nil {
		return nil, err
	}
	w := s.theWorld()
	var all []*template
	w.mu.RLock()
	for _, t := range w.templates.newest() {
		if keep(t) {
			all = append(all, t)
		}
	}
	w.mu.RUnlock()
	switch order {
	case "oldest":
		slices.Reverse(all)
	case "name":
		slices.SortStableFunc(all, func(a, b *template) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	}
	return all, nil
}

// answerTemplates answers with the page of templates that the query asks for.
func answerTemplates(c call, all []*template) (int, any, error) {
	p, err := pageOf(c, 12)
	if err != nil {
		return 0, nil, err
	}
	part, pagination := cut(p, all)
	items := make([]templateJSON, 0, len(part))
	for _, t := range part {
		items = append(items, t.json(c.base()))
	}
	return http.StatusOK, map[string]any{"templates": items, "pagination": pagination}, nil
}

// pageOf is readPage with another limit for who gives none.
func pageOf(c call, limit int) (page, error) {
	query := c.URL.Query()
	p, err := readPage(query.Get)
	if query.Get("limit") == "" {
		p.limit = limit
	}
	return p, err
}

func (s *Server) listTemplates(c call) (int, any, error) {
	var f faults
	format := f.choice("outputFormat", c.URL.Query().Get("outputFormat"), "all", "all", "image", "pdf", "gif")
	linked := f.choice("hasDynamicLink", c.URL.Query().Get("hasDynamicLink"), "false", "true", "false") // none of a mock has one
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	all, err := s.sortedTemplates(c, func(t *template) bool {
		return linked == "false" && (format == "all" || t.OutputFormat == format)
	})
	if err != nil {
		return 0, nil, err
	}
	return answerTemplates(c, all)
}

func (s *Server) searchTemplates(c call) (int, any, error) {
	q := strings.ToLower(strings.TrimSpace(c.URL.Query().Get("q")))
	all, err := s.sortedTemplates(c, func(t *template) bool {
		return strings.Contains(strings.ToLower(t.Name+"\n"+t.Category+"\n"+strings.Join(t.Tags, "\n")), q)
	})
	if err != nil {
		return 0, nil, err
	}
	return answerTemplates(c, all)
}

func (s *Server) templatesOfType(c call) (int, any, error) {
	all, err := s.sortedTemplates(c, func(t *template) bool { return t.Type == c.uid })
	if err != nil {
		return 0, nil, err
	}
	return answerTemplates(c, all)
}

func (s *Server) createTemplate(c call) (int, any, error) {
	var in templateInput
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	in.UID = ""
	t, err := in.create()
	if err != nil {
		return 0, nil, err
	}
	if t.UID, err = s.newUID(); err != nil {
		return 0, nil, err
	}
	t.CreatedAt = s.now().Truncate(time.Millisecond)
	t.UpdatedAt = t.CreatedAt
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.templates.len() >= maxTemplates || w.templates.bytes+t.size() > maxTemplateBytes {
		return 0, nil, full("template", maxTemplates)
	}
	w.templates.put(t.UID, t, t.size())
	return http.StatusOK, map[string]any{"template": t.json(c.base())}, nil
}

// create makes a template, without its uid and times.
func (in templateInput) create() (*template, error) {
	var f faults
	t := &template{Name: untitled, Width: defaultWidth, Height: defaultHeight, OutputFormat: "image"}
	if (in.HTML == nil || strings.TrimSpace(*in.HTML) == "") && isNull(in.Fabric) {
		f.add("html", "is required, or fabricJSData", "required")
	}
	if in.HTML != nil && *in.HTML != "" && !isNull(in.Fabric) {
		f.add("fabricJSData", "cannot stand beside html: a template has one engine", "out_of_range")
	}
	_, wrong := in.apply(t, &f)
	if t.Name == "" {
		t.Name = untitled
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return t, wrong
}

func (s *Server) getTemplate(c call) (int, any, error) {
	t, ok := s.theWorld().template(c.uid)
	if !ok {
		return 0, nil, noSuchTemplate()
	}
	return http.StatusOK, map[string]any{"template": t.json(c.base())}, nil
}

func (s *Server) updateTemplate(c call) (int, any, error) {
	var in templateInput
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := w.templates.get(c.uid)
	if !ok {
		return 0, nil, noSuchTemplate()
	}
	var f faults
	t := *old
	if old.Fabric == nil && !isNull(in.Fabric) {
		f.add("fabricJSData", "is not for an html template: the engine is fixed when it is made", "out_of_range")
	}
	if old.Fabric != nil && in.HTML != nil && *in.HTML != "" {
		f.add("html", "is not for a fabric template: the engine is fixed when it is made", "out_of_range")
	}
	added, wrong := in.apply(&t, &f)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	if wrong != nil {
		return 0, nil, wrong
	}
	if w.templates.bytes-old.size()+t.size() > maxTemplateBytes {
		return 0, nil, full("template", maxTemplates)
	}
	t.UpdatedAt = s.now().Truncate(time.Millisecond)
	w.templates.put(t.UID, &t, t.size())
	return http.StatusOK, map[string]any{"template": t.json(c.base()), "addedVariables": added}, nil
}

func (s *Server) deleteTemplate(c call) (int, any, error) {
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.templates.remove(c.uid) {
		return 0, nil, noSuchTemplate()
	}
	return http.StatusOK, map[string]any{"message": "Template deleted successfully", "success": true}, nil
}

// regenerateThumbnail says where the thumbnail is, which is drawn anew for whoever asks.
//
// That the path exists is all that is known of it (AUDIT, 2026); no client calls it. The
// answer is our guess: what a GET of the template answers, and the thumbnail beside it.
func (s *Server) regenerateThumbnail(c call) (int, any, error) {
	t, ok := s.theWorld().template(c.uid)
	if !ok {
		return 0, nil, noSuchTemplate()
	}
	j := t.json(c.base())
	return http.StatusOK, map[string]any{"success": true, "thumbnail": j.Thumbnail, "template": j}, nil
}

func (s *Server) templateVariables(c call) (int, any, error) {
	t, ok := s.theWorld().template(c.uid)
	if !ok {
		return 0, nil, noSuchTemplate()
	}
	return http.StatusOK, map[string]any{"templateUid": t.UID, "templateName": t.Name, "variables": append([]definition{}, t.Definitions...)}, nil
}
