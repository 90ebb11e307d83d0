package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

const maxVariables = 200 // of a template

// placeholder is what a template has where a value goes; three braces are for
// values that are HTML.
var placeholder = lazily(`\{\{\{?[~ ]*([^{}]{1,500}?)[~ ]*\}\}\}?`)

// A name as it stands alone, and names as they stand in an expression.
var (
	plainName = lazily(`^[\pL_$][\pL\pN_$-]*(?:\.[\pL\pN_$-]+|\[\d{1,6}\])*$`)
	anyName   = lazily(`'[^']*'|"[^"]*"|[\pL_$][\pL\pN_$]*(?:\.[\pL_$][\pL\pN_$]*)*\s*\(?`)
)

// words are what a name in an expression may not be.
var words = map[string]bool{
	"true": true, "false": true, "null": true, "undefined": true, "this": true, "else": true, "and": true, "or": true, "not": true,
	"if": true, "unless": true, "each": true, "with": true, "as": true, "in": true,
}

// namesIn lists the variables that a text refers to, each once, in order.
func namesIn(text string) []string {
	names := []string{}
	seen := map[string]bool{}
	for _, m := range placeholder().FindAllStringSubmatch(text, 10*maxVariables) {
		for _, name := range namesOf(m[1]) {
			if !seen[name] && len(names) < maxVariables {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// namesOf lists the variables of one placeholder.
func namesOf(inner string) []string {
	switch {
	case inner[0] == '/' || inner[0] == '!' || inner[0] == '>' || inner[0] == '@':
		return nil
	case inner[0] == '#' || inner[0] == '^' || inner[0] == '&':
		inner = inner[1:]
	case plainName().MatchString(inner) && !words[head(inner)]:
		return []string{head(inner)}
	}
	var names []string
	for _, m := range anyName().FindAllString(inner, maxVariables) {
		name := head(m)
		if m[0] != '\'' && m[0] != '"' && !strings.HasSuffix(m, "(") && !words[name] && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// head is the variable that a path begins with.
func head(path string) string {
	if i := strings.IndexAny(path, ".[ \t("); i >= 0 {
		return path[:i]
	}
	return path
}

// fill puts values where a text has placeholders. What is no expression that the mock can
// compute becomes the values of its variables.
func fill(text string, values map[string]any) string {
	return placeholder().ReplaceAllStringFunc(text, func(found string) string {
		inner := placeholder().FindStringSubmatch(found)[1]
		if plainName().MatchString(inner) {
			if v, ok := pathIn(values, inner); ok {
				return show(v)
			}
			return ""
		}
		if inner[0] == '#' || inner[0] == '^' || inner[0] == '!' { // the last is a comment
			return ""
		}
		if v, err := evaluate(inner, values); err == nil {
			return show(v)
		}
		var shown []string
		for _, name := range namesOf(inner) {
			shown = append(shown, show(values[name]))
		}
		return strings.Join(shown, " ")
	})
}

// show is a value as text.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v[:min(len(v), maxPageText)]
	case float64: // as JavaScript writes it
		switch {
		case math.IsInf(v, 0):
			return map[bool]string{true: "Infinity", false: "-Infinity"}[v > 0]
		case math.Abs(v) < 1e21:
			return strconv.FormatFloat(v+0, 'f', -1, 64) // not 1e+06, and + 0 makes 0 of -0
		}
	case map[string]any, []any:
		text, _ := json.Marshal(v) // it came from JSON
		return string(text[:min(len(text), maxLine)])
	}
	return fmt.Sprint(v)
}

// listed shows variables one to a line, sorted, for what has no text of its own.
func listed(values map[string]any) []string {
	var w lineWriter
	for _, name := range slices.Sorted(maps.Keys(values)) {
		w.text(escape(name + ": " + show(values[name])))
		w.end()
	}
	return w.lines
}

// escape keeps a lineWriter from reading entities in what is no HTML.
func escape(s string) string { return strings.ReplaceAll(s, "&", "&amp;") }

// pathIn follows a path such as "user.tags[0].name". "items.length" is how many there
// are in an array (Pictify docs, concepts/bindings.mdx).
func pathIn(data any, path string) (any, bool) {
	for step := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch at := data.(type) {
		case map[string]any:
			next, ok := at[step]
			if !ok {
				return nil, false
			}
			data = next
		case []any:
			if step == "length" {
				data = float64(len(at)) // as numbers of JSON are
				continue
			}
			i := 0
			if n, err := fmt.Sscanf(step, "%d", &i); n != 1 || err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			data = at[i]
		default:
			return nil, false
		}
	}
	return data, true
}
