package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// ErrNotFound is returned for a delivery that is not, or no longer, stored.
var ErrNotFound = errors.New("no such delivery")

// A State says what is still to be done with a delivery.
type State string

const (
	Waiting State = "waiting" // to be handed to the app; never pruned
	Done    State = "done"    // the app answered 2xx
	Failed  State = "failed"  // the app said no, or we gave up
	Kept    State = "kept"    // recorded only: not verified, or there is no app
)

// A Source says who signed a delivery.
type Source string

const (
	FromPictify Source = "pictify" // with the secret of a registered subscription
	FromLocal   Source = "local"   // with the local secret: trigger, the page, a hand-made request
)

// A Field is one header line.
type Field = pictify.Field

// A Delivery is one request that reached a receiver path.
//
// Summaries, as [Store.List] and [Store.Since] return them, have no Header and
// no Body, and their attempts neither.
type Delivery struct {
	Seq        int64 // number of arrival, from 1, never used again
	Rev        int64 // of the newest change to it or its attempts
	FirstRev   int64 // of its own arrival
	ReceivedAt time.Time

	Event        pictify.EventType // as the signed body says; "" when it says nothing
	About        string            // one line for people
	DeliveryID   string            // the sender's; it is not signed, so it proves nothing
	Hook         string            // token of the path it came in on
	Subscription string            // uid; "" for a local hook
	Source       Source
	Verdict      pictify.Verdict
	Reason       string // why not valid, in words
	State        State
	Arrivals     int // 1, more when the sender repeated itself

	Method, Path, Remote string
	Header               []Field // in the order received
	Body                 []byte  // exactly the bytes that were signed
	BodySize             int64   // bytes received; more than len(Body) when a request that did not verify was cut

	AttemptCount int
	Attempts     []Attempt // oldest first; summaries have the last [SummaryAttempts]

	// Proof stands for hook and signature, 16 bytes: a request with the same
	// proof is the same request again. Nil means not verified.
	Proof []byte
	// Repeat is set by Record when the delivery was there already.
	Repeat bool
}

// SummaryAttempts is how many attempts a summary carries at most.
const SummaryAttempts = 20

// ID returns the name of a delivery as people type it, such as "d17".
func (d Delivery) ID() string { return "d" + strconv.FormatInt(d.Seq, 10) }

// ParseID reads "d17" or "17".
func ParseID(s string) (int64, error) {
	seq, err := strconv.ParseUint(strings.TrimPrefix(s, "d"), 10, 63) // unsigned: no "+17" either
	if err != nil || seq == 0 {
		return 0, fmt.Errorf("not a delivery id: %q", s)
	}
	return int64(seq), nil
}

// FieldValue returns the value of the first field with that name, in any case.
func FieldValue(fields []Field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Kinds of attempts.
const (
	Forward = "forward" // by listen, on arrival or when the app came back
	Replay  = "replay"  // because somebody asked for it
)

// An Attempt is one try to hand a delivery to the app.
type Attempt struct {
	N        int   // 1, 2, ... for each delivery
	Rev      int64 // of its recording
	Kind     string
	At       time.Time
	URL      string
	Status   int // 0 when there was no answer; Error says why
	Duration time.Duration
	Error    string
	Header   []Field // the app's
	Body     []byte  // the app's, at most [AnswerLimit] bytes
	BodySize int64   // bytes read from the app; more than len(Body) when it was cut
}

// AnswerLimit is how much of an app's answer is kept.
const AnswerLimit = 64 << 10

// OK reports whether the app took the delivery.
func (a Attempt) OK() bool { return a.Status >= 200 && a.Status < 300 }

// encodeFields writes fields as "Name: value" lines, so that the column reads
// well in any SQLite tool. Neither part can hold CR or LF: net/http refuses
// such requests, and decodeFields would only split them, not misread others.
func encodeFields(fields []Field) []byte {
	n := 0
	for _, f := range fields {
		n += len(f.Name) + len(f.Value) + 4
	}
	b := make([]byte, 0, n)
	for _, f := range fields {
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	return b
}

func decodeFields(b []byte) []Field {
	var fields []Field
	for line := range strings.SplitSeq(string(b), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			fields = append(fields, Field{Name: name, Value: value})
		}
	}
	return fields
}
