package mock

import (
	"fmt"
	"strings"
	"time"

	"pictap/mock/media"
	"pictap/tunnel/pictify"
)

const (
	maxTSX      = 256 << 10 // bytes
	maxPrompt   = 2000
	maxVideoLen = 60 * 60 * 30 // frames: an hour of 30 a second
)

// A video is a template of a film. The mock cannot make films: it renders GIFs of
// them, and says so where an MP4 is wanted.
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
		n += 256 + len(d.Description) + len(show(d.DefaultValue))
	}
	return n
}

// A videoInput is the body of a create or an update.
type videoInput struct {
	Name        *string       `json:"name"`
	Kind        *string       `json:"kind"`
	TSX         *string       `json:"tsx"`
	Width       *float64      `json:"width"`
	Height      *float64      `json:"height"`
	FPS         *float64      `json:"fps"`
	Frames      *float64      `json:"durationInFrames"`
	Status      *string       `json:"status"`
	Definitions *[]definition `json:"variableDefinitions"`
}

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
	if in.Definitions != nil {
		v.Definitions = checkDefinitions(*in.Definitions, &f)
	}
	if in.TSX != nil {
		v.TSX = f.text("tsx", *in.TSX, maxTSX)
	}
	if err := f.err(); err != nil {
		return err
	}
	if in.TSX != nil || v.Kind == "tsx" && v.TSX == "" {
		return checkTSX(v.TSX)
	}
	return nil
}

// checkTSX finds what no compiler would let pass: nothing at all, no export, and
// brackets that do not match. It does not compile.
func checkTSX(source string) error {
	var lines []string
	if !strings.Contains(source, "export") {
		lines = append(lines, "the module exports no component")
	}
	if at := unmatched(source); at != "" {
		lines = append(lines, at)
	}
	if len(lines) == 0 {
		return nil
	}
	return unprocessable("compile-error", "compile_error", strings.Join(lines, "; "), lines...)
}

// unmatched says which bracket has no other half; "" when all have.
func unmatched(source string) string {
	var open []byte
	line := 1
	var quote byte
	for i := 0; i < len(source); i++ {
		b := source[i]
		switch {
		case b == '\n':
			line++
			if quote == '"' || quote == '\'' {
				quote = 0 // it was an apostrophe in a text
			}
		case quote != 0 && b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'' || b == '`':
			quote = b
		case b == '{' || b == '(' || b == '[':
			open = append(open, b)
		case b == '}' || b == ')' || b == ']':
			if n := len(open); n == 0 || open[n-1] != map[byte]byte{'}': '{', ')': '(', ']': '['}[b] {
				return fmt.Sprintf("line %d: unexpected %q", line, b)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Sprintf("line %d: %q is not closed", line, open[len(open)-1])
	}
	return ""
}

// still is how a moment of the video looks, moving.
func (v *video) order(base string, variables map[string]any) order {
	o := order{render: render{Kind: kindVideo, Extension: "gif", Source: "video", TemplateUID: v.UID, Name: v.Name}, base: base, variables: variables}
	o.Picture.Format = media.GIF
	scale := min(1, float64(maxGIFSide)/float64(max(v.Width, v.Height)))
	o.Picture.Width, o.Picture.Height = max(1, int(float64(v.Width)*scale)), max(1, int(float64(v.Height)*scale))
	length := time.Duration(v.Frames) * time.Second / time.Duration(v.FPS)
	o.setMotion("medium", max(100*time.Millisecond, min(length, maxCapture*time.Second)))
	o.Picture.Title, o.Picture.ID, o.Picture.Seed = v.Name, v.UID, seedOf(v.UID)
	o.Picture.Lines = linesOf(listed(variables))
	return o
}
