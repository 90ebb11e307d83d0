package command

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progressAfter is how long work may take before a bar shows it.
const progressAfter = time.Second

// A progress is a bar on the terminal, for work that takes longer than a moment.
// Elsewhere it shows nothing. Its methods may be called from several goroutines.
type progress struct {
	mu  sync.Mutex               // guards bar
	bar *progressbar.ProgressBar // nil shows nothing
}

// progress is a bar for total things, or for as many as come when total is -1.
func (e Env) progress(p *printer, total int64, what string) *progress {
	if p.json || !e.StderrTTY {
		return &progress{}
	}
	// The bar measures its rate from the beginning, and is seen from a moment later.
	return &progress{bar: progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(&later{w: e.stderr(), now: e.now, from: e.now().Add(progressAfter)}),
		progressbar.OptionSetDescription(what),
		progressbar.OptionEnableColorCodes(false),
		progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString(what),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// A later writer drops what comes before its time.
type later struct {
	w    io.Writer
	now  func() time.Time
	from time.Time
}

func (l *later) Write(p []byte) (int, error) {
	if l.now().Before(l.from) {
		return len(p), nil
	}
	return l.w.Write(p)
}

// set says how much is done.
func (p *progress) set(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Set(done) // an error of the terminal must not end the work
	}
}

// end takes the bar off the terminal. It may be called again.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Clear()
		p.bar = nil
	}
}
