package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// What stdout carries with --output json: one object a line, "type" first.
// Fields are only ever added. The structs below are that contract.

// lineHead opens every line. V is 1 in the first line of a stream and absent from the others.
type lineHead struct {
	Type string `json:"type"`
	V    int    `json:"v,omitempty"`
	Time stamp  `json:"time"`
}

// A stamp is a moment as RFC 3339 in UTC, with milliseconds.
type stamp time.Time

func (s stamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// readyLine says that deliveries can come in. V is 1.
type readyLine struct {
	lineHead
	Mode      string     `json:"mode"`                 // "ngrok", "public-url", "local" or "mock"
	PublicURL string     `json:"public_url,omitempty"` // where the world reaches the receiver
	Probed    bool       `json:"probed"`               // a nonce came back through the public URL
	Hooks     []hookLine `json:"hooks"`
	ForwardTo string     `json:"forward_to,omitempty"`
	Inspector string     `json:"inspector,omitempty"` // the page's URL with its one-time code
	BaseURL   string     `json:"base_url,omitempty"`  // of the mock API
	Gallery   string     `json:"gallery,omitempty"`   // of the demo's sample app
}

// A hookLine is one receiver path.
type hookLine struct {
	Event        pictify.EventType `json:"event"`
	URL          string            `json:"url"`
	Subscription string            `json:"subscription,omitempty"` // uid, when registered
}

// deliveryLine is a delivery, as it came in ("time") and, in listings, with what became of it.
type deliveryLine struct {
	lineHead
	ID           string        `json:"id"`
	Rev          int64         `json:"rev"`
	Event        string        `json:"event"`
	DeliveryID   string        `json:"delivery_id"`
	Verdict      string        `json:"verdict"`
	Reason       string        `json:"reason,omitempty"`
	Bytes        int64         `json:"bytes"`
	About        string        `json:"about,omitempty"`
	Source       string        `json:"source,omitempty"`
	Subscription string        `json:"subscription,omitempty"`
	Arrivals     int           `json:"arrivals,omitempty"` // when more than one
	State        string        `json:"state,omitempty"`    // in listings
	Attempts     []forwardLine `json:"attempts,omitzero"`  // in listings
	Body         *string       `json:"body,omitempty"`     // when asked for; body_base64 when it is not UTF-8
	BodyBase64   []byte        `json:"body_base64,omitempty"`
	Signatures   *[]string     `json:"signatures,omitempty"` // with the body: the values of X-Pictify-Signature
	Cause        *causeLine    `json:"cause,omitempty"`      // when the verdict is not valid
}

// forwardLine is one attempt to hand a delivery to the app.
type forwardLine struct {
	lineHead
	ID         string  `json:"id"`
	Rev        int64   `json:"rev"`
	Attempt    int     `json:"attempt"`
	Kind       string  `json:"kind"` // "forward" or "replay"
	URL        string  `json:"url"`
	Status     int     `json:"status"` // 0: no answer
	DurationMS float64 `json:"duration_ms"`
	Error      string  `json:"error,omitempty"`
}

// heldLine: deliveries wait because the app does not answer. Waiting is 0 when it does again.
type heldLine struct {
	lineHead
	Waiting   int64  `json:"waiting"`
	ForwardTo string `json:"forward_to"`
	Error     string `json:"error,omitempty"`
}

// connectionLine is "reconnecting" (Error says why) or "reconnected".
type connectionLine struct {
	lineHead
	PublicURL string `json:"public_url,omitempty"`
	Error     string `json:"error,omitempty"`
}

// subscriptionLine: something happened to a subscription of ours.
type subscriptionLine struct {
	lineHead
	Event        pictify.EventType `json:"event"`
	Subscription string            `json:"subscription"`
	Status       string            `json:"status"` // "created", "removed", "paused", "resumed", "moved", "refused"
	URL          string            `json:"url,omitempty"`
	Note         string            `json:"note,omitempty"`
}

// inspectorLine: the link to the page has been used, and this is the next one.
type inspectorLine struct {
	lineHead
	URL string `json:"url"`
}

// warningLine: something is not as it should be; pictap goes on.
type warningLine struct {
	lineHead
	Message string `json:"message"`
}

// errorLine is the last line of a run that failed.
type errorLine struct {
	lineHead
	Exit    int    `json:"exit"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// byeLine is the last line of a stream: what was cleaned up, and what was not.
type byeLine struct {
	lineHead
	Removed    []string `json:"removed"`          // uids of subscriptions
	Paused     bool     `json:"paused,omitempty"` // what is in Removed was paused, and still exists
	Left       []string `json:"left"`             // uids that the next start will find
	Waiting    int64    `json:"waiting"`          // deliveries still held for the app
	Deliveries int64    `json:"deliveries"`
}

// Outside texts in lines are cut, so that one event cannot flood whoever
// reads: 300 bytes as they are encoded, and 900 for what explains something.
const (
	shortText = 300
	longText  = 900
)

// newDeliveryLine is d for the stream; listings and bodies are added by who wants them.
func newDeliveryLine(d store.Delivery) deliveryLine {
	line := deliveryLine{
		lineHead:     lineHead{Type: "delivery", Time: stamp(d.ReceivedAt)},
		ID:           d.ID(),
		Rev:          d.Rev,
		Event:        clip(string(d.Event), shortText),
		DeliveryID:   clip(d.DeliveryID, shortText),
		Verdict:      string(d.Verdict),
		Reason:       clip(d.Reason, longText),
		Bytes:        d.BodySize,
		About:        clip(d.About, shortText),
		Source:       string(d.Source),
		Subscription: clip(d.Subscription, shortText),
	}
	if d.Arrivals > 1 {
		line.Arrivals = d.Arrivals
	}
	return line
}

// newForwardLine is attempt a of d.
func newForwardLine(d store.Delivery, a store.Attempt) forwardLine {
	return forwardLine{
		lineHead:   lineHead{Type: "forward", Time: stamp(a.At)},
		ID:         d.ID(),
		Rev:        a.Rev,
		Attempt:    a.N,
		Kind:       a.Kind,
		URL:        clip(a.URL, longText),
		Status:     a.Status,
		DurationMS: float64(a.Duration.Microseconds()) / 1000,
		Error:      clip(a.Error, longText),
	}
}

// newListedLine is d with its attempts, as "events list" writes it, and with its
// body if that is wanted.
func newListedLine(d store.Delivery, withBody bool) deliveryLine {
	line := newDeliveryLine(d)
	line.State = string(d.State)
	line.Attempts = []forwardLine{}
	for _, a := range d.Attempts {
		line.Attempts = append(line.Attempts, newForwardLine(d, a))
	}
	if withBody {
		signatures := signaturesIn(d.Header)
		line.Signatures = &signatures
	}
	switch {
	case !withBody:
	case utf8.Valid(d.Body):
		body := string(d.Body)
		line.Body = &body
	default:
		line.BodyBase64 = d.Body
	}
	return line
}

// signaturesIn are the values of the signature header, none is an empty list.
func signaturesIn(header []pictify.Field) []string {
	values := []string{}
	for _, f := range header {
		if strings.EqualFold(f.Name, pictify.SignatureHeader) {
			values = append(values, f.Value)
		}
	}
	return values
}

// emit writes one line of NDJSON to stdout.
func (p *printer) emit(line any) { p.data(string(lineJSON(line))) }

// lineJSON is one line of NDJSON, without its end.
func lineJSON(line any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line); err != nil { // our own structs: a bug, and one that must not be silent
		fmt.Fprintf(&b, `{"type":"error","message":%q}`, err)
	}
	return escapeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// head opens a line that is about now.
func (p *printer) head(typ string) lineHead { return lineHead{Type: typ, Time: stamp(p.now())} }

// escapeJSON writes what is not printable in a JSON text as \u escapes, which
// changes nothing for a parser: a terminal may be what reads the lines.
func escapeJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if unicode.IsPrint(r) {
			out = append(out, text[i:i+size]...)
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		}
		i += size
	}
	return out
}

// clip cuts s so that it takes at most max bytes in a line of JSON.
func clip(s string, max int) string {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			max -= 2
		case r == utf8.RuneError && size == 1: // written as an escape
			max -= 6
		case unicode.IsPrint(r):
			max -= size
		case r > 0xffff:
			max -= 12
		default:
			max -= 6
		}
		if max < 0 {
			return s[:i]
		}
		i += size
	}
	return s
}
