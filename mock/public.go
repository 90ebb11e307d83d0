package mock

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// splitFile splits the last segment of a public URL into a uid and an extension.
func splitFile(file string, extensions ...string) (uid, extension string, ok bool) {
	dot := strings.LastIndexByte(file, '.')
	if dot < 1 {
		return "", "", false
	}
	uid, extension = file[:dot], file[dot+1:]
	return uid, extension, uidForm().MatchString(uid) && slices.Contains(extensions, extension)
}

// bindingPicture finds the binding that a public URL names and how it looks now. One
// whose time is over is fetched again, meanwhile it is served as it was.
func (s *Server) bindingPicture(c call) (*binding, order, error) {
	uid, extension, ok := splitFile(c.uid, "png", "jpeg", "jpg", "webp")
	if !ok {
		return nil, order{}, noSuchBinding()
	}
	b, ok := s.theWorld().binding(uid)
	if !ok {
		return nil, order{}, noSuchBinding()
	}
	t, ok := s.theWorld().template(b.TemplateID)
	if !ok {
		return nil, order{}, noSuchTemplate()
	}
	if b.stale(s.now()) {
		s.startRefresh(b.UID, c.base())
	}
	if b.LastError != "" && b.Refresh.OnError == "serve_error" {
		return nil, order{}, refusal{status: http.StatusBadGateway, slug: "binding-failed", title: "Binding failed", detail: b.LastError}
	}
	values := b.Variables
	if values == nil || b.LastError != "" && b.Refresh.OnError == "serve_default" {
		values = b.Defaults
	}
	o := order{base: c.base()}
	o.setFormat(extension)
	o.Picture.Quality, o.Picture.Width, o.Picture.Height = b.Output.Quality, b.Output.Width, b.Output.Height
	o.fromTemplate(t, values)
	o.ID = b.UID
	return b, o, nil
}

// stale reports whether the data should be fetched because somebody looks.
func (b *binding) stale(now time.Time) bool {
	return b.Status != "paused" && b.Source.Type == "http" && (b.Refresh.Type == "ttl" || b.Refresh.Type == "etag") &&
		now.Sub(b.LastFetchAt) >= time.Duration(b.Refresh.TTLSeconds)*time.Second
}

func (s *Server) bindingImage(c call) (int, any, error) {
	b, o, err := s.bindingPicture(c)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.serve(o.Picture, b.LastRenderAt, "public, max-age=60, must-revalidate"), nil
}

func (s *Server) bindingImageURL(c call) (int, any, error) {
	b, o, err := s.bindingPicture(c)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{
		"url": c.base() + "/media/bindings/" + b.UID + "." + o.Extension, "width": o.Picture.Width, "height": o.Picture.Height,
		"format": o.Extension, "cached": s.media.has(o.Picture),
	}, nil
}

// pushToBinding takes the data that a source of the type webhook sends. The
// documents sign such a request with a secret of which nothing is known, so the
// mock looks at no signature.
func (s *Server) pushToBinding(c call) (int, any, error) {
	b, ok := s.theWorld().binding(c.uid)
	if !ok {
		return 0, nil, noSuchBinding()
	}
	var in struct {
		Event   string          `json:"event"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	if !isObject(in.Payload) {
		return 0, nil, invalid(fieldError{"payload", "is required, and must be an object", "required"})
	}
	if b.Source.Type != "webhook" {
		return 0, nil, refusal{status: http.StatusConflict, slug: "binding-not-webhook", title: "Conflict", detail: "this binding's data source is not a webhook"}
	}
	data, err := readData(in.Payload)
	s.refreshed(b, c.base(), fetched{data, http.StatusOK, err})
	return http.StatusOK, map[string]any{"success": true, "received": true}, nil
}

// publicRender renders a template from the parameters of a URL. A page that shows it
// cannot set headers, so the key may be among them.
func (s *Server) publicRender(c call) (int, any, error) {
	if err := s.authenticateByQuery(c.Request); err != nil {
		return 0, nil, err
	}
	uid, extension, ok := splitFile(c.uid, templateFormats...)
	if !ok {
		return 0, nil, noSuchTemplate()
	}
	query := c.URL.Query()
	variables := make(map[string]any, len(query))
	for name, values := range query {
		if name != "token" && name != "layout" && len(variables) < maxVariables {
			variables[name] = values[0]
		}
	}
	o := order{render: render{TemplateUID: uid}, base: c.base(), variables: variables}
	o.setFormat(extension)
	t, ok := s.theWorld().template(uid)
	if !ok {
		return 0, nil, s.noTemplate(o)
	}
	var f faults
	o, keys := renderInput{Variables: variables, Format: extension, Layout: query.Get("layout")}.check(t, c.base(), &f)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	o, err := o.layout(t, keys[0], false)
	if err != nil {
		return 0, nil, err
	}
	r, err := s.fulfil(c.Context(), o)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.serve(r.Picture, time.Time{}, "public, max-age=60"), nil
}
