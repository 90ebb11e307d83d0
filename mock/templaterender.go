package mock

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// A renderInput is the body of the calls that render a template.
type renderInput struct {
	Variables map[string]any `json:"variables"`
	Format    string         `json:"format"`
	Quality   *float64       `json:"quality"`
	Width     *float64       `json:"width"`
	Height    *float64       `json:"height"`
	Layout    string         `json:"layout"`
	Layouts   []string       `json:"layouts"`
}

// formats are those that a template is rendered in.
var templateFormats = []string{"png", "jpg", "jpeg", "webp", "pdf", "gif"}

// rendered is a result on the wire.
type rendered struct {
	Layout    string `json:"layout"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Format    string `json:"format"`
	ID        string `json:"id"`
	CreatedAt string `json:"createdAt"`
}

type layoutError struct {
	Layout string `json:"layout"`
	Error  string `json:"error"`
}

// check makes an order of the input, without a layout, and the keys of the layouts
// that are wanted.
func (in renderInput) check(t *template, base string, f *faults) (order, []string) {
	o := order{render: render{Kind: kindImage, TemplateUID: t.UID, Name: t.Name}, base: base, variables: in.Variables}
	if o.variables == nil {
		o.variables = map[string]any{}
	}
	o.setFormat(f.choice("format", in.Format, t.extension(), templateFormats...))
	o.Picture.Quality = f.quality("quality", in.Quality)
	most := maxSide
	if o.Kind == kindGIF {
		most = maxGIFSide
	}
	o.Picture.Width = f.integer("width", in.Width, o.least(), most, max(o.least(), min(t.Width, most)))
	o.Picture.Height = f.integer("height", in.Height, o.least(), most, max(o.least(), min(t.Height, most)))
	keys := in.Layouts
	switch {
	case len(keys) > maxLayouts:
		f.add("layouts", fmt.Sprintf("must be at most %d", maxLayouts), "out_of_range")
	case in.Layout != "" && len(keys) == 0:
		keys = []string{in.Layout}
	case len(keys) == 0:
		keys = []string{defaultLayout}
	}
	for _, key := range keys {
		if f.text("layouts", key, 256); len(key) > 256 {
			break
		}
	}
	return o, keys
}

// extension is what a template is rendered as when nothing is said.
func (t *template) extension() string {
	if t.OutputFormat == "image" {
		return "png"
	}
	return t.OutputFormat
}

func (o *order) setFormat(extension string) {
	o.Extension, o.Picture.Format = extension, formatOf(extension)
	switch extension {
	case "pdf":
		o.Kind = kindPDF
	case "gif":
		o.Kind = kindGIF
		o.setMotion("medium", 2*time.Second)
	default:
		o.Kind = kindImage
	}
}

// least is the shortest side that the format has.
func (o *order) least() int {
	low, _ := o.Picture.Format.Bounds()
	return low
}

// readRender reads a body for the template that the path names. An unknown one is
// told of, once it is clear that the request makes sense otherwise.
func (s *Server) readRender(c call, in any) (*template, error) {
	if err := decode(c.body, in); err != nil {
		return nil, err
	}
	if t, ok := s.theWorld().template(c.uid); ok {
		return t, nil
	}
	o := order{render: render{Kind: kindImage, TemplateUID: c.uid[:min(len(c.uid), 256)]}}
	switch in := in.(type) {
	case *renderInput:
		o.variables = in.Variables
		if in.Format == "pdf" || in.Format == "gif" {
			o.Kind = in.Format
		}
	case *pdfInput:
		o.Kind, o.variables = kindPDF, in.Variables
	}
	return nil, s.noTemplate(o)
}

// renderTemplate renders a template in each of the layouts that are asked for, with
// an event for each.
func (s *Server) renderTemplate(c call) (int, any, error) {
	var in renderInput
	t, err := s.readRender(c, &in)
	if err != nil {
		return 0, nil, err
	}
	var f faults
	o, keys := in.check(t, c.base(), &f)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	results, failed := []rendered{}, []layoutError{}
	for _, key := range keys {
		r, err := s.renderLayout(c, t, o, key, in.Width != nil || in.Height != nil)
		missing, refused := errors.AsType[refusal](err)
		switch {
		case refused && missing.slug == "layout-not-found":
			failed = append(failed, layoutError{key, missing.detail})
		case err != nil:
			return 0, nil, err
		default:
			results = append(results, r.rendered(key, c.base()))
		}
	}
	return http.StatusOK, map[string]any{
		"results": results, "errors": failed, "totalLayouts": len(keys), "totalRendered": len(results), "totalErrors": len(failed), "templateUid": t.UID,
	}, nil
}

func (s *Server) renderLayout(c call, t *template, o order, key string, sized bool) (*render, error) {
	lo, err := o.layout(t, key, sized)
	if err != nil {
		s.tell(s.failed(o, &failure{code: "LAYOUT_NOT_FOUND", text: err.Error()}))
		return nil, err
	}
	return s.fulfil(c.Context(), lo)
}

func (r *render) rendered(layout, base string) rendered {
	return rendered{
		Layout: layout, Name: r.Name, URL: r.url(base), Width: r.Picture.Width, Height: r.Picture.Height,
		Format: r.Extension, ID: r.ID, CreatedAt: pictify.FormatTime(r.CreatedAt),
	}
}

// presets are sizes with a name, for renders in many sizes.
var sizePresets = map[string][2]int{
	"og": {1200, 630}, "og-image": {1200, 630}, "facebook": {1200, 630}, "linkedin": {1200, 627}, "twitter": {1200, 675},
	"instagram": {1080, 1080}, "instagram-square": {1080, 1080}, "instagram-story": {1080, 1920}, "pinterest": {1000, 1500}, "youtube": {1280, 720},
}

type sized struct {
	Label  string `json:"label"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	URL    string `json:"url"`
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
	var labels []string
	for i, size := range in.Sizes[:min(len(in.Sizes), 20)] {
		one := in.renderInput
		one.Width, one.Height = size.Width, size.Height
		if p, ok := sizePresets[size.Preset]; ok {
			w, h := float64(p[0]), float64(p[1])
			one.Width, one.Height = &w, &h
		} else if size.Preset != "" {
			f.add(fmt.Sprintf("sizes[%d].preset", i), "is not known", "out_of_range")
		}
		o, _ := one.check(t, c.base(), &f)
		o.drawTemplate(t, o.variables, t.texts)
		orders, labels = append(orders, o), append(labels, f.text("label", size.Label+size.Preset, 200))
	}
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	results := []sized{}
	for i, o := range orders {
		r, err := s.fulfil(c.Context(), o)
		if err != nil {
			return 0, nil, err
		}
		results = append(results, sized{labels[i], r.Picture.Width, r.Picture.Height, r.url(c.base())})
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
		return 0, nil, fail.refusal()
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
