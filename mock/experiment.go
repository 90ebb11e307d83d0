package mock

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"pictap/tunnel/pictify"
)

// An experiment is what the MCP server of March 2026 creates and starts. Newer
// documents have none, so the mock keeps them and counts nothing.
type experiment struct {
	UID       string
	Name      string
	Kind      string
	Slug      string
	Status    string // "draft", "running", "paused" or "completed"
	Winner    string
	Fields    map[string]json.RawMessage // as they were sent: variants and whatever else
	CreatedAt time.Time
	UpdatedAt time.Time
}

var slugForm = lazily(`^[a-z0-9][a-z0-9-]{0,99}$`)

const (
	maxVariants      = 20
	maxExperimentLen = 64 << 10 // bytes of one
)

// json shows an experiment with the fields that it was sent with.
func (e *experiment) json() map[string]any {
	j := make(map[string]any, len(e.Fields)+8)
	for name, value := range e.Fields {
		j[name] = value
	}
	j["uid"], j["name"], j["type"], j["slug"], j["status"] = e.UID, e.Name, e.Kind, e.Slug, e.Status
	j["createdAt"], j["updatedAt"] = pictify.FormatTime(e.CreatedAt), pictify.FormatTime(e.UpdatedAt)
	if e.Winner != "" {
		j["winnerVariantId"] = e.Winner
	}
	return j
}

func (e *experiment) size() int {
	n := 1024
	for name, value := range e.Fields {
		n += len(name) + len(value)
	}
	return n
}

// apply changes an experiment as a body says.
func (e *experiment) apply(body []byte) error {
	if len(body) > maxExperimentLen {
		return invalid(fieldError{"body", fmt.Sprintf("is longer than %d bytes", maxExperimentLen), "too_long"})
	}
	var in struct {
		Name, Type, Slug *string
		Variants         *[]struct {
			ID     string
			Weight *float64
		}
	}
	var fields map[string]json.RawMessage
	if err := decode(body, &in); err != nil {
		return err
	}
	if err := decode(body, &fields); err != nil {
		return err
	}
	var f faults
	if in.Name != nil {
		e.Name = f.text("name", f.required("name", *in.Name), 200)
	}
	if in.Type != nil {
		e.Kind = f.choice("type", *in.Type, e.Kind, "ab_test", "smart_link", "scheduled")
	}
	if in.Slug != nil {
		if e.Slug = *in.Slug; !slugForm().MatchString(e.Slug) {
			f.add("slug", "must be small letters, digits and dashes", "invalid_format")
		}
	}
	if in.Variants != nil {
		sum, weighed := 0.0, false
		for i, v := range *in.Variants {
			if v.Weight != nil {
				weighed = true
				sum += f.number(fmt.Sprintf("variants[%d].weight", i), v.Weight, 0, 10000, 0)
			}
		}
		if len(*in.Variants) < 1 || len(*in.Variants) > maxVariants {
			f.add("variants", fmt.Sprintf("must be 1 to %d", maxVariants), "out_of_range")
		} else if weighed && sum != 10000 {
			f.add("variants", "must have weights that sum to 10000", "out_of_range")
		}
	}
	merged := make(map[string]json.RawMessage, len(e.Fields)+len(fields))
	for _, from := range []map[string]json.RawMessage{e.Fields, fields} {
		for name, value := range from {
			merged[name] = value
		}
	}
	e.Fields = merged
	return f.err()
}

func (s *Server) listExperiments(c call) (int, any, error) {
	query := c.URL.Query()
	p, err := readPage(query.Get)
	if err != nil {
		return 0, nil, err
	}
	var all []map[string]any
	w := s.theWorld()
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, e := range w.experiments.newest() {
		if fits(query.Get("type"), e.Kind) && fits(query.Get("status"), e.Status) {
			all = append(all, e.json())
		}
	}
	items, pagination := cut(p, all)
	return http.StatusOK, map[string]any{"experiments": items, "pagination": pagination}, nil
}

func (s *Server) createExperiment(c call) (int, any, error) {
	e := &experiment{Kind: "ab_test", Status: "draft", CreatedAt: s.now().Truncate(time.Millisecond)}
	e.UpdatedAt = e.CreatedAt
	if err := e.apply(c.body); err != nil {
		return 0, nil, err
	}
	if e.Name == "" {
		return 0, nil, invalid(fieldError{"name", "is required", "required"})
	}
	var err error
	if e.UID, err = s.newUID(); err != nil {
		return 0, nil, err
	}
	if e.Slug == "" {
		e.Slug = "x-" + e.UID
	}
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.experiments.len() >= maxExperiments || w.experiments.bytes+e.size() > maxExpBytes {
		return 0, nil, full("experiment", maxExperiments)
	}
	w.experiments.put(e.UID, e, e.size())
	return http.StatusOK, map[string]any{"experiment": e.json()}, nil
}

func (s *Server) experimentQuota(call) (int, any, error) {
	w := s.theWorld()
	w.mu.RLock()
	defer w.mu.RUnlock()
	used := w.experiments.len()
	return http.StatusOK, map[string]any{"quota": map[string]int{"used": used, "limit": maxExperiments, "remaining": maxExperiments - used}}, nil
}

// changeExperiment replaces an experiment by one that change has changed.
func (s *Server) changeExperiment(c call, change func(*experiment) error) (int, any, error) {
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := w.experiments.get(c.uid)
	if !ok {
		return 0, nil, notFound("experiment-not-found", "Experiment not found")
	}
	e := *old
	if err := change(&e); err != nil {
		return 0, nil, err
	}
	if w.experiments.bytes-old.size()+e.size() > maxExpBytes {
		return 0, nil, full("experiment", maxExperiments)
	}
	w.experiments.put(e.UID, &e, e.size())
	return http.StatusOK, map[string]any{"experiment": e.json()}, nil
}

func (s *Server) getExperiment(c call) (int, any, error) {
	return s.changeExperiment(c, func(*experiment) error { return nil })
}

func (s *Server) updateExperiment(c call) (int, any, error) {
	return s.changeExperiment(c, func(e *experiment) error {
		e.UpdatedAt = s.now().Truncate(time.Millisecond)
		return e.apply(c.body)
	})
}

func (s *Server) deleteExperiment(c call) (int, any, error) {
	w := s.theWorld()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.experiments.remove(c.uid) {
		return 0, nil, notFound("experiment-not-found", "Experiment not found")
	}
	return http.StatusOK, map[string]any{"success": true, "deleted": true, "message": "Experiment deleted"}, nil
}

func (s *Server) startExperiment(c call) (int, any, error) { return s.setExperiment(c, "running", "") }
func (s *Server) pauseExperiment(c call) (int, any, error) { return s.setExperiment(c, "paused", "") }

func (s *Server) completeExperiment(c call) (int, any, error) {
	var in struct {
		Winner string `json:"winnerVariantId"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	return s.setExperiment(c, "completed", in.Winner[:min(len(in.Winner), 200)])
}

func (s *Server) setExperiment(c call, status, winner string) (int, any, error) {
	return s.changeExperiment(c, func(e *experiment) error {
		if e.Status == "completed" {
			return refusal{status: http.StatusConflict, slug: "experiment-completed", title: "Conflict", detail: "the experiment is completed"}
		}
		e.Status, e.Winner, e.UpdatedAt = status, winner, s.now().Truncate(time.Millisecond)
		return nil
	})
}

// trackEvents takes what a page tells of an experiment, one object or a list. It is
// checked for its form, and counted for the answer alone.
func (s *Server) trackEvents(c call) (int, any, error) {
	if depth(c.body) > maxDepth {
		return 0, nil, decode(c.body, &struct{}{})
	}
	var list []json.RawMessage
	if json.Unmarshal(c.body, &list) != nil {
		list = []json.RawMessage{c.body}
	}
	type wrong struct {
		Index int    `json:"index"`
		Error string `json:"error"`
	}
	faulty, processed := []wrong{}, 0
	for i, raw := range list {
		if !isObject(raw) || !json.Valid(raw) {
			if faulty = append(faulty, wrong{i, "is not an object"}); len(faulty) >= 100 {
				break
			}
			continue
		}
		processed++
	}
	return http.StatusOK, map[string]any{"ok": len(faulty) == 0, "processed": processed, "errors": faulty}, nil
}
