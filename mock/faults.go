package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDepth is how deep objects and arrays of a body may be nested.
const maxDepth = 64

// decode reads a JSON object. An empty body is an empty object: some clients send
// none with a POST that needs nothing.
func decode(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if depth(body) > maxDepth {
		return refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error",
			detail: fmt.Sprintf("the body is nested deeper than %d levels", maxDepth)}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return notJSON(withoutEmbedded(err, into))
	}
	return nil
}

// withoutEmbedded takes the name of an embedded struct of into, of which callers know
// nothing, from the field that an error names.
func withoutEmbedded(err error, into any) error {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	t := reflect.TypeOf(into).Elem()
	if !ok || t.Kind() != reflect.Struct {
		return err
	}
	name, rest, nested := strings.Cut(e.Field, ".")
	if f, found := t.FieldByName(name); nested && found && f.Anonymous {
		e.Field = rest
	}
	return err
}

// depth is how deep brackets are nested outside of strings.
func depth(body []byte) int {
	at, deepest, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			at++
			deepest = max(deepest, at)
		case b == '}' || b == ']':
			at--
		}
	}
	return deepest
}

// faults collects what is wrong with a request, so that it is said all at once.
type faults []fieldError

func (f *faults) add(field, message, code string) {
	*f = append(*f, fieldError{field, message, code})
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return invalid(f...)
}

// integer reads a whole number; nil means otherwise. Integral floats are whole.
func (f *faults) integer(field string, v *float64, least, most, otherwise int) int {
	switch {
	case v == nil:
		return otherwise
	case *v != math.Trunc(*v):
		f.add(field, "must be a whole number", "invalid_type")
	case *v < float64(least) || *v > float64(most):
		f.add(field, fmt.Sprintf("must be from %d to %d", least, most), "out_of_range")
	default:
		return int(*v)
	}
	return otherwise
}

// number reads any number within bounds.
func (f *faults) number(field string, v *float64, least, most, otherwise float64) float64 {
	switch {
	case v == nil:
		return otherwise
	case *v < least || *v > most:
		f.add(field, fmt.Sprintf("must be from %g to %g", least, most), "out_of_range")
		return otherwise
	}
	return *v
}

// choice reads one of the allowed words; "" means otherwise.
func (f *faults) choice(field, v, otherwise string, allowed ...string) string {
	switch {
	case v == "":
		return otherwise
	case slices.Contains(allowed, v):
		return v
	}
	f.add(field, "must be one of "+strings.Join(allowed, ", "), "out_of_range")
	return otherwise
}

// text refuses what is too long.
func (f *faults) text(field, v string, most int) string {
	if len(v) > most {
		f.add(field, fmt.Sprintf("is longer than %d bytes", most), "too_long")
		return ""
	}
	return v
}

// required refuses what is empty.
func (f *faults) required(field, v string) string {
	if strings.TrimSpace(v) == "" {
		f.add(field, "is required", "required")
	}
	return v
}

// quality reads a quality as the clients have it, 0.1 to 1, or as the documents
// have it, 1 to 100. It returns 1 to 100, or 0 when there is none.
func (f *faults) quality(field string, v *float64) int {
	q := f.number(field, v, 0.01, 100, 0)
	if q <= 1 {
		q *= 100
	}
	return int(math.Round(q))
}

// querying reads whole numbers from a query; "" means otherwise.
func (f *faults) query(c call, name string, least, most, otherwise int) int {
	text := c.URL.Query().Get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		f.add(name, fmt.Sprintf("must be a number from %d to %d", least, most), "out_of_range")
		return otherwise
	}
	return n
}

// isObject reports whether raw JSON is an object; what is missing or null is none.
func isObject(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] == '{'
}

// isNull reports whether raw JSON is missing or null.
func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}

// uidForm is what a uid may look like that a caller chooses, in a seed.
var uidForm = lazily(`^[A-Za-z0-9_-]{1,64}$`)

func notFound(slug, detail string) error {
	return refusal{status: http.StatusNotFound, slug: slug, title: "Not found", detail: detail}
}

func unprocessable(slug, code, detail string, lines ...string) error {
	return refusal{status: http.StatusUnprocessableEntity, slug: slug, code: code, title: "Unprocessable", detail: detail, lines: lines}
}

// full says that there are as many of something as there may be.
func full(what string, most int) error {
	return refusal{status: http.StatusConflict, slug: "limit-reached", code: what + "_limit_reached", title: "Limit reached",
		detail: fmt.Sprintf("this mock keeps at most %d of them: delete some", most)}
}
