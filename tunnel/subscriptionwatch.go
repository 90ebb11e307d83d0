package tunnel

import (
	"context"
	"errors"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// CheckEvery is how often subscriptions are looked at while running: Pictify
// disables one after repeated failures, and people press buttons in dashboards.
const CheckEvery = time.Minute

// Move points our subscriptions to another public URL, and mends them as Check
// does.
func (r *Registrar) Move(ctx context.Context, publicURL string) error {
	return r.lookAtAll(ctx, func(row store.Subscription) (store.Subscription, error) {
		var sub pictify.Subscription
		err := r.patiently(ctx, func() (err error) {
			sub, err = r.API.Get(ctx, row.UID)
			return err
		})
		return r.mend(ctx, row, sub, err, publicURL, 0)
	})
}

// Check looks at each subscription and mends it: paused or failed ones are
// resumed, unless [Registrar.SetPaused] has paused them, ones that are gone are created anew, ones that point elsewhere of
// ours are pointed back. One that somebody has pointed to a place of their own
// is theirs now, and is left alone. since is when all was last well.
//
// It is called often, so it asks each once: what cannot be learned now is learned
// by the next call.
func (r *Registrar) Check(ctx context.Context, publicURL string, since time.Time) error {
	gap := r.now().Sub(since)
	return r.lookAtAll(ctx, func(row store.Subscription) (store.Subscription, error) {
		sub, err := r.API.Get(ctx, row.UID)
		return r.mend(ctx, row, sub, err, publicURL, gap)
	})
}

func (r *Registrar) lookAtAll(ctx context.Context, mend func(store.Subscription) (store.Subscription, error)) error {
	var errs []error
	for i, row := range r.live {
		mended, err := mend(row)
		r.live[i] = mended // also with an error: it may have become another one
		if ctx.Err() != nil {
			return context.Cause(ctx) // which says nothing about the subscriptions
		}
		if err != nil {
			r.notify(SubscriptionNotice{Event: row.Event, UID: row.UID, What: "lost", Err: err})
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, joinLeft(r.sweep(ctx)))...)
}

// mend gets what Pictify says of row, and returns the subscription that serves
// its purpose from now on: row, or one that was created in its place.
func (r *Registrar) mend(ctx context.Context, row store.Subscription, sub pictify.Subscription, err error, publicURL string, gap time.Duration) (store.Subscription, error) {
	if errors.Is(err, pictify.ErrNotFound) {
		return r.recreate(ctx, row, publicURL, gap)
	}
	if err != nil {
		return row, err
	}
	what := "moved"
	token, ours := r.Hooks.Ours(sub.TargetURL)
	elsewhere := token != row.Token || sub.TargetURL != r.target(publicURL, row.Token)
	paused := ours && r.stayPaused(sub)
	switch {
	case !ours:
		return r.recreate(ctx, row, publicURL, gap)
	case elsewhere && paused:
		row, err = r.pointPaused(ctx, row, publicURL)
	case elsewhere:
		row, err = r.point(ctx, row, publicURL)
	case paused:
		return row, nil
	case !isActive(sub):
		what = "resumed"
		err = r.activate(ctx, row.UID, "")
	default:
		return row, nil
	}
	switch {
	case errors.Is(err, errStuck):
		fresh, err := r.recreate(ctx, row, publicURL, gap)
		if err != nil {
			return fresh, err
		}
		return fresh, r.remove(ctx, row.UID, row.Event)
	case err == nil:
		r.notify(SubscriptionNotice{Event: row.Event, UID: row.UID, What: what, Gap: gap})
	}
	return row, err
}

func (r *Registrar) recreate(ctx context.Context, row store.Subscription, publicURL string, gap time.Duration) (store.Subscription, error) {
	fresh, err := r.create(ctx, row.Event, publicURL)
	if err != nil {
		return row, err
	}
	r.notify(SubscriptionNotice{Event: row.Event, UID: fresh.UID, What: "recreated", Gap: gap})
	return fresh, r.retire(ctx, row)
}
