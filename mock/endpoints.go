package mock

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"pictap/tunnel/pictify"
)

// maxSubscriptions bounds the memory that callers can take.
const maxSubscriptions = 1000

func (s *Server) list(c call) (int, any, error) {
	query := c.URL.Query()
	p, err := readPage(query.Get)
	if err != nil {
		return 0, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var matching []subscriptionJSON
	for _, r := range s.subscriptions {
		if fits(query.Get("event"), string(r.Event)) && fits(query.Get("status"), string(r.Status)) && fits(query.Get("platform"), r.Platform) {
			matching = append(matching, r.json())
		}
	}
	items, pagination := cut(p, matching)
	return http.StatusOK, map[string]any{"subscriptions": items, "pagination": pagination}, nil
}

// fits reports whether a value meets a condition; "" is none.
func fits(condition, value string) bool { return condition == "" || condition == value }

func (s *Server) create(c call) (int, any, error) {
	in, err := readInput(c.body)
	if err != nil {
		return 0, nil, err
	}
	n, err := in.subscription(s.Lenient, s.Places)
	if err != nil {
		return 0, nil, err
	}
	status, answer, err := s.subscribe(c, n)
	if err == nil {
		s.warn(n.TargetURL)
	}
	return status, answer, err
}

// warn tells of the first target that the real service would refuse.
func (s *Server) warn(target string) {
	if note := differs(target); note != "" && s.Warn != nil {
		s.warned.Do(func() { s.Warn(note) })
	}
}

func (s *Server) subscribe(c call, n pictify.NewSubscription) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.subscriptions) >= maxSubscriptions {
		return 0, nil, refusal{status: http.StatusConflict, slug: "limit-reached", title: "Limit reached", detail: fmt.Sprintf("there are %d subscriptions already", maxSubscriptions)}
	}
	uid, err := s.newID("wh_")
	if err != nil {
		return 0, nil, err
	}
	secret, err := pictify.GenerateSecret(s.random())
	if err != nil {
		return 0, nil, err
	}
	r := &record{Subscription: pictify.Subscription{
		UID: uid, Event: n.Event, TargetURL: n.TargetURL, Platform: n.Platform, Filters: n.Filters,
		Status: pictify.Active, CreatedAt: s.now().Truncate(time.Millisecond), Secret: secret,
	}}
	j := r.json()
	j.Secret = secret.Reveal()
	s.subscriptions = append(s.subscriptions, r)
	s.log().InfoContext(c.Context(), "subscription created", "uid", uid, "event", n.Event, "note", differs(n.TargetURL))
	return http.StatusCreated, oneJSON{j, j}, nil
}

func (s *Server) get(c call) (int, any, error) {
	return s.withRecord(c, func(*record) error { return nil })
}

func (s *Server) update(c call) (int, any, error) {
	in, err := readInput(c.body)
	if err != nil {
		return 0, nil, err
	}
	status, answer, err := s.withRecord(c, func(r *record) error {
		changed, err := in.change(r.Subscription, s.Places)
		if err == nil {
			r.Subscription = changed
		}
		return err
	})
	if err == nil && in.TargetURL != nil {
		s.warn(*in.TargetURL)
	}
	return status, answer, err
}

func (s *Server) pause(c call) (int, any, error) {
	return s.withRecord(c, func(r *record) error {
		r.Status = pictify.Paused
		return nil
	})
}

func (s *Server) resume(c call) (int, any, error) {
	return s.withRecord(c, func(r *record) error {
		r.Status, r.FailureCount = pictify.Active, 0
		return nil
	})
}

// remove answers 200 with JSON: some clients cannot read a 204.
func (s *Server) remove(c call) (int, any, error) {
	status, _, err := s.withRecord(c, func(r *record) error {
		s.subscriptions = slices.DeleteFunc(s.subscriptions, func(other *record) bool { return other == r })
		s.drop(r)
		return nil
	})
	return status, map[string]bool{"deleted": true, "success": true}, err
}

// withRecord calls do with the subscription that the path names, s.mu held, and
// answers with the subscription as it is then.
func (s *Server) withRecord(c call, do func(*record) error) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(c.uid)
	if r == nil {
		return 0, nil, refusal{status: http.StatusNotFound, slug: "webhook-not-found", title: "Not found", detail: "Webhook subscription not found"}
	}
	if err := do(r); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, r.one(), nil
}

func (s *Server) stats(call) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	byEvent, byStatus, byPlatform := map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range s.subscriptions {
		byEvent[string(r.Event)]++
		byStatus[string(r.Status)]++
		byPlatform[r.Platform]++
	}
	return http.StatusOK, map[string]any{
		"subscriptions": map[string]any{"total": len(s.subscriptions), "byEvent": byEvent, "byStatus": byStatus, "byPlatform": byPlatform},
		"queue":         s.queue(),
	}, nil
}
