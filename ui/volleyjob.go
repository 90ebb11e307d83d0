package ui

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"pictap/tunnel/store"
)

const (
	// settleWithin is how long somebody waits for a volley's end before being told how
	// far it has come. It is far below what servers and browsers allow a request.
	settleWithin = 700 * time.Millisecond
	firstShown   = 10 // deliveries that came of a volley
)

// sending is the volley that is being sent, one at a time, and the last one after that.
// Its zero value is ready to use.
type sending struct {
	jobs sync.WaitGroup

	mu     sync.Mutex // guards all below
	job    *sendJob
	made   int
	closed bool
}

// A sendJob is one volley on its way.
type sendJob struct {
	id     string
	volley Volley
	begun  time.Time
	stop   context.CancelFunc // sends no more; again and again is fine
	done   chan struct{}      // closed when it has ended

	mu    sync.Mutex // guards all below
	state string
	so    VolleyProgress
	ended time.Time
	first []string
	found string
	err   string
}

func (s *sending) last() *sendJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.job
}

// start begins to send, unless something is being sent already.
func (s *sending) start(o Options, v Volley, total int) (*sendJob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, httpError{code: http.StatusServiceUnavailable, public: "pictap is about to end"}
	case s.job != nil && s.job.running():
		return nil, httpError{code: http.StatusConflict, public: "a volley is being sent: wait for its end, or stop it"}
	}
	s.made++
	ctx, stop := context.WithCancel(context.Background())
	j := &sendJob{id: strconv.Itoa(s.made), volley: v, begun: o.Now(), stop: stop, done: make(chan struct{}), state: "running"}
	j.so.Total = total
	s.job = j
	s.jobs.Go(func() {
		defer stop()
		j.run(ctx, o)
	})
	return j, nil
}

// close stops what is being sent, waits for it, and lets nothing more begin.
func (s *sending) close() {
	s.mu.Lock()
	s.closed = true
	if s.job != nil {
		s.job.stop()
	}
	s.mu.Unlock()
	s.jobs.Wait()
}

func (j *sendJob) running() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state == "running" // as the page was told, so that what it does next is not refused
}

// run sends the volley and takes down what came of it.
func (j *sendJob) run(ctx context.Context, o Options) {
	defer close(j.done)
	all := context.WithoutCancel(ctx) // what was sent is looked for after a stop, too
	before, err := o.Store.Newest(all)
	if err == nil {
		err = o.Volleys.Send(ctx, j.volley, j.tell)
	}
	var first []string
	var found string
	if err == nil || ctx.Err() != nil {
		j.mu.Lock()
		so := j.so
		j.mu.Unlock()
		var e error
		if first, found, e = traces(all, o.Store, before, so); e != nil {
			o.Log.Error("look for what was sent", "err", e)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended, j.first, j.found = o.Now(), first, found
	switch {
	case ctx.Err() != nil:
		j.state = "stopped"
	case err != nil:
		j.state, j.err = "failed", "it could not be sent; --verbose shows why"
		if words, ok := errors.AsType[*Refusal](err); ok {
			j.err = words.Text
		}
		o.Log.Error("send volley", "err", err)
	default:
		j.state = "done"
	}
}

func (j *sendJob) tell(so VolleyProgress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.so = so
}

// settle waits a moment for the end.
func (j *sendJob) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	select {
	case <-j.done:
	case <-ctx.Done():
	}
}

// now is the job as it is at that moment. Its lists are never null in JSON.
func (j *sendJob) now(at time.Time) volleyJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.ended.IsZero() {
		at = j.ended
	}
	out := volleyJob{ID: j.id, State: j.state, VolleyProgress: j.so, Event: string(j.volley.Event), Scenario: j.volley.Scenario,
		Seconds: at.Sub(j.begun).Seconds(), First: orEmpty(j.first), Search: j.found, Error: j.err}
	if j.volley.Seed != nil {
		out.Seed = *j.volley.Seed
	}
	out.Statuses = maps.Clone(out.Statuses)
	if out.Statuses == nil {
		out.Statuses = map[string]int{}
	}
	out.Steps = orEmpty(slices.Clone(out.Steps))
	for status, n := range out.Statuses {
		switch {
		case strings.HasPrefix(status, "2"):
			out.Accepted += n
		case status != "0":
			out.Refused += n
		}
	}
	return out
}

// traces finds what came of a volley: the first deliveries, and a search for all. It goes by
// their numbers, or by their ids when they had come before.
func traces(ctx context.Context, st *store.Store, before int64, so VolleyProgress) (first []string, search string, err error) {
	st.Settle()
	after, err := st.Newest(ctx)
	if err != nil {
		return nil, "", err
	}
	if after > before {
		search = "d" + strconv.FormatInt(before+1, 10)
		if after > before+1 {
			search += "..d" + strconv.FormatInt(after, 10)
		}
		search += " source:local"
		list, err := st.List(ctx, store.Query{Before: min(after, before+firstShown) + 1, Limit: firstShown})
		for _, d := range slices.Backward(list) {
			if d.Seq > before && d.Source == store.FromLocal {
				first = append(first, d.ID())
			}
		}
		if len(first) > 0 || err != nil {
			return first, search, err
		}
	}
	if so.Statuses["200"] > 0 && len(so.DeliveryIDs) > 0 { // it was there already, and has come once more
		return nil, "delivery:" + quoteAll(so.DeliveryIDs), nil
	}
	return nil, "", nil
}

// quoteAll writes texts as alternatives of a search.
func quoteAll(texts []string) string {
	var b strings.Builder
	for i, t := range texts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t) + `"`)
	}
	return b.String()
}
