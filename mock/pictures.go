package mock

import (
	"bytes"
	"cmp"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"pictap/mock/media"
)

const (
	maxCached  = 32 << 20 // bytes of drawn pictures
	maxDrawing = 2        // pictures that are being drawn at once
)

// pictures draws what is asked for, and keeps what was drawn as long as there is
// room: the one that was not asked for longest goes first. The zero pictures is empty.
type pictures struct {
	limit int // bytes that are kept; 0 means maxCached

	once sync.Once
	pens *semaphore.Weighted

	mu    sync.Mutex // guards what follows
	drawn map[string]*list.Element
	order *list.List // of *drawing, the latest first
	bytes int
}

// A drawing is a picture's bytes. Its name is made of what is on it.
type drawing struct {
	name  string
	ready chan struct{} // closed when what follows is there
	bytes []byte
	err   error
}

func (p *pictures) init() {
	p.once.Do(func() {
		p.pens = semaphore.NewWeighted(maxDrawing)
		p.drawn, p.order = make(map[string]*list.Element), list.New()
	})
}

// nameOfPicture is the same for the same picture, and so are the bytes.
func nameOfPicture(p media.Picture) string {
	text, _ := json.Marshal(p) // it is made of texts and numbers
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// has reports whether a picture is drawn already.
func (p *pictures) has(picture media.Picture) bool {
	p.init()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drawn[nameOfPicture(picture)] != nil
}

// get draws a picture, or finds it drawn. Those who want the same at once wait for
// the one who draws it.
func (p *pictures) get(ctx context.Context, name string, picture media.Picture) ([]byte, error) {
	p.init()
	for {
		p.mu.Lock()
		e, ok := p.drawn[name]
		if !ok {
			d := &drawing{name: name, ready: make(chan struct{})}
			p.drawn[name] = p.order.PushFront(d)
			p.mu.Unlock()
			return p.finish(ctx, d, picture)
		}
		p.order.MoveToFront(e)
		p.mu.Unlock()
		d := e.Value.(*drawing)
		select {
		case <-d.ready:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for picture: %w", ctx.Err())
		}
		if d.err == nil {
			return d.bytes, nil
		}
		if ctx.Err() != nil {
			return nil, d.err
		} // whoever drew it has left: draw it ourselves
	}
}

// finish draws, and makes room.
func (p *pictures) finish(ctx context.Context, d *drawing, picture media.Picture) ([]byte, error) {
	var b bytes.Buffer
	d.err = p.draw(ctx, picture, &b)
	d.bytes = b.Bytes()
	p.mu.Lock()
	defer p.mu.Unlock()
	close(d.ready)
	if d.err != nil {
		p.drop(d.name)
		return nil, d.err
	}
	p.bytes += len(d.bytes)
	for e := p.order.Back(); e != nil && p.bytes > cmp.Or(p.limit, maxCached); {
		old := e.Value.(*drawing)
		e = e.Prev()
		select {
		case <-old.ready:
			p.drop(old.name)
			p.bytes -= len(old.bytes)
		default: // is being drawn
		}
	}
	return d.bytes, nil
}

// drop forgets a drawing. p.mu must be held.
func (p *pictures) drop(name string) {
	if e := p.drawn[name]; e != nil {
		p.order.Remove(e)
		delete(p.drawn, name)
	}
}

// draw draws without keeping, when there is a pen.
func (p *pictures) draw(ctx context.Context, picture media.Picture, w io.Writer) error {
	p.init()
	if err := p.pens.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait to draw: %w", err)
	}
	defer p.pens.Release(1)
	return picture.Encode(ctx, w)
}

// serve answers with a picture: whole, in parts, or not at all when the caller has
// it. It is drawn only when its bytes or their number are needed.
func (s *Server) serve(picture media.Picture, modified time.Time, cacheControl string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := nameOfPicture(picture)
		h := w.Header()
		h.Set("ETag", `"`+name+`"`)
		h.Set("Cache-Control", cacheControl)
		h.Set("Content-Type", picture.Format.ContentType())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		if r.Header.Get("If-None-Match") == h.Get("ETag") {
			http.ServeContent(w, r, "", modified, bytes.NewReader(nil)) // says so, whatever the bytes are
			return
		}
		drawn, err := s.media.get(r.Context(), name, picture)
		if err != nil {
			clear(h)
			s.answer(w, r, 0, nil, fmt.Errorf("draw: %w", err))
			return
		}
		http.ServeContent(w, r, "", modified, bytes.NewReader(drawn))
	}
}

// renderMedia serves a render that was handed out.
func (s *Server) renderMedia(c call) (int, any, error) {
	id, extension, ok := splitFile(c.uid, append([]string{"mp4"}, templateFormats...)...)
	if !ok {
		return 0, nil, notFound("not-found", "Not found")
	}
	r, ok := s.theWorld().render(id)
	if !ok || r.Extension != extension {
		return 0, nil, notFound("not-found", "Not found")
	}
	return http.StatusOK, s.serve(r.Picture, r.CreatedAt, "public, max-age=60"), nil
}

// templateMedia serves the thumbnail of a template.
func (s *Server) templateMedia(c call) (int, any, error) {
	uid, _, ok := splitFile(c.uid, "png")
	if !ok {
		return 0, nil, notFound("not-found", "Not found")
	}
	t, ok := s.theWorld().template(uid)
	if !ok {
		return 0, nil, noSuchTemplate()
	}
	var o order
	o.setFormat("png")
	scale := min(1, 480/float64(max(t.Width, t.Height)))
	o.Picture.Width, o.Picture.Height = max(1, int(float64(t.Width)*scale)), max(1, int(float64(t.Height)*scale))
	o.fromTemplate(t, nil)
	return http.StatusOK, s.serve(o.Picture, t.UpdatedAt, "no-cache"), nil
}
