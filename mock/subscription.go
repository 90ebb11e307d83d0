package mock

import (
	"strconv"

	"pictap/tunnel/pictify"
)

// A record is a subscription, the outcome of its latest attempt, and what is under
// way to it.
type record struct {
	pictify.Subscription
	lane
	last *lastDelivery
	log  []Attempt // the newest last
}

// lastDelivery is all that the API tells of deliveries (api-reference, GET one).
type lastDelivery struct {
	Status       string `json:"status"` // "success" or "failed"
	Timestamp    string `json:"timestamp"`
	ResponseCode int    `json:"responseCode,omitempty"`
	Duration     int64  `json:"duration"` // milliseconds
	Error        string `json:"error,omitempty"`
	RetryCount   int    `json:"retryCount"`
	NextRetry    string `json:"nextRetry,omitempty"`
}

// subscriptionJSON is a subscription on the wire.
type subscriptionJSON struct {
	UID            string            `json:"uid"`
	Event          pictify.EventType `json:"event"`
	TargetURL      string            `json:"targetUrl"`
	Platform       string            `json:"platform"`
	Status         pictify.Status    `json:"status"`
	Filters        pictify.Filters   `json:"filters"`
	DeliveryCount  int               `json:"deliveryCount"`
	FailureCount   int               `json:"failureCount"`
	LastDeliveryAt *string           `json:"lastDeliveryAt"` // null before the first
	LastDelivery   *lastDelivery     `json:"lastDelivery,omitempty"`
	CreatedAt      string            `json:"createdAt"`
	Secret         string            `json:"secret,omitempty"` // when it is created, and never again
}

// oneJSON answers with one subscription, wrapped as in openapi and with its
// fields at the top as in api-reference.
type oneJSON struct {
	Subscription subscriptionJSON `json:"subscription"`
	subscriptionJSON
}

func (r *record) json() subscriptionJSON {
	j := subscriptionJSON{
		UID: r.UID, Event: r.Event, TargetURL: r.TargetURL, Platform: r.Platform, Status: r.Status, Filters: r.Filters,
		DeliveryCount: r.DeliveryCount, FailureCount: r.FailureCount, LastDelivery: r.last,
		CreatedAt: pictify.FormatTime(r.CreatedAt),
	}
	if !r.LastDeliveryAt.IsZero() {
		at := pictify.FormatTime(r.LastDeliveryAt)
		j.LastDeliveryAt = &at
	}
	return j
}

func (r *record) one() oneJSON {
	j := r.json()
	return oneJSON{j, j}
}

// note records the outcome of an attempt. A delivery counts once, with its first
// attempt; a failure counts with each.
func (r *record) note(result Result, a Attempt) {
	r.LastDeliveryAt = result.At
	if a.N == 1 {
		r.DeliveryCount++
	}
	last := lastDelivery{
		Status:       "success",
		Timestamp:    pictify.FormatTime(result.At),
		ResponseCode: result.Status,
		Duration:     result.Duration.Milliseconds(),
		RetryCount:   a.N - 1,
	}
	if a.Next != nil {
		last.NextRetry = pictify.FormatTime(*a.Next)
	}
	if result.OK() {
		r.FailureCount = 0
	} else {
		r.FailureCount++
		last.Status, last.Error = "failed", result.Problem()
	}
	r.last = &last
}

// find returns the subscription with the given uid, nil when there is none. s.mu
// must be held.
func (s *Server) find(uid string) *record {
	for _, r := range s.subscriptions {
		if r.UID == uid {
			return r
		}
	}
	return nil
}

// Subscriptions returns copies of all subscriptions, oldest first, with their
// secrets. A DeliveryCount counts deliveries, a FailureCount the attempts that failed
// since the last one that did not.
func (s *Server) Subscriptions() []pictify.Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]pictify.Subscription, 0, len(s.subscriptions))
	for _, r := range s.subscriptions {
		all = append(all, r.Subscription)
	}
	return all
}

// Edit changes a subscription in ways that the API does not offer, such as to the
// status failed. It reports whether there is one with that uid.
func (s *Server) Edit(uid string, change func(*pictify.Subscription)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(uid)
	if r != nil {
		change(&r.Subscription)
	}
	return r != nil
}

// A page is a part of a list.
type page struct{ number, limit int }

type pagination struct {
	Page       int  `json:"page"`
	Limit      int  `json:"limit"`
	Total      int  `json:"total"`
	TotalPages int  `json:"totalPages"`
	HasNext    bool `json:"hasNext"`
	HasPrev    bool `json:"hasPrev"`
}

// readPage reads page and limit from a query.
func readPage(get func(string) string) (page, error) {
	p := page{number: 1, limit: 20}
	for _, field := range []struct {
		name string
		into *int
		most int
	}{{"page", &p.number, 1_000_000}, {"limit", &p.limit, 100}} {
		text := get(field.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > field.most {
			return page{}, invalid(fieldError{field.name, "must be a number from 1 to " + strconv.Itoa(field.most), "out_of_range"})
		}
		*field.into = n
	}
	return p, nil
}

// cut returns the page's part of all, never nil: clients refuse a null list.
func cut[T any](p page, all []T) ([]T, pagination) {
	pages := (len(all) + p.limit - 1) / p.limit
	from := min((p.number-1)*p.limit, len(all))
	to := min(from+p.limit, len(all))
	return append([]T{}, all[from:to]...), pagination{
		Page: p.number, Limit: p.limit, Total: len(all), TotalPages: pages,
		HasNext: p.number < pages, HasPrev: p.number > 1 && pages > 0,
	}
}
