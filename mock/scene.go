package mock

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed seed/scene.tsx
var seedScene string

// sceneOf is the mock's own scene with other defaults.
func sceneOf(title, color string) string {
	quoted := func(text string) string {
		literal, _ := json.Marshal(text) // a literal of JSON is one of TSX
		return string(literal)
	}
	scene := strings.Replace(seedScene, `"Now shipping"`, quoted(title), 1)
	if color != "" {
		scene = strings.Replace(scene, `"#5b21b6"`, quoted(color), 1)
	}
	return scene
}

// newVideo is a video as it is when nothing is said of it.
func newVideo() *video {
	return &video{Name: "Untitled video", Kind: "tsx", Width: 1080, Height: 1080, FPS: 30, Frames: 240, Status: "draft"}
}

// defaultVideos are those that every mock has.
func defaultVideos() []*video {
	v := newVideo()
	v.UID, v.Name, v.Width, v.Height, v.Frames, v.Status = "V1DE0PR0M0", "Promo", 1280, 720, 150, "published"
	v.TSX, v.Definitions = seedScene, schemaIn(seedScene)
	return []*video{v}
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
