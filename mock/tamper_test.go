package mock_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

func value(m pictify.Message, name string) (v string) {
	for _, f := range m.Header {
		if f.Name == name {
			v = f.Value
		}
	}
	return v
}

// Each way breaks just what it says.
func TestTampers(t *testing.T) {
	verdicts := map[mock.Tamper]pictify.Verdict{
		"":                     pictify.Valid,
		mock.TamperBody:        pictify.Mismatch,
		mock.TamperSignature:   pictify.Mismatch,
		mock.TamperSecret:      pictify.Mismatch,
		mock.TamperTimestamp:   pictify.Stale,
		mock.TamperMissing:     pictify.Unsigned,
		mock.TamperMalformed:   pictify.Malformed,
		mock.TamperTruncated:   pictify.Mismatch,
		mock.TamperEmpty:       pictify.Valid,
		mock.TamperContentType: pictify.Valid,
		mock.TamperOversize:    pictify.Valid,
		mock.TamperEvent:       pictify.Valid,
	}
	if want := len(mock.Tampers()) + 1; len(verdicts) != want {
		t.Errorf("%d ways are tested, want %d", len(verdicts), want)
	}
	secret := pictify.NewSecret(testSecret)
	signer := pictify.NewSigner(secret)
	for way, want := range verdicts {
		for _, k := range fixtures.Kinds() {
			for n := range 20 {
				s, err := fixtures.New(int64(n), testNow, "").Sample(k)
				if err != nil {
					t.Fatal(err)
				}
				whole := bytes.Clone(s.Body)
				m := way.Message(s, signer, testNow)
				err = pictify.Verify(secret, value(m, pictify.SignatureHeader), m.Body, testNow)
				if got := pictify.VerdictOf(err); got != want {
					t.Errorf("%q of %s: %s, want %s", way, k, got, want)
				}
				if !bytes.Equal(s.Body, whole) {
					t.Errorf("%q changed the sample itself", way)
				}
				if way != mock.TamperTruncated && way != mock.TamperEmpty && !json.Valid(m.Body) {
					t.Errorf("%q of %s is no JSON: %.300s", way, k, m.Body)
				}
				e, _ := pictify.ParseEvent(m.Body)
				if sameType := value(m, pictify.EventHeader) == string(e.Type); way == mock.TamperEvent && sameType {
					t.Errorf("%q of %s: the header names the body's type", way, k)
				}
				if plain := value(m, "Content-Type") == "application/json"; plain != (way != mock.TamperContentType) {
					t.Errorf("%q: Content-Type %s", way, value(m, "Content-Type"))
				}
				if long := len(m.Body) > 11<<20; long != (way == mock.TamperOversize) {
					t.Errorf("%q: %d bytes", way, len(m.Body))
				}
				if way == mock.TamperOversize {
					break // large
				}
			}
		}
	}
}

func TestTamperedBodiesOfAllKinds(t *testing.T) {
	signer := pictify.NewSigner(pictify.NewSecret(testSecret))
	for _, way := range mock.Tampers() {
		for _, body := range []string{"", "x", "{}", `{"data":9}`, `{"data":{"n":90}}`, "\xff\x00", `[]`} {
			way.Message(fixtures.Sample{ID: "del_1", Body: []byte(body)}, signer, testNow) // does not panic
		}
	}
}

func TestWhatACorrectHandlerAnswers(t *testing.T) {
	for _, way := range append(mock.Tampers(), "") {
		if way.Want() == "" || (way.Why() == "") != (way == "") {
			t.Errorf("%q: want %q, why %q", way, way.Want(), way.Why())
		}
		for _, never := range []int{0, 302, 500, 503} {
			if way.Accepts(never) {
				t.Errorf("%q accepts %d", way, never)
			}
		}
		if ok := way.Accepts(200); ok != (way == "" || way == mock.TamperContentType || way == mock.TamperOversize || way == mock.TamperEvent) {
			t.Errorf("%q accepts 200: %t", way, ok)
		}
		if way.Accepts(401) != (way != "") {
			t.Errorf("%q accepts 401: %t", way, way.Accepts(401))
		}
	}
}
