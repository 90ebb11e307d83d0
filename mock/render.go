package mock

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"pictap/mock/media"
	"pictap/tunnel/pictify"
)

// Kinds of renders, as events name them.
const (
	kindImage = "image"
	kindGIF   = "gif"
	kindPDF   = "pdf"
	kindVideo = "video" // no event tells of it
)

// A render is a picture that was handed out. It is drawn when somebody asks for it.
type render struct {
	ID          string
	Kind        string
	Extension   string // as asked for: "jpg" or "jpeg"
	TemplateUID string // "" for raw HTML and pages
	Name        string // the template's, or what else there is to call it
	Source      string // what it is made of: "html", "url", "template", "canvas", "prompt", "capture" or "video"
	Origin      string // the URL of a page
	CreatedAt   time.Time
	Picture     media.Picture

	Length  float64 // of an animation, in the unit in which its endpoint tells it
	Rate    int     // frames per second of a capture
	Quality string  // of a GIF: low, medium, high
	HTML    string  `json:",omitempty"` // that a GIF was made of, "" when it was not; of other kinds it is not kept
}

// url is where base serves the render.
func (r *render) url(base string) string {
	return base + "/media/renders/" + r.ID + "." + r.Extension
}

// size is roughly what the render holds, in bytes.
func (r *render) size() int {
	return 512 + pictureSize(r.Picture) + len(r.Origin) + len(r.Name) + len(r.HTML)
}

func pictureSize(p media.Picture) int {
	n := len(p.Title) + len(p.Background) + len(p.Text)
	for _, l := range p.Lines {
		n += 32 + len(l.Name) + len(l.Text)
	}
	for _, page := range p.Pages {
		n += 64 + len(page.Title)
		for _, l := range page.Lines {
			n += 32 + len(l.Name) + len(l.Text)
		}
	}
	return n
}

// An order is a render that is asked for, checked already.
type order struct {
	render
	variables map[string]any // of the template, and of the events; nil for what has none
	unused    map[string]any // came with what has none: good for magic values alone
	base      string         // where the caller found this server
	public    bool           // of nobody's account, so that nobody is told of it
}

// magic is where magic values are looked for.
func (o order) magic() map[string]any {
	if o.variables == nil {
		return o.unused
	}
	return o.variables
}

// fulfil renders what was ordered, or fails as its variables ask. Either way those
// who subscribed are told.
func (s *Server) fulfil(ctx context.Context, o order) (*render, error) {
	if !dawdle(ctx, o.magic()) {
		return nil, fmt.Errorf("render slowly: %w", context.Cause(ctx))
	}
	if f := failureIn(o.magic()); f != nil {
		s.tell(s.failed(o, f))
		return nil, f.refusal(o)
	}
	r, err := s.keep(o)
	if err != nil {
		return nil, err
	}
	s.tell(s.completed(o, r))
	return r, nil
}

// keep gives an order its id and remembers it.
func (s *Server) keep(o order) (*render, error) {
	r := o.render
	r.CreatedAt = s.now().Truncate(time.Millisecond)
	var err error
	if r.Kind == kindGIF {
		r.ID, err = s.newUID()
	} else {
		r.ID, err = s.newMediaID(r.CreatedAt)
	}
	if err != nil {
		return nil, err
	}
	if err := r.Picture.Check(); err != nil { // cannot be: orders are checked against the same bounds
		return nil, fmt.Errorf("check picture: %w", err)
	}
	s.theWorld().keepRender(&r)
	return &r, nil
}

// completed is the event of a render of an order; none for a video, or for the public.
func (s *Server) completed(o order, r *render) *pictify.Event {
	if r.Kind == kindVideo || o.public {
		return nil
	}
	now := s.now().Truncate(time.Second)
	return newEvent(pictify.RenderCompleted, now, pictify.RenderCompletedData{
		Type: r.Kind, Source: apiSource, ImageID: r.ID, URL: r.url(o.base), Width: r.Picture.Width, Height: r.Picture.Height,
		Format: r.Extension, TemplateID: r.TemplateUID, Variables: o.variables, RenderedAt: now.UTC(),
	})
}

// failed is the event of an order that could not be fulfilled; none for a video, or for
// the public.
func (s *Server) failed(o order, f *failure) *pictify.Event {
	if o.Kind == kindVideo || o.public {
		return nil
	}
	return newEvent(pictify.RenderFailed, s.now().Truncate(time.Second), pictify.RenderFailedData{
		Type: o.Kind, Source: apiSource, TemplateID: o.TemplateUID, Error: f.text, ErrorCode: f.code, Variables: o.variables,
	})
}

func newEvent(t pictify.EventType, at time.Time, data any) *pictify.Event {
	e, err := pictify.NewEvent(t, at, data)
	if err != nil { // cannot be: all data came from JSON
		panic(err)
	}
	return &e
}

// tell has an event delivered, and does not wait for that.
func (s *Server) tell(e *pictify.Event) {
	if e != nil {
		s.Enqueue(*e)
	}
}

// seedOf makes a picture's seed of what was asked for, so that the same request
// looks the same.
func seedOf(parts ...any) uint64 {
	text, _ := json.Marshal(parts)
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:])
}

// linesOf makes a picture's lines of plain ones.
func linesOf(texts []string) []media.Line {
	lines := make([]media.Line, 0, len(texts))
	for _, t := range texts {
		lines = append(lines, media.Line{Text: t})
	}
	return lines
}

// Formats that an image may be asked for in, and what the real service makes of others.
func imageExtension(name string) string {
	switch name {
	case "png", "jpg", "jpeg", "webp":
		return name
	}
	return "png"
}

// formatOf is the media format of an extension.
func formatOf(extension string) media.Format {
	f, err := media.ParseFormat(extension)
	if err != nil {
		return media.PNG
	}
	return f
}

// noTemplate is how a render of an unknown template is refused.
func (s *Server) noTemplate(o order) error {
	f := failureOf("TEMPLATE_NOT_FOUND")
	s.tell(s.failed(o, f))
	return f.refusal(o)
}
