package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pictap/tunnel/pictify"
)

// States of a subscription.
const (
	Intended = "intended" // about to be asked for; after a crash it may or may not exist at Pictify
	Live     = "live"     // exists, its secret is known, its path accepts deliveries
	Retired  = "retired"  // no longer ours to receive: its path answers 410
)

// Kinds of subscriptions.
const (
	Registered = "registered" // by us, through the API
	Local      = "local"      // never registered: signed with the local secret
)

// A Subscription is one receiver path and what belongs to it.
//
// Its row is written as Intended before Pictify is asked, so that no crash can
// leave a subscription that the next start does not know how to find.
type Subscription struct {
	Token          string // last part of the path, 128 random bits
	State          string
	Kind           string
	API            string // base URL of the service that it exists at
	UID            string // Pictify's; "" until known, and for local ones
	Event          pictify.EventType
	Filters        pictify.Filters
	TargetURL      string
	Secret         pictify.Secret // zero for local ones, and once retired
	IdempotencyKey string
	CreatedAt      time.Time
}

// retiredKept is how many retired tokens are remembered.
const retiredKept = 1000

// SaveSubscription inserts the subscription or replaces the one with the same
// token. It is durable when SaveSubscription returns.
func (s *Store) SaveSubscription(ctx context.Context, sub Subscription) error {
	filters, err := json.Marshal(sub.Filters)
	if err != nil {
		return fmt.Errorf("save subscription: %w", err)
	}
	if sub.State == Retired {
		sub.Secret = pictify.Secret{} // no use any more, so no harm either
	}
	err = s.writer.do(ctx, write{apply: func(ctx context.Context, b *batch) error {
		b.nextRev() // so that other processes notice
		_, err := b.conn.ExecContext(ctx, `INSERT OR REPLACE INTO subscriptions
			(token, state, kind, api, uid, event, filters, target_url, secret, idempotency_key, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, sub.Token, sub.State, sub.Kind, sub.API, sub.UID, string(sub.Event),
			string(filters), sub.TargetURL, sub.Secret.Reveal(), sub.IdempotencyKey, micros(sub.CreatedAt))
		if err != nil || sub.State != Retired {
			return err
		}
		_, err = b.conn.ExecContext(ctx, `DELETE FROM subscriptions WHERE state = 'retired' AND token NOT IN
			(SELECT token FROM subscriptions WHERE state = 'retired' ORDER BY created_at DESC, token LIMIT ?)`, retiredKept)
		return err
	}})
	if err != nil {
		return fmt.Errorf("save subscription: %w", err)
	}
	return nil
}

// Subscriptions returns all rows, the oldest first.
func (s *Store) Subscriptions(ctx context.Context) ([]Subscription, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT token, state, kind, api, uid, event, filters, target_url, secret,
		idempotency_key, created_at FROM subscriptions ORDER BY created_at, token`)
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", err)
	}
	defer rows.Close()
	var list []Subscription
	for rows.Next() {
		var sub Subscription
		var filters, secret string
		var at int64
		if err := rows.Scan(&sub.Token, &sub.State, &sub.Kind, &sub.API, &sub.UID, &sub.Event, &filters, &sub.TargetURL,
			&secret, &sub.IdempotencyKey, &at); err != nil {
			return nil, fmt.Errorf("list subscriptions: %w", err)
		}
		if err := json.Unmarshal([]byte(filters), &sub.Filters); err != nil {
			return nil, fmt.Errorf("read filters of %s: %w", sub.Token, err)
		}
		if secret != "" {
			sub.Secret = pictify.NewSecret(secret)
		}
		sub.CreatedAt = fromMicros(at)
		list = append(list, sub)
	}
	return list, rows.Err()
}
