package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"pictap/tunnel/pictify"
)

// A snapshot is everything that a restart would lose, secrets included. Each kind
// of object has a field, which [Server.snapshot] fills, restore reads and clear empties.
//
// Whoever adds a field that an older pictap must not lose needs do nothing: a field
// that is not known is refused as newer.
type snapshot struct {
	Format        string              `json:"format"`
	Version       int                 `json:"version"`
	Saved         time.Time           `json:"saved"`
	Subscriptions []savedSubscription `json:"subscriptions"`
	Deliveries    []savedDelivery     `json:"deliveries"`
	Completed     int                 `json:"completed"` // deliveries that ended so
	Failed        int                 `json:"failed"`
	Answers       []savedAnswer       `json:"answers,omitempty"` // to POSTs with an Idempotency-Key, oldest first
	World         *worldState         `json:"world,omitempty"`   // nil: as in a new Server
}

const (
	stateFormat  = "pictap-mock-state"
	stateVersion = 1
)

var (
	// ErrStateCorrupt is matched by the error for what is no state of a mock.
	ErrStateCorrupt = errors.New("no state of pictap mock")
	// ErrStateNewer is matched by the error for the state of a newer pictap.
	ErrStateNewer = errors.New("written by a newer pictap")
	// ErrStateTarget is matched by the error for a state with a target that is not
	// allowed here, see [Server.Places].
	ErrStateTarget = errors.New("has a target that is not allowed")
)

type savedSubscription struct {
	UID            string            `json:"uid"`
	Event          pictify.EventType `json:"event"`
	TargetURL      string            `json:"targetUrl"`
	Platform       string            `json:"platform"`
	Status         pictify.Status    `json:"status"`
	Filters        pictify.Filters   `json:"filters"`
	DeliveryCount  int               `json:"deliveryCount"`
	FailureCount   int               `json:"failureCount"`
	LastDeliveryAt time.Time         `json:"lastDeliveryAt,omitzero"`
	CreatedAt      time.Time         `json:"createdAt"`
	Secret         string            `json:"secret"`
	LastDelivery   *lastDelivery     `json:"lastDelivery,omitempty"`
	Log            []Attempt         `json:"log,omitempty"`
}

// A savedDelivery is a delivery that is due, or was given up.
type savedDelivery struct {
	ID           string          `json:"id"`
	Subscription string          `json:"subscription,omitempty"`
	Target       string          `json:"target,omitempty"` // without a subscription
	Secret       string          `json:"secret,omitempty"` // the same
	Event        json.RawMessage `json:"event"`
	Attempts     int             `json:"attempts"`
	Due          time.Time       `json:"due"`
	GaveUp       bool            `json:"gaveUp,omitempty"`
}

// Snapshot is everything that the Server holds, as JSON. It has secrets in it.
func (s *Server) Snapshot() ([]byte, error) {
	s.mu.Lock()
	snap := s.snapshot()
	s.mu.Unlock()
	return snap.encode()
}

func (snap snapshot) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // an event's bytes are the same after a restart
	enc.SetIndent("", " ")
	if err := enc.Encode(snap); err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	return b.Bytes(), nil
}

// Restore puts a snapshot in the place of everything that the Server holds. What was
// due then and is late goes out at once. The error matches [ErrStateCorrupt],
// [ErrStateTarget] or [ErrStateNewer]; nothing has changed then.
func (s *Server) Restore(text []byte) error {
	snap, err := readSnapshot(text, s.Places)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.restore(snap)
	s.touch()
	return nil
}

// Reset forgets everything, as a new Server has it: objects, deliveries, counts, journal,
// limits, and where in their course the chances are.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.journal.clear()
	s.chaos.reset()
	s.touch()
}

// snapshot needs s.mu, as the two below.
func (s *Server) snapshot() snapshot {
	snap := snapshot{
		Format: stateFormat, Version: stateVersion, Saved: s.now().UTC(), Subscriptions: []savedSubscription{}, Deliveries: []savedDelivery{},
		Completed: s.out.completed, Failed: s.out.failed, Answers: s.created.save(s.now()), World: s.theWorld().save(),
	}
	for _, r := range s.subscriptions {
		snap.Subscriptions = append(snap.Subscriptions, savedSubscription{
			UID: r.UID, Event: r.Event, TargetURL: r.TargetURL, Platform: r.Platform, Status: r.Status, Filters: r.Filters,
			DeliveryCount: r.DeliveryCount, FailureCount: r.FailureCount, LastDeliveryAt: r.LastDeliveryAt, CreatedAt: r.CreatedAt,
			Secret: r.Secret.Reveal(), LastDelivery: r.last, Log: slices.Clone(r.log),
		})
	}
	for _, p := range s.out.parcels {
		if !p.to.removed {
			snap.Deliveries = append(snap.Deliveries, p.save(false))
		}
	}
	slices.SortFunc(snap.Deliveries, func(a, b savedDelivery) int { return a.Due.Compare(b.Due) })
	for _, p := range s.out.dead {
		snap.Deliveries = append(snap.Deliveries, p.save(true))
	}
	return snap
}

func (p *parcel) save(dead bool) savedDelivery {
	d := savedDelivery{ID: p.id, Subscription: p.to.UID, Event: p.event.Body(), Attempts: p.made, Due: p.due, GaveUp: dead}
	if p.to.UID == "" {
		d.Target, d.Secret = p.to.TargetURL, p.to.Secret.Reveal()
	}
	return d
}

// clear forgets all objects. What is under way comes to nothing.
func (s *Server) clear() {
	for _, r := range s.subscriptions {
		s.drop(r)
	}
	for _, r := range s.out.direct {
		s.drop(r)
	}
	s.subscriptions = nil
	s.created.clear()
	w := s.theWorld()
	w.mu.Lock()
	w.clear()
	w.mu.Unlock()
	s.out.dead, s.out.direct = nil, nil
	s.out.completed, s.out.failed, s.out.lost = 0, 0, 0
}

// restore takes over a snapshot that was read by readSnapshot.
func (s *Server) restore(snap snapshot) {
	for _, sub := range snap.Subscriptions {
		s.subscriptions = append(s.subscriptions, &record{
			Subscription: pictify.Subscription{
				UID: sub.UID, Event: sub.Event, TargetURL: sub.TargetURL, Platform: sub.Platform, Status: sub.Status, Filters: sub.Filters,
				DeliveryCount: sub.DeliveryCount, FailureCount: sub.FailureCount, LastDeliveryAt: sub.LastDeliveryAt, CreatedAt: sub.CreatedAt,
				Secret: pictify.NewSecret(sub.Secret),
			},
			last: sub.LastDelivery, log: sub.Log,
		})
	}
	s.out.completed, s.out.failed = snap.Completed, snap.Failed
	s.created.load(snap.Answers, s.now())
	if snap.World != nil {
		s.theWorld().load(snap.World)
	}
	for _, d := range snap.Deliveries {
		e, _ := pictify.ParseEvent(d.Event) // it was checked
		p := &parcel{id: d.ID, to: s.find(d.Subscription), event: e, made: d.Attempts, due: d.Due, place: -1, first: make(chan Result, 1)}
		if p.to == nil {
			p.to = s.directTo(d.Target, pictify.NewSecret(d.Secret))
		}
		if d.GaveUp {
			s.out.dead = append(s.out.dead, p)
			continue
		}
		s.hold(p)
		if wait := d.Due.Sub(s.now()); wait > 0 {
			s.out.delayed.add(p, wait)
		} else {
			s.ready(p)
		}
	}
}

// readSnapshot reads and checks a snapshot. It allocates little more than text is long.
func readSnapshot(text []byte, places Places) (snap snapshot, err error) {
	if err := json.Unmarshal(text, &snap); err != nil || snap.Format != stateFormat || snap.Version < 1 {
		return snapshot{}, corrupt(err)
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if snap.Version > stateVersion || strict.Decode(new(snapshot)) != nil {
		return snapshot{}, fmt.Errorf("the state was %w", ErrStateNewer)
	}
	return snap, snap.check(places)
}

func corrupt(reason error) error {
	if reason == nil {
		return ErrStateCorrupt
	}
	return fmt.Errorf("%w: %w", ErrStateCorrupt, reason)
}

// check refuses what a mock would not have written: it may have been written to
// have a mock send where none would.
func (snap snapshot) check(places Places) error {
	if len(snap.Subscriptions) > maxSubscriptions || len(snap.Deliveries) > maxParcels+maxDead || snap.Completed < 0 || snap.Failed < 0 {
		return corrupt(errors.New("too much of something"))
	}
	uids, ids := map[string]bool{}, map[string]bool{}
	for _, sub := range snap.Subscriptions {
		ok := sub.UID != "" && !uids[sub.UID] && sub.Event != "" && sub.Secret != "" && len(sub.Log) <= maxLog &&
			slices.Contains([]pictify.Status{pictify.Active, pictify.Paused, pictify.Failed}, sub.Status)
		if !ok {
			return corrupt(fmt.Errorf("subscription %q", cutText(sub.UID, 100)))
		}
		if err := places.checkTarget(sub.TargetURL); err != nil {
			return fmt.Errorf("subscription %q %w: %w", cutText(sub.UID, 100), ErrStateTarget, err)
		}
		uids[sub.UID] = true
	}
	for _, d := range snap.Deliveries {
		_, err := pictify.ParseEvent(d.Event)
		known := uids[d.Subscription]
		if d.Subscription == "" {
			if err := places.checkTarget(d.Target); err != nil {
				return fmt.Errorf("delivery %q %w: %w", cutText(d.ID, 100), ErrStateTarget, err)
			}
			known = true
		}
		if err != nil || !known || d.ID == "" || ids[d.ID] || d.Attempts < 0 {
			return corrupt(fmt.Errorf("delivery %q", cutText(d.ID, 100)))
		}
		ids[d.ID] = true
	}
	if err := checkAnswers(snap.Answers); err != nil {
		return err
	}
	if snap.World != nil {
		return snap.World.check()
	}
	return nil
}

func (s *Server) getState(*http.Request, []byte) (any, error) {
	text, err := s.Snapshot()
	return json.RawMessage(text), err
}

func (s *Server) putState(_ *http.Request, body []byte) (any, error) {
	if err := s.Restore(body); err != nil {
		return nil, refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: err.Error()}
	}
	return map[string]bool{"restored": true}, nil
}
