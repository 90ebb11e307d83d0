package command

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"
)

// progressAfter is how long work may take before a bar shows it.
const progressAfter = time.Second

// A progress is a bar on the terminal, for work that takes longer than a moment.
// Elsewhere it shows nothing. Its methods may be called from several goroutines.
type progress struct {
	mu    sync.Mutex // guards all below
	bar   *progressbar.ProgressBar
	begin func() *progressbar.ProgressBar // nil: there is to be no bar
	now   func() time.Time
	start time.Time
}

// progress is a bar for total things, or for as many as come when total is -1.
func (e Env) progress(c *cli.Context, p *printer, total int64, what string) *progress {
	pr := &progress{now: e.now, start: e.now()}
	if p.json || !e.StderrTTY {
		return pr
	}
	pr.begin = func() *progressbar.ProgressBar {
		return progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(e.stderr()),
			progressbar.OptionSetDescription(what),
			progressbar.OptionEnableColorCodes(false),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString(what),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	return pr
}

// set says how much is done.
func (p *progress) set(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begin == nil || p.bar == nil && p.now().Sub(p.start) < progressAfter {
		return
	}
	if p.bar == nil {
		p.bar = p.begin()
	}
	p.bar.Set(done) // an error of the terminal must not end the work
}

// end takes the bar off the terminal. It may be called again.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Clear()
	}
	p.bar, p.begin = nil, nil
}
