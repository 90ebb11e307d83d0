package pictify_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"pictap/tunnel/pictify"
)

// seeds returns the contents of the files that pattern finds below testdata. A
// fuzz target without seeds tests nothing when it runs as a test, so finding none
// is a failure.
func seeds(tb testing.TB, pattern string) [][]byte {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		tb.Fatalf("no seeds in testdata/%s (%v)", pattern, err)
	}
	var contents [][]byte
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		contents = append(contents, content)
	}
	return contents
}

// A header that is accepted can be written in one way only, and that way is
// accepted with the same result.
func FuzzParseSignature(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Header)
	}
	// The grammar once more, as expressions: an independent reading of it.
	wellFormed := regexp.MustCompile(`^[!-+\--<>-~]+=[!-+\--<>-~]*(,[!-+\--<>-~]+=[!-+\--<>-~]*)*$`)
	oneTime := regexp.MustCompile(`(^|,)t=[1-9][0-9]{0,14}(,|$)`)
	anyTime := regexp.MustCompile(`(^|,)t=`)
	oneMAC := regexp.MustCompile(`(^|,)v1=([0-9a-fA-F]{2})+(,|$)`)
	f.Fuzz(func(t *testing.T, header string) {
		sig, err := pictify.ParseSignature(header)
		if err != nil {
			if !errors.Is(err, pictify.ErrMalformed) {
				t.Errorf("ParseSignature(%q) = %v, want %v", header, err, pictify.ErrMalformed)
			}
			return
		}
		if !wellFormed.MatchString(header) || !oneTime.MatchString(header) || len(anyTime.FindAllString(header, -1)) != 1 || !oneMAC.MatchString(header) {
			t.Errorf("ParseSignature(%q) accepted %v", header, sig)
		}
		if sig.At < 1 || sig.At > 999_999_999_999_999 || len(sig.V1) < 1 || len(sig.V1) > 8 {
			t.Errorf("ParseSignature(%q) = %v", header, sig)
		}
	})
}

// What was signed verifies; with any one bit flipped it does not.
func FuzzVerify(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Secret, v.Now, v.Body, uint(len(v.Name)))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64, body []byte, flip uint) {
		secret, now := pictify.NewSecret(text), time.Unix(unix, 0)
		if secret.IsZero() || unix < 1 || unix > 999_999_999_999_999 {
			return
		}
		header := pictify.Sign(secret, now, body)
		if err := pictify.Verify(secret, header, body, now); err != nil {
			t.Fatalf("Verify(Sign) = %v", err)
		}

		flipped := []byte(header)
		flip %= uint(8 * (len(header) + len(body)))
		if flip < uint(8*len(header)) {
			flipped[flip/8] ^= 1 << (flip % 8)
			if strings.EqualFold(string(flipped), header) && flipped[0] == 't' && bytes.Contains(flipped, []byte(",v1=")) {
				return // the case of a hex digit means nothing
			}
		} else {
			flip -= uint(8 * len(header))
			body = bytes.Clone(body)
			body[flip/8] ^= 1 << (flip % 8)
		}
		if err := pictify.Verify(secret, string(flipped), body, now); err == nil {
			t.Errorf("Verify(%q) of a changed delivery (was %q) succeeded", flipped, header)
		}
	})
}

// Parsing agrees with encoding/json, About never panics and is a line, and Body
// gives back what was parsed.
func FuzzParseEvent(f *testing.F) {
	for _, body := range seeds(f, "events/*.json") {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := pictify.ParseEvent(body)
		if err != nil {
			if !errors.Is(err, pictify.ErrNotEvent) {
				t.Errorf("ParseEvent = %v, want %v", err, pictify.ErrNotEvent)
			}
			// The parts stand alone as well: neither may trust the other.
			for _, typ := range pictify.EventTypes() {
				broken := pictify.Event{Type: typ, Data: body}
				mustBeALine(t, broken.About())
				broken.WithDeliveryID("del_1")
				if !json.Valid(broken.Body()) {
					t.Errorf("Body = %s", broken.Body())
				}
			}
			return
		}
		var want map[string]json.RawMessage
		var name string
		if err := errors.Join(json.Unmarshal(body, &want), json.Unmarshal(want["event"], &name)); err != nil {
			t.Fatalf("encoding/json refuses what ParseEvent accepts: %v", err)
		}
		if string(e.Type) != name || !bytes.Equal(e.Data, want["data"]) {
			t.Errorf("ParseEvent = %q, %s; encoding/json says %q, %s", e.Type, e.Data, name, want["data"])
		}
		for _, typ := range append(pictify.EventTypes(), e.Type) {
			mustBeALine(t, pictify.Event{Type: typ, Data: e.Data}.About())
		}

		again, err := pictify.ParseEvent(e.Body())
		if err != nil {
			t.Fatalf("ParseEvent(%s): %v", e.Body(), err)
		}
		if again.Type != e.Type || !again.Timestamp.Equal(e.Timestamp.Truncate(time.Millisecond)) || !bytes.Equal(again.Body(), e.Body()) {
			t.Errorf("round trip of %s gave %s", e.Body(), again.Body())
		}
		marked, err := pictify.ParseEvent(e.WithDeliveryID("del_1").Body())
		if err != nil || marked.Type != e.Type {
			t.Errorf("WithDeliveryID: %v, %s", err, marked.Body())
		}
	})
}

// An answers plays an API that always answers the same bytes.
type answers []byte

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(a)), req)
}

// Whatever the API answers, the client returns something usable or an error of
// one printable line.
func FuzzAPIAnswer(f *testing.F) {
	for _, answer := range seeds(f, "answers/*.http") {
		f.Add(answer)
	}
	uid := regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := pictify.Client{Key: pictify.NewSecret("pk_test_c4n4ry"), HTTP: &http.Client{Transport: answers(raw)}}
		check := func(what string, s pictify.Subscription, err error) {
			if err == nil && !uid.MatchString(s.UID) {
				t.Errorf("%s returned uid %q", what, s.UID)
			}
			if n := len(s.Secret.Reveal()); n != 0 && (n < 16 || n > 512) {
				t.Errorf("%s returned a secret of %d characters", what, n)
			}
			if api, ok := errors.AsType[*pictify.APIError](err); ok {
				if api.RetryAfter < 0 || api.RetryAfter > pictify.MaxRetryAfter || len(api.Error()) > 64<<10 {
					t.Errorf("%s: RetryAfter %v, %d bytes of text", what, api.RetryAfter, len(api.Error()))
				}
				mustBePrintable(t, api.Error())
				mustNotLeak(t, what, api.Error())
			}
		}
		s, err := c.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: "https://example.com"}, "key")
		check("Create", s, err)
		s, err = c.Pause(t.Context(), "wh_abc123")
		check("Pause", s, err)
		if err == nil && s.UID != "wh_abc123" {
			t.Errorf("Pause returned %q", s.UID)
		}
		check("Delete", pictify.Subscription{UID: "none"}, c.Delete(t.Context(), "wh_abc123"))
		for s, err := range c.List(t.Context()) {
			check("List", s, err)
		}
	})
}

// Explain never panics, leaves what is valid alone, repeats itself, and finds the
// simplest re-serialisation there is.
func FuzzExplain(f *testing.F) {
	g := readGiven(f)
	seeds := 0
	for name := range makers {
		for _, b := range readBroken(f, name) {
			if len(b.Header) > 0 {
				f.Add(b.Header[0][1], b.Body, b.Expected, b.Handled)
				seeds++
			}
		}
	}
	if seeds < 200 {
		f.Fatalf("%d seeds, want at least 200", seeds)
	}
	now, secret := time.Unix(g.Now, 0), pictify.NewSecret(g.Secret)
	f.Fuzz(func(t *testing.T, header string, body []byte, expected string, handled []byte) {
		q := pictify.Question{
			Header: []pictify.Field{{Name: pictify.SignatureHeader, Value: header}}, Body: body, Now: now, Secret: secret,
			Expected: expected, Handled: handled, Budget: 1 << 20,
		}
		c := pictify.Explain(q)
		if again := pictify.Explain(q); !reflect.DeepEqual(c, again) {
			t.Errorf("Explain says %v, then %v", c, again)
		}
		if got := pictify.VerdictOf(pictify.Verify(secret, header, body, now)); header != "" && c.Verdict != got {
			t.Errorf("verdict %s, but Verify says %s", c.Verdict, got)
		}
		for _, fault := range c.Faults {
			if fault.Code == "" || len(fault.Detail) > 200 {
				t.Errorf("fault %q", fault)
			}
		}
		q.Header[0].Value, q.Expected, q.Handled = pictify.Sign(secret, now, body), "", nil
		if c := pictify.Explain(q); c.Verdict != pictify.Valid || len(c.Faults) > 0 {
			t.Errorf("of a valid delivery it says %v", c)
		}
		var compact bytes.Buffer
		if len(body) > 4096 || json.Compact(&compact, body) != nil || bytes.Count(body, []byte("[")) > 200 || bytes.Count(body, []byte("{")) > 50 {
			return
		}
		q.Header[0].Value = pictify.Sign(secret, now, compact.Bytes())
		if c := pictify.Explain(q); c.Verdict != pictify.Valid && !c.Proven {
			t.Errorf("signed as %s, sent as %s: %v", compact.Bytes(), body, c)
		}
	})
}
