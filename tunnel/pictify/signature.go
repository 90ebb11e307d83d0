package pictify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader carries the signature of a delivery (guide, concepts).
const SignatureHeader = "X-Pictify-Signature"

// Tolerance is how far a signature's time may be from now, in either direction
// and in whole seconds; exactly that far still passes (security/webhook-verification).
const Tolerance = 300 * time.Second

// Limits on what a signature header may look like. None is documented; they are
// far above what any sender needs.
const (
	maxSignatureHeader = 4096 // bytes
	maxTimeDigits      = 15   // the year 31,688,738
	maxV1              = 8
)

// What Verify can have against a delivery.
var (
	ErrUnsigned      = errors.New("no signature")
	ErrMalformed     = errors.New("signature header is malformed")
	ErrMismatch      = errors.New("signature does not match")
	ErrStale         = errors.New("signature is too old or from the future")
	ErrUnknownSecret = errors.New("no secret known to verify with")
)

// A StaleError is what [Verify] returns for an authentic delivery whose time is
// further than [Tolerance] from now. It matches [ErrStale].
type StaleError struct {
	// Age is now minus the signature's time: positive for an old signature,
	// negative for one from the future.
	Age time.Duration
}

func (e *StaleError) Error() string {
	if e.Age < 0 {
		return fmt.Sprintf("signature is %v from the future", -e.Age)
	}
	return fmt.Sprintf("signature is %v old", e.Age)
}

// Is makes errors.Is(err, ErrStale) true.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// A Signature is a parsed [SignatureHeader].
type Signature struct {
	At int64    // "t": when it was signed, Unix seconds
	V1 [][]byte // "v1" values in order, decoded; 32 bytes each unless the sender is mistaken
}

// Sign returns the header value for body signed with s at the given moment,
// "t=<unix seconds>,v1=<64 hex>". Take the moment anew for each attempt:
// receivers refuse what is older than [Tolerance], and retries are hours apart.
//
// A moment before 1970-01-01T00:00:01Z gives a header that [Verify] refuses.
//
// Source: security/webhook-verification.
func Sign(s Secret, at time.Time, body []byte) string {
	t := at.Unix()
	return "t=" + strconv.FormatInt(t, 10) + ",v1=" + hex.EncodeToString(mac(s, t, body))
}

// Verify reports whether header is a signature of body by s that is no more than
// [Tolerance] away from now. Body must be the bytes as they were received:
// re-encoded JSON does not match.
//
// The error matches [ErrUnknownSecret] for the zero Secret, [ErrUnsigned] for an
// empty header, [ErrMalformed] when [ParseSignature] refuses it, [ErrMismatch]
// when no v1 is right, and is a [*StaleError] when one is but the time is not. The
// MAC is checked before the age, unlike in the documented samples, so that
// "stale" can be believed: it was sent by one who has the secret.
func Verify(s Secret, header string, body []byte, now time.Time) error {
	if s.IsZero() {
		return ErrUnknownSecret
	}
	if header == "" {
		return ErrUnsigned
	}
	sig, err := ParseSignature(header)
	if err != nil {
		return err
	}
	want := mac(s, sig.At, body)
	match := false
	for _, got := range sig.V1 { // all of them: the time taken tells nothing about which
		match = hmac.Equal(got, want) || match
	}
	if !match {
		return ErrMismatch
	}
	if age := now.Unix() - sig.At; age > seconds(Tolerance) || age < -seconds(Tolerance) {
		return &StaleError{Age: saturate(age)}
	}
	return nil
}

// ParseSignature reads a signature header: elements "name=value" separated by
// single commas, in any order, printable ASCII without blanks. "t" must appear
// exactly once, as a canonical decimal; "v1" one to eight times, as hex of
// either case. Other names are ignored. The error matches [ErrMalformed] and
// quotes nothing of the header.
//
// The published samples are laxer: they take the last of several t, stop reading
// a time at the first letter, and so on. None of that is ever sent by Pictify.
func ParseSignature(header string) (Signature, error) {
	if len(header) > maxSignatureHeader {
		return Signature{}, malformed("longer than 4096 bytes")
	}
	for i := range len(header) {
		if c := header[i]; c <= ' ' || c > '~' {
			return Signature{}, malformed("contains a blank or a non-printable byte")
		}
	}
	var sig Signature
	for element := range strings.SplitSeq(header, ",") {
		name, value, found := strings.Cut(element, "=")
		if !found || name == "" || strings.Contains(value, "=") {
			return Signature{}, malformed("an element is not name=value")
		}
		switch name {
		case "t":
			if sig.At != 0 {
				return Signature{}, malformed("more than one t")
			}
			if !canonicalTime(value) {
				return Signature{}, malformed("t is not a positive whole number")
			}
			sig.At, _ = strconv.ParseInt(value, 10, 64) // 15 digits always fit
		case "v1":
			if len(sig.V1) == maxV1 {
				return Signature{}, malformed("more than 8 v1")
			}
			v1, err := hex.DecodeString(value)
			if err != nil || len(v1) == 0 {
				return Signature{}, malformed("a v1 is not hex")
			}
			sig.V1 = append(sig.V1, v1)
		}
	}
	switch {
	case sig.At == 0:
		return Signature{}, malformed("no t")
	case len(sig.V1) == 0:
		return Signature{}, malformed("no v1")
	}
	return sig, nil
}

// mac computes what v1 must be. The key is the whole text of the secret, prefix
// included: nothing is decoded (security/webhook-verification, all samples).
func mac(s Secret, t int64, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(s.Reveal()))
	var prefix [24]byte
	h.Write(append(strconv.AppendInt(prefix[:0], t, 10), '.'))
	h.Write(body)
	return h.Sum(nil)
}

// canonicalTime reports whether s is ^[1-9][0-9]{0,14}$: the one spelling of a
// time, so that the number read and the text signed cannot differ.
func canonicalTime(s string) bool {
	if s == "" || len(s) > maxTimeDigits || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func malformed(reason string) error { return fmt.Errorf("%w: %s", ErrMalformed, reason) }

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// saturate turns seconds into a Duration, which ends at 292 years.
func saturate(s int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Second)
	return time.Duration(min(max(s, -most), most)) * time.Second
}
