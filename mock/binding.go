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

// A binding ties a template's variables to data from elsewhere. One that is on the
// shelf is not changed, only replaced.
type binding struct {
	UID          string
	Name         string
	TemplateID   string
	Source       dataSource
	Mapping      map[string]string
	Defaults     map[string]any
	Refresh      refreshPolicy
	Output       outputConfig
	Status       string // "active", "paused" or "error"
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastFetchAt  time.Time
	LastRenderAt time.Time
	LastError    string
	ErrorCount   int

	Data      map[string]any // as fetched last, nil before
	Variables map[string]any // what became of it
}

type dataSource struct {
	Type        string            `json:"type"` // "http", "webhook" or "static"
	URL         string            `json:"url,omitempty"`
	Method      string            `json:"method,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	Body        json.RawMessage   `json:"body,omitempty"`
	Data        json.RawMessage   `json:"data,omitempty"` // of a static one
	Credentials *credentials      `json:"credentials,omitempty"`
}

// credentials are answered without their value.
type credentials struct {
	Type       string `json:"type"` // "api_key", "bearer_token", "basic_auth" or "custom_header"
	Value      string `json:"value,omitempty"`
	Username   string `json:"username,omitempty"`
	HeaderName string `json:"headerName,omitempty"`
}

type refreshPolicy struct {
	Type       string `json:"type"`
	TTLSeconds int    `json:"ttlSeconds"`
	OnError    string `json:"onError"`
}

type outputConfig struct {
	Format  string `json:"format"`
	Quality int    `json:"quality"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
}

// bindingJSON is a binding on the wire.
type bindingJSON struct {
	UID          string            `json:"uid"`
	Name         string            `json:"name"`
	TemplateID   string            `json:"templateId"`
	Source       dataSource        `json:"dataSource"`
	Mapping      map[string]string `json:"mapping"`
	Defaults     map[string]any    `json:"defaults"`
	Refresh      refreshPolicy     `json:"refreshPolicy"`
	Output       outputConfig      `json:"outputConfig"`
	Status       string            `json:"status"`
	RenderURL    string            `json:"renderUrl"`
	WebhookURL   string            `json:"webhookUrl"`
	LastFetchAt  any               `json:"lastFetchAt"`
	LastRenderAt any               `json:"lastRenderAt"`
	LastError    any               `json:"lastError"`
	ErrorCount   int               `json:"errorCount"`
	CreatedAt    string            `json:"createdAt"`
	UpdatedAt    string            `json:"updatedAt"`
}

func (b *binding) json(base string) bindingJSON {
	j := bindingJSON{
		UID: b.UID, Name: b.Name, TemplateID: b.TemplateID, Source: b.Source, Mapping: b.Mapping, Defaults: b.Defaults, Refresh: b.Refresh,
		Output: b.Output, Status: b.Status, RenderURL: b.renderURL(base), WebhookURL: base + "/webhooks/" + b.UID,
		LastFetchAt: timeOrNull(b.LastFetchAt), LastRenderAt: timeOrNull(b.LastRenderAt), ErrorCount: b.ErrorCount,
		CreatedAt: pictify.FormatTime(b.CreatedAt), UpdatedAt: pictify.FormatTime(b.UpdatedAt),
	}
	if b.LastError != "" {
		j.LastError = b.LastError
	}
	if c := b.Source.Credentials; c != nil {
		shown := *c
		shown.Value = ""
		j.Source.Credentials = &shown
	}
	return j
}

func (b *binding) renderURL(base string) string {
	return base + "/media/bindings/" + b.UID + "." + b.Output.Format
}

// size is roughly what the binding holds, in bytes.
func (b *binding) size() int {
	text, _ := json.Marshal([]any{b.Source, b.Mapping, b.Defaults, b.Data, b.Variables})
	return 1024 + 3*len(text)
}

// A bindingInput is the body of a create or an update.
type bindingInput struct {
	Name       *string        `json:"name"`
	TemplateID *string        `json:"templateId"`
	Source     *dataSource    `json:"dataSource"`
	Mapping    map[string]any `json:"mapping"`
	Defaults   map[string]any `json:"defaults"`
	Status     *string        `json:"status"`
	Refresh    *struct {
		Type       string   `json:"type"`
		TTLSeconds *float64 `json:"ttlSeconds"`
		OnError    string   `json:"onError"`
	} `json:"refreshPolicy"`
	Output *struct {
		Format  string   `json:"format"`
		Quality *float64 `json:"quality"`
		Width   *float64 `json:"width"`
		Height  *float64 `json:"height"`
	} `json:"outputConfig"`
}

// apply changes b as the input says. Its template must exist, and the source must be
// something that the mock may reach.
func (s *Server) applyBinding(in bindingInput, b *binding, f *faults) error {
	if in.Name != nil {
		b.Name = f.text("name", *in.Name, 200)
	}
	if in.TemplateID != nil {
		b.TemplateID = f.text("templateId", *in.TemplateID, 64)
		if _, ok := s.theWorld().template(b.TemplateID); !ok {
			return noSuchTemplate()
		}
	}
	if in.Status != nil {
		b.Status = f.choice("status", *in.Status, b.Status, "active", "paused")
	}
	if in.Defaults != nil {
		b.Defaults = in.Defaults
	}
	if in.Mapping != nil {
		b.Mapping = readMapping(in.Mapping, f)
	}
	if in.Refresh != nil {
		b.Refresh.Type = f.choice("refreshPolicy.type", in.Refresh.Type, b.Refresh.Type, "ttl", "etag", "webhook", "manual")
		b.Refresh.TTLSeconds = f.integer("refreshPolicy.ttlSeconds", in.Refresh.TTLSeconds, 60, 604800, b.Refresh.TTLSeconds)
		b.Refresh.OnError = f.choice("refreshPolicy.onError", in.Refresh.OnError, b.Refresh.OnError, "serve_stale", "serve_error", "serve_default")
	}
	if in.Output != nil {
		b.Output.Format = f.choice("outputConfig.format", in.Output.Format, b.Output.Format, "png", "jpeg", "webp")
		b.Output.Quality = f.integer("outputConfig.quality", in.Output.Quality, 1, 100, b.Output.Quality)
		b.Output.Width = f.integer("outputConfig.width", in.Output.Width, 1, maxSide, b.Output.Width)
		b.Output.Height = f.integer("outputConfig.height", in.Output.Height, 1, maxSide, b.Output.Height)
	}
	if in.Source != nil {
		return in.Source.apply(b, f)
	}
	return nil
}

// apply checks a source and gives it to b. Credentials that come back without their
// value, as they were answered, keep the one they had.
func (d dataSource) apply(b *binding, f *faults) error {
	d.Type = f.choice("dataSource.type", d.Type, "http", "http", "webhook", "static")
	d.Method = f.choice("dataSource.method", strings.ToUpper(d.Method), "", "GET", "POST", "PUT")
	for name, value := range d.Headers {
		if len(name) > 200 || len(value) > 4096 || len(d.Headers) > 50 {
			f.add("dataSource.headers", "are too many or too long", "too_long")
			break
		}
	}
	if d.Credentials != nil {
		f.choice("dataSource.credentials.type", d.Credentials.Type, "", "api_key", "bearer_token", "basic_auth", "custom_header")
		f.text("dataSource.credentials.value", d.Credentials.Value, 4096)
		if old := b.Source.Credentials; old != nil && d.Credentials.Value == "" && old.Type == d.Credentials.Type {
			kept := *d.Credentials
			kept.Value = old.Value
			d.Credentials = &kept
		}
	}
	b.Source = d
	switch {
	case d.Type == "http" && d.URL == "":
		f.add("dataSource.url", "is required", "required")
	case d.Type == "http":
		return checkURL("dataSource.url", d.URL)
	case d.Type == "static" && !isObject(d.Data) && !isObject(d.Body):
		f.add("dataSource.data", "is required, and must be an object", "required")
	}
	return nil
}

// readMapping reads which variable is where in the data.
func readMapping(in map[string]any, f *faults) map[string]string {
	if len(in) > maxVariables {
		f.add("mapping", fmt.Sprintf("has more than %d entries", maxVariables), "out_of_range")
		return nil
	}
	mapping := make(map[string]string, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		path, ok := in[name].(string)
		if !ok || path == "" || len(path) > 500 || len(name) > maxVariableName {
			f.add("mapping."+name[:min(len(name), 100)], "must be a path such as user.tags[0]", "invalid_format")
			continue
		}
		mapping[name] = path
	}
	return mapping
}

// values applies the mapping to data. Wrong lists what is not there.
func (b *binding) values(data map[string]any) (values map[string]any, wrong []string) {
	values, wrong = map[string]any{}, []string{}
	maps.Copy(values, b.Defaults)
	for _, name := range slices.Sorted(maps.Keys(b.Mapping)) {
		v, ok := pathIn(data, b.Mapping[name])
		if !ok {
			wrong = append(wrong, name+": nothing at "+b.Mapping[name])
			continue
		}
		values[name] = v
	}
	return values, wrong
}
