package mock

import (
	"net/http"
	"strings"
	"time"
)

func noSuchVideo() error { return notFound("template-not-found", "Video template not found") }

func (s *Server) findVideo(uid string) (*video, error) {
	w := s.theWorld()
	w.mu.RLock()
	defer w.mu.RUnlock()
	v, ok := w.videos.get(uid)
	if !ok {
		return nil, noSuchVideo()
	}
	return v, nil
}

func (s *Server) listVideos(c call) (int, any, error) {
	p, err := pageOf(c, 100)
	if err != nil {
		return 0, nil, err
	}
	w := s.theWorld()
	w.mu.RLock()
	defer w.mu.RUnlock()
	var all []videoJSON
	for _, v := range w.videos.newest() {
		j := v.json()
		j.TSX = "" // it is there for who asks for the one (frontend, videoTemplates.js)
		all = append(all, j)
	}
	items, pagination := cut(p, all)
	return http.StatusOK, map[string]any{"templates": items, "pagination": pagination}, nil
}

// addVideo gives a video its id and keeps it.
func (s *Server) addVideo(v *video) error {
	var err error
	if v.UID, err = s.newUID(); err != nil {
		return err
	}
	v.CreatedAt = s.now().Truncate(time.Millisecond)
	v.UpdatedAt = v.CreatedAt
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.videos.len() >= maxVideos || w.videos.bytes+v.size() > maxVideoBytes {
		return full("video_template", maxVideos)
	}
	w.videos.put(v.UID, v, v.size())
	return nil
}

func (s *Server) createVideo(c call) (int, any, error) {
	var in videoInput
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	v := newVideo()
	if err := in.apply(v); err != nil {
		return 0, nil, err
	}
	if err := s.addVideo(v); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"template": v.json()}, nil
}

// generateVideo makes a template of the mock's own scene, with the prompt for a headline
// and the colour behind it, and a still of it. There is no model here that would write one.
func (s *Server) generateVideo(c call) (int, any, error) {
	var in struct {
		Prompt     string   `json:"prompt"`
		Width      *float64 `json:"width"`
		Height     *float64 `json:"height"`
		Seconds    *float64 `json:"durationSeconds"`
		BrandColor string   `json:"brandColor"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	var f faults
	f.required("prompt", in.Prompt)
	f.text("prompt", in.Prompt, maxPrompt)
	f.text("brandColor", in.BrandColor, 64)
	v := newVideo()
	v.Width = f.integer("width", in.Width, 1, maxSide, v.Width)
	v.Height = f.integer("height", in.Height, 1, maxSide, v.Height)
	v.Frames = max(1, int(f.number("durationSeconds", in.Seconds, 0.1, 600, 8)*float64(v.FPS)))
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	v.Name = strings.ToValidUTF8(in.Prompt[:min(len(in.Prompt), 80)], "")
	v.TSX = sceneOf(v.Name, in.BrandColor)
	v.Definitions = schemaIn(v.TSX)
	if err := s.addVideo(v); err != nil {
		return 0, nil, err
	}
	o := v.order(c.base(), "png", nil)
	o.Picture.Background = in.BrandColor
	preview, err := s.keep(o)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"template": v.json(), "previewUrl": preview.url(c.base())}, nil
}

func (s *Server) getVideo(c call) (int, any, error) {
	v, err := s.findVideo(c.uid)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"template": v.json()}, nil
}

func (s *Server) updateVideo(c call) (int, any, error) {
	var in videoInput
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := w.videos.get(c.uid)
	if !ok {
		return 0, nil, noSuchVideo()
	}
	v := *old
	if err := in.apply(&v); err != nil {
		return 0, nil, err
	}
	if w.videos.bytes-old.size()+v.size() > maxVideoBytes {
		return 0, nil, full("video_template", maxVideos)
	}
	v.UpdatedAt = s.now().Truncate(time.Millisecond)
	w.videos.put(v.UID, &v, v.size())
	return http.StatusOK, map[string]any{"template": v.json()}, nil
}

func (s *Server) duplicateVideo(c call) (int, any, error) {
	old, err := s.findVideo(c.uid)
	if err != nil {
		return 0, nil, err
	}
	v := *old
	v.Name = strings.ToValidUTF8(v.Name[:min(len(v.Name), 190)], "") + " (copy)"
	v.Status = "draft" // whatever it was: nobody has looked at the copy (frontend, videoTemplates.js)
	if err := s.addVideo(&v); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"template": v.json()}, nil
}

func (s *Server) deleteVideo(c call) (int, any, error) {
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.videos.remove(c.uid) {
		return 0, nil, noSuchVideo()
	}
	return http.StatusOK, map[string]any{"message": "Template deleted successfully", "success": true}, nil
}

func (s *Server) videoVariables(c call) (int, any, error) {
	v, err := s.findVideo(c.uid)
	if err != nil {
		return 0, nil, err
	}
	names := []string{}
	for _, d := range v.Definitions {
		if strings.Contains(v.TSX, d.Name) {
			names = append(names, d.Name)
		}
	}
	return http.StatusOK, map[string]any{
		"templateUid": v.UID, "templateName": v.Name, "kind": v.Kind, "variables": append([]definition{}, v.Definitions...), "referenced": names,
	}, nil
}
