package pictify_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

// readEvent reads an event of testdata/events. Those named after a type are the
// guide's payloads (batch.failed is our guess), compacted by python3:
//
//	json.dumps(payload, separators=(",", ":"))
func readEvent(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

var eventTime = time.Date(2026, 1, 29, 10, 30, 0, 0, time.UTC)

func TestParseEventOfEveryDocumentedType(t *testing.T) {
	for _, typ := range pictify.EventTypes() {
		body := readEvent(t, string(typ))
		e, err := pictify.ParseEvent(body)
		if err != nil {
			t.Errorf("ParseEvent(%s): %v", typ, err)
			continue
		}
		if e.Type != typ || !e.Timestamp.Equal(eventTime) {
			t.Errorf("ParseEvent(%s) = %s at %v", typ, e.Type, e.Timestamp)
		}
		if got := e.Body(); string(got) != string(body) {
			t.Errorf("Body of %s = %s\nwant %s", typ, got, body)
		}
	}
}

func TestTypedDataKeepsEveryDocumentedByte(t *testing.T) {
	for typ, data := range map[pictify.EventType]any{
		pictify.RenderCompleted: &pictify.RenderCompletedData{},
		pictify.RenderFailed:    &pictify.RenderFailedData{},
		pictify.BatchCompleted:  &pictify.BatchData{},
		pictify.BatchFailed:     &pictify.BatchData{},
		pictify.BindingUpdated:  &pictify.BindingUpdatedData{},
		pictify.BindingFailed:   &pictify.BindingFailedData{},
	} {
		body := readEvent(t, string(typ))
		e, err := pictify.ParseEvent(body)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(e.Data, data); err != nil {
			t.Fatal(err)
		}
		again, err := pictify.NewEvent(typ, e.Timestamp, data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(body), string(again.Body())); diff != "" {
			t.Errorf("%s through %T (-want +got)\n%s", typ, data, diff)
		}
	}
}

func TestParseEventLeniently(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       pictify.Event
	}{
		{"milliseconds", `{"event":"a","timestamp":"2026-01-29T10:30:00.125Z","data":{}}`,
			pictify.Event{Type: "a", Timestamp: eventTime.Add(125 * time.Millisecond), Data: []byte("{}")}},
		{"offset", `{"event":"a","timestamp":"2026-01-29T12:30:00+02:00","data":{}}`,
			pictify.Event{Type: "a", Timestamp: eventTime, Data: []byte("{}")}},
		{"undocumented type", `{"event":"experiment.winner_declared","data":{"x":1}}`,
			pictify.Event{Type: "experiment.winner_declared", Data: []byte(`{"x":1}`)}},
		{"no timestamp", `{"event":"batch.completed","data":{}}`,
			pictify.Event{Type: "batch.completed", Data: []byte("{}")}},
		{"null timestamp", `{"event":"a","timestamp":null}`, pictify.Event{Type: "a"}},
		{"no data", `{"event":"a"}`, pictify.Event{Type: "a"}},
		{"null data", `{"event":"a","data":null}`, pictify.Event{Type: "a", Data: []byte("null")}},
		{"data of another type", `{"event":"a","data":[1, 2]}`, pictify.Event{Type: "a", Data: []byte("[1, 2]")}},
		{"extra keys", `{"id":1,"event":"a","data":{},"Event":"b","EVENT":"c","DATA":5}`, pictify.Event{Type: "a", Data: []byte("{}")}},
		{"last of repeated keys", `{"event":"a","data":1,"event":"b","data":2}`, pictify.Event{Type: "b", Data: []byte("2")}},
		{"escapes", `{"\u0065vent":"a\u002eb","data":"\"}"}`, pictify.Event{Type: "a.b", Data: []byte(`"\"}"`)}},
		{"white space", "\r\n\t { \"event\" : \"a\" , \"data\" : { } } \n", pictify.Event{Type: "a", Data: []byte("{ }")}},
		{"invalid UTF-8", "{\"event\":\"a\xff\",\"data\":\"\xfe\"}", pictify.Event{Type: "a\ufffd", Data: []byte("\"\xfe\"")}},
		{"brackets in strings", `{"x":"}]{[\\","event":"a","data":{"y":["}",{"z":"\\\""}]}}`,
			pictify.Event{Type: "a", Data: []byte(`{"y":["}",{"z":"\\\""}]}`)}},
		{"number too large", `{"event":"a","data":1e400}`, pictify.Event{Type: "a", Data: []byte("1e400")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := pictify.ParseEvent([]byte(tt.body))
			if err != nil {
				t.Fatalf("ParseEvent: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseEvent (-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseEventRefuses(t *testing.T) {
	for _, tt := range []struct{ name, body string }{
		{"nothing", ""},
		{"blank", " \n"},
		{"null", "null"},
		{"array", "[]"},
		{"string", `"x"`},
		{"number", "1"},
		{"empty object", "{}"},
		{"data alone", `{"data":null}`},
		{"event of another type", `{"event":{}}`},
		{"null event", `{"event":null,"data":{}}`},
		{"empty event", `{"event":"","data":{}}`},
		{"event in capitals", `{"Event":"a"}`},
		{"timestamp of another type", `{"event":"a","timestamp":1769682600}`},
		{"timestamp that is none", `{"event":"a","timestamp":"yesterday"}`},
		{"timestamp without zone", `{"event":"a","timestamp":"2026-01-29T10:30:00"}`},
		{"timestamp past the calendar", `{"event":"a","timestamp":"9999-12-31T23:59:59-23:59"}`},
		{"truncated", `{"event":"a","data":{"x":`},
		{"trailing text", `{"event":"a"} x`},
		{"two objects", `{"event":"a"}{"event":"b"}`},
		{"byte order mark", "\ufeff" + `{"event":"a"}`},
		{"text", "event=render.completed"},
		{"deep nesting", `{"event":"a","data":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := pictify.ParseEvent([]byte(tt.body))
			if !errors.Is(err, pictify.ErrNotEvent) {
				t.Errorf("ParseEvent = %v, %v, want %v", e, err, pictify.ErrNotEvent)
			}
		})
	}
}

func TestBody(t *testing.T) {
	for _, tt := range []struct {
		name  string
		event pictify.Event
		want  string
	}{
		{"whole seconds", pictify.Event{Type: "a", Timestamp: eventTime, Data: []byte("{}")},
			`{"event":"a","timestamp":"2026-01-29T10:30:00Z","data":{}}`},
		{"milliseconds", pictify.Event{Type: "a", Timestamp: eventTime.Add(20 * time.Millisecond)},
			`{"event":"a","timestamp":"2026-01-29T10:30:00.020Z","data":{}}`},
		{"less than a millisecond", pictify.Event{Type: "a", Timestamp: eventTime.Add(time.Microsecond)},
			`{"event":"a","timestamp":"2026-01-29T10:30:00Z","data":{}}`},
		{"another zone", pictify.Event{Type: "a", Timestamp: eventTime.In(time.FixedZone("", 7200))},
			`{"event":"a","timestamp":"2026-01-29T10:30:00Z","data":{}}`},
		{"compacted, not escaped", pictify.Event{Type: "a&<b>", Data: []byte("{ \"x\" : \"<&>\u2028\" , \"n\":1.0 }")},
			"{\"event\":\"a&<b>\",\"data\":{\"x\":\"<&>\u2028\",\"n\":1.0}}"},
		{"data that is not JSON", pictify.Event{Type: "a", Data: []byte(`{"x":`)}, `{"event":"a","data":null}`},
		{"empty data", pictify.Event{Type: "a", Data: []byte{}}, `{"event":"a","data":null}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(tt.event.Body())); diff != "" {
				t.Errorf("Body (-want +got)\n%s", diff)
			}
		})
	}
}

func TestNewEvent(t *testing.T) {
	e, err := pictify.NewEvent(pictify.RenderFailed, eventTime, map[string]string{"error": "<b> & é 🎉"})
	want := `{"event":"render.failed","timestamp":"2026-01-29T10:30:00Z","data":{"error":"<b> & é 🎉"}}`
	if err != nil || string(e.Body()) != want {
		t.Errorf("NewEvent: %v, Body = %s, want %s", err, e.Body(), want)
	}
	if _, err := pictify.NewEvent("a", eventTime, func() {}); err == nil {
		t.Error("NewEvent(func) succeeded, want an error")
	}
}

func TestWithDeliveryID(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"last member", `{"a":1}`, `{"a":1,"deliveryId":"del_1"}`},
		{"empty object", `{}`, `{"deliveryId":"del_1"}`},
		{"replaces", `{"deliveryId":"old","a":{"deliveryId":"kept"}}`, `{"a":{"deliveryId":"kept"},"deliveryId":"del_1"}`},
		{"repeated keys", `{"a":1,"a":2}`, `{"a":1,"a":2,"deliveryId":"del_1"}`},
		{"array", `[1]`, `[1]`},
		{"null", `null`, `null`},
		{"not JSON", `{"a":`, `{"a":`},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := pictify.Event{Type: "a", Data: []byte(tt.data)}
			after := before.WithDeliveryID("del_1")
			if string(after.Data) != tt.want || string(before.Data) != tt.data {
				t.Errorf("WithDeliveryID: data = %s, want %s (original now %s)", after.Data, tt.want, before.Data)
			}
		})
	}
}

func TestWithDeliveryIDOfNoData(t *testing.T) {
	e := pictify.Event{Type: "a"}.WithDeliveryID("del_1")
	if want := `{"event":"a","data":{"deliveryId":"del_1"}}`; string(e.Body()) != want {
		t.Errorf("Body = %s, want %s", e.Body(), want)
	}
}

func TestCatalogue(t *testing.T) {
	types := pictify.EventTypes()
	types[0] = "changed"
	if pictify.EventTypes()[0] != pictify.RenderCompleted {
		t.Error("EventTypes returns a slice that is shared")
	}
	want := []pictify.EventType{"render.completed", "render.failed", "binding.updated", "binding.failed"}
	if diff := cmp.Diff(want, pictify.Subscribable()); diff != "" {
		t.Errorf("Subscribable (-want +got)\n%s", diff)
	}
}
