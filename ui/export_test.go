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
	full.Signature = fullSignature(d)
	full.Siblings, full.MoreSiblings = []sibling{{"d12", 12, wireTime(d.ReceivedAt), "render.completed", "valid", "done", 200}}, true
	full.Pictures = []picturePlace{{Field: "data.url", URL: "https://cdn.pictify.io/renders/a.png"}}
	full.Production = &production{Attempt: 1, Made: 1, Of: 6, Failing: "no-success", Next: []int64{60, 300}, GivesUp: true}
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
		abilities: abilities{true, true, []named{{"curl", "curl"}}, []named{{"har", "HAR"}}},
		CanReplay: true, CanDrain: true, CanPause: true, Mock: true, CanShape: true, Events: []string{"render.completed"},
	}
	samples := map[string]any{
		"Attempt":            full.Attempts[0],
		"Summary":            full.summary,
		"Cause":              full.Cause,
		"Signature":          full.Signature,
		"Production":         full.Production,
		"Sibling":            full.Siblings[0],
		"PicturePlace":       full.Pictures[0],
		"MediaFacts":         mediaFacts{"data.url", "png", 312, 1200, 630, 1, 1, "it ends too early", "it has too many pixels", []claim{{"size", "1200×630", "600×315", false}}},
		"Claim":              claim{"size", "1200×630", "600×315", false},
		"Detail":             full,
		"SubscriptionStatus": s.Subscriptions[0],
		"Status":             s,
		"SessionGrant":       sessionGrant{"token", "resume", "epoch"},
		"Frame":              frame{"deliveries", "epoch", &rev, []summary{summaryOf(d)}, &s, []string{"d3"}},
		"Page":               searchPage{page{[]summary{summaryOf(d)}, true}, 17, "d17", 42, 100},
		"Changes":            changesPage{[]summary{summaryOf(d)}, []int64{3}, 42, true, true, 100},
		"SearchTrouble":      searchTrouble{"there is no key \"evnt\"", 6, "did you mean event:x?"},
		"SearchWord":         searchWord{"source:", "who sent it", []string{"pictify"}},
		"SearchWords":        searchWords{[]searchWord{{"source:", "who sent it", []string{"pictify"}}}},
		"Named":              s.CopyForms[0],
		"Problem":            Problem{Line: 3, Column: 7, Path: "data.width", Text: "is a string, but must be a whole number", Warning: true},
		"Sent":               sent{"d18"},
		"Copied":             copied{"curl …", "it is unsigned"},
		"Saved":              saved{"fixtures/render.completed-d17.json"},
		"RemovedCount":       removedCount{3},
	}
	maps.Copy(samples, aroundSamples(d))
	maps.Copy(samples, volleySamples())
	return samples
}

// fullSignature is a signature with nothing left out.
func fullSignature(d store.Delivery) *signature {
	d.Header = []store.Field{{Name: "X-Pictify-Signature", Value: "t=1769682600,v1=5f2b8e0c"}}
	s := signatureOf(d)
	s.Problem, s.Elements = "more than one t", [][2]string{{"t", "1"}, {"v1", "00"}}
	return s
}

// PicturesIn lists the fields of the pictures that a payload names, each with its address.
func PicturesIn(body []byte) [][2]string {
	var list [][2]string
	for _, p := range picturesIn(body) {
		list = append(list, [2]string{p.Field, p.URL})
	}
	return list
}
