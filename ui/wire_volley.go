package ui

import (
	"context"
	"encoding/json"

	"pictap/tunnel/pictify"
)

// What the trigger view says and reads.

// A Volley is what somebody wants to be sent: events of one type, or a scenario. What
// is left out is as pictap trigger has it when the flag is not given.
type Volley struct {
	Event     pictify.EventType `json:"event,omitempty"`
	Type      string            `json:"type,omitempty"`      // of what is rendered: "image", "gif", "pdf"
	Seed      *int64            `json:"seed,omitempty"`      // left out: another one each time
	At        string            `json:"at,omitempty"`        // when it happened, RFC 3339; left out: when it is sent
	ID        string            `json:"id,omitempty"`        // of all deliveries; left out: each has its own
	Strict    bool              `json:"strict,omitempty"`    // no data.deliveryId
	Edits     []Edit            `json:"edits,omitempty"`     // of each event
	Tamper    []string          `json:"tamper,omitempty"`    // each event is sent once for each of these ways to break it
	Count     *int              `json:"count,omitempty"`     // events; left out: 1
	Duplicate *int              `json:"duplicate,omitempty"` // times that each is sent; left out: 1
	Shuffle   bool              `json:"shuffle,omitempty"`
	Rate      *float64          `json:"rate,omitempty"`        // requests a second; left out: as they are answered
	Delay     string            `json:"delay,omitempty"`       // before each request: "200ms" or "0-5s"
	Drop      float64           `json:"drop,omitempty"`        // percent of the requests that are left out
	Together  *int              `json:"concurrency,omitempty"` // requests at once
	Scenario  string            `json:"scenario,omitempty"`    // instead of all but the seed
}

// An Edit changes one place of an event.
type Edit struct {
	Path   string `json:"path"`             // "data.variables.title"
	Value  string `json:"value,omitempty"`  // JSON if it can be read as such, else a string
	Remove bool   `json:"remove,omitempty"` // instead of putting the value there
	New    bool   `json:"new,omitempty"`    // allows a place that the event does not have
}

// A VolleySample is one request of a volley: the very bytes of its body, and its header
// as it would be now.
type VolleySample struct {
	Seed       int64             `json:"seed"`
	At         string            `json:"at"` // when it happened, RFC 3339
	N          int               `json:"n"`  // from 0, in the order of sending
	Total      int               `json:"total"`
	Event      pictify.EventType `json:"event"`
	DeliveryID string            `json:"delivery_id"`
	Tamper     string            `json:"tamper"`  // "" when it is whole
	Dropped    bool              `json:"dropped"` // it is left out
	Made       string            `json:"made"`    // the body before it was edited and broken
	Header     [][2]string       `json:"header"`
	Body       []byte            `json:"-"`       // as content
	Command    string            `json:"command"` // the same for a POSIX shell
}

type sampleAnswer struct {
	VolleySample
	content
	Bytes int `json:"bytes"`
}

// A TamperKind is a way to break a delivery.
type TamperKind struct {
	Name string `json:"name"`
	Why  string `json:"why"`  // what is wrong then
	Want string `json:"want"` // what a correct handler answers
}

// A Scenario is a course of events that is built in.
type Scenario struct {
	Name     string         `json:"name"`
	About    string         `json:"about"`
	Requests int            `json:"requests"`
	Steps    []ScenarioStep `json:"steps"`
}

// A ScenarioStep is a step in words.
type ScenarioStep struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// volleyKit is what can be sent.
type volleyKit struct {
	Tampers   []TamperKind `json:"tampers"`
	Scenarios []Scenario   `json:"scenarios"`
	Most      int          `json:"most"` // requests of a volley
	Job       *volleyJob   `json:"job"`  // the last one; null when there was none
}

// VolleyProgress is how far a volley has come.
type VolleyProgress struct {
	Total      int            `json:"total"` // requests
	Sent       int            `json:"sent"`  // and answered, or not
	Dropped    int            `json:"dropped"`
	Unexpected int            `json:"unexpected"` // answers that are not those of a correct receiver
	Statuses   map[string]int `json:"statuses"`   // "0": no answer
	P50MS      float64        `json:"p50_ms"`
	P99MS      float64        `json:"p99_ms"`
	Steps      []StepProgress `json:"steps"` // of a scenario

	DeliveryIDs []string `json:"-"` // the first few that were sent
}

// StepProgress is how far a step of a scenario has come.
type StepProgress struct {
	Name       string         `json:"name"`
	Total      int            `json:"total"`
	Sent       int            `json:"sent"`
	Unexpected int            `json:"unexpected"`
	Statuses   map[string]int `json:"statuses"`
}

// volleyJob is a volley that is being sent, or was.
type volleyJob struct {
	ID    string `json:"id"`
	State string `json:"state"` // "running", "done", "stopped", "failed"
	VolleyProgress
	Event    string   `json:"event"`
	Scenario string   `json:"scenario"`
	Seed     int64    `json:"seed"`
	Accepted int      `json:"accepted"` // 2xx
	Refused  int      `json:"refused"`  // another status
	Seconds  float64  `json:"seconds"`
	First    []string `json:"first"`  // the first deliveries that came of it; once it has ended
	Search   string   `json:"search"` // finds what came of it; once it has ended
	Error    string   `json:"error,omitempty"`
}

// Volleys make up, show and send test events. All functions must be given, and may be
// called from any goroutine. An error that is a [Refusal] says what is wrong with the
// volley.
type Volleys struct {
	Tampers   []TamperKind
	Scenarios []Scenario
	Most      int // requests of a volley
	// Shape returns the JSON Schema of the events of a type.
	Shape func(t pictify.EventType) (json.RawMessage, error)
	// Sample returns request n of a volley. What is wrong with the volley is wrong with
	// each of its requests.
	Sample func(v Volley, n int) (VolleySample, error)
	// Send sends a volley and tells how far it has come after each request, until all
	// are answered or ctx has ended. Told maps and lists must not change later.
	Send func(ctx context.Context, v Volley, tell func(VolleyProgress)) error
}
