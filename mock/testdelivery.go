package mock

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// test delivers an event of the caller's choice to one subscription, whatever
// its own event, filters and status, and signed with its secret. The guide shows
// the call in an SDK; which path it takes is not documented. A test is not counted,
// and not tried again; the delivery log shows it.
func (s *Server) test(c call) (int, any, error) {
	var sub pictify.Subscription
	_, _, err := s.withRecord(c, func(r *record) error {
		sub = r.Subscription
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	e, err := s.testEvent(c, sub.Event)
	if err != nil {
		return 0, nil, err
	}
	id, err := s.deliveryID()
	if err != nil {
		return 0, nil, err
	}
	d := Delivery{URL: sub.TargetURL, Secret: sub.Secret, Event: e, ID: id}
	result := s.sender().Deliver(c.Context(), d)
	s.mu.Lock()
	if r := s.find(c.uid); r != nil {
		s.book(r, newAttempt(r.UID, d, 0, result))
	}
	s.mu.Unlock()
	answer := map[string]any{
		"success": result.OK(), "deliveryId": id,
		"responseStatus": result.Status, "responseTime": result.Duration.Milliseconds(),
	}
	if !result.OK() {
		answer["error"] = result.Problem()
	}
	return http.StatusOK, answer, nil
}

// testEvent reads {"event","data"}, both optional: without an event it is the
// subscription's own, without data it is a sample, whose pictures are to be had here.
func (s *Server) testEvent(c call, own pictify.EventType) (pictify.Event, error) {
	var in struct {
		Event pictify.EventType `json:"event"`
		Data  json.RawMessage   `json:"data"`
	}
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &in); err != nil {
			return pictify.Event{}, notJSON(err)
		}
	}
	if in.Event == "" {
		in.Event = own
	}
	if in.Data == nil && slices.Contains(pictify.EventTypes(), in.Event) {
		return s.sample(in.Event, c.base())
	}
	return pictify.Event{Type: in.Event, Timestamp: s.now().Truncate(time.Second), Data: in.Data}, nil
}

// sample makes an event of a documented type as of now. Its pictures are at the base at
// which the first sample was asked for.
func (s *Server) sample(t pictify.EventType, base string) (pictify.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.samples == nil {
		var seed int64
		if err := binary.Read(s.random(), binary.BigEndian, &seed); err != nil {
			return pictify.Event{}, fmt.Errorf("seed samples: %w", err)
		}
		s.samples = fixtures.New(seed, s.now(), base+SampleMedia)
	}
	return s.samples.EventAt(t, s.now())
}
