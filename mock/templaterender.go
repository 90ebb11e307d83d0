package mock

import (
	"cmp"
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

// A pagedInput is a renderInput that may be of a PDF: with a page for each set of variables,
// instead of one with the variables, and with a size of paper.
//
// Source: pictify-io/mcp src/tools/templates.ts, render_template, 2026.
type pagedInput struct {
	renderInput
	VariableSets []map[string]any `json:"variableSets"`
	Preset       string           `json:"preset"`
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

// checkPages reads what only a PDF has. Its paper is that of the preset or, when nothing is
// said of its size, the template's own; all else is as large as the picture would be.
func (in pagedInput) checkPages(t *template, o *order, f *faults) {
	if in.VariableSets != nil {
		checkPageSets(in.VariableSets, f)
		if o.Kind != kindPDF {
			f.add("variableSets", "are the pages of a PDF: format must be pdf", "out_of_range")
		}
	}
	p, known := paperNamed(cmp.Or(in.Preset, t.PDFPreset))
	switch {
	case o.Kind != kindPDF || strings.EqualFold(in.Preset, "custom"):
	case in.Preset != "" && !known:
		f.add("preset", paperNames, "out_of_range")
	case in.Preset != "" || known && !in.sized():
		o.setPaper(p, "")
	}
}

func (in renderInput) sized() bool { return in.Width != nil || in.Height != nil }

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
	if paged, ok := in.(*pagedInput); ok {
		in = &paged.renderInput
	}
	switch in := in.(type) {
	case *renderInput:
		if o.variables = in.Variables; in.Format == "pdf" || in.Format == "gif" {
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
	var in pagedInput
	t, err := s.readRender(c, &in)
	if err != nil {
		return 0, nil, err
	}
	var f faults
	o, keys := in.check(t, c.base(), &f)
	in.checkPages(t, &o, &f)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	results, failed := []rendered{}, []layoutError{}
	for _, key := range keys {
		r, err := s.renderLayout(c, t, o, key, in)
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

func (s *Server) renderLayout(c call, t *template, o order, key string, in pagedInput) (*render, error) {
	lo, err := o.layout(t, key, in.sized() || o.Kind == kindPDF && in.Preset != "")
	if err != nil {
		s.tell(s.failed(o, &failure{code: "LAYOUT_NOT_FOUND", text: err.Error()}))
		return nil, err
	}
	texts := t.texts
	if l, ok := t.Layouts[key]; ok {
		texts = l.texts
	}
	if err := lo.addPages(c.Context(), t, texts, in.VariableSets); err != nil {
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
