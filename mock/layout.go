package mock

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

const (
	maxLayouts    = 20
	defaultLayout = "default" // the template itself
)

// A layout is another arrangement of a template, of a size of its own.
type layout struct {
	Name   string          `json:"name"`
	Width  int             `json:"width"`
	Height int             `json:"height"`
	Fabric json.RawMessage `json:"fabricJSData"`

	texts           []string
	background, ink string
}

func (l *layout) prepare() { l.texts, l.background, l.ink = canvasText(l.Fabric) }

var layoutKey = lazily(`^[a-z0-9-]{1,64}$`)

// applyLayouts replaces the layouts of t, when there are some in the input. The error
// is the first one, in the words of the real service, which are a sentence of their
// own without a field before it (PLAN-layout, 2026-03-15).
func (in templateInput) applyLayouts(t *template) error {
	if in.Layouts == nil {
		return nil
	}
	if t.OutputFormat == "pdf" && len(in.Layouts) > 0 {
		return badLayouts("Layouts not supported on PDF templates", "out_of_range")
	}
	if len(in.Layouts) > maxLayouts {
		return badLayouts("Maximum 20 layouts per template", "out_of_range")
	}
	layouts := make(map[string]layout, len(in.Layouts))
	for _, key := range slices.Sorted(maps.Keys(in.Layouts)) {
		l, message := readLayout(key, in.Layouts[key])
		if message != "" {
			return badLayouts(message, "invalid_format")
		}
		layouts[key] = l
	}
	t.Layouts = layouts
	return nil
}

func badLayouts(message, code string) error {
	return refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: message,
		fields: []fieldError{{"layouts", message, code}}}
}

// readLayout reads one layout. Keys such as __proto__ do not have the form of one;
// "constructor" and "prototype" do.
func readLayout(key string, raw json.RawMessage) (l layout, message string) {
	if !layoutKey().MatchString(key) || key == "constructor" || key == "prototype" || key == defaultLayout {
		return l, "Invalid layout key: " + key[:min(len(key), 64)]
	}
	var in struct {
		Name          string
		Width, Height *float64
		Fabric        json.RawMessage `json:"fabricJSData"`
	}
	var f faults
	if json.Unmarshal(raw, &in) != nil || !isObject(in.Fabric) || in.Width == nil || in.Height == nil || len(in.Fabric) > maxTemplateSource || len(in.Name) > 200 {
		return l, "Layout '" + key + "' missing required fields"
	}
	l = layout{Name: in.Name, Width: f.integer("width", in.Width, 1, maxSide, 1), Height: f.integer("height", in.Height, 1, maxSide, 1), Fabric: in.Fabric}
	if len(f) > 0 {
		return l, "Layout '" + key + "' " + f[0].Field + " " + f[0].Message
	}
	if l.Name == "" {
		l.Name = key
	}
	l.prepare()
	return l, ""
}

// order makes the order of one layout from that of the template.
func (o order) layout(t *template, key string, sized bool) (order, error) {
	if key == defaultLayout {
		o.drawTemplate(t, o.variables, t.texts)
		return o, nil
	}
	l, ok := t.Layouts[key]
	if !ok {
		return o, refusal{status: http.StatusNotFound, slug: "layout-not-found", title: "Not found", detail: "Layout '" + key + "' not found"}
	}
	o.drawTemplate(t, o.variables, l.texts)
	if l.background != "" {
		o.Picture.Background = l.background
	}
	if l.ink != "" {
		o.Picture.Text = l.ink
	}
	if !sized {
		most := maxSide
		if o.Kind == kindGIF {
			most = maxGIFSide
		}
		o.Picture.Width, o.Picture.Height = min(max(l.Width, o.least()), most), min(max(l.Height, o.least()), most)
	}
	o.Picture.Title, o.Name = t.Name, l.Name
	o.Picture.ID = t.UID + " " + key
	o.Picture.Seed = seedOf(t.UID, key)
	return o, nil
}
