package mock_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pictap/tunnel/pictify"
)

// An object is a decoded JSON object.
type object map[string]any

// at follows a path of names in objects.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (o object) text(path string) string {
	s, _ := o.at(path).(string)
	return s
}

// list is a list that must be there, and not null.
func (o object) list(t testing.TB, path string) []any {
	t.Helper()
	l, ok := o.at(path).([]any)
	if !ok {
		t.Fatalf("%s is %v, want a list", path, o.at(path))
	}
	return l
}

// first is the first object of a list.
func (o object) first(t testing.TB, path string) object {
	t.Helper()
	l := o.list(t, path)
	if len(l) == 0 {
		t.Fatalf("%s is empty", path)
	}
	m, _ := l[0].(map[string]any)
	return m
}

// api makes a call and decodes the answer, which must be JSON with that status.
func api(t *testing.T, c *pictify.Client, status int, request, body string) object {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	got, header, answer := ask(t, c, method, path, body, http.Header{"Content-Type": {"application/json"}})
	var o object
	err := json.Unmarshal([]byte(answer), &o)
	if got != status || err != nil || !strings.HasSuffix(header.Get("Content-Type"), "json") {
		t.Fatalf("%s %s answered %d %s %s, want %d", request, body, got, header.Get("Content-Type"), answer, status)
	}
	return o
}

// slugOf is the end of a problem's type, "" of what is none.
func slugOf(problem string) string {
	var p struct{ Type string }
	json.Unmarshal([]byte(problem), &p)
	return p.Type[strings.LastIndexByte(p.Type, '/')+1:]
}

// decodeInto decodes JSON or fails the test.
func decodeInto(t testing.TB, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// path is a URL of the mock without its beginning.
func path(t *testing.T, c *pictify.Client, url string) string {
	t.Helper()
	below, ok := strings.CutPrefix(url, c.BaseURL)
	if !ok {
		t.Fatalf("%q does not point at the mock at %s", url, c.BaseURL)
	}
	return below
}
