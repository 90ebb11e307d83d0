package pictify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Headers of a delivery beside [SignatureHeader] (concepts). Neither is covered
// by the signature: they may label a delivery, never decide about it.
const (
	EventHeader      = "X-Pictify-Event"
	DeliveryIDHeader = "X-Pictify-Delivery-Id"
)

// ErrNotEvent is matched by every error of [ParseEvent].
var ErrNotEvent = errors.New("not a pictify event")

// An Event is the JSON body of a delivery.
type Event struct {
	Type      EventType       `json:"event"`
	Timestamp time.Time       `json:"timestamp"` // when it happened, UTC; zero when absent. Unrelated to the signature's time
	Data      json.RawMessage `json:"data"`      // an object by the documents, any JSON value as far as this package cares
}

// NewEvent makes an event of typed data, such as a [RenderCompletedData], encoded
// as JavaScript would: no escapes for <, > and &.
func NewEvent(t EventType, at time.Time, data any) (Event, error) {
	raw, err := marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("encode data of %s: %w", t, err)
	}
	return Event{Type: t, Timestamp: at.UTC(), Data: raw}, nil
}

// ParseEvent reads the body of a delivery. Keys match in exact case; of a
// repeated key the last one counts, as in every receiver that uses JSON.parse.
// Timestamps may have fractions of a second (the documents show none, JavaScript's
// toISOString writes three digits) or be missing (one page's batch.completed). A
// type that nobody documented is legal. Data refers to the memory of body.
//
// The error matches [ErrNotEvent]: body is not a JSON object, it has no "event"
// that is a non-empty string, or its "timestamp" is not a time.
func ParseEvent(body []byte) (Event, error) {
	if !json.Valid(body) {
		return Event{}, notEvent("body is not JSON")
	}
	object := bytes.TrimSpace(body)
	if !isObject(object) {
		return Event{}, notEvent("body is not an object")
	}
	var e Event
	var timestamp string
	for key, value := range members(object) {
		ok := true
		switch string(key) {
		case "event":
			var name string
			name, ok = textOf(value)
			e.Type = EventType(name)
		case "timestamp":
			timestamp, ok = textOf(value)
			ok = ok || string(value) == "null"
		case "data":
			e.Data = value
		}
		if !ok {
			return Event{}, notEvent(string(key) + " is not a string")
		}
	}
	if e.Type == "" {
		return Event{}, notEvent("no event type")
	}
	if timestamp != "" {
		var err error
		if e.Timestamp, err = parseTime(timestamp); err != nil {
			return Event{}, notEvent("timestamp is not a time")
		}
	}
	return e, nil
}

// Body returns the event as Pictify sends it, byte for byte what JSON.stringify
// makes of it: compact, keys in the documented order, no HTML escapes, UTC with
// whole seconds, or milliseconds where the time has some. A zero Timestamp is
// left out; Data that is nil becomes {}, and Data that is not JSON becomes null.
func (e Event) Body() []byte {
	var data bytes.Buffer
	data.Grow(len(e.Data))
	switch {
	case e.Data == nil:
		data.WriteString("{}")
	case json.Compact(&data, e.Data) != nil:
		data.Reset()
		data.WriteString("null")
	}
	return AppendBody(make([]byte, 0, data.Len()+96), e.Type, e.Timestamp, data.Bytes())
}

// WithDeliveryID returns the event with id as the last member of its data,
// "deliveryId", in place of one that is there already. Data that is not an object
// is left as it is.
//
// The documents put the id in [DeliveryIDHeader] only, yet the guide's sample for
// idempotent handlers reads data.deliveryId, so a sender that means to work with
// handlers copied from the guide gives both.
func (e Event) WithDeliveryID(id string) Event {
	object := bytes.TrimSpace(e.Data)
	if e.Data == nil {
		object = []byte("{}") // as Body has it
	}
	if !isObject(object) || !json.Valid(object) {
		return e
	}
	value, _ := marshal(id)
	var b bytes.Buffer
	b.Grow(len(object) + len(value) + 16)
	b.WriteByte('{')
	for key, member := range members(object) {
		if string(key) != "deliveryId" {
			name, _ := marshal(string(key))
			b.Write(name)
			b.WriteByte(':')
			b.Write(member)
			b.WriteByte(',')
		}
	}
	b.WriteString(`"deliveryId":`)
	b.Write(value)
	b.WriteByte('}')
	e.Data = b.Bytes()
	return e
}

// FormatTime writes a time as Pictify's payloads do: UTC, whole seconds and Z, or
// three digits of milliseconds when there are some.
func FormatTime(t time.Time) string { return string(appendTime(nil, t)) }

func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	if t.Nanosecond() < int(time.Millisecond) {
		return t.AppendFormat(dst, "2006-01-02T15:04:05Z")
	}
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// parseTime reads what FormatTime writes, and any other RFC 3339 time.
func parseTime(s string) (time.Time, error) {
	var t time.Time
	if err := t.UnmarshalText([]byte(s)); err != nil { // stricter than time.Parse
		return time.Time{}, err
	}
	t = t.UTC()
	if t.Year() < 0 || t.Year() > 9999 { // the offset pushed it over an end of the calendar
		return time.Time{}, errors.New("year has more than four digits")
	}
	return t, nil
}

// marshal is json.Marshal without the escapes that are meant for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func notEvent(reason string) error { return fmt.Errorf("%w: %s", ErrNotEvent, reason) }
