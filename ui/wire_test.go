package ui_test

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

var update = flag.Bool("update", false, "rewrite golden files")

// full is a delivery with nothing left out.
func full() store.Delivery {
	at := time.Date(2026, 1, 29, 11, 30, 0, 7_890_123, time.FixedZone("CET", 3600))
	d := sample(0)
	d.Seq, d.Rev, d.FirstRev, d.ReceivedAt, d.Arrivals = 17, 42, 40, at, 2
	d.Verdict, d.Reason, d.State = pictify.Stale, "signature is 10m0s old", store.Failed
	d.Body, d.BodySize, d.Header = []byte(`{}`), 2, d.Header[:2]
	d.AttemptCount = 1
	d.Attempts = []store.Attempt{{
		N: 1, Kind: store.Forward, At: at.Add(time.Second), URL: "http://localhost:3000/webhooks/pictify", Status: 401,
		Duration: 3125 * time.Microsecond, Error: "unexpected end", Header: []store.Field{{Name: "Content-Type", Value: "text/plain"}}, Body: []byte("no"), BodySize: 2,
	}}
	return d
}

// The JSON of the page is a contract: this golden file shows every change of it.
func TestWireGolden(t *testing.T) {
	got, err := json.MarshalIndent(ui.WireSamples(full()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "testdata/wire.golden.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the page's JSON has changed (-want +got); fields are only ever added:\n%s", diff)
	}
}

var (
	typedef  = regexp.MustCompile(`(?s)/\*\*.*?\*/`)
	typeName = regexp.MustCompile(`@typedef \{object\} (\w+)`)
	property = regexp.MustCompile(`@property \{.*?\} (\w+)`)
)

// The page's typedefs name the fields that are sent, no more and no fewer.
func TestTypedefs(t *testing.T) {
	source, err := os.ReadFile("static/types.js")
	if err != nil {
		t.Fatal(err)
	}
	samples := ui.WireSamples(full())
	for _, comment := range typedef.FindAllString(string(source), -1) {
		name := typeName.FindStringSubmatch(comment)
		if name == nil {
			continue
		}
		sample, ok := samples[name[1]]
		if !ok {
			t.Errorf("types.js has %s, and there is no such struct", name[1])
			continue
		}
		delete(samples, name[1])
		var said, sent []string
		for _, p := range property.FindAllStringSubmatch(comment, -1) {
			said = append(said, p[1])
		}
		for key := range keys(t, sample) {
			sent = append(sent, key)
		}
		slices.Sort(said)
		slices.Sort(sent)
		if diff := cmp.Diff(sent, said); diff != "" {
			t.Errorf("%s (-sent +typedef):\n%s", name[1], diff)
		}
	}
	for name := range samples {
		t.Errorf("types.js has no typedef %s", name)
	}
}

func keys(t *testing.T, v any) map[string]json.RawMessage {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Whatever was sent, a line of the list is small.
func TestSummaryIsSmall(t *testing.T) {
	d := full()
	long := strings.Repeat("é\x00\u202e", 50_000)
	d.Event, d.About, d.DeliveryID, d.Subscription, d.Reason, d.Remote = pictify.EventType(long), long, long, long, long, long
	d.Attempts[0].URL, d.Attempts[0].Error = long, long
	data, err := json.Marshal(ui.WireSamples(d)["Summary"])
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 8<<10 {
		t.Errorf("a summary takes %d bytes", len(data))
	}
}
