package ui

import (
	"embed"
	"maps"
	"time"

	"pictap/tunnel/store"
)

// Route is what a test needs to know of a route.
type Route struct {
	Method, Pattern string
	Needs           string // "", "bearer", "protocol"
}

// Routes returns the route table.
func Routes() []Route {
	names := map[pass]string{nothing: "", bearer: "bearer", protocol: "protocol"}
	var out []Route
	for _, rt := range routes {
		out = append(out, Route{rt.method, rt.pattern, names[rt.needs]})
	}
	return out
}

// Static is what is embedded.
func Static() embed.FS { return static }

// Resume is resume, and BehindLimit its limit.
var Resume = resume

const BehindLimit = behindLimit

// Pace is pace.
type Pace struct{ pace }

func (p *Pace) Sent(now time.Time, n int)        { p.sent(now, n) }
func (p *Pace) Wait(now time.Time) time.Duration { return p.wait(now) }

// WireSamples returns a value of each type of the wire with nothing left out,
// by the name that types.js gives it.
func WireSamples(d store.Delivery) map[string]any {
	text, rev := "{}", int64(9)
	whole := content{Body: &text, BodyBase64: "e30=", Truncated: true}
	full := detailOf(d)
	full.content = whole
	full.Cause = &Cause{Sentence: "The body was written again.", Change: "sign the very bytes"}
	for i := range full.Attempts {
		full.Attempts[i].content = whole
	}
	since := d.ReceivedAt.UTC().Truncate(time.Millisecond)
	s := statusAnswer{
		Status: Status{
			Mode: "ngrok", PublicURL: "https://acme.ngrok-free.app", ForwardTo: "http://localhost:3000/webhooks/pictify",
			Tunnel: "online", App: "answering", Held: 1, Probed: true, Version: "v1",
			Subscriptions: []SubscriptionStatus{{UID: "sub_1", Event: "render.completed", URL: "https://acme.ngrok-free.app/in/a/b", Status: "paused", Note: "paused by Pictify"}},
			Warnings:      []string{"the clock is off"}, AppReason: "connection refused", AppSince: &since,
		},
		CanReplay: true, CanDrain: true, CanPause: true, Mock: true, CanShape: true, Events: []string{"render.completed"},
	}
	samples := map[string]any{
		"Attempt":            full.Attempts[0],
		"Summary":            full.summary,
		"Cause":              full.Cause,
		"Detail":             full,
		"SubscriptionStatus": s.Subscriptions[0],
		"Status":             s,
		"SessionGrant":       sessionGrant{"token", "resume", "epoch"},
		"Frame":              frame{"deliveries", "epoch", &rev, []summary{summaryOf(d)}, &s},
		"Page":               searchPage{page{[]summary{summaryOf(d)}, true}, 17, "d17", 42, 100},
		"Changes":            changesPage{[]summary{summaryOf(d)}, []int64{3}, 42, true, true, 100},
		"SearchTrouble":      searchTrouble{"there is no key \"evnt\"", 6, "did you mean event:x?"},
		"SearchWord":         searchWord{"source:", "who sent it", []string{"pictify"}},
		"SearchWords":        searchWords{[]searchWord{{"source:", "who sent it", []string{"pictify"}}}},
	}
	maps.Copy(samples, aroundSamples(d))
	maps.Copy(samples, volleySamples())
	return samples
}
