package mock

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// imageJSON is a picture on the wire, with what older documents add.
type imageJSON struct {
	URL       string `json:"url"`
	ID        string `json:"id"`
	CreatedAt string `json:"createdAt"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Format    string `json:"format"`
}

func (r *render) image(base string) imageJSON {
	return imageJSON{r.url(base), r.ID, pictify.FormatTime(r.CreatedAt), r.Picture.Width, r.Picture.Height, r.Extension}
}

func (s *Server) createImage(c call) (int, any, error) { return s.imageFor(c, false) }

// createPublicImage is createImage for who has no key.
//
// That the path exists is all that is known of it (AUDIT, 2026); no client calls it. By
// its name it is for the public, so our guess is that it wants no key and otherwise
// takes and answers what POST /image does. Nobody is told of it: whose would the event be?
func (s *Server) createPublicImage(c call) (int, any, error) { return s.imageFor(c, true) }

func (s *Server) imageFor(c call, public bool) (int, any, error) {
	var in struct {
		source
		FileExtension string   `json:"fileExtension"`
		Quality       *float64 `json:"quality"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	in.public = public
	var f faults
	quality := f.quality("quality", in.Quality)
	o, err := s.order(c.base(), kindImage, in.source, defaultWidth, defaultHeight, maxSide, &f)
	if err != nil {
		return 0, nil, err
	}
	return s.answerImage(c, o, in.FileExtension, quality)
}

// answerImage fulfils an order of an image.
func (s *Server) answerImage(c call, o order, extension string, quality int) (int, any, error) {
	o.Extension = imageExtension(extension)
	o.Picture.Format, o.Picture.Quality = formatOf(o.Extension), quality
	r, err := s.fulfil(c.Context(), o)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, r.image(c.base()), nil
}

// A canvas is a drawing of Fabric.js that is rendered without a template.
type canvas struct {
	Fabric      json.RawMessage `json:"fabricJSData"`
	Variables   map[string]any  `json:"variables"`
	Definitions []definition    `json:"variableDefinitions"`
}

// order makes an order of kind of a canvas, without its size.
func (in canvas) order(kind, base string, f *faults) order {
	if !isObject(in.Fabric) {
		f.add("fabricJSData", "is required, and must be an object", "required")
	}
	t := &template{Name: "Canvas", Fabric: in.Fabric, Definitions: checkDefinitions(in.Definitions, f)}
	t.prepare()
	o := order{render: render{Kind: kind}, base: base}
	o.fromTemplate(t, in.Variables)
	o.Source, o.Picture.Seed = "canvas", seedOf(in.Fabric)
	return o
}

// createCanvas renders what Fabric.js calls a canvas.
func (s *Server) createCanvas(c call) (int, any, error) {
	var in struct {
		canvas
		FileExtension string   `json:"fileExtension"`
		Width         *float64 `json:"width"`
		Height        *float64 `json:"height"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	var f faults
	o := in.order(kindImage, c.base(), &f)
	var own struct{ Width, Height *float64 }
	json.Unmarshal(in.Fabric, &own) // a size that is none is left to the defaults
	width := f.integer("fabricJSData.width", own.Width, 1, maxSide, defaultWidth)
	height := f.integer("fabricJSData.height", own.Height, 1, maxSide, defaultHeight)
	o.Picture.Width = f.integer("width", in.Width, 1, maxSide, width)
	o.Picture.Height = f.integer("height", in.Height, 1, maxSide, height)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	return s.answerImage(c, o, in.FileExtension, 0)
}

// createOGImage renders a card for a link: a heading, a description and a logo.
func (s *Server) createOGImage(c call) (int, any, error) {
	var in struct{ Template, Heading, Description, Logo, FileExtension string }
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	var f faults
	f.required("heading", in.Heading)
	f.text("heading", in.Heading, 1000)
	f.text("description", in.Description, 5000)
	f.text("logo", in.Logo, 2048)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	o := order{render: render{Kind: kindImage, Source: "template", Name: in.Heading}, base: c.base()}
	o.Picture.Width, o.Picture.Height = defaultWidth, defaultHeight
	var w lineWriter
	for _, text := range []string{in.Description, in.Logo} {
		w.text(escape(text))
		w.end()
	}
	o.Picture.Title, o.Picture.Lines, o.Picture.Seed = in.Heading, linesOf(w.lines), seedOf(in.Template, in.Logo)
	return s.answerImage(c, o, in.FileExtension, 0)
}

// A prompt is what an agent is to take a screenshot of.
type prompt struct {
	Prompt string   `json:"prompt"`
	Width  *float64 `json:"width"`
	Height *float64 `json:"height"`
}

// screenshot makes the order of a prompt. The page is the first URL in it, or one
// that does not exist: the mock visits none.
func (p prompt) order(base string) (order, error) {
	o := order{render: render{Kind: kindImage, Source: "prompt", Extension: "png", Origin: "https://example.com/"}, base: base}
	if strings.TrimSpace(p.Prompt) == "" {
		return o, refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: "Prompt is required",
			fields: []fieldError{{"prompt", "is required", "required"}}}
	}
	var f faults
	f.text("prompt", p.Prompt, 5000)
	o.Picture.Format = formatOf("png")
	o.Picture.Width = f.integer("width", p.Width, 1, maxSide, 1280)
	o.Picture.Height = f.integer("height", p.Height, 1, maxSide, 720)
	for word := range strings.FieldsSeq(p.Prompt) {
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			o.Origin = word
			break
		}
	}
	var w lineWriter
	w.text(escape(p.Prompt))
	w.end()
	o.Name, o.Picture.Title, o.Picture.Lines, o.Picture.Seed = "Screenshot", "Screenshot", linesOf(w.lines), seedOf(p.Prompt)
	return o, f.err()
}

func (s *Server) agentScreenshot(c call) (int, any, error) {
	var in prompt
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	o, err := in.order(c.base())
	if err != nil {
		return 0, nil, err
	}
	began := time.Now()
	r, err := s.fulfil(c.Context(), o)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, screenshotAnswer(r, in, c.base(), time.Since(began)), nil
}

func screenshotAnswer(r *render, in prompt, base string, took time.Duration) map[string]any {
	return map[string]any{
		"url": r.url(base), "id": r.ID, "createdAt": pictify.FormatTime(r.CreatedAt),
		"metadata": map[string]any{
			"prompt": in.Prompt, "url": r.Origin, "elementDescription": in.Prompt, "selector": "body", "executionTime": took.Milliseconds(),
		},
	}
}

// agentStream is agentScreenshot told step by step, as server-sent events. A page
// cannot set headers for those, so the key may be in the query.
func (s *Server) agentStream(c call) (int, any, error) {
	if err := s.authenticateByQuery(c.Request); err != nil {
		return 0, nil, err
	}
	in := prompt{Prompt: c.URL.Query().Get("prompt")}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	o, err := in.order(c.base())
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		say := func(kind string, data any) {
			line, _ := json.Marshal(map[string]any{"type": kind, "data": data}) // it is made of texts
			w.Write([]byte("data: " + string(line) + "\n\n"))
			http.NewResponseController(w).Flush()
		}
		began := time.Now()
		say("connected", map[string]any{})
		say("step", map[string]any{"message": "opening " + o.Origin})
		made, err := s.fulfil(r.Context(), o)
		if err != nil {
			say("error", map[string]any{"message": err.Error()})
			return
		}
		say("complete", screenshotAnswer(made, in, c.base(), time.Since(began)))
		say("saved", map[string]any{"url": made.url(c.base()), "id": made.ID})
	}), nil
}
