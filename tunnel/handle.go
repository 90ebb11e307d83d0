package tunnel

import (
	"context"
	"errors"

	"pictap/tunnel/store"
	"pictap/tunnel/wire"
)

// maxCrashes is how often a delivery is sent to an app that breaks off each time.
const maxCrashes = 5

func (f *Forwarder) work(ctx context.Context) {
	for {
		j := f.q.take()
		if j == nil {
			return
		}
		f.handle(ctx, j)
	}
}

// handle makes one attempt and decides what becomes of the delivery.
func (f *Forwarder) handle(ctx context.Context, j *job) {
	if j.d != nil && f.Store.Removed() > j.d.Rev {
		j.d = nil // it may have been deleted while it stood in line
	}
	if j.d == nil {
		d, err := f.Store.Get(ctx, j.seq)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrNotFound): // somebody deleted it
			f.q.finish(j)
			return
		case err != nil:
			f.Log.Error("delivery not forwarded", "id", j.seq, "err", err)
			f.q.finish(j)
			return
		case d.State != store.Waiting: // another process replayed it
			f.q.finish(j)
			return
		}
		j.d = &d
	}
	a, err := f.attempt(ctx, j.d, store.Forward)
	if ctx.Err() != nil {
		return // shutting down: it is still waiting
	}
	var dial *wire.DialError
	switch {
	case errors.As(err, &dial) && dial.Retry:
		f.hold(ctx, j, err)
		return
	case errors.Is(err, wire.ErrBrokenOff) && j.crashes+1 < maxCrashes:
		// It came up, took the request and died of it, or is being restarted.
		j.crashes++
		f.note(ctx, j.seq, a, store.Waiting, nil)
		f.hold(ctx, j, err)
		return
	case err == nil:
		f.cameUp()
	}
	after := store.Failed
	if a.OK() {
		after = store.Done
	}
	// Until the attempt is stored the job is known: the sender's repeat of this
	// delivery must not start another one.
	f.note(ctx, j.seq, a, after, func() { f.q.finish(j) })
}

// hold puts a delivery back in line, where all wait until the app is there.
func (f *Forwarder) hold(ctx context.Context, j *job, err error) {
	rev := j.d.Rev
	f.q.putBack(j) // first: the watch that begins now ends with letting the line go
	f.wentDown(err)
	if f.Store.Removed() > rev { // perhaps this one, while it was not in line
		if err := f.ForgetRemoved(ctx); err != nil && ctx.Err() == nil {
			f.Log.Error("line not compared with the store", "err", err)
		}
	}
	f.notify(j.seq)
}

// note has an attempt stored soon, and calls then, if not nil, when that is done
// or has failed.
func (f *Forwarder) note(ctx context.Context, seq int64, a store.Attempt, after store.State, then func()) {
	ended := func(err error) {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			f.Log.Error("attempt not recorded", "id", seq, "err", err)
		}
		if then != nil {
			then()
		}
	}
	if err := f.Store.NoteAttempt(context.WithoutCancel(ctx), seq, a, after, ended); err != nil {
		ended(err)
	}
}
