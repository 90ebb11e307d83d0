package mock

import (
	"cmp"
	"context"
	"encoding/json"

	"golang.org/x/sync/errgroup"

	"pictap/tunnel/pictify"
)

// maxDeliveries is how many deliveries of one event are under way at once.
const maxDeliveries = 8

// Delivered is what became of an event for one subscription.
type Delivered struct {
	Subscription string // uid
	ID           string // of the delivery
	Result
}

// Emit delivers an event to every active subscription that it matches, each with
// an id and a signature of its own, and returns the outcomes in the order in which
// the subscriptions were created. It returns when all have answered or failed;
// cancelling ctx ends those that are under way.
//
// Subscriptions that are paused or failed are passed over for good: an event is
// not kept for them.
func (s *Server) Emit(ctx context.Context, e pictify.Event) []Delivered {
	subs := s.matching(e)
	all := make([]Delivered, len(subs))
	var g errgroup.Group
	g.SetLimit(maxDeliveries)
	for i, sub := range subs {
		g.Go(func() error {
			all[i] = s.deliver(ctx, sub, e)
			return nil
		})
	}
	g.Wait()
	return all
}

func (s *Server) matching(e pictify.Event) []pictify.Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	var subs []pictify.Subscription
	for _, r := range s.subscriptions {
		if r.Status == pictify.Active && r.Event == e.Type && matches(r.Filters, e) {
			subs = append(subs, r.Subscription)
		}
	}
	return subs
}

func (s *Server) deliver(ctx context.Context, sub pictify.Subscription, e pictify.Event) Delivered {
	d := Delivered{Subscription: sub.UID}
	id, err := s.deliveryID()
	if err != nil {
		d.Err = err
		return d
	}
	d.ID = id
	d.Result = s.sender().Deliver(ctx, Delivery{URL: sub.TargetURL, Secret: sub.Secret, Event: e, ID: id})
	s.note(sub.UID, d.Result)
	s.log().InfoContext(ctx, "event delivered", "event", e.Type, "subscription", sub.UID, "delivery", id, "status", d.Status, "problem", d.Problem())
	return d
}

// note records an outcome with the subscription, unless it is gone by now.
func (s *Server) note(uid string, result Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if result.OK() {
		s.counts.completed++
	} else {
		s.counts.failed++
	}
	if r := s.find(uid); r != nil {
		r.note(result)
	}
}

// matches reports whether an event has every value that the filters ask for.
// Render events name their template templateId, the others templateUid; the
// documents do not say that a filter reaches the latter, but nothing else would
// make sense of it.
func matches(f pictify.Filters, e pictify.Event) bool {
	if f == (pictify.Filters{}) {
		return true
	}
	var data struct {
		TemplateID  string `json:"templateId"`
		TemplateUID string `json:"templateUid"`
		BindingID   string `json:"bindingId"`
		Type        string `json:"type"`
	}
	json.Unmarshal(e.Data, &data) // what is ill-typed stays "" and matches no filter
	return fits(f.TemplateID, cmp.Or(data.TemplateID, data.TemplateUID)) &&
		fits(f.BindingID, data.BindingID) &&
		fits(f.Type, data.Type)
}

// sender returns the dispatcher to use.
func (s *Server) sender() *Dispatcher {
	if s.Dispatcher != nil {
		return s.Dispatcher
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dispatcher == nil {
		s.dispatcher = &Dispatcher{Now: s.Now}
	}
	return s.dispatcher
}

func (s *Server) deliveryID() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newID("del_")
}

// Close closes the idle connections of its dispatcher.
func (s *Server) Close() error { return s.sender().Close() }
