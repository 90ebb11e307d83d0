package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A Registrar makes Pictify call us, and stops it again.
//
// One subscription carries one event type and has its own secret, shown once,
// so there is one subscription, one path and one secret for each type. The
// account belongs to a team: only subscriptions whose target URL carries our
// install id are ever changed or removed.
//
// Every step is on disk before the request that it describes. Whatever moment a
// process dies at, the next Start finds what it left: by uid in the store, or
// by install id in Pictify's list.
//
// Its methods are called by one goroutine at a time.
type Registrar struct {
	API     *pictify.Client
	Store   *store.Store
	Hooks   *Hooks
	Types   []pictify.EventType
	Filters pictify.Filters
	Random  io.Reader                                  // for tokens; nil means crypto/rand
	Now     func() time.Time                           // nil means time.Now
	Wait    func(context.Context, time.Duration) error // nil means real time
	Log     *slog.Logger                               // nil means silence
	// Notify is told what a person may want to know. Nil means nobody is told.
	Notify func(SubscriptionNotice)

	live   []store.Subscription // those that deliver now, in order of Types
	paused map[string]bool      // those of them that a person has paused, by uid
	unsure bool                 // a create may have been carried out without our knowing: see sweep
}

// A SubscriptionNotice is something that happened to a subscription.
type SubscriptionNotice struct {
	Event pictify.EventType // "" when it concerns all
	UID   string
	What  string        // created, reused, removed, refused, resumed, moved, recreated, lost, waiting, slow, left
	Err   error         // why, for refused, lost, waiting, slow and left
	Gap   time.Duration // for resumed and recreated: how long events may have been missed
}

// A Leftover is a subscription that could not be removed.
type Leftover struct {
	UID   string // "" when it is not known: the answer that would have told was lost
	Event pictify.EventType
	Err   error
}

func (r *Registrar) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

func (r *Registrar) notify(n SubscriptionNotice) {
	if r.Notify != nil {
		r.Notify(n)
	}
}

func (r *Registrar) log() *slog.Logger {
	if r.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Log
}

func (r *Registrar) base() string {
	if r.API.BaseURL == "" {
		return pictify.DefaultBaseURL
	}
	return r.API.BaseURL
}

// Live returns the subscriptions that deliver to us now.
func (r *Registrar) Live() []store.Subscription { return r.live }

// Ours reports whether a target URL is one of this installation's, and the token
// of its path. The host does not count: tunnels change theirs.
func (h *Hooks) Ours(targetURL string) (token string, ok bool) {
	u, err := url.Parse(targetURL)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	token, ok = strings.CutPrefix(u.EscapedPath(), "/in/"+h.Install+"/")
	return token, ok && token != "" && !strings.Contains(token, "/")
}

// Start leaves exactly one active subscription at Pictify for each type that it
// accepts, with publicURL as target, and none of ours besides. Those of a
// former run are used again when their secret is known, else removed.
//
// Types that Pictify refuses are told to Notify and left out; if all are
// refused, that is the error. After an error nothing that Start created is left,
// as far as Pictify could be reached.
func (r *Registrar) Start(ctx context.Context, publicURL string) error {
	r.live, r.paused, r.unsure = nil, nil, false
	reusable, err := r.reap(ctx)
	if err != nil {
		return fmt.Errorf("look for subscriptions of earlier runs: %w", err)
	}
	var refused error
	for _, t := range r.Types {
		sub, err := r.ensure(ctx, t, publicURL, reusable)
		if errors.Is(err, pictify.ErrRefused) {
			r.notify(SubscriptionNotice{Event: t, What: "refused", Err: err})
			refused = errors.Join(refused, err)
			continue
		}
		if err != nil {
			r.rollBack(ctx, reusable)
			return fmt.Errorf("subscribe to %s: %w", t, err)
		}
		delete(reusable, t)
		r.live = append(r.live, sub)
	}
	if err := joinLeft(r.sweep(ctx)); err != nil {
		r.rollBack(ctx, nil)
		return fmt.Errorf("remove surplus subscriptions: %w", err)
	}
	if len(r.live) == 0 && refused != nil {
		return fmt.Errorf("subscribe: %w", refused)
	}
	return nil
}

// Prune removes all of ours. Nothing may be listening.
func (r *Registrar) Prune(ctx context.Context) error {
	r.Types = nil
	_, err := r.reap(ctx)
	return err
}

// reap removes our leftovers, and returns those that can be used again by type.
func (r *Registrar) reap(ctx context.Context) (map[pictify.EventType]store.Subscription, error) {
	rows, err := r.rows(ctx)
	if err != nil {
		return nil, err
	}
	remote, err := r.Ours(ctx)
	if err != nil {
		return nil, err
	}
	reusable := make(map[pictify.EventType]store.Subscription)
	for _, sub := range remote {
		token, _ := r.Hooks.Ours(sub.TargetURL)
		row, known := rows[token]
		if known && row.UID != "" && row.UID != sub.UID {
			known = false // a create that was answered twice: this is the other one
		} else {
			delete(rows, token)
		}
		if known && r.usable(row, sub) && reusable[sub.Event].UID == "" {
			reusable[sub.Event] = row
			continue
		}
		if err := r.remove(ctx, sub.UID, sub.Event); err != nil {
			return nil, err
		}
		if known {
			if err := r.retire(ctx, row); err != nil {
				return nil, err
			}
		}
	}
	for _, row := range rows { // Pictify does not know them, or no longer
		if err := r.retire(ctx, row); err != nil {
			return nil, err
		}
	}
	return reusable, nil
}

// usable reports whether a subscription found at Pictify is one that we want
// and whose secret we know.
func (r *Registrar) usable(row store.Subscription, sub pictify.Subscription) bool {
	for _, t := range r.Types {
		if t == sub.Event {
			return row.State == store.Live && row.UID == sub.UID && !row.Secret.IsZero() &&
				row.Event == sub.Event && row.Filters == r.Filters && sub.Filters == r.Filters
		}
	}
	return false
}

// rows returns what the store knows of this service, by token.
func (r *Registrar) rows(ctx context.Context) (map[string]store.Subscription, error) {
	all, err := r.Store.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]store.Subscription)
	for _, row := range all {
		if row.Kind == store.Registered && row.State != store.Retired && row.API == r.base() {
			rows[row.Token] = row
		}
	}
	return rows, nil
}

// Ours returns those of the account's subscriptions that are this
// installation's.
func (r *Registrar) Ours(ctx context.Context) ([]pictify.Subscription, error) {
	var ours []pictify.Subscription
	err := r.patiently(ctx, func() error {
		ours = nil
		for sub, err := range r.API.List(ctx) {
			if err != nil {
				return err
			}
			if _, ok := r.Hooks.Ours(sub.TargetURL); ok {
				ours = append(ours, sub)
			}
		}
		return nil
	})
	return ours, err
}
