package mock

import (
	"net/http"
	"time"

	"pictap/mock/media"
	"pictap/tunnel/pictify"
)

const (
	maxGIFSide   = media.MaxGIFSize
	defaultGIFW  = 800
	defaultGIFH  = 600
	maxGIFFrames = 24 // that are drawn, however long it lasts
)

// Qualities of animations: how many frames a second a capture has, and how many
// seconds it may last.
var gifQualities = map[string]struct{ rate, seconds int }{"low": {10, 10}, "medium": {15, 15}, "high": {24, 30}}

// setMotion has an order last so long. Frames are drawn for at most so many moments
// of it, evenly.
func (o *order) setMotion(quality string, length time.Duration) {
	o.Quality, o.Rate = quality, gifQualities[quality].rate
	frames := max(1, min(maxGIFFrames, int(length.Seconds()*float64(o.Rate))))
	o.Picture.Frames, o.Picture.Delay = frames, length/time.Duration(frames)
	o.Length = float64(length.Milliseconds())
}

// gifJSON is an animation on the wire.
type gifJSON struct {
	UID                  string  `json:"uid"`
	URL                  string  `json:"url"`
	Width                int     `json:"width"`
	Height               int     `json:"height"`
	AnimationLength      float64 `json:"animationLength"` // milliseconds of /gif, seconds of a capture
	FramesPerSecond      int     `json:"framesPerSecond,omitempty"`
	FrameDurationSeconds float64 `json:"frameDurationSeconds,omitempty"`
	Quality              string  `json:"quality"`
	HTML                 string  `json:"html,omitempty"`
	Template             string  `json:"template,omitempty"`
	SourceURL            string  `json:"sourceUrl,omitempty"`
	CreatedBy            string  `json:"createdBy"`
	CreatedAt            string  `json:"createdAt"`
}

func (r *render) gif(base string) gifJSON {
	j := gifJSON{
		UID: r.ID, URL: r.url(base), Width: r.Picture.Width, Height: r.Picture.Height, AnimationLength: r.Length, Quality: r.Quality,
		HTML: r.HTML, Template: r.TemplateUID, SourceURL: r.Origin, CreatedBy: accountID, CreatedAt: pictify.FormatTime(r.CreatedAt),
	}
	if r.Source == "capture" {
		j.FramesPerSecond, j.FrameDurationSeconds = r.Rate, r.Length
	}
	return j
}

func (s *Server) createGIF(c call) (int, any, error) { return s.gifFor(c, false) }

// createPublicGIF is to POST /gif what createPublicImage is to POST /image, and as much of
// a guess.
func (s *Server) createPublicGIF(c call) (int, any, error) { return s.gifFor(c, true) }

func (s *Server) gifFor(c call, public bool) (int, any, error) {
	began := time.Now()
	var in struct {
		source
		Quality string `json:"quality"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	in.public = public
	var f faults
	quality := f.choice("quality", in.Quality, "medium", "low", "medium", "high")
	o, err := s.order(c.base(), kindGIF, in.source, defaultGIFW, defaultGIFH, maxGIFSide, &f)
	if err != nil {
		return 0, nil, err
	}
	if o.Source == "html" {
		o.HTML = in.HTML // the real service answers with all that it stores of an animation
	}
	return s.answerGIF(c, o, quality, 2*time.Second, began)
}

// answerGIF fulfils an order of an animation.
func (s *Server) answerGIF(c call, o order, quality string, length time.Duration, began time.Time) (int, any, error) {
	o.Extension, o.Picture.Format = "gif", media.GIF
	o.setMotion(quality, length)
	if o.Source == "capture" {
		o.Length = length.Seconds()
	}
	r, err := s.fulfil(c.Context(), o)
	if err != nil {
		return 0, nil, err
	}
	answer := map[string]any{"gif": r.gif(c.base()), "_meta": map[string]int64{"processingTime": time.Since(began).Milliseconds()}}
	if o.Source == "capture" {
		answer["metadata"] = map[string]any{"url": r.Origin, "frameCount": r.Picture.Frames, "framesPerSecond": r.Rate, "quality": r.Quality}
	}
	return http.StatusOK, answer, nil
}

// captureGIF plays the recording of a page, which is not visited.
func (s *Server) captureGIF(c call) (int, any, error) {
	began := time.Now()
	var in struct {
		source
		Quality string   `json:"quality"`
		Seconds *float64 `json:"frameDurationSeconds"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	if in.URL == "" {
		return 0, nil, refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: "URL is required",
			fields: []fieldError{{"url", "is required", "required"}}}
	}
	in.HTML, in.Template = "", ""
	var f faults
	quality := f.choice("quality", in.Quality, "medium", "low", "medium", "high")
	most := gifQualities[quality].seconds
	seconds := f.number("frameDurationSeconds", in.Seconds, 0.1, float64(maxCapture), min(5, float64(most)))
	o, err := s.order(c.base(), kindGIF, in.source, defaultGIFW, defaultGIFH, maxGIFSide, &f)
	if err != nil {
		return 0, nil, err
	}
	o.Source = "capture"
	seconds = min(seconds, float64(most))
	return s.answerGIF(c, o, quality, time.Duration(seconds*float64(time.Second)).Truncate(10*time.Millisecond), began)
}

const maxCapture = 30 // seconds
