package tunnel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
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

// slowAfter is when a person is told that the service takes its time.
const slowAfter = 3 * time.Second

var errSlow = errors.New("no answer yet")

// patiently calls f until it succeeds, fails for good, or has been tried often
// enough. A rate limit is waited out, visibly, for as long as it asks.
func (r *Registrar) patiently(ctx context.Context, f func() error) error {
	for try := 0; ; try++ {
		slow := time.AfterFunc(slowAfter, func() { r.notify(SubscriptionNotice{What: "slow", Err: errSlow}) })
		err := f()
		slow.Stop()
		if err == nil || ctx.Err() != nil || !mayPass(err) || try >= len(patience) {
			return err
		}
		pause := patience[try]
		var api *pictify.APIError
		if errors.As(err, &api) && api.RetryAfter > pause {
			pause = api.RetryAfter
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
			return err // it says more than that time was up
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

// mayPass reports whether the same request may succeed a little later. Of what
// can go wrong on the way only that is for good which does not depend on the way.
func mayPass(err error) bool {
	var api *pictify.APIError
	if errors.As(err, &api) {
		return api.Status >= 500 || errors.Is(err, pictify.ErrRateLimited)
	}
	var certificate *tls.CertificateVerificationError
	return !errors.Is(err, pictify.ErrInsecureBase) && !errors.Is(err, pictify.ErrUnauthorized) && !errors.Is(err, errStuck) && !errors.Is(err, errTheirs) &&
		!errors.Is(err, store.ErrClosed) && !errors.As(err, &certificate)
}

// Stop removes our subscriptions, all at once, and returns those that are left.
// Their paths go on answering until the tunnel is closed: what Pictify sends
// before it has understood is not lost. One that somebody has meanwhile pointed
// to a place of their own is theirs, and is in neither list.
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
	return r.each(ctx, r.pause)
}

func (r *Registrar) each(ctx context.Context, f func(context.Context, store.Subscription) error) (done []store.Subscription, left []Leftover) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	errs := make([]error, len(r.live))
	var wg sync.WaitGroup
	for i, row := range r.live {
		wg.Go(func() {
			errs[i] = r.patiently(ctx, func() error {
				if err := r.mustBeOurs(ctx, row); err != nil {
					return err
				}
				return f(ctx, row)
			})
		})
	}
	wg.Wait()
	for i, row := range r.live {
		switch {
		case errs[i] == nil:
			done = append(done, row)
		case !errors.Is(errs[i], errTheirs):
			left = append(left, Leftover{row.UID, row.Event, errs[i]})
		}
	}
	left = append(left, r.sweep(ctx)...)
	r.live = nil
	return done, left
}

// errTheirs is returned for a subscription that is somebody else's now.
var errTheirs = errors.New("it has another target now")

// mustBeOurs looks before something is done to a subscription: whoever has given
// it another target would miss it.
func (r *Registrar) mustBeOurs(ctx context.Context, row store.Subscription) error {
	sub, err := r.API.Get(ctx, row.UID)
	if errors.Is(err, pictify.ErrNotFound) {
		return nil // and what is done to nobody's is no harm
	}
	if err != nil {
		return err
	}
	if _, ours := r.Hooks.Ours(sub.TargetURL); !ours {
		return errTheirs
	}
	return nil
}

// rollBack undoes a Start that did not get to its end. It also removes those that
// were still to be used again.
func (r *Registrar) rollBack(ctx context.Context, reusable map[pictify.EventType]store.Subscription) {
	r.live = slices.AppendSeq(r.live, maps.Values(reusable))
	_, left := r.Stop(context.WithoutCancel(ctx))
	for _, l := range left {
		r.notify(SubscriptionNotice{Event: l.Event, UID: l.UID, What: "left", Err: l.Err})
	}
}

// sweep looks for subscriptions that may have been made without our knowing: the
// answer to a create was lost, or a repeated create was carried out twice. Those
// of ours that are not live are removed, and with them the intents that they came
// from.
func (r *Registrar) sweep(ctx context.Context) (left []Leftover) {
	if !r.unsure {
		return nil
	}
	ours, err := r.Ours(ctx)
	if err != nil {
		return []Leftover{{Err: err}}
	}
	for _, sub := range ours {
		if slices.ContainsFunc(r.live, func(row store.Subscription) bool { return row.UID == sub.UID }) {
			continue
		}
		if err := r.remove(ctx, sub.UID, sub.Event); err != nil {
			left = append(left, Leftover{sub.UID, sub.Event, err})
		}
	}
	if len(left) > 0 {
		return left
	}
	if err := r.retireIntents(ctx); err != nil {
		return []Leftover{{Err: err}}
	}
	r.unsure = false
	return nil
}

// retireIntents retires what was to be created and is known not to exist.
func (r *Registrar) retireIntents(ctx context.Context) error {
	rows, err := r.rows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.State == store.Intended {
			if err := r.retire(ctx, row); err != nil {
				return err
			}
		}
	}
	return nil
}

func joinLeft(left []Leftover) error {
	var errs []error
	for _, l := range left {
		errs = append(errs, l.Err)
	}
	return errors.Join(errs...)
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
