package pictify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// DefaultBaseURL is where the API is. Older pages append /v1, and the routes that
// take a key also exist below /api.
const DefaultBaseURL = "https://api.pictify.io"

// A Client speaks the API for webhook subscriptions. Its fields must not change
// while it is used; several goroutines may use it at once.
//
// It never follows a redirect, never retries, and reads at most 1 MiB of an
// answer. An answer with a status other than 2xx is an [*APIError]; a 2xx that
// cannot be understood is [ErrBadAnswer].
type Client struct {
	BaseURL string           // "" means DefaultBaseURL; https, or http on a loopback host
	Key     Secret           // API key
	HTTP    *http.Client     // nil means http.DefaultTransport; its redirect policy is not used, and a zero Timeout means 10 s
	Now     func() time.Time // nil means time.Now; for Retry-After given as a date
}

const subscriptionsPath = "/webhook-subscriptions"

// Create makes a subscription. Its secret is in the answer and is never shown
// again; an answer without one is not an error, but gives a zero Secret.
//
// A create that is repeated with the same idempotencyKey within 24 hours is
// answered as the first time and makes nothing new (authentication page); "" sends
// none. When the answer is wrong about the secret alone, the subscription is
// returned beside the [ErrBadAnswer]: it exists, and may have to be deleted.
func (c *Client) Create(ctx context.Context, n NewSubscription, idempotencyKey string) (Subscription, error) {
	a, err := c.do(ctx, call{method: http.MethodPost, path: subscriptionsPath, body: n, idempotency: idempotencyKey})
	if err != nil {
		return Subscription{}, err
	}
	return a.subscription()
}

// Get returns one subscription.
func (c *Client) Get(ctx context.Context, uid string) (Subscription, error) {
	return c.one(ctx, http.MethodGet, uid, "", nil)
}

// Update changes a subscription and returns it as it is then.
func (c *Client) Update(ctx context.Context, uid string, change Change) (Subscription, error) {
	return c.one(ctx, http.MethodPut, uid, "", change)
}

// Pause stops deliveries. The newest documents reserve it to the dashboard, so a
// key may be answered 401 or 404; [Client.Update] with a Status is the other way.
func (c *Client) Pause(ctx context.Context, uid string) (Subscription, error) {
	return c.one(ctx, http.MethodPost, uid, "/pause", struct{}{})
}

// Resume makes a paused or failed subscription active again. See [Client.Pause].
func (c *Client) Resume(ctx context.Context, uid string) (Subscription, error) {
	return c.one(ctx, http.MethodPost, uid, "/resume", struct{}{})
}

// Delete removes a subscription. That it is not there (404) is success.
func (c *Client) Delete(ctx context.Context, uid string) error {
	path, err := uidPath(uid)
	if err != nil {
		return fmt.Errorf("delete subscription: %w", err)
	}
	a, err := c.do(ctx, call{method: http.MethodDelete, path: path})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || len(bytes.TrimSpace(a.body)) == 0 { // 204, and 200 without a body
		return err
	}
	object, err := a.object()
	if err != nil {
		return err
	}
	for key, value := range members(object) {
		if (string(key) == "deleted" || string(key) == "success") && string(value) == "false" {
			return a.bad(errors.New("not deleted"))
		}
	}
	return nil
}

// one calls an endpoint of a single subscription that answers with it.
func (c *Client) one(ctx context.Context, method, uid, action string, body any) (Subscription, error) {
	path, err := uidPath(uid)
	if err != nil {
		return Subscription{}, fmt.Errorf("%s subscription: %w", method, err)
	}
	a, err := c.do(ctx, call{method: method, path: path + action, body: body})
	if err != nil {
		return Subscription{}, err
	}
	if method != http.MethodGet && a.silent() {
		return c.Get(ctx, uid) // done, but not shown: openapi gives PUT no answer, no page gives /pause one
	}
	s, err := a.subscription()
	if err == nil && s.UID != uid {
		return Subscription{}, a.bad(errors.New("another subscription than asked for"))
	}
	return s, err
}

// uidPath refuses a uid that could lead to another endpoint. One that comes from
// an answer was checked there; this is for those that were typed or stored.
func uidPath(uid string) (string, error) {
	if !validUID(uid) {
		return "", fmt.Errorf("%q is not a subscription's uid", printable(uid, 40))
	}
	return subscriptionsPath + "/" + uid, nil
}
