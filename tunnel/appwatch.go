package tunnel

import (
	"context"
	"errors"
	"time"

	"pictap/tunnel/wire"
)

// While the app is down, its port is tried after these pauses; the last one is
// repeated. A person who restarts an app looks at the screen, so it is short.
var tryPauses = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}

// watchApp looks once whether the app is there, and then, each time it has gone
// down, tries the port until it answers.
func (f *Forwarder) watchApp(ctx context.Context) {
	if err := f.tryPort(ctx); err == nil {
		f.cameUp()
	} else if ctx.Err() == nil {
		f.wentDown(err)
	}
	for {
		select {
		case <-f.down:
		case <-ctx.Done():
			return
		}
		if !f.untilUp(ctx) {
			return
		}
		f.cameUp()
		f.q.resume()
	}
}

func (f *Forwarder) untilUp(ctx context.Context) bool {
	for i := 0; ; i++ {
		t := time.NewTimer(tryPauses[min(i, len(tryPauses)-1)])
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return false
		}
		if err := f.tryPort(ctx); err == nil {
			return true
		}
	}
}

func (f *Forwarder) tryPort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return f.app.Reach(ctx)
}

// wentDown notes that the app cannot be reached and starts the watch.
func (f *Forwarder) wentDown(err error) {
	f.setState(AppState{Known: true, Since: f.Now(), Reason: reason(err)})
	select {
	case f.down <- struct{}{}:
	default: // being watched already
	}
}

func (f *Forwarder) cameUp() { f.setState(AppState{Known: true, Up: true, Since: f.Now()}) }

func (f *Forwarder) setState(s AppState) {
	f.mu.Lock()
	changed := f.state.Known != s.Known || f.state.Up != s.Up || f.state.Reason != s.Reason
	if changed {
		f.state = s
	}
	f.mu.Unlock()
	if changed {
		f.notify(0)
	}
}

// reason says in few words why an attempt failed, without what the reader knows:
// the address.
func reason(err error) string {
	var dial *wire.DialError
	if errors.As(err, &dial) {
		return dial.Reason
	}
	return err.Error()
}
