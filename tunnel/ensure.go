package tunnel

import (
	"context"
	"errors"
	"strings"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// ensure uses an earlier subscription again or creates one. One that turns out to
// be of no use is removed, also from reusable.
func (r *Registrar) ensure(ctx context.Context, t pictify.EventType, publicURL string, reusable map[pictify.EventType]store.Subscription) (store.Subscription, error) {
	if row, ok := reusable[t]; ok {
		row, err := r.point(ctx, row, publicURL)
		switch {
		case err == nil:
			r.notify(SubscriptionNotice{Event: t, UID: row.UID, What: "reused"})
			return row, nil
		case errors.Is(err, pictify.ErrNotFound): // removed since it was listed
		case errors.Is(err, pictify.ErrRefused), errors.Is(err, errStuck): // a new one may still be accepted
			if err := r.remove(ctx, row.UID, t); err != nil {
				return row, err
			}
		default:
			return row, err
		}
		if err := r.retire(ctx, row); err != nil {
			return row, err
		}
		delete(reusable, t)
	}
	return r.create(ctx, t, publicURL)
}

// point makes an existing subscription active with publicURL as its target.
func (r *Registrar) point(ctx context.Context, row store.Subscription, publicURL string) (store.Subscription, error) {
	row.TargetURL = r.target(publicURL, row.Token)
	r.open(row) // a delivery may come before the answer
	if err := r.Store.SaveSubscription(ctx, row); err != nil {
		return row, err
	}
	return row, r.patiently(ctx, func() error { return r.activate(ctx, row.UID, row.TargetURL) })
}

// errStuck is returned for a subscription that cannot be made active.
var errStuck = errors.New("the subscription cannot be resumed")

// activate makes a subscription active, and changes its target unless that is
// "". The documents differ on whether an update can change the status, and on
// whether a key may resume.
func (r *Registrar) activate(ctx context.Context, uid, targetURL string) error {
	sub, err := r.API.Update(ctx, uid, pictify.Change{TargetURL: targetURL, Status: pictify.Active})
	if errors.Is(err, pictify.ErrRefused) && targetURL != "" { // because of the status, or of the target?
		sub, err = r.API.Update(ctx, uid, pictify.Change{TargetURL: targetURL})
	}
	if err != nil && !errors.Is(err, pictify.ErrRefused) || err == nil && isActive(sub) {
		return err
	}
	sub, err = r.API.Resume(ctx, uid)
	if err != nil && mayPass(err) || err == nil && isActive(sub) {
		return err
	}
	return errors.Join(errStuck, err)
}

// isActive also holds for an answer that does not tell the status.
func isActive(sub pictify.Subscription) bool {
	return sub.Status == pictify.Active || sub.Status == ""
}

func (r *Registrar) target(publicURL, token string) string {
	return strings.TrimSuffix(publicURL, "/") + r.Hooks.Path(token)
}

func (r *Registrar) open(row store.Subscription) {
	r.Hooks.Set(Hook{Token: row.Token, Event: row.Event, Subscription: row.UID, Source: store.FromPictify, Secret: row.Secret})
}
