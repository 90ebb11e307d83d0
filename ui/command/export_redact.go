package command

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// secretFields are fields of a header that let somebody in somewhere.
var secretFields = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "set-cookie": true, "x-api-key": true, "www-authenticate": true,
}

// withoutKeys is a delivery without what lets somebody in: fields of its headers
// and its path, which is a capability.
func withoutKeys(d store.Delivery) store.Delivery {
	d.Header = withoutFields(d.Header)
	d.Path, d.Hook = "", ""
	d.Attempts = slices.Clone(d.Attempts)
	for i := range d.Attempts {
		a := &d.Attempts[i]
		a.Header, a.URL = withoutFields(a.Header), withoutUser(a.URL)
	}
	return d
}

func withoutFields(list []store.Field) []store.Field {
	return slices.DeleteFunc(slices.Clone(list), func(f store.Field) bool { return secretFields[strings.ToLower(f.Name)] })
}

func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// learnDelivery shows a redactor all that redactDelivery will have it replace.
func learnDelivery(r *fixtures.Redactor, d store.Delivery) error {
	bodies := [][]byte{d.Body}
	for _, a := range d.Attempts {
		bodies = append(bodies, a.Body)
	}
	for _, body := range bodies {
		if json.Valid(body) {
			if err := r.Learn(body); err != nil {
				return err
			}
		}
	}
	r.LearnText(pictify.DeliveryIDHeader, d.DeliveryID)
	r.LearnText("subscription", d.Subscription)
	return nil
}

// redactDelivery replaces what may be personal in a delivery by fakes, and leaves
// out what nobody can tell: bodies that are no JSON, and what was said of the
// sender, by the app, and on the way.
func redactDelivery(r *fixtures.Redactor, d store.Delivery) (store.Delivery, error) {
	out := store.Delivery{
		Seq: d.Seq, Rev: d.Rev, FirstRev: d.FirstRev, ReceivedAt: d.ReceivedAt, Source: d.Source, Verdict: d.Verdict, State: d.State,
		Arrivals: d.Arrivals, Method: "POST", BodySize: d.BodySize, AttemptCount: d.AttemptCount,
		DeliveryID: r.Text(pictify.DeliveryIDHeader, d.DeliveryID), Subscription: r.Text("subscription", d.Subscription),
	}
	var err error
	if out.Body, err = redactBody(r, d.Body); err != nil {
		return out, err
	}
	if out.Body != nil {
		out.BodySize = int64(len(out.Body))
	}
	if e, err := pictify.ParseEvent(out.Body); err == nil {
		out.Event, out.About = e.Type, e.About()
	}
	known := ""
	if slices.Contains(pictify.EventTypes(), d.Event) {
		known = string(d.Event)
		out.Event = d.Event
	}
	out.Header = requestFields("Content-Type", plainType(store.FieldValue(d.Header, "Content-Type")), pictify.EventHeader, known, pictify.DeliveryIDHeader, out.DeliveryID)
	for _, a := range d.Attempts {
		if a, err = redactAttempt(r, a); err != nil {
			return out, err
		}
		out.Attempts = append(out.Attempts, a)
	}
	return out, nil
}

func redactAttempt(r *fixtures.Redactor, a store.Attempt) (store.Attempt, error) {
	out := store.Attempt{N: a.N, Rev: a.Rev, Kind: a.Kind, At: a.At, URL: plainTarget(a.URL), Status: a.Status, Duration: a.Duration, BodySize: a.BodySize}
	switch {
	case a.Error != "" && a.Status == 0:
		out.Error = "no answer"
	case a.Error != "":
		out.Error = "the answer broke off"
	}
	out.Header = requestFields("Content-Type", plainType(store.FieldValue(a.Header, "Content-Type")))
	var err error
	if out.Body, err = redactBody(r, a.Body); out.Body != nil {
		out.BodySize = int64(len(out.Body))
	}
	return out, err
}

// redactBody is nil for what is no JSON; see isLeftOut.
func redactBody(r *fixtures.Redactor, body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, nil
	}
	return r.Redact(body)
}

// isLeftOut reports whether a body of that size is not here because nobody can tell
// what in it is personal.
func isLeftOut(body []byte, size int64) bool { return body == nil && size > 0 }

// personalTexts are the texts of a redacted delivery that were made of what came
// from outside. The line about it is made of its body.
func personalTexts(d store.Delivery) [][]byte {
	texts := [][]byte{d.Body, []byte(d.DeliveryID), []byte(d.Subscription)}
	for _, a := range d.Attempts {
		texts = append(texts, a.Body)
	}
	return texts
}

// plainTarget is the address of an app on this machine without its query; any other
// is the guide's.
func plainTarget(address string) string {
	u, err := url.Parse(address)
	if err != nil || !isLoopbackName(u.Hostname()) {
		return captureTarget
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// plainType is a media type that says only what kind of text something is.
func plainType(s string) string {
	kind, _, _ := strings.Cut(strings.ToLower(s), ";")
	switch kind = strings.TrimSpace(kind); kind {
	case "application/json", "text/plain", "text/html", "application/problem+json":
		return kind
	}
	return ""
}
