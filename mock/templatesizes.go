package mock

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// sizePresets are sizes with a name, for renders in many sizes.
var sizePresets = map[string][2]int{
	"og": {1200, 630}, "og-image": {1200, 630}, "facebook": {1200, 630}, "linkedin": {1200, 627}, "twitter": {1200, 675},
	"instagram": {1080, 1080}, "instagram-square": {1080, 1080}, "instagram-story": {1080, 1920}, "pinterest": {1000, 1500}, "youtube": {1280, 720},
}

// A sizedRender is a render with its size as the MCP server reads it (templates.ts, 2026),
// and beside it as it was read before.
type sizedRender struct {
	ID     string     `json:"id"`
	URL    string     `json:"url"`
	Size   sizeOfMany `json:"size"`
	Label  string     `json:"label"`
	Width  int        `json:"width"`
	Height int        `json:"height"`
}

type sizeOfMany struct {
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Preset *string `json:"preset"` // null when there is none
	Label  string  `json:"label"`  // as given, or the preset
}

// renderSizes renders a template in several sizes.
func (s *Server) renderSizes(c call) (int, any, error) {
	var in struct {
		renderInput
		Sizes []struct {
			Preset, Label string
			Width, Height *float64
		} `json:"sizes"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	t, err := s.readRender(c, &in.renderInput)
	if err != nil {
		return 0, nil, err
	}
	var f faults
	if len(in.Sizes) < 1 || len(in.Sizes) > 20 {
		f.add("sizes", "must be 1 to 20", "out_of_range")
	}
	var orders []order
	var sizes []sizeOfMany
	for i, size := range in.Sizes[:min(len(in.Sizes), 20)] {
		how := in.renderInput
		how.Width, how.Height = size.Width, size.Height
		if p, ok := sizePresets[size.Preset]; ok {
			w, h := float64(p[0]), float64(p[1])
			how.Width, how.Height = &w, &h
		} else if size.Preset != "" {
			f.add(fmt.Sprintf("sizes[%d].preset", i), "is not known", "out_of_range")
		}
		o, _ := how.check(t, c.base(), &f)
		o.drawTemplate(t, o.variables, t.texts)
		label := f.text(fmt.Sprintf("sizes[%d].label", i), cmp.Or(size.Label, size.Preset), 200)
		one := sizeOfMany{o.Picture.Width, o.Picture.Height, nil, label}
		if size.Preset != "" {
			one.Preset = &size.Preset
		}
		orders, sizes = append(orders, o), append(sizes, one)
	}
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	results := []sizedRender{}
	for i, o := range orders {
		r, err := s.fulfil(c.Context(), o)
		if err != nil {
			return 0, nil, err
		}
		results = append(results, sizedRender{r.ID, r.url(c.base()), sizes[i], sizes[i].Label, r.Picture.Width, r.Picture.Height})
	}
	return http.StatusOK, map[string]any{"results": results, "errors": []any{}, "totalSizes": len(orders), "totalErrors": 0, "templateUid": t.UID}, nil
}

// previewTemplate draws at once and tells nobody. It takes the HTML or the canvas
// of a template that need not exist.
func (s *Server) previewTemplate(c call) (int, any, error) {
	var what templateInput
	var how renderInput
	var which struct {
		TemplateUID string `json:"templateUid"`
	}
	for _, into := range []any{&what, &how, &which} {
		if err := decode(c.body, into); err != nil {
			return 0, nil, err
		}
	}
	t, ok := s.theWorld().template(which.TemplateUID)
	if which.TemplateUID != "" && !ok {
		return 0, nil, noSuchTemplate()
	}
	if !ok {
		var err error
		if t, err = what.create(); err != nil {
			return 0, nil, err
		}
	}
	var f faults
	o, _ := how.check(t, c.base(), &f)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	if fail := failureIn(o.variables); fail != nil {
		return 0, nil, fail.refusal(o)
	}
	o.drawTemplate(t, o.variables, t.texts)
	id, err := s.newKey(base36, 12)
	if err != nil {
		return 0, nil, err
	}
	began := time.Now()
	var b bytes.Buffer
	if err := s.media.draw(c.Context(), o.Picture, &b); err != nil {
		return 0, nil, err
	}
	took := time.Since(began).Milliseconds()
	var url strings.Builder
	url.WriteString("data:" + o.Picture.Format.ContentType() + ";base64,")
	url.WriteString(base64.StdEncoding.EncodeToString(b.Bytes()))
	return http.StatusOK, map[string]any{
		"dataUrl": url.String(), "width": o.Picture.Width, "height": o.Picture.Height, "format": o.Extension,
		"renderId": id, "timings": map[string]int64{"render": took}, "totalMs": took,
	}, nil
}
