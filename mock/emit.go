package mock

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"pictap/tunnel/pictify"
)

// Delivered is what became of the first attempt to deliver an event to one subscription.
type Delivered struct {
	Subscription string // uid; "" for a target without a subscription
	ID           string // of the delivery
	Result
}

// Emit delivers an event to every active subscription that it matches, each with
// an id and a signature of its own, and returns the outcomes of the first attempts
// in the order in which the subscriptions were created. It returns when all have
// answered or failed, or when ctx ends, which does not end the deliveries: what has
// failed is tried again as the [Ladder] says, until the Server is closed.
//
// Subscriptions that are paused or failed are passed over for good: an event is
// not kept for them.
func (s *Server) Emit(ctx context.Context, e pictify.Event) []Delivered {
	parcels, all := s.post(e)
	for i, p := range parcels {
		if p != nil {
			all[i].Result = p.wait(ctx)
		}
	}
	return all
}

// Enqueue is [Server.Emit] for who does not want to wait. It returns how many
// deliveries are under way, and how many there was no room for.
func (s *Server) Enqueue(e pictify.Event) (accepted, lost int) {
	parcels, _ := s.post(e)
	for _, p := range parcels {
		if p != nil {
			accepted++
		} else {
			lost++
		}
	}
	return accepted, lost
}

// EmitTo delivers an event to a target that no subscription names, such as a
// batch's webhookUrl, signed with HookSecret, and tries again as for a subscription.
// It returns as [Server.Emit] does.
func (s *Server) EmitTo(ctx context.Context, target string, e pictify.Event) Delivered {
	s.mu.Lock()
	p, result := s.enqueue(s.directTo(target, s.HookSecret), e)
	if p != nil {
		s.ready(p)
		s.touch()
	}
	s.mu.Unlock()
	if p == nil {
		return Delivered{Result: result}
	}
	return Delivered{ID: p.id, Result: p.wait(ctx)}
}

// directTo is the record of a target without a subscription. s.mu must be held.
func (s *Server) directTo(target string, secret pictify.Secret) *record {
	if r := s.out.direct[target]; r != nil {
		return r
	}
	return &record{Subscription: pictify.Subscription{TargetURL: target, Status: pictify.Active, Secret: secret}}
}

// post makes a parcel for every subscription that the event matches; nil where
// that was not possible.
func (s *Server) post(e pictify.Event) ([]*parcel, []Delivered) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parcels, all := []*parcel{}, []Delivered{}
	for _, r := range s.subscriptions {
		if r.Status != pictify.Active || r.Event != e.Type || !matches(r.Filters, e) {
			continue
		}
		p, result := s.enqueue(r, e)
		d := Delivered{Subscription: r.UID, Result: result}
		if p != nil {
			d.ID = p.id
		}
		parcels, all = append(parcels, p), append(all, d)
	}
	for _, p := range parcels {
		if p != nil {
			s.ready(p)
		}
	}
	if len(parcels) > 0 {
		s.touch()
	}
	return parcels, all
}

// wait waits for the first attempt.
func (p *parcel) wait(ctx context.Context) Result {
	select {
	case result := <-p.first:
		return result
	case <-ctx.Done():
		return Result{Err: ctx.Err()}
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
		s.dispatcher = &Dispatcher{Now: s.Now, Allow: s.Places.Allow}
	}
	return s.dispatcher
}

func (s *Server) deliveryID() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newID("del_")
}

// closeGrace is what deliveries under way get when the Server is closed.
const closeGrace = 2 * time.Second

// Close ends batches and refreshes, the deliveries, the requests that a fault has made hang, and the
// keeping of state, and waits for all of that. Deliveries under way get two seconds
// to be answered. What is still due then, [Server.Due] tells.
func (s *Server) Close() error {
	s.Release()
	s.crew.close() // its events are delivered below
	s.mu.Lock()
	s.out.closed = true
	s.out.delayed.stop()
	for _, p := range s.out.parcels {
		if p.cancel == nil {
			p.tell(Result{At: s.now(), Err: errClosed})
		}
	}
	s.mu.Unlock()
	hurry := time.AfterFunc(closeGrace, s.interrupt)
	s.wg.Wait()
	hurry.Stop()
	err := s.closeState()
	if left := s.Due(); len(left) > 0 {
		s.log().Warn("deliveries were still due", "count", len(left))
	}
	if closeErr := s.sender().Close(); err == nil {
		err = closeErr
	}
	return err
}

// interrupt ends the attempts that are under way.
func (s *Server) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.out.parcels {
		if p.cancel != nil {
			p.cancel()
		}
	}
}
