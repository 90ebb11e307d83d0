package mock

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"pictap/mock/media"
	"pictap/tunnel/pictify"
)

const (
	maxTSX      = 256 << 10 // bytes
	maxPrompt   = 2000
	maxVideoLen = media.MaxShown // frames
)

// A video is a template of a film. The mock runs no scene: its films are a card with the
// values of the variables, on which something moves, of the size, the rate and the length
// that the template has.
type video struct {
	UID         string
	Name        string
	Kind        string // "timeline" or "tsx"
	TSX         string
	Width       int
	Height      int
	FPS         int
	Frames      int
	Status      string
	Definitions []definition
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// videoJSON is a video template on the wire.
type videoJSON struct {
	UID         string       `json:"uid"`
	Name        string       `json:"name"`
	Kind        string       `json:"kind"`
	TSX         string       `json:"tsx,omitempty"`
	Width       int          `json:"width"`
	Height      int          `json:"height"`
	FPS         int          `json:"fps"`
	Frames      int          `json:"durationInFrames"`
	PosterURL   *string      `json:"posterUrl"`
	Status      string       `json:"status"`
	Definitions []definition `json:"variableDefinitions"`
	CreatedAt   string       `json:"createdAt"`
	UpdatedAt   string       `json:"updatedAt"`
}

func (v *video) json() videoJSON {
	return videoJSON{
		v.UID, v.Name, v.Kind, v.TSX, v.Width, v.Height, v.FPS, v.Frames, nil, v.Status,
		append([]definition{}, v.Definitions...), pictify.FormatTime(v.CreatedAt), pictify.FormatTime(v.UpdatedAt),
	}
}

func (v *video) size() int {
	n := 1024 + len(v.TSX) + len(v.Name)
	for _, d := range v.Definitions {
		text, _ := json.Marshal(d)
		n += 256 + 2*len(text)
	}
	return n
}

// A videoInput is the body of a create or an update.
type videoInput struct {
	Name        *string         `json:"name"`
	Kind        *string         `json:"kind"`
	TSX         *string         `json:"tsx"`
	Width       *float64        `json:"width"`
	Height      *float64        `json:"height"`
	FPS         *float64        `json:"fps"`
	Frames      *float64        `json:"durationInFrames"`
	Status      *string         `json:"status"`
	Definitions json.RawMessage `json:"variableDefinitions"` // a list, or an object by name
}

// apply changes v as the input says. Variables that are not given are those of the
// source's schema, when there is a new source.
func (in videoInput) apply(v *video) error {
	var f faults
	if in.Name != nil {
		v.Name = f.text("name", *in.Name, 200)
	}
	if in.Kind != nil {
		v.Kind = f.choice("kind", *in.Kind, v.Kind, "timeline", "tsx")
	}
	if in.Status != nil {
		v.Status = f.choice("status", *in.Status, v.Status, "draft", "published", "active", "archived")
	}
	v.Width = f.integer("width", in.Width, 1, maxSide, v.Width)
	v.Height = f.integer("height", in.Height, 1, maxSide, v.Height)
	v.FPS = f.integer("fps", in.FPS, 1, 120, v.FPS)
	v.Frames = f.integer("durationInFrames", in.Frames, 1, maxVideoLen, v.Frames)
	if in.TSX != nil && v.Kind == "timeline" {
		f.add("tsx", "is not for a timeline template", "out_of_range") // videos.ts: it is rejected
	} else if in.TSX != nil {
		v.TSX = f.text("tsx", *in.TSX, maxTSX)
		v.Definitions = schemaIn(v.TSX)
	}
	if given := readDefinitions(in.Definitions, &f); len(given) > 0 || !isNull(in.Definitions) && in.TSX == nil {
		v.Definitions = given
	}
	if err := f.err(); err != nil {
		return err
	}
	if in.TSX != nil || v.Kind == "tsx" && v.TSX == "" {
		return checkTSX(v.TSX)
	}
	return nil
}

// readDefinitions reads definitions as a list, or as an object of names and the rest of
// each. The MCP server sends the latter (videos.ts, 2026), and says no more of it.
func readDefinitions(raw json.RawMessage, f *faults) []definition {
	var list []definition
	var byName map[string]json.RawMessage
	switch {
	case isNull(raw) || json.Unmarshal(raw, &list) == nil:
		return checkDefinitions(list, f)
	case json.Unmarshal(raw, &byName) != nil:
		f.add("variableDefinitions", "must be a list, or an object by name", "invalid_type")
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		var d definition
		if !isObject(byName[name]) || json.Unmarshal(byName[name], &d) != nil {
			f.add("variableDefinitions."+cutText(name, 100), "must be an object with a type, a defaultValue and a description", "invalid_type")
			return nil
		}
		d.Name = name
		list = append(list, d)
	}
	return checkDefinitions(list, f)
}

// order is how the video looks as an "mp4", as a "gif" or, in one frame, as a "png". A GIF
// is as large as one may be at most, and lasts no longer than a capture.
func (v *video) order(base, extension string, variables map[string]any) order {
	o := order{render: render{Kind: kindVideo, Source: "video", TemplateUID: v.UID, Name: v.Name}, base: base, variables: variables}
	o.Extension, o.Picture.Format = extension, formatOf(extension)
	o.Picture.Width, o.Picture.Height = v.Width, v.Height
	switch extension {
	case "gif":
		scale := min(1, float64(maxGIFSide)/float64(max(v.Width, v.Height)))
		o.Picture.Width, o.Picture.Height = max(1, int(float64(v.Width)*scale)), max(1, int(float64(v.Height)*scale))
		length := time.Duration(v.Frames) * time.Second / time.Duration(v.FPS)
		o.setMotion("medium", max(100*time.Millisecond, min(length, maxCapture*time.Second)))
	case "mp4":
		o.Picture.Shown, o.Picture.Rate = v.Frames, v.FPS
	default:
		o.Kind = kindImage
	}
	o.Picture.Title, o.Picture.ID, o.Picture.Seed = v.Name, v.UID, seedOf(v.UID)
	o.Picture.Lines = linesOf(listed(withDefaults(v.Definitions, variables)))
	return o
}
