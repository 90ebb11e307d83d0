package command

import (
	"path"
	"slices"
	"strings"

	"pictap/tunnel/pictify"
)

// pickTypes chooses among all event types: names, globs such as "render.*", and
// exclusions with "!" in front. Exclusions alone are taken from all. A word that
// matches nothing is an error with the nearest name: a typo must not silently
// mean "never".
func pickTypes(all []pictify.EventType, words []string) ([]pictify.EventType, error) {
	picked := make(map[pictify.EventType]bool)
	if !slices.ContainsFunc(words, func(w string) bool { return !strings.HasPrefix(w, "!") }) {
		for _, t := range all {
			picked[t] = true
		}
	}
	for _, word := range words {
		pattern, exclude := strings.CutPrefix(word, "!")
		matched := false
		for _, t := range all {
			if ok, err := path.Match(pattern, string(t)); ok && err == nil {
				picked[t], matched = !exclude, true
			}
		}
		if !matched {
			return nil, unknownType(all, pattern)
		}
	}
	var list []pictify.EventType
	for _, t := range all {
		if picked[t] {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return nil, usagef("these events leave none")
	}
	return list, nil
}

func unknownType(all []pictify.EventType, word string) error {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = string(t)
	}
	err := usagef("no event is called %q", sanitize(word, 80))
	if near := nearest(word, names); near != "" {
		return err.withHint("did you mean %s?", near)
	}
	return err.withHint("events are %s", strings.Join(names, ", "))
}
