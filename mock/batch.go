package mock

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pictap/tunnel/pictify"
)

const (
	maxSets         = 1000 // Jan 2026; the SDK sends 100 at most
	maxRunning      = 20   // batches at once
	defaultWorkers  = 5
	maxWorkers      = 10
	maxVariableName = 200 // bytes
)

// A batch is many renders of one template. The renders are made after the answer.
type batch struct {
	id        string
	template  *template // as it was then
	createdAt time.Time
	order     order
	layouts   []string
	sized     bool
	sets      []map[string]any // nil when it is over
	names     [][]string       // of the variables of each set
	workers   int
	webhook   string
	cancel    context.CancelFunc // of what still waits; nil until it runs

	mu        sync.Mutex // guards what follows
	status    string
	items     []item
	completed int
	failed    int
	started   time.Time
	ended     time.Time
}

// Statuses of a batch.
const (
	pending    = "pending"
	processing = "processing"
	completed  = "completed"
	partial    = "partial"
	failed     = "failed"
	cancelled  = "cancelled"
)

// An item is what became of one set of variables.
type item struct {
	done    bool
	failure *failure
	renders []rendered    // with a path for a URL, to which the base is added
	missing []layoutError // layouts that the template does not have
}

// size is roughly what the batch holds when it is over, in bytes.
func (b *batch) size() int {
	n := 2048
	for _, names := range b.names {
		n += 512 * max(1, len(b.layouts))
		for _, name := range names {
			n += 16 + len(name)
		}
	}
	return n
}

// eventPatience is how long the end of a batch waits for the events of its items to
// be delivered, so that it is told of after them unless a receiver hangs.
const eventPatience = 5 * time.Second

// runBatch renders the items, and says when that is over.
func (s *Server) runBatch(ctx context.Context, b *batch) {
	items, stop := context.WithCancel(ctx)
	defer stop()
	b.begin(s.now(), stop)
	telling, hurry := context.WithCancel(ctx)
	defer hurry()
	var events errgroup.Group
	tell := func(e *pictify.Event) {
		events.Go(func() error {
			s.Emit(telling, *e)
			return nil
		})
	}
	var workers sync.WaitGroup
	next := make(chan int)
	for range b.workers {
		workers.Go(func() {
			for i := range next {
				s.renderItem(items, b, i, tell)
			}
		})
	}
feed:
	for i := range b.sets {
		select {
		case next <- i:
		case <-items.Done():
			break feed
		}
	}
	close(next)
	workers.Wait()
	end, left := s.endBatch(b)
	if left > 0 {
		s.mu.Lock()
		s.cut.batches++
		s.cut.renders += left
		s.mu.Unlock()
	}
	timer := time.AfterFunc(eventPatience, hurry)
	events.Wait()
	timer.Stop()
	s.tellBatch(ctx, b, end)
}

// begin has cancelling the batch call stop, at once if it was cancelled before.
func (b *batch) begin(now time.Time, stop context.CancelFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cancel = stop
	if b.status == cancelled {
		stop()
	} else {
		b.status = processing
	}
	b.started = now
}

// stop keeps what has not begun from beginning, and reports whether the batch was
// still running.
func (b *batch) stop() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.status != pending && b.status != processing {
		return false
	}
	b.status = cancelled
	if b.cancel != nil {
		b.cancel()
	}
	return true
}

// renderItem renders one set of variables in all layouts.
func (s *Server) renderItem(ctx context.Context, b *batch, i int, tell func(*pictify.Event)) {
	o := b.order
	o.variables = b.sets[i]
	if o.variables == nil {
		o.variables = map[string]any{}
	}
	if !dawdle(ctx, o.variables) {
		return // cancelled
	}
	it := item{done: true}
	it.failure = failureIn(o.variables)
	if it.failure != nil {
		b.note(i, it)
		tell(s.failed(o, it.failure))
		return
	}
	for _, key := range b.layouts {
		lo, err := o.layout(b.template, key, b.sized)
		var r *render
		if err == nil {
			r, err = s.keep(lo)
		}
		if err != nil {
			it.missing = append(it.missing, layoutError{key, err.Error()})
			continue
		}
		tell(s.completed(lo, r))
		it.renders = append(it.renders, r.rendered(key, ""))
	}
	if len(it.renders) == 0 {
		it.failure = &failure{code: "LAYOUT_NOT_FOUND", text: it.missing[0].Error}
		tell(s.failed(o, it.failure))
	}
	b.note(i, it)
}

func (b *batch) note(i int, it item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items[i] = it
	if it.failure != nil {
		b.failed++
	} else {
		b.completed++
	}
}

// cutShort counts what Close has kept from being done.
type cutShort struct{ batches, renders int }

// CutShort is how many batches Close has ended before they were through, and how many
// renders they had still to make. Those that a caller has cancelled are not among them.
func (s *Server) CutShort() (batches, renders int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cut.batches, s.cut.renders
}

// endBatch settles the status, and returns the event that tells of it, and how many items
// are left that nobody has cancelled.
func (s *Server) endBatch(b *batch) (event pictify.BatchData, left int) {
	now := s.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.sets = now, nil
	switch total := len(b.items); {
	case b.status == cancelled || b.completed+b.failed < total:
		if b.status != cancelled {
			left = total - b.completed - b.failed
		}
		b.status = cancelled
		s.log().Info("batch ended early", "batch", b.id, "rendered", b.completed, "failed", b.failed, "left", total-b.completed-b.failed)
	case b.failed == total:
		b.status = failed
	case b.failed > 0:
		b.status = partial
	default:
		b.status = completed
	}
	status := b.status
	if status == partial && !s.PartialBatches {
		status = completed // as in the guide
	}
	return pictify.BatchData{
		BatchID: b.id, TemplateUID: b.template.UID, Status: status, TotalCount: len(b.items),
		CompletedCount: b.completed, FailedCount: b.failed, Duration: int(now.Sub(b.started).Milliseconds()),
	}, left
}

// tellBatch emits batch.completed, or batch.failed when nothing came of it: to the
// webhookUrl, and to those who could subscribe to it because this mock is lenient.
func (s *Server) tellBatch(ctx context.Context, b *batch, data pictify.BatchData) {
	t := pictify.BatchCompleted
	if data.Status == failed {
		t = pictify.BatchFailed
	}
	e := newEvent(t, s.now().Truncate(time.Second), data)
	if b.webhook != "" {
		s.EmitTo(ctx, b.webhook, *e)
	}
	if s.Lenient {
		s.tell(e)
	}
}

// namesOfSets lists the names of each set's variables, sorted; sets with the same
// names share one list.
func namesOfSets(sets []map[string]any) [][]string {
	all := make([][]string, len(sets))
	for i, set := range sets {
		names := append([]string{}, slices.Sorted(maps.Keys(set))...)
		if i > 0 && slices.Equal(names, all[i-1]) {
			names = all[i-1]
		}
		all[i] = names
	}
	return all
}
