package mock

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pictap/mock/media"
	"pictap/tunnel/pictify"
)

// A preset is a size of paper, in points.
type preset struct {
	Name   string `json:"name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Unit   string `json:"unit"`
}

var pdfSizes = []preset{
	{"A4", 595, 842, "pt"}, {"Letter", 612, 792, "pt"}, {"Legal", 612, 1008, "pt"}, {"A3", 842, 1191, "pt"},
	{"A5", 420, 595, "pt"}, {"Tabloid", 792, 1224, "pt"},
}

// A pdfInput is the body of the calls that make a PDF of a template.
type pdfInput struct {
	TemplateUID  string           `json:"templateUid"`
	Variables    map[string]any   `json:"variables"`
	VariableSets []map[string]any `json:"variableSets"`
	Options      pdfOptions       `json:"options"`
}

// pdfOptions are about the pages of a PDF.
type pdfOptions struct {
	Preset     string   `json:"preset"`
	Title      string   `json:"title"`
	Landscape  bool     `json:"landscape"`
	Scale      *float64 `json:"scale"`
	CustomSize struct {
		Width  *float64 `json:"width"`
		Height *float64 `json:"height"`
	} `json:"customSize"`
}

func (in pdfOptions) check(f *faults) {
	f.text("options.title", in.Title, 200)
	f.number("options.scale", in.Scale, 0.1, 2, 1)
}

const paperNames = "must be one of A4, Letter, Legal, A3, A5, Tabloid, custom"

// paper is the size of a page; own is the preset of the template.
func (in pdfOptions) paper(own string, f *faults) preset {
	name := cmp.Or(in.Preset, own, "A4")
	if strings.EqualFold(name, "custom") {
		size := in.CustomSize
		return preset{"custom", f.integer("options.customSize.width", size.Width, media.MinPDFSize, media.MaxPDFSize, 595),
			f.integer("options.customSize.height", size.Height, media.MinPDFSize, media.MaxPDFSize, 842), "pt"}
	}
	p, ok := paperNamed(name)
	if !ok {
		f.add("options.preset", paperNames, "out_of_range")
		return preset{}
	}
	if in.Landscape && p.Width < p.Height {
		p.Width, p.Height = p.Height, p.Width
	}
	return p
}

// paperNamed finds a size of paper by its name, in any case, and by those of templates,
// A4_LANDSCAPE, as well.
func paperNamed(name string) (preset, bool) {
	upright, landscape := strings.CutSuffix(strings.ToUpper(name), "_LANDSCAPE")
	i := slices.IndexFunc(pdfSizes, func(p preset) bool { return strings.EqualFold(p.Name, upright) })
	if i < 0 {
		return preset{}, false
	}
	p := pdfSizes[i]
	if landscape {
		p.Name += "_LANDSCAPE"
		p.Width, p.Height = p.Height, p.Width
	}
	return p, true
}

// readPDF reads what both calls have in common.
func (s *Server) readPDF(c call) (in pdfInput, o order, p preset, err error) {
	if err := decode(c.body, &in); err != nil {
		return in, o, p, err
	}
	var f faults
	f.required("templateUid", in.TemplateUID)
	in.Options.check(&f)
	if err := f.err(); err != nil {
		return in, o, p, err
	}
	c.uid = in.TemplateUID
	t, err := s.readRender(c, &in)
	if err != nil {
		return in, o, p, err
	}
	p = in.Options.paper(t.PDFPreset, &f)
	o = order{render: render{Kind: kindPDF}, base: c.base()}
	o.fromTemplate(t, in.Variables)
	o.setPaper(p, in.Options.Title)
	return in, o, p, f.err()
}

// setPaper makes an order one of a PDF with such pages; the title may be "".
func (o *order) setPaper(p preset, title string) {
	o.Extension = "pdf"
	o.Picture.Format, o.Picture.Width, o.Picture.Height = media.PDF, p.Width, p.Height
	o.Picture.Title = cmp.Or(title, o.Picture.Title)
}

func (s *Server) createPDF(c call) (int, any, error) {
	_, o, p, err := s.readPDF(c)
	if err != nil {
		return 0, nil, err
	}
	return s.answerPDF(c, o, p)
}

// createPDFOfCanvas makes a PDF of a canvas.
//
// That the path exists is all that is known of it (AUDIT, 2026); no client calls it. Our
// guess is the body of POST /image/canvas, for it renders the same, with the options of
// POST /pdf/render, and the answer of that one.
func (s *Server) createPDFOfCanvas(c call) (int, any, error) {
	var in struct {
		canvas
		Options pdfOptions `json:"options"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	var f faults
	in.Options.check(&f)
	p := in.Options.paper("", &f)
	o := in.order(kindPDF, c.base(), &f)
	o.setPaper(p, in.Options.Title)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	return s.answerPDF(c, o, p)
}

func (s *Server) answerPDF(c call, o order, p preset) (int, any, error) {
	r, err := s.fulfil(c.Context(), o)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{
		"success": true, "url": r.url(c.base()), "pageCount": max(1, len(r.Picture.Pages)), "preset": p.Name,
		"pageSize": map[string]int{"width": p.Width, "height": p.Height}, "id": r.ID, "createdAt": pictify.FormatTime(r.CreatedAt),
	}, nil
}

const maxPDFPages = 100

// createPages makes one PDF with a page for each set of variables.
func (s *Server) createPages(c call) (int, any, error) {
	in, o, p, err := s.readPDF(c)
	if err != nil {
		return 0, nil, err
	}
	var f faults
	checkPageSets(in.VariableSets, &f)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	t, ok := s.theWorld().template(in.TemplateUID)
	if !ok {
		return 0, nil, s.noTemplate(o)
	}
	if err := o.addPages(c.Context(), t, t.text(), in.VariableSets); err != nil {
		return 0, nil, err
	}
	return s.answerPDF(c, o, p)
}

func checkPageSets(sets []map[string]any, f *faults) {
	if n := len(sets); n < 1 || n > maxPDFPages {
		f.add("variableSets", fmt.Sprintf("must be 1 to %d", maxPDFPages), "out_of_range")
	}
}

// addPages gives a PDF a page of the texts for each set of variables. A set that asks for a
// failure is the one that the whole fails with. The error is that nobody waits any more.
func (o *order) addPages(ctx context.Context, t *template, texts []string, sets []map[string]any) error {
	for _, set := range sets {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		page := order{}
		page.drawTemplate(t, set, texts)
		o.Picture.Pages = append(o.Picture.Pages, media.Page{Title: o.Picture.Title, Lines: page.Picture.Lines})
		if f := failureIn(set); f != nil {
			o.variables = set
		}
	}
	return nil
}

func (s *Server) pdfPresets(call) (int, any, error) {
	return http.StatusOK, map[string]any{"presets": append(slices.Clone(pdfSizes), preset{"custom", 0, 0, "pt"})}, nil
}
