package pictify_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

// A signer is Sign, whatever it signed before and from however many goroutines.
func TestSigner(t *testing.T) {
	signer := pictify.NewSigner(testSecret)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				body, at := []byte(strings.Repeat("x", i*n)), testNow.Add(time.Duration(n)*time.Second)
				if got, want := signer.Sign(at, body), pictify.Sign(testSecret, at, body); got != want {
					t.Errorf("Sign of %d bytes = %q, want %q", len(body), got, want)
				}
			}
		})
	}
	wg.Wait()
	if got := string(signer.Append([]byte("header "), testNow, nil)); got != "header "+pictify.Sign(testSecret, testNow, nil) {
		t.Errorf("Append = %q", got)
	}
}

func TestNewMessage(t *testing.T) {
	body := []byte(`{"event":"render.completed"}`)
	got := pictify.NewMessage(pictify.NewSigner(testSecret), testNow, pictify.RenderCompleted, "del_1", body)
	want := pictify.Message{Body: body, Header: []pictify.Field{
		{Name: "Content-Type", Value: "application/json"},
		{Name: "X-Pictify-Signature", Value: pictify.Sign(testSecret, testNow, body)},
		{Name: "X-Pictify-Event", Value: "render.completed"},
		{Name: "X-Pictify-Delivery-Id", Value: "del_1"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := pictify.NewMessage(pictify.NewSigner(testSecret), testNow, "x", "", body); len(got.Header) != 3 {
		t.Errorf("without an id: %v", got)
	}
}

// The answers are those of JSON.stringify in Node 20:
//
//	node -e 'for (const s of ["", "\"\\/", …]) console.log(JSON.stringify(s))'
func TestAppendString(t *testing.T) {
	for _, row := range [][2]string{
		{"", `""`},
		{"plain", `"plain"`},
		{`"\/`, `"\"\\/"`},
		{"\b\f\n\r\t", `"\b\f\n\r\t"`},
		{"\x00\x1f\x7f", "\"\\u0000\\u001f\x7f\""},
		{"<&>'", `"<&>'"`},
		{"\u2028\u2029", "\"\u2028\u2029\""},
		{"é🎉", `"é🎉"`},
		{"a\u0301", "\"a\u0301\""},
	} {
		if got := string(pictify.AppendString(nil, row[0])); got != row[1] {
			t.Errorf("AppendString(%q) = %s, want %s", row[0], got, row[1])
		}
	}
	if got := string(pictify.AppendString([]byte("x"), "a\xff\xfeb\xe2\x82")); got != "x\"a\uFFFD\uFFFDb\uFFFD\uFFFD\"" {
		t.Errorf("what is no UTF-8 becomes %q", got)
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a", `"\`, "\x00\n\u2028", "é🎉\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := pictify.AppendString(nil, s)
		var again string
		if err := json.Unmarshal(quoted, &again); err != nil {
			t.Fatalf("AppendString(%q) = %q: %v", s, quoted, err)
		}
		if utf8.ValidString(s) && again != s || !utf8.Valid(quoted) {
			t.Errorf("AppendString(%q) = %q, which means %q", s, quoted, again)
		}
	})
}

func BenchmarkSigner(b *testing.B) {
	body, signer := kilobyte(b), pictify.NewSigner(testSecret)
	for b.Loop() {
		signer.Sign(testNow, body)
	}
}
