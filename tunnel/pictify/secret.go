package pictify

import (
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	secretPrefix = "whsec_"
	// What a printed secret looks like. UnmarshalJSON refuses both, so that a
	// file written with a redacted secret is never read back as a real one.
	redactedSigning = secretPrefix + "…"
	redactedOther   = "redacted"
)

// A Secret is a text that must not be shown: a signing secret or an API key.
// Every way of printing, logging or encoding it yields a placeholder; the text
// itself leaves only through [Secret.Reveal].
//
// The zero Secret is "no secret": nothing can be signed or verified with it.
// Compare with [Secret.Equal]; == does not compile. A Secret is immutable and
// may be used by several goroutines.
type Secret struct {
	_ [0]func() // not comparable: == would compare addresses

	// Behind a pointer because fmt cannot call methods of an unexported field:
	// it prints an address there, not the text.
	text *string
}

// NewSecret holds text. An empty text gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// GenerateSecret makes a signing secret of the documented form, "whsec_" and 64
// lower-case hex digits, from 32 bytes of random.
func GenerateSecret(random io.Reader) (Secret, error) {
	var key [32]byte
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return Secret{}, fmt.Errorf("generate secret: %w", err)
	}
	return NewSecret(secretPrefix + hex.EncodeToString(key[:])), nil
}

// Reveal returns the text, "" for the zero Secret. Call it only where the text
// is used: as a MAC key, in an Authorization header, in a 0600 file.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal reports whether both hold the same text, in time that depends on
// nothing but their lengths.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "whsec_…" for a signing secret, "redacted" for any other text,
// and "" for the zero Secret.
func (s Secret) String() string {
	switch {
	case s.IsZero():
		return ""
	case strings.HasPrefix(*s.text, secretPrefix):
		return redactedSigning
	}
	return redactedOther
}

// GoString redacts like [Secret.String], in the form of a Go expression.
func (s Secret) GoString() string { return fmt.Sprintf("pictify.Secret(%q)", s.String()) }

// Format redacts whatever the verb, %x and %d included.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	switch {
	case verb == 'v' && f.Flag('#'):
		text = s.GoString()
	case verb == 'q':
		text = `"` + text + `"`
	}
	io.WriteString(f, text)
}

// LogValue redacts in log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON redacts. Who must send a secret encodes [Secret.Reveal].
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalText redacts, for map keys, XML and flags.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalJSON reads a JSON string, or null as the zero Secret. A placeholder
// is refused.
func (s *Secret) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return errors.New("secret is not a string") // the cause may quote it
	}
	if text == redactedSigning || text == redactedOther {
		return errors.New("secret was redacted when it was written")
	}
	*s = NewSecret(text)
	return nil
}
