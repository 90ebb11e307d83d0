package tunnel

import (
	"context"
	"errors"
	"slices"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// ErrNotLive is returned for a subscription that does not deliver to us, whoever's
// it is.
var ErrNotLive = errors.New("it is none of the subscriptions of this run")

// SetPaused pauses one of our live subscriptions because a person wants that, or
// resumes it. Until it is resumed Check and Move leave it paused; what happens
// meanwhile Pictify does not keep for later. One that somebody has given another
// target is theirs now, and is not touched.
func (r *Registrar) SetPaused(ctx context.Context, uid string, paused bool) error {
	i := slices.IndexFunc(r.live, func(row store.Subscription) bool { return row.UID == uid })
	if i < 0 {
		return ErrNotLive
	}
	row := r.live[i]
	if err := r.mustBeOurs(ctx, row); err != nil {
		return err
	}
	if !paused {
		if err := r.activate(ctx, uid, ""); err != nil {
			return err
		}
		delete(r.paused, uid)
		return nil
	}
	if err := r.pause(ctx, row); err != nil {
		return err
	}
	if r.paused == nil {
		r.paused = make(map[string]bool)
	}
	r.paused[uid] = true
	return nil
}

// IsPaused reports whether a person has paused the subscription, see SetPaused.
func (r *Registrar) IsPaused(uid string) bool { return r.paused[uid] }

// pause asks for it in one way or the other, see activate.
func (r *Registrar) pause(ctx context.Context, row store.Subscription) error {
	sub, err := r.API.Update(ctx, row.UID, pictify.Change{Status: pictify.Paused})
	if errors.Is(err, pictify.ErrRefused) || err == nil && sub.Status == pictify.Active {
		_, err = r.API.Pause(ctx, row.UID)
	}
	return err
}

// stayPaused reports whether a subscription, as Pictify tells it, is to be left
// paused. When somebody has resumed it elsewhere it is like any other again.
func (r *Registrar) stayPaused(sub pictify.Subscription) bool {
	if !r.paused[sub.UID] {
		return false
	}
	if sub.Status == pictify.Active {
		delete(r.paused, sub.UID)
		return false
	}
	return true
}

// pointPaused gives a paused subscription a new target without resuming it.
func (r *Registrar) pointPaused(ctx context.Context, row store.Subscription, publicURL string) (store.Subscription, error) {
	row.TargetURL = r.target(publicURL, row.Token)
	r.open(row)
	if err := r.Store.SaveSubscription(ctx, row); err != nil {
		return row, err
	}
	return row, r.patiently(ctx, func() error {
		_, err := r.API.Update(ctx, row.UID, pictify.Change{TargetURL: row.TargetURL})
		return err
	})
}
