package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// cleanupTime is what removing our subscriptions may take at the end.
const cleanupTime = 5 * time.Second

// Pauses between tries of one request that failed for a reason that may pass.
// Together with the requests they stay within the 5 s in which a person expects
// to hear that the service is down.
var patience = []time.Duration{300 * time.Millisecond, time.Second, 2 * time.Second}

// patiently calls f until it succeeds, fails for good, or has been tried often
// enough. A rate limit is waited out, visibly, once for as long as it asks.
func (r *Registrar) patiently(ctx context.Context, f func() error) error {
	for try := 0; ; try++ {
		err := f()
		if err == nil || ctx.Err() != nil || !mayPass(err) || try >= len(patience) {
			return err
		}
		pause := patience[try]
		var api *pictify.APIError
		if errors.As(err, &api) && api.RetryAfter > pause {
			pause = api.RetryAfter
		}
		if pause >= time.Second {
			r.notify(SubscriptionNotice{What: "waiting", Err: err, Gap: pause})
		}
		if err := r.wait(ctx, pause); err != nil {
			return err
		}
	}
}

func (r *Registrar) wait(ctx context.Context, d time.Duration) error {
	if r.Wait != nil {
		return r.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// mayPass reports whether the same request may succeed a little later.
func mayPass(err error) bool {
	var api *pictify.APIError
	if errors.As(err, &api) {
		return api.Status >= 500 || errors.Is(err, pictify.ErrRateLimited)
	}
	var network net.Error
	var transport *url.Error
	return errors.As(err, &network) || errors.As(err, &transport) || errors.Is(err, pictify.ErrBadAnswer)
}

// Stop removes our subscriptions, all at once, and returns those that are left.
// Their paths go on answering until the tunnel is closed: what Pictify sends
// before it has understood is not lost.
func (r *Registrar) Stop(ctx context.Context) (removed []store.Subscription, left []Leftover) {
	return r.each(ctx, func(ctx context.Context, row store.Subscription) error {
		if err := r.API.Delete(ctx, row.UID); err != nil {
			return err
		}
		row.State = store.Retired
		return r.Store.SaveSubscription(context.WithoutCancel(ctx), row) // it is gone: that must not be forgotten in a hurry
	})
}

// Pause pauses our subscriptions instead: the next Start resumes them, with the
// same secrets.
func (r *Registrar) Pause(ctx context.Context) (paused []store.Subscription, left []Leftover) {
	return r.each(ctx, func(ctx context.Context, row store.Subscription) error {
		_, err := r.API.Update(ctx, row.UID, pictify.Change{Status: pictify.Paused})
		return err
	})
}

func (r *Registrar) each(ctx context.Context, f func(context.Context, store.Subscription) error) (done []store.Subscription, left []Leftover) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	errs := make([]error, len(r.live))
	var wg sync.WaitGroup
	for i, row := range r.live {
		wg.Go(func() { errs[i] = r.patiently(ctx, func() error { return f(ctx, row) }) })
	}
	wg.Wait()
	for i, row := range r.live {
		if errs[i] != nil {
			left = append(left, Leftover{row.UID, row.Event, errs[i]})
			continue
		}
		done = append(done, row)
	}
	r.live = nil
	return done, left
}

// rollBack undoes a Start that did not get to its end.
func (r *Registrar) rollBack(ctx context.Context) {
	_, left := r.Stop(context.WithoutCancel(ctx))
	for _, l := range left {
		r.notify(SubscriptionNotice{Event: l.Event, UID: l.UID, What: "left", Err: l.Err})
	}
}

// sweep removes those of ours that are not in use: a create that was answered
// twice has made two.
func (r *Registrar) sweep(ctx context.Context) error {
	ours, err := r.Ours(ctx)
	if err != nil {
		return fmt.Errorf("look for surplus subscriptions: %w", err)
	}
	for _, sub := range ours {
		if !slices.ContainsFunc(r.live, func(row store.Subscription) bool { return row.UID == sub.UID }) {
			if err := r.remove(ctx, sub.UID, sub.Event); err != nil {
				return fmt.Errorf("remove surplus subscription: %w", err)
			}
		}
	}
	r.unsure = false
	return nil
}

// remove deletes one of our subscriptions at Pictify.
func (r *Registrar) remove(ctx context.Context, uid string, t pictify.EventType) error {
	err := r.patiently(ctx, func() error { return r.API.Delete(ctx, uid) })
	if err != nil {
		return fmt.Errorf("remove %s: %w", uid, err)
	}
	r.notify(SubscriptionNotice{Event: t, UID: uid, What: "removed"})
	return nil
}

// retire closes a path for good: it answers 410 from now on.
func (r *Registrar) retire(ctx context.Context, row store.Subscription) error {
	row.State = store.Retired
	r.Hooks.Set(Hook{Token: row.Token, Event: row.Event, Retired: true})
	return r.Store.SaveSubscription(ctx, row)
}
