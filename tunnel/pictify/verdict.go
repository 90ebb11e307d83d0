package pictify

import "errors"

// A Verdict is the outcome of [Verify] in one word, as it is stored, printed and
// sent to the page.
type Verdict string

// The verdicts. Only Valid means that the body may be believed.
const (
	Valid         Verdict = "valid"
	Unsigned      Verdict = "unsigned"
	Malformed     Verdict = "malformed"
	Stale         Verdict = "stale" // authentic, but too old or from the future
	Mismatch      Verdict = "mismatch"
	UnknownSecret Verdict = "unknown-secret"
)

// VerdictOf names an error of [Verify]; nil is Valid. Any other error is
// Mismatch: whatever went wrong, authenticity was not shown.
func VerdictOf(err error) Verdict {
	switch {
	case err == nil:
		return Valid
	case errors.Is(err, ErrUnsigned):
		return Unsigned
	case errors.Is(err, ErrMalformed):
		return Malformed
	case errors.Is(err, ErrStale):
		return Stale
	case errors.Is(err, ErrUnknownSecret):
		return UnknownSecret
	}
	return Mismatch
}
