package mock

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

//go:embed seed/templates.json
var seedTemplates []byte

// defaultTemplates are those that every mock has.
func defaultTemplates() []*template {
	all, err := readTemplates(seedTemplates)
	if err != nil { // cannot be: a test reads them
		panic(err)
	}
	return all
}

// Seed adds the templates of a JSON array, in the form in which they are created,
// each with the uid that it is to have. One with the uid of another replaces it. They
// are there again after [Server.Reset]. The error names the first that is wrong, and
// then none is added. Call it before the first request, and before KeepState: a kept
// state has templates of its own.
func (s *Server) Seed(templates []byte) error {
	all, err := readTemplates(templates)
	if err != nil {
		return err
	}
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sow(all, s.now())
	if w.templates.len() > maxTemplates || w.templates.bytes > maxTemplateBytes {
		return fmt.Errorf("these are more templates than the %d, of %d MiB in all, that a mock keeps", maxTemplates, maxTemplateBytes>>20)
	}
	return nil
}

func readTemplates(text []byte) ([]*template, error) {
	var entries []json.RawMessage
	if json.Unmarshal(text, &entries) != nil {
		return nil, errors.New("it is not a JSON array of templates")
	}
	all := make([]*template, 0, len(entries))
	seen := make(map[string]int)
	for i, entry := range entries {
		t, err := readTemplate(entry)
		if err != nil {
			return nil, fmt.Errorf("template %d: %w", i+1, err)
		}
		if before := seen[t.UID]; before > 0 {
			return nil, fmt.Errorf("template %d has the uid %s of template %d", i+1, t.UID, before)
		}
		seen[t.UID] = i + 1
		all = append(all, t)
	}
	return all, nil
}

func readTemplate(entry json.RawMessage) (*template, error) {
	var in templateInput
	if !isObject(entry) {
		return nil, errors.New("it is not an object")
	}
	if err := decode(entry, &in); err != nil {
		return nil, err
	}
	t, err := in.create()
	if err != nil {
		return nil, err
	}
	if t.UID = strings.TrimSpace(in.UID); !uidForm().MatchString(t.UID) {
		return nil, errors.New("uid must have 1 to 64 letters, digits, dashes and underscores")
	}
	return t, nil
}
