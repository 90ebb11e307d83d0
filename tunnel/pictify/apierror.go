package pictify

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What an [*APIError] is, for errors.Is.
var (
	ErrUnauthorized = errors.New("unauthorized")          // 401: the key is missing or wrong
	ErrForbidden    = errors.New("forbidden")             // 403: the plan or the role does not allow it
	ErrNotFound     = errors.New("not found")             // 404
	ErrRateLimited  = errors.New("rate limited")          // 429: see APIError.RetryAfter
	ErrRefused      = errors.New("refused")               // 400, 409, 422: as asked, it will never work
	ErrBadAnswer    = errors.New("answer makes no sense") // not an APIError: a 2xx that cannot be used
	ErrInsecureBase = errors.New("base URL is insecure")  // not an APIError: http to another machine
)

// MaxRetryAfter is the longest wait that an answer can ask for. A server that
// wants more is asked again then, rather than trusted with an hour of silence.
const MaxRetryAfter = 120 * time.Second

// An APIError is an answer with a status other than 2xx. Redirects are among
// them: following one could carry the key to another host.
//
// Pictify documents RFC 9457 problems and in fact sends {"message"} from some
// routes and {"error","code"} from others; all of them are read. Texts are made
// printable and shortened, and the key is removed should one repeat it.
type APIError struct {
	Status     int
	Method     string
	Path       string
	Code       string // "quota_exceeded", or the slug of a problem's type, "invalid-api-key"; may be ""
	Title      string // a problem's title; may be ""
	Detail     string // what went wrong, in the API's words; may be ""
	Fields     []FieldError
	RetryAfter time.Duration // at most MaxRetryAfter; 0 when not given or not understood
}

// A FieldError says what is wrong with one field of the request.
type FieldError struct {
	Field, Message, Code string
}

// Error is one line: "POST /webhook-subscriptions: 401 Unauthorized: Invalid Request".
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d", e.Method, e.Path, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if detail := e.Detail; detail != "" {
		b.WriteString(": " + detail)
	} else if e.Title != "" {
		b.WriteString(": " + e.Title)
	}
	for i, f := range e.Fields {
		b.WriteString([]string{" (", ", "}[min(i, 1)] + f.String())
	}
	if len(e.Fields) > 0 {
		b.WriteByte(')')
	}
	return b.String()
}

func (f FieldError) String() string {
	what := f.Message
	if what == "" {
		what = f.Code
	}
	if f.Field == "" || what == "" {
		return f.Field + what
	}
	return f.Field + ": " + what
}

// Is matches the errors that are named after a status.
func (e *APIError) Is(target error) bool {
	switch e.Status {
	case http.StatusUnauthorized:
		return target == ErrUnauthorized
	case http.StatusForbidden:
		return target == ErrForbidden
	case http.StatusNotFound:
		return target == ErrNotFound
	case http.StatusTooManyRequests:
		return target == ErrRateLimited
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return target == ErrRefused
	}
	return false
}

const (
	maxErrorText = 300 // runes
	maxFields    = 10
)

// readAPIError makes what it can of an error answer. clean is applied to every
// text that came from outside.
func readAPIError(a answer, now time.Time, clean func(string) string) *APIError {
	e := &APIError{Status: a.status, Method: a.method, Path: a.path}
	var texts struct{ kind, title, detail, message, error, code string }
	var errs json.RawMessage
	retryAfter := a.header.Get("Retry-After")
	for key, value := range members(a.body) {
		text, _ := textOf(value)
		switch string(key) {
		case "type":
			texts.kind = text
		case "title":
			texts.title = text
		case "detail":
			texts.detail = text
		case "message":
			texts.message = text
		case "error":
			texts.error = text
		case "code":
			texts.code = text
		case "errors":
			errs = value
		case "retryAfter", "retry_after": // the one by the documents, the other by the Python client
			if retryAfter == "" {
				retryAfter = string(value)
			}
		}
	}
	e.Code = clean(firstOf(texts.code, slug(texts.kind)))
	e.Title = clean(texts.title)
	e.Detail = clean(firstOf(texts.detail, texts.message, texts.error))
	e.Fields = readFields(errs, clean)
	if e.Detail == "" && e.Title == "" && plainText(a) {
		e.Detail = clean(string(a.body))
	}
	if e.Status >= 300 && e.Status < 400 {
		e.Detail = clean("not following the redirect to " + a.header.Get("Location"))
	}
	e.RetryAfter = readRetryAfter(retryAfter, now)
	return e
}

// readFields reads "errors", which holds objects by the documents and strings in
// some answers.
func readFields(value []byte, clean func(string) string) []FieldError {
	var items []json.RawMessage
	if json.Unmarshal(value, &items) != nil {
		return nil
	}
	var fields []FieldError
	for _, item := range items[:min(len(items), maxFields)] {
		var f FieldError
		if text, ok := textOf(item); ok {
			f.Message = clean(text)
		}
		for key, value := range members(item) {
			text, _ := textOf(value)
			switch string(key) {
			case "field":
				f.Field = clean(text)
			case "message":
				f.Message = clean(text)
			case "code":
				f.Code = clean(text)
			}
		}
		if f != (FieldError{}) {
			fields = append(fields, f)
		}
	}
	return fields
}

// plainText reports whether the body may be shown as the error's text: a page of
// HTML or broken JSON may not.
func plainText(a answer) bool {
	return strings.HasPrefix(a.header.Get("Content-Type"), "text/plain")
}

// readRetryAfter reads seconds or an HTTP date. What is neither, negative or past
// is 0, so that the caller falls back on its own delay.
func readRetryAfter(value string, now time.Time) time.Duration {
	var wait time.Duration
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), MaxRetryAfter)
}

// slug returns the last element of a problem's type, which is a URL unless the
// problem has none to speak of ("about:blank").
func slug(kind string) string {
	if i := strings.LastIndexByte(kind, '/'); i >= 0 {
		return kind[i+1:]
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
