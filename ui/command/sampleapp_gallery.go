package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// webhookEvent is what the gallery reads of an event.
type webhookEvent struct {
	Event string `json:"event"`
	Data  struct {
		Type, URL, ImageID, ImageURL, Format, Error, ErrorCode, Status string
		Width, Height, TotalCount, CompletedCount, FailedCount         int
		Variables, NewData                                             map[string]any
	} `json:"data"`
}

// A tile is one thing in the gallery: a picture that was asked for, or an event
// about something else.
type tile struct {
	N       int     `json:"n"`
	What    string  `json:"what"`  // "card", "gif", …
	State   string  `json:"state"` // "asked", "done" or "failed"
	Title   string  `json:"title"`
	URL     string  `json:"url,omitempty"`
	Format  string  `json:"format,omitempty"`
	Width   int     `json:"width,omitempty"`
	Height  int     `json:"height,omitempty"`
	Event   string  `json:"event,omitempty"`   // that said so
	TookMS  float64 `json:"took_ms,omitempty"` // from asking to the webhook
	asked   time.Time
	imageID string
}

const maxTiles = 60

// add puts a tile into the gallery. a.mu must be held.
func (a *sampleApp) add(t *tile) *tile {
	a.changes++
	t.N = a.changes
	a.tiles = append(a.tiles, t)
	if len(a.tiles) > maxTiles {
		a.tiles = slices.Delete(a.tiles, 0, len(a.tiles)-maxTiles)
	}
	a.ring()
	return t
}

// ring tells the pages that something has changed. a.mu must be held.
func (a *sampleApp) ring() {
	a.changes++
	close(a.changed)
	a.changed = make(chan struct{})
}

// happened puts an event on the wall. The webhook may be here before the answer to
// the request that caused it.
func (a *sampleApp) happened(e webhookEvent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := e.Data
	switch e.Event {
	case "render.completed":
		t := a.tileOf(d.ImageID)
		t.State, t.Event, t.URL, t.Format, t.Width, t.Height = "done", e.Event, d.URL, d.Format, d.Width, d.Height
		if name, ok := d.Variables["name"].(string); ok && t.Title == "" { // an item of a batch, which nobody asked for by itself
			t.Title = name
		}
		if t.TookMS == 0 && !t.asked.IsZero() {
			t.TookMS = float64(time.Since(t.asked).Microseconds()) / 1000
		}
		a.ring()
	case "render.failed":
		a.add(&tile{What: d.Type, State: "failed", Event: e.Event, Title: d.ErrorCode + ": " + d.Error})
	case "batch.completed", "batch.failed":
		state := "done"
		if d.CompletedCount == 0 {
			state = "failed"
		}
		a.add(&tile{What: "batch", State: state, Event: e.Event, Title: fmt.Sprintf("%d of %d rendered, %d failed", d.CompletedCount, d.TotalCount, d.FailedCount)})
	case "binding.updated":
		a.add(&tile{What: "binding", State: "done", Event: e.Event, Title: fmt.Sprintf("%v stars", d.NewData["stars"]), URL: d.ImageURL + "?v=" + strconv.Itoa(a.changes)})
	case "binding.failed":
		a.add(&tile{What: "binding", State: "failed", Event: e.Event, Title: d.Error})
	}
}

// refuses says why the wall does not take what e brings; "" when it does. It is
// the app's one rule of its own, so that a demo has something to find and mend.
func (a *sampleApp) refuses(e webhookEvent) string {
	const widest = 4 // times as wide as high
	if e.Event != "render.completed" || e.Data.Width <= widest*e.Data.Height {
		return ""
	}
	why := fmt.Sprintf("too wide for this wall: %d×%d is more than %d to 1", e.Data.Width, e.Data.Height, widest)
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tileOf(e.Data.ImageID)
	t.State, t.Event, t.Title = "failed", e.Event, why
	a.ring()
	return why
}

// tileOf finds the tile of an image, or adds one. a.mu must be held.
func (a *sampleApp) tileOf(imageID string) *tile {
	for _, t := range a.tiles {
		if t.imageID == imageID && imageID != "" {
			return t
		}
	}
	return a.add(&tile{What: "image", imageID: imageID})
}

// showTiles answers with the gallery when it differs from what the page has seen.
func (a *sampleApp) showTiles(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.Atoi(r.FormValue("since"))
	patience := time.NewTimer(20 * time.Second)
	defer patience.Stop()
	a.mu.Lock()
	for a.changes <= since {
		changed := a.changed
		a.mu.Unlock()
		select {
		case <-changed:
		case <-patience.C:
			since = -1
		case <-r.Context().Done():
			return
		case <-a.ctx.Done():
			return
		}
		a.mu.Lock()
	}
	text, err := json.Marshal(map[string]any{"changes": a.changes, "tiles": a.tiles})
	a.mu.Unlock()
	if err != nil {
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}

// repository is the data source of the binding.
func (a *sampleApp) repository(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down {
		http.Error(w, "the data source has a bad day", http.StatusInternalServerError)
		return
	}
	a.stars += 1 + a.changes%7
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"repository":{"name":"octo/gallery"},"stars":%d}`, a.stars)
}

func (a *sampleApp) askFor(w http.ResponseWriter, r *http.Request) {
	if err := a.ask(r.Context(), r.PathValue("what")); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// wishes are what the gallery can ask for, in the order of a first look.
func wishes() []string {
	return []string{"card", "gif", "fail", "pdf", "binding", "batch", "broken-binding", "lost-batch", "banner"}
}

const (
	welcomeCard = "XL13XACH2V" // a template with the variables name and company
	sampleKey   = "the-sample-apps-key"
)

// ask asks Pictify for something, as any app would.
func (a *sampleApp) ask(ctx context.Context, what string) error {
	a.mu.Lock()
	n := a.changes
	a.mu.Unlock()
	person, company := pickName(n), pickCompany(n)
	variables := map[string]any{"name": person, "company": company}
	render := "/templates/" + welcomeCard + "/render"
	switch what {
	case "card":
		return a.render(ctx, what, person, render, map[string]any{"variables": variables})
	case "gif", "pdf":
		return a.render(ctx, what, person, render, map[string]any{"variables": variables, "format": what})
	case "banner": // which the app then refuses
		return a.render(ctx, what, person, "/image", map[string]any{"html": "<h1>" + company + "</h1>", "width": 2400, "height": 300})
	case "fail":
		variables["fail"] = "RENDER_TIMEOUT" // the mock's magic: it fails like that
		return a.post(ctx, render, map[string]any{"variables": variables}, nil, http.StatusOK, http.StatusUnprocessableEntity, http.StatusGatewayTimeout, http.StatusInternalServerError)
	case "batch", "lost-batch":
		var sets []map[string]any
		items := map[string]int{"batch": 6, "lost-batch": 2}[what]
		for i := range items {
			set := map[string]any{"name": pickName(n + i), "company": company}
			if i == 4 || what == "lost-batch" {
				set["fail"] = "INVALID_VARIABLE"
			}
			sets = append(sets, set)
		}
		return a.post(ctx, "/templates/"+welcomeCard+"/batch-render", map[string]any{"variableSets": sets}, nil)
	case "binding", "broken-binding":
		return a.refresh(ctx, what == "broken-binding")
	}
	return fmt.Errorf("nobody knows what %q is", what)
}

// render asks for one picture and hangs an empty frame for it.
func (a *sampleApp) render(ctx context.Context, what, title, path string, body any) error {
	asked := time.Now()
	type rendered struct{ ID, URL, Format string }
	var answer struct {
		rendered
		Results []rendered // of a template
	}
	if err := a.post(ctx, path, body, &answer); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer.ID != "" {
		answer.Results = append(answer.Results, answer.rendered)
	}
	for _, r := range answer.Results {
		t := a.tileOf(r.ID)
		t.What, t.Title, t.asked = what, title, asked
		if t.State == "" {
			t.State = "asked"
		} else if t.TookMS == 0 {
			t.TookMS = float64(time.Since(asked).Microseconds()) / 1000
		}
	}
	a.ring()
	return nil
}

// refresh makes the binding, if there is none yet, and has it refreshed.
func (a *sampleApp) refresh(ctx context.Context, broken bool) error {
	a.mu.Lock()
	uid := a.binding
	a.down = broken
	a.mu.Unlock()
	if uid == "" {
		var made struct{ Binding struct{ UID string } }
		err := a.post(ctx, "/bindings", map[string]any{
			"templateId": welcomeCard,
			"dataSource": map[string]any{"type": "http", "url": a.url + "/repository.json"},
			"mapping":    map[string]any{"name": "stars", "company": "repository.name"},
		}, &made)
		if err != nil {
			return err
		}
		uid = made.Binding.UID
		a.mu.Lock()
		a.binding = uid
		a.mu.Unlock()
	}
	return a.post(ctx, "/bindings/"+uid+"/refresh", map[string]any{}, nil)
}

// post calls the API. Statuses other than 2xx are errors, unless they are expected.
func (a *sampleApp) post(ctx context.Context, path string, body, into any, expected ...int) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("ask Pictify: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.api+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("ask Pictify: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+sampleKey)
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask Pictify: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("ask Pictify: %w", err)
	}
	if resp.StatusCode/100 != 2 && !slices.Contains(expected, resp.StatusCode) {
		return fmt.Errorf("ask Pictify: POST %s answered %d: %.200s", path, resp.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read Pictify's answer: %w", err)
	}
	return nil
}

func pickName(n int) string {
	names := []string{"Ada", "Grace", "Zoë", "Linus", "Nguyễn Thị Minh", "Katherine", "Seán", "Margaret", "Alan", "Радия"}
	return names[n%len(names)]
}

func pickCompany(n int) string {
	companies := []string{"Analytical Engines", "Moonshot & Co.", "Kraków Type", "Paper Planes", "Octo Gallery"}
	return companies[n/3%len(companies)]
}
