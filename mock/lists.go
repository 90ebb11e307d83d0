package mock

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"pictap/tunnel/pictify"
)

// An offsetPage is how lists of pictures are paged.
type offsetPage struct {
	Total   int  `json:"total"`
	Limit   int  `json:"limit"`
	Offset  int  `json:"offset"`
	HasMore bool `json:"hasMore"`
}

// slice reads limit and offset, and takes that part of all, newest first.
func slice(c call, limit, total int, newest iter.Seq2[string, *render]) ([]*render, offsetPage, error) {
	var f faults
	p := offsetPage{Total: total, Limit: f.query(c, "limit", 1, 100, limit), Offset: f.query(c, "offset", 0, 1_000_000_000, 0)}
	if err := f.err(); err != nil {
		return nil, p, err
	}
	p.HasMore = p.Offset+p.Limit < total
	part := []*render{}
	i := 0
	for _, r := range newest {
		if len(part) == p.Limit {
			break
		}
		if i >= p.Offset {
			part = append(part, r)
		}
		i++
	}
	return part, p, nil
}

// ofKind returns the newest renders of one kind.
func (s *Server) ofKind(c call, kind string) ([]*render, offsetPage, error) {
	w := s.theWorld()
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := w.byKind[kind]
	if all == nil {
		all = &shelf[*render]{}
	}
	return slice(c, 30, all.len(), all.newest())
}

func (s *Server) listImages(c call) (int, any, error) {
	part, p, err := s.ofKind(c, kindImage)
	if err != nil {
		return 0, nil, err
	}
	images := make([]imageJSON, 0, len(part))
	for _, r := range part {
		images = append(images, r.image(c.base()))
	}
	return http.StatusOK, map[string]any{"images": images, "pagination": p}, nil
}

func (s *Server) getImage(c call) (int, any, error) {
	r, ok := s.theWorld().render(c.uid)
	if !ok || r.Kind != kindImage {
		return 0, nil, notFound("not-found", "Not found")
	}
	return http.StatusOK, map[string]any{"image": r.image(c.base())}, nil
}

func (s *Server) listGIFs(c call) (int, any, error) {
	part, p, err := s.ofKind(c, kindGIF)
	if err != nil {
		return 0, nil, err
	}
	gifs := make([]gifJSON, 0, len(part))
	for _, r := range part {
		gifs = append(gifs, r.gif(c.base()))
	}
	return http.StatusOK, map[string]any{"gifs": gifs, "pagination": p}, nil
}

func (s *Server) getGIF(c call) (int, any, error) {
	r, ok := s.theWorld().render(c.uid)
	if !ok || r.Kind != kindGIF {
		return 0, nil, notFound("not-found", "Not found")
	}
	return http.StatusOK, map[string]any{"gif": r.gif(c.base())}, nil
}

// apiSource is what called for all renders of a mock: a key. Pictify knows "dashboard" and
// "automation" besides (events; mcp renders.ts, 2026).
const apiSource = "api"

// renderJSON is a render of any kind on the wire.
type renderJSON struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Format      string `json:"format"`
	URL         string `json:"url"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Source      string `json:"source"`
	TemplateUID string `json:"templateUid,omitempty"`
	Name        string `json:"name,omitempty"`
	CreatedAt   string `json:"createdAt"`
}

// group is what the list of renders calls a format.
func (r *render) group() string {
	switch {
	case r.Kind == kindVideo:
		return "MP4"
	case r.Extension == "gif" || r.Extension == "pdf":
		return strings.ToUpper(r.Extension)
	}
	return "PNG"
}

// listRenders lists renders of all kinds. The counts are those without the filter
// by format.
func (s *Server) listRenders(c call) (int, any, error) {
	query := c.URL.Query()
	var f faults
	format := f.choice("format", strings.ToUpper(query.Get("format")), "ALL", "ALL", "PNG", "PDF", "GIF", "MP4")
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	counts := map[string]int{"ALL": 0, "PNG": 0, "PDF": 0, "GIF": 0, "MP4": 0}
	var all []*render
	w := s.theWorld()
	w.mu.RLock()
	for _, r := range w.renders.newest() {
		if fits(query.Get("template"), r.TemplateUID) && fits(query.Get("source"), apiSource) {
			counts["ALL"]++
			counts[r.group()]++
			if format == "ALL" || format == r.group() {
				all = append(all, r)
			}
		}
	}
	w.mu.RUnlock()
	part, p, err := slice(c, 24, len(all), func(yield func(string, *render) bool) {
		for r := range slices.Values(all) {
			if !yield(r.ID, r) {
				return
			}
		}
	})
	if err != nil {
		return 0, nil, err
	}
	renders := make([]renderJSON, 0, len(part))
	for _, r := range part {
		renders = append(renders, renderJSON{
			r.ID, r.Kind, r.Extension, r.url(c.base()), r.Picture.Width, r.Picture.Height, apiSource, r.TemplateUID, r.Name, pictify.FormatTime(r.CreatedAt),
		})
	}
	return http.StatusOK, map[string]any{"renders": renders, "pagination": p, "counts": counts}, nil
}

// accountID is the one account that a mock has, whatever the key.
const accountID = "user_mock"

func (s *Server) health(call) (int, any, error) {
	return http.StatusOK, map[string]string{"status": "ok"}, nil
}

func (s *Server) account(call) (int, any, error) {
	plan := "pro"
	if s.NoWebhooks {
		plan = "starter"
	}
	user := map[string]string{"id": accountID, "email": "mock@example.com", "plan": plan}
	return http.StatusOK, map[string]any{"user": user}, nil
}
