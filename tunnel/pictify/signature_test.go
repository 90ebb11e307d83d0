package pictify_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/pictify"
)

var (
	testSecret = pictify.NewSecret("whsec_" + strings.Repeat("5a", 32))
	testNow    = time.Unix(1769682600, 0)
	testBody   = []byte(`{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{"imageId":"test_123","url":"https://cdn.pictify.io/test.png"}}`)
)

// A vector is a case of vectors.json.gz, which Python has made: see vectors.py there.
type vector struct {
	Name    string          `json:"name"`
	Secret  string          `json:"secret"`
	Now     int64           `json:"now"`
	Header  string          `json:"header"` // null, not sent, is ""
	Text    *string         `json:"body"`
	Body    []byte          `json:"body_base64"` // after readVectors of those with a Text too
	Verdict pictify.Verdict `json:"verdict"`
}

func readVectors(tb testing.TB) []vector {
	tb.Helper()
	f, err := os.Open("../../fixtures/vectors.json.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var vectors []vector
	if err := json.NewDecoder(unpacked).Decode(&vectors); err != nil {
		tb.Fatal(err)
	}
	if len(vectors) < 100 {
		tb.Fatalf("vectors.json has %d cases, want at least 100", len(vectors))
	}
	for i, v := range vectors {
		if v.Text != nil {
			vectors[i].Body = []byte(*v.Text)
		}
	}
	return vectors
}

func TestVerifyAgreesWithPython(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			err := pictify.Verify(pictify.NewSecret(v.Secret), v.Header, v.Body, time.Unix(v.Now, 0))
			if got := pictify.VerdictOf(err); got != v.Verdict {
				t.Errorf("Verify(%q) = %v (%s), want %s", v.Header, err, got, v.Verdict)
			}
		})
	}
}

// The two vectors were computed with openssl; the command is in fixtures/testdata/vectors.py.
func TestSign(t *testing.T) {
	for _, tt := range []struct{ name, secret, want string }{
		{"prefixed secret", "whsec_test_secret", "t=1769682600,v1=9647cf3a46aa83fd58a37590d8314dba2ab5d600560ff22fe28a6a0c349723de"},
		{"bare hex secret", strings.Repeat("00112233445566778899aabbccddeeff", 2), "t=1769682600,v1=1b4cf20eb573a7c635719797e70aed398f5bc3d35abe9a18947af047d9c43db1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := pictify.Sign(pictify.NewSecret(tt.secret), testNow, testBody); got != tt.want {
				t.Errorf("Sign = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestVerifyRefusesMalformedHeaders(t *testing.T) {
	good := pictify.Sign(testSecret, testNow, testBody) // t=1769682600,v1=…
	at, v1, _ := strings.Cut(good, ",")
	mac := strings.TrimPrefix(v1, "v1=")

	for _, tt := range []struct {
		name, header string
		want         error
	}{
		{"empty", "", pictify.ErrUnsigned},
		{"comma", ",", pictify.ErrMalformed},
		{"equals sign", "=", pictify.ErrMalformed},
		{"empty t", "t=", pictify.ErrMalformed},
		{"64 KiB of a", strings.Repeat("a", 64<<10), pictify.ErrMalformed},
		{"longer than 4096 bytes", good + ",x=" + strings.Repeat("a", 4096), pictify.ErrMalformed},
		{"4096 bytes", good + ",x=" + strings.Repeat("a", 4096-len(good)-3), nil},
		{"only t", at, pictify.ErrMalformed},
		{"only v1", v1, pictify.ErrMalformed},
		{"v0 with the right MAC", at + ",v0=" + mac, pictify.ErrMalformed},
		{"V1 in capitals", at + ",V1=" + mac, pictify.ErrMalformed},
		{"T in capitals", "T" + at[1:] + "," + v1, pictify.ErrMalformed},
		{"v2 with the right MAC", at + ",v2=" + mac, pictify.ErrMalformed},
		{"v1 empty", at + ",v1=", pictify.ErrMalformed},
		{"v1 of odd length", good[:len(good)-1], pictify.ErrMalformed},
		{"v1 not hex", at + ",v1=" + strings.Repeat("zz", 32), pictify.ErrMalformed},
		{"v1 in base64", at + ",v1=lkfPOkaqg/1Yo3WQ2DFNuiq11gBWD/Iv4opqDDSXI94=", pictify.ErrMalformed},
		{"v1 and NUL", good + "\x00", pictify.ErrMalformed},
		{"blank after the comma", at + ", " + v1, pictify.ErrMalformed},
		{"tab after the comma", at + ",\t" + v1, pictify.ErrMalformed},
		{"blank before", " " + good, pictify.ErrMalformed},
		{"blank after", good + " ", pictify.ErrMalformed},
		{"blank around =", "t =1769682600," + v1, pictify.ErrMalformed},
		{"no-break space", at + ",\u00a0" + v1, pictify.ErrMalformed},
		{"folded line", at + ",\r\n " + v1, pictify.ErrMalformed},
		{"semicolons", at + ";" + v1, pictify.ErrMalformed},
		{"trailing comma", good + ",", pictify.ErrMalformed},
		{"doubled comma", at + ",," + v1, pictify.ErrMalformed},
		{"element with two =", good + ",x=a=b", pictify.ErrMalformed},
		{"element without name", good + ",=x", pictify.ErrMalformed},
		{"element without value", good + ",x=", nil},
		{"quoted", `"` + good + `"`, pictify.ErrMalformed},
		{"two headers joined", good + ", " + good, pictify.ErrMalformed},
		{"Stripe's scheme name", at + ",sha256=" + mac, pictify.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := pictify.Verify(testSecret, tt.header, testBody, testNow); !errors.Is(err, tt.want) {
				t.Errorf("Verify(%.80q) = %v, want %v", tt.header, err, tt.want)
			}
		})
	}
}

func TestVerifyWithoutSecret(t *testing.T) {
	for _, header := range []string{"", "nonsense", pictify.Sign(pictify.Secret{}, testNow, testBody)} {
		err := pictify.Verify(pictify.Secret{}, header, testBody, testNow)
		if !errors.Is(err, pictify.ErrUnknownSecret) {
			t.Errorf("Verify(%q) with no secret = %v, want %v", header, err, pictify.ErrUnknownSecret)
		}
	}
}

func TestVerifyTolerance(t *testing.T) {
	header := pictify.Sign(testSecret, testNow, testBody)
	for _, tt := range []struct {
		name string
		now  time.Time
		age  time.Duration // of the error, 0 for none
	}{
		{"299 s old", testNow.Add(299 * time.Second), 0},
		{"exactly at tolerance", testNow.Add(pictify.Tolerance), 0},
		{"a fraction past it", testNow.Add(pictify.Tolerance + 999*time.Millisecond), 0},
		{"one second past it", testNow.Add(pictify.Tolerance + time.Second), 301 * time.Second},
		{"299 s from the future", testNow.Add(-299 * time.Second), 0},
		{"300 s from the future", testNow.Add(-pictify.Tolerance), 0},
		{"301 s from the future", testNow.Add(-pictify.Tolerance - time.Second), -301 * time.Second},
		{"an eternity", time.Unix(1<<55, 0), math.MaxInt64 / time.Second * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := pictify.Verify(testSecret, header, testBody, tt.now)
			stale, ok := errors.AsType[*pictify.StaleError](err)
			if !ok {
				if err != nil || tt.age != 0 {
					t.Errorf("Verify = %v, want an age of %v", err, tt.age)
				}
				return
			}
			if stale.Age != tt.age || !errors.Is(err, pictify.ErrStale) {
				t.Errorf("Verify = %v with age %v, want %v", err, stale.Age, tt.age)
			}
		})
	}
}

func TestStaleErrorText(t *testing.T) {
	for _, tt := range []struct {
		age  time.Duration
		want string
	}{
		{301 * time.Second, "signature is 5m1s old"},
		{-time.Hour, "signature is 1h0m0s from the future"},
	} {
		if got := (&pictify.StaleError{Age: tt.age}).Error(); got != tt.want {
			t.Errorf("Error = %q, want %q", got, tt.want)
		}
	}
}

// A stale verdict is only ever about something authentic.
func TestVerifyChecksMACBeforeAge(t *testing.T) {
	forged := pictify.Sign(pictify.NewSecret("whsec_somebody_else"), testNow.Add(-time.Hour), testBody)
	if err := pictify.Verify(testSecret, forged, testBody, testNow); !errors.Is(err, pictify.ErrMismatch) {
		t.Errorf("Verify(old and forged) = %v, want %v", err, pictify.ErrMismatch)
	}
}

func TestVerifyQuotesNothing(t *testing.T) {
	for _, header := range []string{"t=\x1b[2Jx,v1=00", "\x1b]0;title\x07", "t=1,v1=\u202e"} {
		err := pictify.Verify(testSecret, header, testBody, testNow)
		if err == nil || strings.ContainsAny(err.Error(), "\x1b\x07\u202e[]") {
			t.Errorf("Verify(%q) = %q, want an error without the header's text", header, err)
		}
	}
}

func TestParseSignature(t *testing.T) {
	got, err := pictify.ParseSignature("v1=00ff,x=y,t=1769682600,v1=AB")
	want := pictify.Signature{At: 1769682600, V1: [][]byte{{0x00, 0xff}, {0xab}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("ParseSignature: %v (-want +got)\n%s", err, diff)
	}
}

func TestVerdictOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want pictify.Verdict
	}{
		{nil, pictify.Valid},
		{pictify.ErrUnsigned, pictify.Unsigned},
		{pictify.ErrMalformed, pictify.Malformed},
		{pictify.ErrMismatch, pictify.Mismatch},
		{pictify.ErrStale, pictify.Stale},
		{&pictify.StaleError{Age: time.Hour}, pictify.Stale},
		{pictify.ErrUnknownSecret, pictify.UnknownSecret},
		{errors.New("anything else"), pictify.Mismatch},
	} {
		if got := pictify.VerdictOf(tt.err); got != tt.want {
			t.Errorf("VerdictOf(%v) = %s, want %s", tt.err, got, tt.want)
		}
	}
}
