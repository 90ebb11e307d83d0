package mock

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"pictap/tunnel/pictify"
)

func (s *Server) createBatch(c call) (int, any, error) {
	var in struct {
		renderInput
		batchSource
		Concurrency *float64 `json:"concurrency"`
		WebhookURL  string   `json:"webhookUrl"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	t, ok := s.theWorld().template(c.uid)
	if !ok {
		return 0, nil, noSuchTemplate()
	}
	var f faults
	o, layouts := in.check(t, c.base(), &f)
	b := &batch{
		template: t, order: o, layouts: layouts, sized: in.Width != nil || in.Height != nil, webhook: in.WebhookURL,
		workers: f.integer("concurrency", in.Concurrency, 1, maxWorkers, defaultWorkers), status: pending,
	}
	if b.webhook != "" {
		if err := s.Places.check("webhookUrl", b.webhook); err != nil {
			return 0, nil, err
		}
	}
	sets, err := in.sets(c.Context(), &f)
	if err != nil {
		return 0, nil, err
	}
	b.sets, b.items, b.names = sets, make([]item, len(sets)), checkSets(sets, &f)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	if err := s.acceptBatch(b); err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, map[string]any{
		"batchId": b.id, "id": b.id, "templateUid": t.UID, "status": pending, "totalItems": len(b.items), "totalCount": len(b.items),
		"completedCount": 0, "failedCount": 0, "createdAt": pictify.FormatTime(b.createdAt),
		"message": fmt.Sprintf("Batch of %d renders accepted", len(b.items)),
	}, nil
}

func checkSets(sets []map[string]any, f *faults) [][]string {
	if len(sets) < 1 || len(sets) > maxSets {
		f.add("variableSets", fmt.Sprintf("must be 1 to %d", maxSets), "out_of_range")
		return nil
	}
	names := namesOfSets(sets)
	for i, list := range names {
		for _, name := range list {
			if len(name) > maxVariableName {
				f.add(fmt.Sprintf("variableSets[%d]", i), "has a name that is too long", "too_long")
				return nil
			}
		}
	}
	return names
}

// acceptBatch gives a batch its id and has it run.
func (s *Server) acceptBatch(b *batch) error {
	id, err := s.newHexID("batch_")
	if err != nil {
		return err
	}
	b.id, b.createdAt = id, s.now().Truncate(time.Millisecond)
	w := s.theWorld()
	w.mu.Lock()
	if w.running >= maxRunning {
		w.mu.Unlock()
		return refusal{status: http.StatusTooManyRequests, slug: "rate-limit-exceeded", title: "Too many batches", retryAfter: 1,
			detail: fmt.Sprintf("%d batches are running already", maxRunning)}
	}
	w.running++
	w.batches.put(id, b, b.size())
	w.batches.trim(maxBatches, maxBatchBytes, func(string, *batch) {})
	w.mu.Unlock()
	started := s.crew.start(func(ctx context.Context) {
		s.runBatch(ctx, b)
		w.mu.Lock()
		w.running--
		w.mu.Unlock()
	})
	if !started {
		w.mu.Lock()
		w.running--
		w.batches.remove(id)
		w.mu.Unlock()
		return refusal{status: http.StatusServiceUnavailable, slug: "unavailable", title: "Unavailable", detail: "this mock is shutting down"}
	}
	return nil
}

func (s *Server) findBatch(id string) (*batch, error) {
	w := s.theWorld()
	w.mu.RLock()
	defer w.mu.RUnlock()
	b, ok := w.batches.get(id)
	if !ok {
		return nil, notFound("batch-not-found", "Batch not found")
	}
	return b, nil
}

// itemJSON is a finished item on the wire. Variables are names, as the Python SDK
// wants them; the rest is what other documents add.
type itemJSON struct {
	Index     int           `json:"index"`
	Success   bool          `json:"success"`
	Status    string        `json:"status"`
	Variables []string      `json:"variables"`
	URL       string        `json:"url,omitempty"`
	ID        string        `json:"id,omitempty"`
	Width     int           `json:"width,omitempty"`
	Height    int           `json:"height,omitempty"`
	Results   []rendered    `json:"results"`
	Errors    []layoutError `json:"errors"`
}

type itemError struct {
	Index     int    `json:"index"`
	Success   bool   `json:"success"`
	Error     string `json:"error"`
	ErrorCode string `json:"errorCode"`
}

func (s *Server) batchResults(c call) (int, any, error) {
	b, err := s.findBatch(c.uid)
	if err != nil {
		return 0, nil, err
	}
	var f faults
	p := page{f.query(c, "page", 1, 1_000_000, 1), f.query(c, "limit", 1, maxSets, maxSets)}
	want := f.choice("status", c.URL.Query().Get("status"), "", completed, failed)
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []itemJSON
	wrong := []itemError{}
	for i, it := range b.items {
		switch {
		case !it.done:
		case it.failure != nil && want != completed:
			wrong = append(wrong, itemError{i, false, it.failure.text, it.failure.code})
		case it.failure == nil && want != failed:
			all = append(all, it.json(i, b.names[i], c.base()))
		}
	}
	results, pagination := cut(p, all)
	return http.StatusOK, b.summary(map[string]any{"results": results, "errors": wrong, "pagination": pagination}), nil
}

// json shows an item as it is found at base.
func (it item) json(i int, names []string, base string) itemJSON {
	j := itemJSON{Index: i, Success: true, Status: completed, Variables: names, Results: []rendered{}, Errors: append([]layoutError{}, it.missing...)}
	for _, r := range it.renders {
		r.URL = base + r.URL
		j.Results = append(j.Results, r)
	}
	first := j.Results[0]
	j.URL, j.ID, j.Width, j.Height = first.URL, first.ID, first.Width, first.Height
	return j
}

// summary adds the state of the batch to an answer, by the names of all documents.
// b.mu must be held.
func (b *batch) summary(answer map[string]any) map[string]any {
	total := len(b.items)
	answer["batchId"], answer["id"], answer["templateUid"], answer["status"] = b.id, b.id, b.template.UID, b.status
	answer["totalItems"], answer["completedItems"], answer["failedItems"] = total, b.completed, b.failed
	answer["totalCount"], answer["completedCount"], answer["failedCount"] = total, b.completed, b.failed
	answer["progress"] = float64((b.completed+b.failed)*1000/max(1, total)) / 10
	answer["createdAt"] = pictify.FormatTime(b.createdAt)
	answer["startedAt"], answer["completedAt"] = timeOrNull(b.started), timeOrNull(b.ended)
	if b.status == cancelled {
		answer["cancelledCount"] = total - b.completed - b.failed
	}
	return answer
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return pictify.FormatTime(t)
}

// cancelBatch keeps what has not begun from beginning. One that is over stays so.
func (s *Server) cancelBatch(c call) (int, any, error) {
	b, err := s.findBatch(c.uid)
	if err != nil {
		return 0, nil, err
	}
	stopped := b.stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	message := "Batch is " + b.status + " already"
	if stopped {
		message = "Batch cancelled"
	}
	return http.StatusOK, b.summary(map[string]any{"message": message}), nil
}
