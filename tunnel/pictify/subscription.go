package pictify

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Status is the state of a subscription.
type Status string

// The states. A subscription that is not Active receives nothing, and what
// happens meanwhile is not kept for later.
const (
	Active Status = "active"
	Paused Status = "paused" // by its owner; concepts also calls Failed that
	Failed Status = "failed" // by Pictify, after repeated failures (api-reference)
)

// Filters narrow a subscription: an event must have every value that is set.
type Filters struct {
	TemplateID string `json:"templateId,omitempty"`
	BindingID  string `json:"bindingId,omitempty"`
	Type       string `json:"type,omitempty"` // "image", "gif" or "pdf"; guide and concepts, absent from openapi
}

// A Subscription is Pictify's promise to POST events of one type to one URL.
type Subscription struct {
	UID            string // "wh_abc123"
	Event          EventType
	TargetURL      string
	Platform       string // "custom", "zapier", "make", …
	Status         Status
	Filters        Filters
	DeliveryCount  int
	FailureCount   int
	LastDeliveryAt time.Time // zero when there was none
	CreatedAt      time.Time
	Secret         Secret // in the answer to a create only; never shown again
}

// NewSubscription is what a subscription is created from.
type NewSubscription struct {
	Event     EventType `json:"event"`
	TargetURL string    `json:"targetUrl"`
	Platform  string    `json:"platform,omitempty"` // "" leaves it to Pictify: "custom"
	Filters   Filters   `json:"filters,omitzero"`
}

// A Change is what can be changed of a subscription. Zero fields are left alone.
type Change struct {
	TargetURL string   `json:"targetUrl,omitempty"`
	Status    Status   `json:"status,omitempty"` // Active or Paused
	Filters   *Filters `json:"filters,omitempty"`
}

const (
	minSecret = 16  // characters; fewer can be guessed
	maxSecret = 512 // characters
)

// readSubscription reads an answer that is a subscription, bare or wrapped as
// {"subscription":{…}}: api-reference shows the one, openapi the other. When only
// the secret is at fault the subscription comes with the error, since it exists
// and its owner must be able to remove it.
func readSubscription(answer []byte) (Subscription, error) {
	var wrapped json.RawMessage
	if err := decodeExact(answer, map[string]any{"subscription": &wrapped}); err != nil {
		return Subscription{}, err
	}
	if isObject(wrapped) {
		return decodeSubscription(wrapped)
	}
	return decodeSubscription(answer)
}

// decodeSubscription is strict about what we act on and lenient about what is
// merely shown: a teammate's odd lastDeliveryAt must not hide our subscription.
func decodeSubscription(object []byte) (Subscription, error) {
	var s Subscription
	err := decodeExact(object, map[string]any{
		"uid": &s.UID, "event": &s.Event, "targetUrl": &s.TargetURL, "status": &s.Status,
	})
	if err != nil {
		return Subscription{}, err
	}
	if !validUID(s.UID) {
		return Subscription{}, errors.New("subscription without a usable uid")
	}
	for key, value := range members(object) {
		switch string(key) {
		case "platform":
			s.Platform, _ = textOf(value)
		case "filters":
			s.Filters = decodeFilters(value)
		case "deliveryCount":
			s.DeliveryCount = countOf(value)
		case "failureCount":
			s.FailureCount = countOf(value)
		case "lastDeliveryAt":
			s.LastDeliveryAt = timeOf(value)
		case "createdAt":
			s.CreatedAt = timeOf(value)
		}
	}
	s.Secret, err = decodeSecret(object)
	return s, err
}

// decodeSecret accepts no secret at all, and otherwise only one that can be a key
// and can be written into one line of a file.
func decodeSecret(object []byte) (Secret, error) {
	var s Secret
	if err := decodeExact(object, map[string]any{"secret": &s}); err != nil {
		return Secret{}, err
	}
	text := s.Reveal()
	if text != "" && (len(text) < minSecret || len(text) > maxSecret) {
		return Secret{}, fmt.Errorf("secret of %d characters", len(text))
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' {
			return Secret{}, errors.New("secret with a blank or a non-printable character")
		}
	}
	return s, nil
}

// validUID reports whether s is ^[A-Za-z0-9_-]{1,128}$, which no URL escapes and
// no log has to. As a regexp it costs half a millisecond of every start.
func validUID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

func decodeFilters(object []byte) Filters {
	var f Filters
	for key, value := range members(object) {
		switch string(key) {
		case "templateId":
			f.TemplateID, _ = textOf(value)
		case "bindingId":
			f.BindingID, _ = textOf(value)
		case "type":
			f.Type, _ = textOf(value)
		}
	}
	return f
}

func countOf(value []byte) int {
	var n int
	json.Unmarshal(value, &n) // anything but a whole number counts as 0
	return n
}

func timeOf(value []byte) time.Time {
	s, _ := textOf(value)
	t, _ := parseTime(s)
	return t
}
