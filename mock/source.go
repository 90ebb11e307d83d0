package mock

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"pictap/mock/media"
)

// A source is what a picture may be made of, as /image and /gif take it: exactly one of
// HTML, the URL of a page, and a template.
type source struct {
	HTML      string         `json:"html"`
	URL       string         `json:"url"`
	Template  string         `json:"template"`
	Variables map[string]any `json:"variables"`
	Width     *float64       `json:"width"`
	Height    *float64       `json:"height"`
	Selector  string         `json:"selector"`

	public bool // asked for without a key
}

// order makes an order of kind of a source. Without a size it has the template's, or
// the given one. An unknown template is told of.
func (s *Server) order(base, kind string, in source, width, height, most int, f *faults) (order, error) {
	o := order{render: render{Kind: kind}, base: base, public: in.public, unused: in.Variables}
	in.HTML, in.Template = f.text("html", in.HTML, maxRequest), f.text("template", in.Template, 256)
	f.text("selector", in.Selector, 1024)
	var t *template
	switch {
	case in.Template != "":
		var ok bool
		if t, ok = s.theWorld().template(in.Template); !ok {
			o.TemplateUID, o.variables = in.Template, in.Variables
			if err := f.err(); err != nil {
				return o, err
			}
			return o, s.noTemplate(o)
		}
		width, height = min(t.Width, most), min(t.Height, most)
	case strings.TrimSpace(in.HTML) == "" && in.URL == "":
		f.add("html", "is required, or url, or template", "required")
	}
	o.Picture.Width = f.integer("width", in.Width, 1, most, width)
	o.Picture.Height = f.integer("height", in.Height, 1, most, height)
	switch {
	case t != nil:
		o.fromTemplate(t, in.Variables)
	case in.HTML != "":
		o.fromHTML(in.HTML)
	case in.URL != "" && len(*f) == 0:
		return o, o.fromPage(in.URL, in.Selector)
	}
	return o, f.err()
}

// fromHTML draws the text of a page. A title is its first line.
func (o *order) fromHTML(page string) {
	o.Source = "html"
	lines := pageText(page)
	o.Picture.Background, o.Picture.Text = pageColors(page)
	o.Picture.Seed = seedOf(page)
	if len(lines) == 0 {
		lines = []string{"HTML"}
	}
	o.Name, o.Picture.Title, o.Picture.Lines = lines[0], lines[0], linesOf(lines[1:])
}

// fromPage draws the address of a page: the mock does not visit it.
func (o *order) fromPage(address, selector string) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > 2048 || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return refusal{status: http.StatusUnprocessableEntity, slug: "blocked-url", title: "Blocked URL", detail: "url must be an http or https URL",
			fields: []fieldError{{"url", "must be an http or https URL", "invalid_format"}}}
	}
	o.Source, o.Origin, o.Name = "url", address, u.Hostname()
	o.Picture.Title, o.Picture.Lines = u.Hostname(), linesOf([]string{u.Redacted()})
	if selector != "" {
		o.Picture.Lines = append(o.Picture.Lines, media.Line{Name: "selector", Text: selector})
	}
	o.Picture.Seed = seedOf(address, selector)
	return nil
}

// fromTemplate draws a template's text with the variables in it.
func (o *order) fromTemplate(t *template, variables map[string]any) {
	o.drawTemplate(t, variables, t.text())
}

// drawTemplate draws a layout's text.
func (o *order) drawTemplate(t *template, variables map[string]any, texts []string) {
	if variables == nil {
		variables = map[string]any{} // as events have it for a template
	}
	o.Source, o.TemplateUID, o.Name, o.variables = "template", t.UID, t.Name, variables
	values := withDefaults(t.Definitions, variables)
	var lines lineWriter
	for _, text := range texts {
		if lines.full() {
			break
		}
		for line := range strings.SplitSeq(fill(text, values), "\n") {
			lines.text(escape(line))
			lines.end()
		}
	}
	o.Picture.Title, o.Picture.ID = t.Name, t.UID
	o.Picture.Background, o.Picture.Text = t.background, t.ink
	o.Picture.Lines = linesOf(lines.lines)
	if len(texts) == 0 {
		o.Picture.Lines = linesOf(listed(values))
	}
	o.Picture.Seed = seedOf(t.UID)
}

// canvasText returns the texts in what Fabric.js calls a canvas, and its colours.
func canvasText(raw json.RawMessage) (texts []string, background, ink string) {
	var canvas map[string]any
	if json.Unmarshal(raw, &canvas) != nil {
		return nil, "", ""
	}
	background, _ = canvas["background"].(string)
	if background == "" {
		background, _ = canvas["backgroundColor"].(string)
	}
	gather(canvas["objects"], &texts, &ink, maxDepth)
	return texts, background, ink
}

// gather collects the texts of objects and of groups of them.
func gather(objects any, texts *[]string, ink *string, depth int) {
	list, _ := objects.([]any)
	for _, o := range list {
		object, _ := o.(map[string]any)
		if text, _ := object["text"].(string); strings.TrimSpace(text) != "" && len(*texts) < maxLines {
			*texts = append(*texts, text[:min(len(text), maxPageText)])
			if fill, _ := object["fill"].(string); *ink == "" {
				*ink = fill
			}
		}
		if depth > 0 {
			gather(object["objects"], texts, ink, depth-1)
		}
	}
}
