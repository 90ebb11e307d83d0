package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// A refusal is an error that the caller is told about.
type refusal struct {
	status int
	slug   string // the end of a problem's type
	title  string
	detail string
	code   string
	fields []fieldError
	lines  []string // instead of fields, where the real service has plain texts
	allow  string   // the methods that are allowed

	context map[string]any // of what the html engine refuses; nil for all else

	retryAfter int // seconds; 0 says nothing about it
}

func (e refusal) Error() string { return e.detail }

// A fieldError says what is wrong with one field of the request. Codes are those
// of the documents: required, invalid_type, out_of_range, invalid_format, too_long.
type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	Code    string `json:"code"`
}

// A problem is the body of an error: RFC 9457 as documented, and beside it the
// keys of the real service, so that every client finds the text where it looks.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	Message  string `json:"message"`
	Error    string `json:"error"`
	Code     string `json:"code,omitempty"`
	Errors   any    `json:"errors,omitempty"` // of fieldError or, for a video, string
	Context  any    `json:"context,omitempty"`

	RetryAfter      int `json:"retryAfter,omitempty"`  // documents
	RetryAfterSnake int `json:"retry_after,omitempty"` // Python SDK
}

func (e refusal) problem(path string) problem {
	p := problem{
		Type: "https://docs.pictify.io/errors/" + e.slug, Title: e.title, Status: e.status,
		Detail: e.detail, Instance: path, Message: e.detail, Error: e.detail, Code: e.code,
		RetryAfter: e.retryAfter, RetryAfterSnake: e.retryAfter,
	}
	if e.context != nil {
		p.Context = e.context
	}
	switch {
	case len(e.fields) > 0:
		p.Errors = e.fields
	case len(e.lines) > 0:
		p.Errors = e.lines
	}
	return p
}

// answer writes what an endpoint returned. An error that is not a refusal is a
// fault of this server: its cause goes to the log, not to the caller.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, body any, err error) {
	kind := "application/json"
	if err != nil {
		e, ok := errors.AsType[refusal](err)
		if !ok {
			s.log().ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
			e = refusal{status: http.StatusInternalServerError, slug: "internal-error", title: "Internal server error", detail: "Something went wrong"}
		}
		kind, status, body = "application/problem+json", e.status, e.problem(r.URL.Path)
		if e.allow != "" {
			w.Header().Set("Allow", e.allow)
		}
		if e.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(e.retryAfter))
		}
	}
	if serve, ok := body.(http.HandlerFunc); ok {
		serve(w, r)
		return
	}
	encoded, ok := body.(json.RawMessage) // an answer that was kept, see created
	if !ok {
		encoded, err = encode(body)
		if err != nil { // cannot be: no endpoint returns what JSON cannot say
			panic(err)
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(encoded)
}

// encode is json.Marshal without the escapes that are meant for HTML.
func encode(body any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
