package command_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// A vector is a case of fixtures.Vectors, as far as it matters here.
type vector struct {
	Name, Secret, Verdict string
	Now                   int64
	Header, Body          *string
	BodyBase64            []byte `json:"body_base64"`
}

func (v vector) bytes() []byte {
	if v.Body != nil {
		return []byte(*v.Body)
	}
	return v.BodyBase64
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	var vectors []vector
	if err := json.Unmarshal(fixtures.Vectors(), &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// askTime is when the handlers are asked about what is no vector.
var askTime = time.Unix(1769682600, 0).UTC()

// An ask is a delivery to a snippet's handler, and what becomes of it.
type ask struct {
	name            string
	now             int64
	header, id, typ *string
	body            []byte
	accepts         func(status int) bool
	said            []string // after a 2xx; nothing otherwise
	unsure          bool     // what it says is its own affair
	garbled         bool     // it is no JSON
}

// line is the ask in the drivers' words.
func (a ask) line() string {
	fields := []string{strconv.FormatInt(a.now, 10)}
	for _, value := range []*string{a.header, a.id, a.typ} {
		if value == nil {
			fields = append(fields, "-")
			continue
		}
		fields = append(fields, "="+base64.StdEncoding.EncodeToString([]byte(*value)))
	}
	return strings.Join(append(fields, "="+base64.StdEncoding.EncodeToString(a.body)), " ") + "\n"
}

// quiet is a, of which the handler is to say nothing.
func (a ask) quiet() ask {
	a.said = nil
	return a
}

// anyhow is a, of which the handler may say what it likes.
func (a ask) anyhow() ask {
	a.unsure = true
	return a
}

// An answer is a status, and what was said before it was given and after.
type answer struct {
	status        int
	before, after []string
}

func readAnswer(t *testing.T, line string) (a answer) {
	t.Helper()
	fields := strings.Split(line, " ")
	a.status, _ = strconv.Atoi(fields[0])
	for _, field := range fields[1:] {
		text, err := base64.StdEncoding.DecodeString(field[1:])
		switch {
		case err != nil:
			t.Fatalf("the driver said %q: %v", line, err)
		case field[0] == '<':
			a.before = append(a.before, string(text))
		default:
			a.after = append(a.after, string(text))
		}
	}
	return a
}

// fault is what is wrong about an answer, or "".
func (a ask) fault(got answer) string {
	want := a.said
	if got.status/100 != 2 {
		want = nil
	}
	switch {
	case !a.accepts(got.status):
		return fmt.Sprintf("answered %d", got.status)
	case len(got.before) > 0 && !a.unsure:
		return fmt.Sprintf("it worked before it answered: %q", got.before)
	case !slices.Equal(got.after, want) && !a.unsure:
		return fmt.Sprintf("it did %q, want %q", got.after, want)
	}
	return ""
}

// vectorAsks are the vectors with a secret.
func vectorAsks(t *testing.T, secret string) (asks []ask) {
	t.Helper()
	for i, v := range readVectors(t) {
		if v.Secret != secret {
			continue
		}
		id, typ := fmt.Sprintf("del_vector%d", i), "application/json"
		a := ask{name: v.Name, now: v.Now, header: v.Header, id: &id, typ: &typ, body: v.bytes(), said: saidAbout(v.bytes()), garbled: !json.Valid(v.bytes())}
		isEvent := describes(a.body)
		statuses := []int{401}
		switch {
		case v.Verdict == "valid" && (!utf8.Valid(a.body) || bytes.HasPrefix(a.body, []byte("\ufeff"))):
			statuses = []int{200, 400} // parsers disagree, and nobody sends it
		case v.Verdict == "valid" && isEvent:
			statuses = []int{200}
		case v.Verdict == "valid":
			statuses = []int{400}
		}
		a.accepts = func(status int) bool { return slices.Contains(statuses, status) }
		asks = append(asks, a)
	}
	return asks
}

// messageAsk sends m, which is to be answered with one of statuses.
func messageAsk(name string, m pictify.Message, statuses ...int) ask {
	a := ask{name: name, now: askTime.Unix(), body: m.Body, said: saidAbout(m.Body)}
	for _, f := range m.Header {
		switch f.Name {
		case pictify.SignatureHeader:
			a.header = &f.Value
		case pictify.DeliveryIDHeader:
			a.id = &f.Value
		case "Content-Type":
			a.typ = &f.Value
		}
	}
	a.accepts = func(status int) bool { return slices.Contains(statuses, status) }
	return a
}

func describes(body []byte) bool {
	var event struct{ Event *string }
	return json.Unmarshal(body, &event) == nil && event.Event != nil
}

// saidAbout is what a snippet's handler says when it has an event in hand.
func saidAbout(body []byte) []string {
	var e struct {
		Event string
		Data  struct{ ImageID, URL, ErrorCode, Error, BatchID, Status string }
	}
	if json.Unmarshal(body, &e) != nil {
		return nil
	}
	switch e.Event {
	case "render.completed":
		return []string{e.Event + " " + e.Data.ImageID + " " + e.Data.URL}
	case "render.failed":
		return []string{e.Event + " " + e.Data.ErrorCode + " " + e.Data.Error}
	case "batch.completed":
		return []string{e.Event + " " + e.Data.BatchID + " " + e.Data.Status}
	}
	return nil
}
