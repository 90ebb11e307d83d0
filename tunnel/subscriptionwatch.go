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

// Move points our subscriptions to another public URL.
func (r *Registrar) Move(ctx context.Context, publicURL string) error {
	var errs []error
	for i, row := range r.live {
		moved, err := r.point(ctx, row, publicURL)
		if errors.Is(err, pictify.ErrNotFound) {
			moved, err = r.recreate(ctx, row, publicURL, 0)
		}
		if err != nil {
			r.notify(SubscriptionNotice{Event: row.Event, UID: row.UID, What: "lost", Err: err})
			errs = append(errs, err)
			continue
		}
		r.live[i] = moved
		r.notify(SubscriptionNotice{Event: row.Event, UID: moved.UID, What: "moved"})
	}
	return errors.Join(errs...)
}

// Check looks at each subscription and mends it: paused or failed ones are
// resumed, ones that are gone are created anew, ones that point elsewhere of
// ours are pointed back. One that somebody has pointed to a place of their own
// is theirs now, and is left alone. since is when all was last well.
func (r *Registrar) Check(ctx context.Context, publicURL string, since time.Time) error {
	var errs []error
	for i, row := range r.live {
		mended, err := r.checkOne(ctx, row, publicURL, r.now().Sub(since))
		if err != nil {
			r.notify(SubscriptionNotice{Event: row.Event, UID: row.UID, What: "lost", Err: err})
			errs = append(errs, err)
			continue
		}
		r.live[i] = mended
	}
	return errors.Join(errs...)
}

func (r *Registrar) checkOne(ctx context.Context, row store.Subscription, publicURL string, gap time.Duration) (store.Subscription, error) {
	sub, err := r.API.Get(ctx, row.UID)
	if errors.Is(err, pictify.ErrNotFound) {
		return r.recreate(ctx, row, publicURL, gap)
	}
	if err != nil {
		return row, err
	}
	token, ours := r.Hooks.Ours(sub.TargetURL)
	switch {
	case !ours:
		return r.recreate(ctx, row, publicURL, gap)
	case token != row.Token || sub.TargetURL != r.target(publicURL, row.Token):
		row, err = r.point(ctx, row, publicURL)
		if err == nil {
			r.notify(SubscriptionNotice{Event: row.Event, UID: row.UID, What: "moved", Gap: gap})
		}
		return row, err
	case sub.Status != pictify.Active:
		if _, err := r.API.Update(ctx, row.UID, pictify.Change{Status: pictify.Active}); err != nil {
			if _, err := r.API.Resume(ctx, row.UID); err != nil { // documents differ on which of the two works
				return row, err
			}
		}
		r.notify(SubscriptionNotice{Event: row.Event, UID: row.UID, What: "resumed", Gap: gap})
	}
	return row, nil
}

func (r *Registrar) recreate(ctx context.Context, row store.Subscription, publicURL string, gap time.Duration) (store.Subscription, error) {
	fresh, err := r.create(ctx, row.Event, publicURL)
	if err != nil {
		return row, err
	}
	if err := r.retire(ctx, row); err != nil {
		return fresh, err
	}
	r.notify(SubscriptionNotice{Event: row.Event, UID: fresh.UID, What: "recreated", Gap: gap})
	return fresh, nil
}
