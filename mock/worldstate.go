package mock

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A worldState is a world in a snapshot. Everything is in the order in which it was made.
type worldState struct {
	Templates   []*template
	Renders     []*render
	Batches     []savedBatch
	Bindings    []*binding
	Videos      []*video
	Experiments []*experiment
}

// A savedBatch is a batch that is over, or would be when nobody goes on with it.
type savedBatch struct {
	ID          string
	TemplateUID string
	Status      string
	CreatedAt   time.Time
	Started     time.Time
	Ended       time.Time
	Items       []savedItem
}

type savedItem struct {
	Done    bool
	Code    string        `json:",omitempty"` // why it failed, and
	Error   string        `json:",omitempty"` // in words
	Names   []string      // of its variables
	Renders []rendered    `json:",omitempty"`
	Missing []layoutError `json:",omitempty"`
}

// save notes what there is.
func (w *world) save() *worldState {
	w.mu.RLock()
	defer w.mu.RUnlock()
	state := &worldState{
		Templates: w.templates.all(), Renders: w.renders.all(), Bindings: w.bindings.all(), Videos: w.videos.all(), Experiments: w.experiments.all(),
		Batches: []savedBatch{},
	}
	for _, b := range w.batches.oldest() {
		state.Batches = append(state.Batches, b.save())
	}
	return state
}

func (b *batch) save() savedBatch {
	b.mu.Lock()
	defer b.mu.Unlock()
	saved := savedBatch{ID: b.id, TemplateUID: b.template.UID, Status: b.status, CreatedAt: b.createdAt, Started: b.started, Ended: b.ended, Items: make([]savedItem, len(b.items))}
	if b.status == pending || b.status == processing {
		saved.Status = cancelled // as it will be for who restores it
	}
	for i, it := range b.items {
		saved.Items[i] = savedItem{Done: it.done, Names: b.names[i], Renders: it.renders, Missing: it.missing}
		if it.failure != nil {
			saved.Items[i].Code, saved.Items[i].Error = it.failure.code, it.failure.text
		}
	}
	return saved
}

// load puts a state that was checked in the place of what there is.
func (w *world) load(state *worldState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clear()
	w.templates, w.videos = shelf[*template]{}, shelf[*video]{}
	for _, t := range state.Templates {
		t.prepare()
		for key, l := range t.Layouts {
			l.prepare()
			t.Layouts[key] = l
		}
		w.templates.put(t.UID, t, t.size())
	}
	for _, r := range state.Renders {
		w.shelve(r)
	}
	for _, s := range state.Batches {
		b := s.batch()
		w.batches.put(b.id, b, b.size())
	}
	for _, b := range state.Bindings {
		w.bindings.put(b.UID, b, b.size())
	}
	for _, v := range state.Videos {
		w.videos.put(v.UID, v, v.size())
	}
	for _, e := range state.Experiments {
		w.experiments.put(e.UID, e, e.size())
	}
}

func (s savedBatch) batch() *batch {
	b := &batch{
		id: s.ID, template: &template{UID: s.TemplateUID}, createdAt: s.CreatedAt, status: s.Status, started: s.Started, ended: s.Ended,
		items: make([]item, len(s.Items)), names: make([][]string, len(s.Items)),
	}
	for i, it := range s.Items {
		b.items[i] = item{done: it.Done, renders: it.Renders, missing: it.Missing}
		b.names[i] = append([]string{}, it.Names...)
		switch {
		case it.Code != "":
			b.items[i].failure = &failure{code: it.Code, text: it.Error}
			b.failed++
		case it.Done:
			b.completed++
		}
	}
	return b
}

// check refuses what a mock would not have written: what it could not draw, answer, or
// would never fetch.
func (state *worldState) check() error {
	if len(state.Templates) > maxTemplates || len(state.Renders) > maxRenders || len(state.Batches) > maxBatches || len(state.Bindings) > maxBindings ||
		len(state.Videos) > maxVideos || len(state.Experiments) > maxExperiments {
		return corrupt(errors.New("too much of something"))
	}
	return errors.Join(
		checkAll("template", state.Templates, func(t *template) (string, bool) {
			return t.UID, uidForm().MatchString(t.UID) && fitsImage(t.Width, t.Height) && (t.Fabric == nil || isObject(t.Fabric)) && len(t.HTML) <= maxTemplateSource &&
				!slices.ContainsFunc(slices.Collect(maps.Values(t.Layouts)), func(l layout) bool { return !fitsImage(l.Width, l.Height) || !isObject(l.Fabric) })
		}),
		checkAll("render", state.Renders, func(r *render) (string, bool) {
			return r.ID, uidForm().MatchString(r.ID) && slices.Contains([]string{kindImage, kindGIF, kindPDF, kindVideo}, r.Kind) && formatOf(r.Extension) == r.Picture.Format && r.Picture.Check() == nil
		}),
		checkAll("binding", state.Bindings, func(b *binding) (string, bool) {
			return b.UID, uidForm().MatchString(b.UID) && fitsImage(b.Output.Width, b.Output.Height) && slices.Contains([]string{"png", "jpeg", "webp"}, b.Output.Format) &&
				b.Refresh.TTLSeconds >= 60 && (b.Source.Type != "http" || checkURL("url", b.Source.URL) == nil)
		}),
		checkAll("video", state.Videos, func(v *video) (string, bool) {
			return v.UID, uidForm().MatchString(v.UID) && fitsImage(v.Width, v.Height) && v.FPS >= 1 && v.FPS <= 120 && v.Frames >= 1 && v.Frames <= maxVideoLen
		}),
		checkAll("experiment", state.Experiments, func(e *experiment) (string, bool) { return e.UID, uidForm().MatchString(e.UID) }),
		checkBatches(state.Batches),
	)
}

func checkBatches(batches []savedBatch) error {
	return checkAll("batch", pointers(batches), func(b *savedBatch) (string, bool) {
		bad := func(it savedItem) bool { return it.Done && it.Code == "" && len(it.Renders) == 0 }
		return b.ID, uidForm().MatchString(b.ID) && len(b.Items) >= 1 && len(b.Items) <= maxSets && !slices.ContainsFunc(b.Items, bad) &&
			slices.Contains([]string{completed, partial, failed, cancelled}, b.Status)
	})
}

// checkAll wants all to be there, to be as they should, and to differ in their ids.
func checkAll[T any](what string, all []*T, check func(*T) (id string, ok bool)) error {
	seen := make(map[string]bool, len(all))
	for _, one := range all {
		if one == nil {
			return corrupt(fmt.Errorf("a %s that is null", what))
		}
		id, ok := check(one)
		if !ok || seen[id] {
			return corrupt(fmt.Errorf("%s %q", what, cutText(id, 100)))
		}
		seen[id] = true
	}
	return nil
}

func fitsImage(width, height int) bool {
	return width >= 1 && width <= maxSide && height >= 1 && height <= maxSide
}

func pointers[T any](all []T) []*T {
	to := make([]*T, len(all))
	for i := range all {
		to[i] = &all[i]
	}
	return to
}
