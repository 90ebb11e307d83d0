package tunnel

import (
	"context"
	"errors"
	"fmt"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Errors of [Forwarder.Replay].
var (
	ErrNotVerified = errors.New("it did not verify, so it is not signed again")
	ErrNotWhole    = errors.New("not all of it was kept")
)

// Replay hands a stored delivery to the app once more, now, and records the
// attempt. A delivery that did not verify is never given our signature
// ([ErrNotVerified]), except one that was only too old: its sender was genuine.
func (f *Forwarder) Replay(ctx context.Context, seq int64) (store.Attempt, error) {
	f.init()
	d, err := f.Store.Get(ctx, seq)
	if err != nil {
		return store.Attempt{}, err
	}
	if d.Verdict != pictify.Valid && d.Verdict != pictify.Stale && !f.Secret.IsZero() {
		return store.Attempt{}, ErrNotVerified
	}
	if int64(len(d.Body)) < d.BodySize {
		return store.Attempt{}, fmt.Errorf("%w: %d of its %d bytes were", ErrNotWhole, len(d.Body), d.BodySize)
	}
	a, err := f.attempt(ctx, &d, store.Replay)
	if ctx.Err() != nil {
		return a, context.Cause(ctx)
	}
	if err == nil {
		f.cameUp()
	}
	var after store.State // as it is: what waits may have been delivered meanwhile
	if a.OK() {
		after = store.Done
	} else if d.State != store.Waiting && d.State != store.Kept {
		after = store.Failed
	}
	return f.Store.AddAttempt(context.WithoutCancel(ctx), seq, a, after)
}
