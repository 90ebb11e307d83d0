package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

const (
	maxTemplateSource = 512 << 10 // bytes of HTML, and of fabricJSData
	defaultWidth      = 1200
	defaultHeight     = 630
	untitled          = "Untitled template"
)

// A template is what renders are made of. One that is on the shelf is not changed.
type template struct {
	UID          string
	Name         string
	HTML         string
	Fabric       json.RawMessage `json:",omitempty"` // nil for an html template
	Width        int
	Height       int
	OutputFormat string // "image", "pdf" or "gif"
	Category     string
	Type         string
	Tags         []string
	PDFPreset    string
	Given        templateGiven `json:",omitzero"`
	Definitions  []definition
	Layouts      map[string]layout // besides "default"
	CreatedAt    time.Time
	UpdatedAt    time.Time

	texts           []string // what is drawn, with its placeholders
	background, ink string   // colours that it names
}

// A definition is what a template says of one of its variables.
type definition struct {
	Name         string         `json:"name"`
	Type         string         `json:"type"`
	DefaultValue any            `json:"defaultValue"`
	Description  string         `json:"description"`
	Validation   map[string]any `json:"validation"`
}

var definitionTypes = []string{"text", "image", "color", "number", "boolean", "url", "date", "array", "object"}

// templateJSON is a template on the wire.
type templateJSON struct {
	UID          string            `json:"uid"`
	Name         string            `json:"name"`
	HTML         string            `json:"html,omitempty"`
	Fabric       json.RawMessage   `json:"fabricJSData,omitempty"`
	Width        int               `json:"width"`
	Height       int               `json:"height"`
	Engine       string            `json:"engine"`
	OutputFormat string            `json:"outputFormat"`
	Category     string            `json:"category,omitempty"`
	Type         string            `json:"type,omitempty"`
	Tags         []string          `json:"tags"`
	PDFPreset    string            `json:"pdfPreset,omitempty"`
	Variables    []string          `json:"variables"`
	Definitions  []definition      `json:"variableDefinitions"`
	Layouts      map[string]layout `json:"layouts,omitempty"`
	templateGiven
	Thumbnail string `json:"thumbnail"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
}

// json shows the template as it is found at base.
func (t *template) json(base string) templateJSON {
	names := make([]string, 0, len(t.Definitions))
	for _, d := range t.Definitions {
		names = append(names, d.Name)
	}
	j := templateJSON{
		UID: t.UID, Name: t.Name, HTML: t.HTML, Fabric: t.Fabric, Width: t.Width, Height: t.Height, Engine: t.engine(),
		OutputFormat: t.OutputFormat, Category: t.Category, Type: t.Type, Tags: append([]string{}, t.Tags...), PDFPreset: t.PDFPreset, Layouts: t.Layouts, templateGiven: t.Given,
		Variables: names, Definitions: append([]definition{}, t.Definitions...),
		Thumbnail: base + "/media/templates/" + t.UID + ".png",
		CreatedAt: pictify.FormatTime(t.CreatedAt), UpdatedAt: pictify.FormatTime(t.UpdatedAt),
	}
	return j
}

func (t *template) engine() string {
	if t.Fabric != nil {
		return "fabric"
	}
	return "html"
}

func (t *template) text() []string { return t.texts }

// prepare computes what follows from the source.
func (t *template) prepare() {
	if t.Fabric != nil {
		t.texts, t.background, t.ink = canvasText(t.Fabric)
		return
	}
	t.texts = pageText(t.HTML)
	t.background, t.ink = pageColors(t.HTML)
}

// size is roughly what the template holds, in bytes.
func (t *template) size() int {
	n := 1024 + 2*len(t.HTML) + 2*len(t.Fabric) + len(t.Given.Pages)
	for _, d := range t.Definitions {
		value, _ := json.Marshal(d)
		n += 128 + 2*len(value)
	}
	for _, l := range t.Layouts {
		n += 256 + 2*len(l.Fabric)
	}
	return n
}

// withDefaults adds the defaults of variables that have no value.
func withDefaults(definitions []definition, variables map[string]any) map[string]any {
	values := make(map[string]any, len(variables)+len(definitions))
	for _, d := range definitions {
		if d.DefaultValue != nil {
			values[d.Name] = d.DefaultValue
		}
	}
	maps.Copy(values, variables)
	return values
}

// A templateInput is the body of a create or an update, and an entry of a seed file.
type templateInput struct {
	UID          string                     `json:"uid"` // of a seed file alone
	Name         *string                    `json:"name"`
	HTML         *string                    `json:"html"`
	Fabric       json.RawMessage            `json:"fabricJSData"`
	Width        *float64                   `json:"width"`
	Height       *float64                   `json:"height"`
	OutputFormat *string                    `json:"outputFormat"`
	Category     *string                    `json:"category"`
	Type         *string                    `json:"type"`
	Tags         []string                   `json:"tags"`
	PDFPreset    *string                    `json:"pdfPreset"`
	Definitions  *[]definition              `json:"variableDefinitions"`
	Layouts      map[string]json.RawMessage `json:"layouts"`
	templateGiven
}

// apply changes t as the input says, and returns the names of variables that the
// source has and nobody defined. The error is about layouts, all else is in f.
func (in templateInput) apply(t *template, f *faults) (added []string, err error) {
	set := func(field string, to *string, v *string, most int) {
		if v != nil {
			*to = f.text(field, *v, most)
		}
	}
	set("name", &t.Name, in.Name, 200)
	set("html", &t.HTML, in.HTML, maxTemplateSource)
	set("category", &t.Category, in.Category, 100)
	set("type", &t.Type, in.Type, 100)
	set("pdfPreset", &t.PDFPreset, in.PDFPreset, 50)
	if !isNull(in.Fabric) {
		switch {
		case !isObject(in.Fabric):
			f.add("fabricJSData", "must be an object", "invalid_type")
		case len(in.Fabric) > maxTemplateSource:
			f.add("fabricJSData", fmt.Sprintf("is longer than %d bytes", maxTemplateSource), "too_long")
		default:
			t.Fabric = in.Fabric
		}
	}
	t.Width = f.integer("width", in.Width, 1, maxSide, t.Width)
	t.Height = f.integer("height", in.Height, 1, maxSide, t.Height)
	if in.OutputFormat != nil {
		t.OutputFormat = f.choice("outputFormat", *in.OutputFormat, t.OutputFormat, "image", "pdf", "gif")
	}
	if in.Tags != nil {
		t.Tags = in.Tags
		if len(t.Tags) > 50 || slices.ContainsFunc(t.Tags, func(tag string) bool { return len(tag) > 100 }) {
			f.add("tags", "must be at most 50 of at most 100 bytes", "too_long")
		}
	}
	if in.Definitions != nil {
		t.Definitions = checkDefinitions(*in.Definitions, f)
	}
	err = in.applyLayouts(t)
	in.templateGiven.apply(&t.Given, f)
	t.prepare()
	return t.define(), err
}

// define adds definitions for the variables that the source has and nobody defined.
func (t *template) define() (added []string) {
	added = []string{}
	sources := []string{t.HTML}
	if t.Fabric != nil {
		sources = append(sources, t.texts...)
	}
	for _, l := range t.Layouts {
		sources = append(sources, l.texts...)
	}
	t.Definitions = slices.Clip(t.Definitions)
	for _, name := range namesIn(strings.Join(sources, "\n")) {
		if !slices.ContainsFunc(t.Definitions, func(d definition) bool { return d.Name == name }) && len(t.Definitions) < maxVariables {
			t.Definitions = append(t.Definitions, definition{Name: name, Type: "text", Validation: map[string]any{}})
			added = append(added, name)
		}
	}
	return added
}

// checkDefinitions fills in what definitions leave out.
func checkDefinitions(in []definition, f *faults) []definition {
	if len(in) > maxVariables {
		f.add("variableDefinitions", fmt.Sprintf("has more than %d entries", maxVariables), "out_of_range")
		return nil
	}
	defs := make([]definition, 0, len(in))
	for i, d := range in {
		field := fmt.Sprintf("variableDefinitions[%d].", i)
		f.required(field+"name", d.Name)
		f.text(field+"name", d.Name, 200)
		f.text(field+"description", d.Description, 2000)
		d.Type = f.choice(field+"type", d.Type, "text", definitionTypes...)
		if d.Validation == nil {
			d.Validation = map[string]any{}
		}
		defs = append(defs, d)
	}
	return defs
}
