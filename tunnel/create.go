package tunnel

import (
	"context"
	"crypto/rand"
	"errors"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

var errNoSecret = errors.New("pictify did not tell the secret")

// create makes a new subscription.
func (r *Registrar) create(ctx context.Context, t pictify.EventType, publicURL string) (store.Subscription, error) {
	row, err := r.createOnce(ctx, t, publicURL)
	if errors.Is(err, errNoSecret) {
		// The secret is shown once, and that answer was lost: the one we cannot
		// verify is gone, a new one has a new secret.
		return r.createOnce(ctx, t, publicURL)
	}
	return row, err
}

// createOnce asks for one subscription. The path exists before Pictify is asked,
// and answers 503 until the secret is stored: a delivery that comes in between is
// tried again, one that was accepted without a secret could be anybody's.
func (r *Registrar) createOnce(ctx context.Context, t pictify.EventType, publicURL string) (store.Subscription, error) {
	token, err := newToken(r.Random)
	if err != nil {
		return store.Subscription{}, err
	}
	row := store.Subscription{
		Token: token, State: store.Intended, Kind: store.Registered, API: r.base(), Event: t, Filters: r.Filters,
		TargetURL: r.target(publicURL, token), IdempotencyKey: rand.Text(), CreatedAt: r.now(),
	}
	if err := r.Store.SaveSubscription(ctx, row); err != nil {
		return row, err
	}
	r.open(row)
	sub, err := r.post(ctx, row)
	if err == nil && sub.Secret.IsZero() {
		err = errNoSecret
	}
	if err != nil {
		r.abandon(ctx, row, sub.UID)
		return row, err
	}
	row.UID, row.Secret, row.State = sub.UID, sub.Secret, store.Live
	if err := r.Store.SaveSubscription(ctx, row); err != nil {
		r.abandon(ctx, row, sub.UID)
		return row, err
	}
	r.open(row)
	r.notify(SubscriptionNotice{Event: t, UID: row.UID, What: "created"})
	return row, nil
}

// post sends the create, again with the same idempotency key when the answer
// was lost. Where the service does not honour the key, sweep finds the surplus.
func (r *Registrar) post(ctx context.Context, row store.Subscription) (sub pictify.Subscription, err error) {
	err = r.patiently(ctx, func() error {
		sub, err = r.API.Create(ctx, pictify.NewSubscription{
			Event: row.Event, TargetURL: row.TargetURL, Platform: "custom", Filters: row.Filters,
		}, row.IdempotencyKey)
		if err != nil && maybeDone(err) {
			r.unsure = true
		}
		return err
	})
	return sub, err
}

// maybeDone reports whether a request that failed may have been carried out all
// the same: there was no answer, or not one of somebody who knows.
func maybeDone(err error) bool {
	var api *pictify.APIError
	return !errors.As(err, &api) || api.Status >= 500
}

// abandon gives up an intent: what exists of it at Pictify is removed. Where that
// fails, or nobody knows whether something exists, the intent stays: for sweep,
// and should that fail as well for the next start.
func (r *Registrar) abandon(ctx context.Context, row store.Subscription, uid string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if uid != "" && r.API.Delete(ctx, uid) != nil {
		r.unsure = true
	}
	if r.unsure {
		return
	}
	if err := r.retire(ctx, row); err != nil {
		r.log().Warn("subscription not retired", "event", row.Event, "err", err)
	}
}
