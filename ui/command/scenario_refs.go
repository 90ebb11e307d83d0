package command

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// value is a value of YAML as JSON, references resolved.
func (st *stage) value(v *yaml.Node, n int) (json.RawMessage, error) {
	switch v.Kind {
	case yaml.MappingNode:
		return st.object(v, n)
	case yaml.SequenceNode:
		return st.list(v, n)
	}
	var plain any
	switch v.ShortTag() {
	case "!!null":
	case "!!bool", "!!int", "!!float":
		if err := v.Decode(&plain); err != nil {
			return nil, usagef("set: %q cannot be read", v.Value)
		}
	default: // a date is a text, as it stands there
		return st.resolve(v.Value, n)
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, usagef("set: a value cannot be written as JSON: %v", err)
	}
	return text, nil
}

func (st *stage) object(v *yaml.Node, n int) (json.RawMessage, error) {
	b := []byte{'{'}
	for i := 0; i+1 < len(v.Content); i += 2 {
		member, err := st.value(v.Content[i+1], n)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(pictify.AppendString(b, v.Content[i].Value), ':')
		b = append(b, member...)
	}
	return append(b, '}'), nil
}

func (st *stage) list(v *yaml.Node, n int) (json.RawMessage, error) {
	b := []byte{'['}
	for i, element := range v.Content {
		text, err := st.value(element, n)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, text...)
	}
	return append(b, ']'), nil
}

var referenceForm = regexp.MustCompile(`\$\{([^}]*)\}`)

// resolve puts values in place of ${…}. A text that is one reference and nothing
// else becomes the value itself, a number for a number.
func (st *stage) resolve(text string, n int) (json.RawMessage, error) {
	if m := referenceForm.FindStringSubmatch(text); m != nil && m[0] == text {
		return st.lookup(m[1], n)
	}
	var failed error
	text = referenceForm.ReplaceAllStringFunc(text, func(ref string) string {
		value, err := st.lookup(ref[2:len(ref)-1], n)
		if err != nil {
			failed = err
			return ""
		}
		var s string
		if json.Unmarshal(value, &s) == nil {
			return s
		}
		return string(value)
	})
	if failed != nil {
		return nil, failed
	}
	return pictify.AppendString(nil, text), nil
}

// lookup finds what a reference means: n, the number of the repetition from 0;
// seed; or a place in what an earlier step has sent, "items[3].data.imageId".
func (st *stage) lookup(ref string, n int) (json.RawMessage, error) {
	switch ref {
	case "n":
		return strconv.AppendInt(nil, int64(n), 10), nil
	case "seed":
		return strconv.AppendUint(nil, st.v.seed, 10), nil
	}
	step, path, ok := strings.Cut(ref, ".")
	if !ok {
		return nil, usagef("the reference ${%s} names no place", ref).withHint("as ${items[3].data.imageId}, ${n} or ${seed}")
	}
	sample, err := st.earlier(step)
	if err != nil {
		return nil, err
	}
	if path == "id" {
		return pictify.AppendString(nil, sample.ID), nil
	}
	value := fixtures.Lookup(sample.Body, path)
	if value == nil {
		return nil, usagef("the reference ${%s} leads to nothing", ref)
	}
	return value, nil
}

var stepForm = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]*)(?:\[([0-9]{1,6})\])?$`)

// earlier finds a delivery of an earlier step, "items" or "items[3]".
func (st *stage) earlier(text string) (fixtures.Sample, error) {
	m := stepForm.FindStringSubmatch(text)
	var list []fixtures.Sample
	if m != nil {
		list = st.said[m[1]]
	}
	if list == nil {
		u := usagef("no earlier step has the id %q", text)
		var known []string
		for id := range st.said {
			known = append(known, id)
		}
		slices.Sort(known)
		if near := nearest(text, known); near != "" {
			return fixtures.Sample{}, u.withHint("did you mean %s?", near)
		}
		return fixtures.Sample{}, u
	}
	i, _ := strconv.Atoi(m[2]) // "" is the first
	if i >= len(list) {
		return fixtures.Sample{}, usagef("%s has %d deliveries, counted from 0", m[1], len(list))
	}
	return list[i], nil
}
