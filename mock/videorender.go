package mock

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// renderVideo renders a film, an MP4 unless a GIF is asked for. No event tells of it.
//
// The documents disagree about variables that the template does not have: the Python SDK
// says 422 (client.py, 2026-08), the page api-reference/video that they are ignored. The
// mock refuses them, for a name that is misspelt is what a test should find.
func (s *Server) renderVideo(c call) (int, any, error) {
	var in struct {
		Variables map[string]any `json:"variables"`
		Format    string         `json:"format"`
	}
	v, err := s.readVideo(c, &in)
	if err != nil {
		return 0, nil, err
	}
	var f faults
	format := f.choice("format", in.Format, "mp4", "mp4", "gif")
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	if err := v.checkVariables(in.Variables); err != nil {
		return 0, nil, err
	}
	r, err := s.fulfil(c.Context(), v.order(c.base(), format, in.Variables))
	if err != nil {
		return 0, nil, quotaOfVideos(err)
	}
	return http.StatusOK, map[string]any{"url": r.url(c.base()), "durationInFrames": v.Frames, "format": format, "id": r.ID}, nil
}

// previewVideo renders one frame, for which the mock draws the first whatever the number.
//
// Source: pictify-io/docs api-reference/video.mdx ("Preview a single frame") and
// pictify-frontend src/api/videoTemplates.js, 2026; no event is named.
func (s *Server) previewVideo(c call) (int, any, error) {
	var in struct {
		Variables map[string]any `json:"variables"`
		Frame     *float64       `json:"frame"`
	}
	v, err := s.readVideo(c, &in)
	if err != nil {
		return 0, nil, err
	}
	if v.Kind == "timeline" {
		return 0, nil, refusal{status: http.StatusNotImplemented, slug: "render-failed", code: "preview_not_supported", title: "Not implemented",
			detail: "a timeline template has no preview: the studio shows it"}
	}
	var f faults
	f.integer("frame", in.Frame, 0, v.Frames-1, 0)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	if err := v.checkVariables(in.Variables); err != nil {
		return 0, nil, err
	}
	o := v.order(c.base(), "png", in.Variables)
	o.public = true // so that nobody is told of it
	r, err := s.fulfil(c.Context(), o)
	if err != nil {
		return 0, nil, quotaOfVideos(err)
	}
	return http.StatusOK, map[string]any{"url": r.url(c.base())}, nil
}

// readVideo reads a body for the video that the path names.
func (s *Server) readVideo(c call, in any) (*video, error) {
	if err := decode(c.body, in); err != nil {
		return nil, err
	}
	return s.findVideo(c.uid)
}

// checkVariables refuses those that v does not have, but for the magic ones.
func (v *video) checkVariables(variables map[string]any) error {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		magic := name == failVariable || name == slowVariable
		if !magic && !slices.ContainsFunc(v.Definitions, func(d definition) bool { return d.Name == name }) && len(unknown) < 20 {
			unknown = append(unknown, fmt.Sprintf("unknown variable %q", name[:min(len(name), maxVariableName)]))
		}
	}
	if len(unknown) > 0 {
		return unprocessable("validation-error", "invalid_variable", strings.Join(unknown, "; "), unknown...)
	}
	return nil
}

// quotaOfVideos has a quota that is used up answered with the status that it has for
// videos, 402 where all else has 429. Source: pictify-io/skills video-templates.md, 2026.
func quotaOfVideos(err error) error {
	if r, ok := errors.AsType[refusal](err); ok && r.code == "quota_exceeded" {
		r.status, r.title = http.StatusPaymentRequired, http.StatusText(http.StatusPaymentRequired)
		return r
	}
	return err
}
