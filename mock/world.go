package mock

import (
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
)

// What a world keeps at most. Renders and batches that are too many go, oldest
// first; of the others no more are made.
const (
	maxRenders       = 10_000
	maxRenderBytes   = 48 << 20
	maxBatches       = 1000
	maxBatchBytes    = 32 << 20
	maxTemplates     = 1000
	maxTemplateBytes = 64 << 20
	maxBindings      = 1000
	maxBindingBytes  = 32 << 20
	maxVideos        = 500
	maxVideoBytes    = 16 << 20
	maxExperiments   = 500
	maxExpBytes      = 16 << 20
)

// A world is what was created by calls, apart from subscriptions. A value that is
// on a shelf is never changed, only replaced.
type world struct {
	once        sync.Once
	mu          sync.RWMutex // guards what follows. Server.mu may be held when it is taken, not the other way round
	seeds       []*template  // that a new world has
	films       []*video     // as seeds
	templates   shelf[*template]
	renders     shelf[*render]             // all of them
	byKind      map[string]*shelf[*render] // the same
	batches     shelf[*batch]
	running     int // of them
	bindings    shelf[*binding]
	fetching    map[string]bool // uids of bindings
	videos      shelf[*video]
	experiments shelf[*experiment]
}

// theWorld is where endpoints find it: with the templates and videos that every mock has.
func (s *Server) theWorld() *world {
	w := &s.world
	w.once.Do(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sow(defaultTemplates(), s.now())
		w.films = defaultVideos()
		for _, v := range w.films {
			v.CreatedAt = s.now().Truncate(time.Millisecond)
			v.UpdatedAt = v.CreatedAt
			w.videos.put(v.UID, v, v.size())
		}
	})
	return w
}

// sow adds templates to the seeds, in the place of those with the same uid. w.mu must
// be held.
func (w *world) sow(templates []*template, now time.Time) {
	for _, t := range templates {
		t.CreatedAt = now.Truncate(time.Millisecond)
		t.UpdatedAt = t.CreatedAt
		w.seeds = append(w.seeds, t)
		w.templates.put(t.UID, t, t.size())
	}
}

// clear makes the world as it was at first. w.mu must be held.
func (w *world) clear() {
	for _, b := range w.batches.oldest() {
		b.stop()
	}
	w.templates, w.renders, w.byKind = shelf[*template]{}, shelf[*render]{}, nil
	w.batches, w.bindings, w.videos, w.experiments = shelf[*batch]{}, shelf[*binding]{}, shelf[*video]{}, shelf[*experiment]{}
	for _, t := range w.seeds {
		w.templates.put(t.UID, t, t.size())
	}
	for _, v := range w.films {
		w.videos.put(v.UID, v, v.size())
	}
}

// keepRender puts a render on its shelves.
func (w *world) keepRender(r *render) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shelve(r)
	w.renders.trim(maxRenders, maxRenderBytes, func(id string, old *render) { w.byKind[old.Kind].remove(id) })
}

// shelve is keepRender with w.mu held, and whatever there is.
func (w *world) shelve(r *render) {
	if w.byKind == nil {
		w.byKind = make(map[string]*shelf[*render])
	}
	if w.byKind[r.Kind] == nil {
		w.byKind[r.Kind] = &shelf[*render]{}
	}
	w.renders.put(r.ID, r, r.size())
	w.byKind[r.Kind].put(r.ID, r, r.size())
}

func (w *world) render(id string) (*render, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.renders.get(id)
}

const (
	base36 = "0123456789abcdefghijklmnopqrstuvwxyz"
	upper  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// newUID makes an id like those of real templates and GIFs, "XL13XACH2V".
func (s *Server) newUID() (string, error) { return s.newKey(upper, 10) }

// newMediaID makes an id like that of a real picture, "9tv83-1698983654151". Its
// first part is longer, because ids of one millisecond must differ.
func (s *Server) newMediaID(at time.Time) (string, error) {
	key, err := s.newKey(base36, 8)
	return key + "-" + strconv.FormatInt(at.UnixMilli(), 10), err
}

// newKey makes a key of n letters. s.mu must not be held.
func (s *Server) newKey(letters string, n int) (string, error) {
	b := make([]byte, n)
	if err := s.readRandom(b); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)] // 256 is no multiple of 36: some are a little likelier
	}
	return string(b), nil
}

// readRandom fills b. s.mu must not be held.
func (s *Server) readRandom(b []byte) error {
	if s.Random == nil {
		_, err := rand.Read(b) // may be used by several goroutines
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := io.ReadFull(s.Random, b)
	return err
}

// newHexID is newID for who does not hold s.mu.
func (s *Server) newHexID(prefix string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newID(prefix)
}
