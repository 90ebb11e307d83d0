package ui

import (
	"encoding/base64"
	"time"
	"unicode/utf8"

	"pictap/tunnel/store"
)

// The JSON that the page reads. Fields are only ever added, and static/types.js
// names the same ones: a test compares the two.

// Status is what pictap is doing, for the strip at the top of the page.
type Status struct {
	Mode          string               `json:"mode"` // "ngrok", "public-url", "local", "mock"
	PublicURL     string               `json:"public_url"`
	ForwardTo     string               `json:"forward_to"` // "" when deliveries are only recorded
	Tunnel        string               `json:"tunnel"`     // "online", "reconnecting", "local"
	App           string               `json:"app"`        // "answering", "down", "unknown"
	Held          int                  `json:"held"`       // deliveries that wait for the app
	Probed        bool                 `json:"probed"`     // a request through the public URL came back
	Subscriptions []SubscriptionStatus `json:"subscriptions"`
	Version       string               `json:"version"`
	Warnings      []string             `json:"warnings"`

	AppReason string     `json:"app_reason,omitempty"` // why it is down
	AppSince  *time.Time `json:"app_since,omitempty"`  // when App became what it is
}

// SubscriptionStatus is one subscription that leads here.
type SubscriptionStatus struct {
	UID    string `json:"uid"`
	Event  string `json:"event"`
	URL    string `json:"url"`
	Status string `json:"status"` // "active", "paused", "failed"
	Note   string `json:"note,omitempty"`
}

// statusAnswer is Status with what this page can do.
type statusAnswer struct {
	Status
	abilities
	CanReplay bool     `json:"can_replay"`
	CanDrain  bool     `json:"can_drain"`
	CanPause  bool     `json:"can_pause"` // subscriptions
	Mock      bool     `json:"mock"`      // one runs inside
	CanShape  bool     `json:"can_shape"` // test events
	Events    []string `json:"events"`
}

type sessionGrant struct {
	Token  string `json:"token"`
	Resume string `json:"resume"`
	Epoch  string `json:"epoch"`
}

type invitation struct {
	Code string `json:"code"`
}

type page struct {
	Deliveries []summary `json:"deliveries"`
	More       bool      `json:"more"`
}

// A summary is a delivery as lists and frames have it: half a KiB as a rule, and
// a few KiB whatever was sent.
type summary struct {
	ID           string    `json:"id"`
	Seq          int64     `json:"seq"`
	Rev          int64     `json:"rev"`
	Time         wireTime  `json:"time"`
	Event        string    `json:"event"`
	About        string    `json:"about"`
	DeliveryID   string    `json:"delivery_id"`
	Subscription string    `json:"subscription"`
	Source       string    `json:"source"`
	Verdict      string    `json:"verdict"`
	Reason       string    `json:"reason,omitempty"`
	State        string    `json:"state"`
	Arrivals     int       `json:"arrivals"`
	Bytes        int64     `json:"bytes"`
	Remote       string    `json:"remote"`
	AttemptCount int       `json:"attempt_count"`
	Attempts     []attempt `json:"attempts"`
}

type attempt struct {
	N          int      `json:"n"`
	Kind       string   `json:"kind"`
	Time       wireTime `json:"time"`
	URL        string   `json:"url"`
	Status     int      `json:"status"`
	DurationMS float64  `json:"duration_ms"`
	Error      string   `json:"error,omitempty"`

	Header [][2]string `json:"header,omitempty"`
	content
	Bytes int64 `json:"bytes,omitempty"`
}

// A Cause is why a delivery does not verify.
type Cause struct {
	Sentence string `json:"sentence"`
	Change   string `json:"change,omitempty"` // what to do about it
}

type detail struct {
	summary
	Cause  *Cause      `json:"cause,omitempty"`
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Header [][2]string `json:"header"`
	content
	Signature    *signature     `json:"signature,omitempty"`
	Production   *production    `json:"production,omitempty"`
	Siblings     []sibling      `json:"siblings,omitempty"`
	MoreSiblings bool           `json:"more_siblings,omitempty"`
	Pictures     []picturePlace `json:"pictures,omitempty"`
}

// content is a body as JSON can carry it.
type content struct {
	Body       *string `json:"body,omitempty"`
	BodyBase64 string  `json:"body_base64,omitempty"`
	Truncated  bool    `json:"truncated,omitempty"`
}

// A frame is one message on the live socket.
type frame struct {
	Type       string        `json:"type"`
	Epoch      string        `json:"epoch,omitempty"`
	Rev        *int64        `json:"rev,omitempty"`
	Deliveries []summary     `json:"deliveries,omitempty"`
	Status     *statusAnswer `json:"status,omitempty"`
	IDs        []string      `json:"ids,omitempty"`
}

// wireTime is RFC 3339 in UTC with milliseconds, always.
type wireTime time.Time

func (t wireTime) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z"), nil
}

// How much of what came from outside goes into one answer, in bytes.
const (
	maxLine   = 300     // of a text that a summary has on one line
	maxText   = 1 << 20 // of a body that is text
	maxBinary = 64 << 10
)

func summaryOf(d store.Delivery) summary {
	s := summary{
		ID: d.ID(), Seq: d.Seq, Rev: d.Rev, Time: wireTime(d.ReceivedAt),
		Event: clip(string(d.Event)), About: clip(d.About), DeliveryID: clip(d.DeliveryID), Subscription: clip(d.Subscription),
		Source: string(d.Source), Verdict: string(d.Verdict), Reason: clip(d.Reason), State: string(d.State),
		Arrivals: d.Arrivals, Bytes: d.BodySize, Remote: clip(d.Remote),
		AttemptCount: d.AttemptCount, Attempts: make([]attempt, len(d.Attempts)),
	}
	for i, a := range d.Attempts {
		s.Attempts[i] = attemptOf(a)
	}
	return s
}

func summariesOf(list []store.Delivery) []summary {
	out := make([]summary, len(list))
	for i, d := range list {
		out[i] = summaryOf(d)
	}
	return out
}

// attemptOf leaves out the app's answer, as a summary does.
func attemptOf(a store.Attempt) attempt {
	return attempt{
		N: a.N, Kind: a.Kind, Time: wireTime(a.At), URL: clip(a.URL), Status: a.Status,
		DurationMS: float64(a.Duration.Microseconds()) / 1000, Error: clip(a.Error),
	}
}

// answeredAttemptOf is attemptOf with the app's answer.
func answeredAttemptOf(a store.Attempt) attempt {
	out := attemptOf(a)
	out.Header, out.content, out.Bytes = fieldsOf(a.Header), contentOf(a.Body, a.BodySize), a.BodySize
	return out
}

func detailOf(d store.Delivery) detail {
	out := detail{summary: summaryOf(d), Method: d.Method, Path: d.Path, Header: fieldsOf(d.Header), content: contentOf(d.Body, d.BodySize),
		Signature: signatureOf(d), Production: productionOf(d)}
	for i, a := range d.Attempts {
		out.Attempts[i] = answeredAttemptOf(a)
	}
	return out
}

func fieldsOf(list []store.Field) [][2]string {
	out := make([][2]string, len(list))
	for i, f := range list {
		out[i] = [2]string{f.Name, f.Value}
	}
	return out
}

// contentOf gives text as it is and other bytes in base64, each up to its
// limit. Size is how long the body was, which may be more than is stored.
func contentOf(body []byte, size int64) content {
	if !utf8.Valid(body) {
		part := body[:min(len(body), maxBinary)]
		return content{BodyBase64: base64.StdEncoding.EncodeToString(part), Truncated: int64(len(part)) < size}
	}
	text := clipTo(string(body), maxText)
	return content{Body: &text, Truncated: int64(len(text)) < size}
}

func clip(s string) string { return clipTo(s, maxLine) }

// clipTo cuts s to at most n bytes without cutting a character.
func clipTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
