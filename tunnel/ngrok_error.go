package tunnel

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"golang.ngrok.com/ngrok"

	"pictap/tunnel/pictify"
)

// ErrNoAuthtoken says that [OpenNgrok] was called without an authtoken.
var ErrNoAuthtoken = errors.New("no ngrok authtoken")

// An NgrokError is a refusal by ngrok: it was reached, and said no.
type NgrokError struct {
	// Code is ngrok's own, as "ERR_NGROK_107", documented at
	// https://ngrok.com/docs/errors, or "" if it gave none.
	Code string
	// Msg is what ngrok said, without the code and the authtoken. It may have
	// several lines.
	Msg string
	// Permanent means that asking again with the same settings is no use.
	Permanent bool
}

// Error returns the first line of what ngrok said, and the code.
func (e *NgrokError) Error() string {
	msg, _, _ := strings.Cut(e.Msg, "\n")
	text := "ngrok refused: " + strings.TrimRight(msg, ".")
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

// An UnreachableError says that there was no answer from ngrok: the network is
// down, the name does not resolve, the server's certificate is not trusted, or
// what listens there is not ngrok. Err is one of package net's or crypto/tls's
// errors where it can be told, for errors.As.
type UnreachableError struct {
	Server string // host:port
	Err    error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot reach ngrok at %s: %v", e.Server, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Codes that asking again cannot mend: a bad authtoken (105, 106, 107, 4018) or
// account (205), an agent too old (120), heartbeats too fast (111, 112), an
// address that may not connect (9040); a host that is not ours (319, 320) or not
// a host (9037). Not among them: too many sessions (108) and a host in use (334),
// which another agent, or our own dead session, gives back in time.
// Source: ngrok.com/docs/errors (2026).
var permanentCodes = []string{
	"ERR_NGROK_105", "ERR_NGROK_106", "ERR_NGROK_107", "ERR_NGROK_4018", "ERR_NGROK_205",
	"ERR_NGROK_120", "ERR_NGROK_111", "ERR_NGROK_112", "ERR_NGROK_9040",
	"ERR_NGROK_319", "ERR_NGROK_320", "ERR_NGROK_9037",
}

// Codes that another host could mend.
var hostCodes = []string{"ERR_NGROK_319", "ERR_NGROK_320", "ERR_NGROK_334", "ERR_NGROK_9037"}

const (
	codeTooManySessions = "ERR_NGROK_108"
	codeHostInUse       = "ERR_NGROK_334"
)

// isRefusal reports whether err is an NgrokError with one of codes.
func isRefusal(err error, codes ...string) bool {
	refused, ok := errors.AsType[*NgrokError](err)
	return ok && slices.Contains(codes, refused.Code)
}

var codePattern = regexp.MustCompile(`ERR_NGROK_\d+`)

// explain makes one of our errors of one of the SDK's.
//
// The SDK marks refusals by a type, except those of a bind after a reconnect,
// which are plain text: hence the search for a code.
func (o *NgrokOptions) explain(err error) error {
	said, typed := errors.AsType[ngrok.Error](err)
	if typed {
		return refused(said.ErrorCode(), redact(said.Msg(), o.Authtoken))
	}
	if code := codePattern.FindString(err.Error()); code != "" {
		return refused(code, redact(err.Error(), o.Authtoken))
	}
	return &UnreachableError{Server: o.Server, Err: networkCause(err, o.Authtoken)}
}

func refused(code, msg string) *NgrokError {
	var lines []string
	for line := range strings.Lines(msg) {
		line = strings.TrimSpace(line)
		if line != "" && line != code {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		lines = []string{"no reason given"}
	}
	return &NgrokError{Code: code, Msg: strings.Join(lines, "\n"), Permanent: slices.Contains(permanentCodes, code)}
}

// networkCause digs the cause out of the SDK's wrapping, "failed to send
// authentication request" and the like, which tells a user nothing.
func networkCause(err error, token pictify.Secret) error {
	if cause, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return cause
	}
	if cause, ok := errors.AsType[*net.OpError](err); ok {
		return cause
	}
	return errors.New(redact(err.Error(), token))
}

var tokenLine = regexp.MustCompile(`(?i)(authtoken:\s*)\S+`)

// redact takes the authtoken out of a text: ngrok's own messages repeat it.
func redact(text string, token pictify.Secret) string {
	if !token.IsZero() {
		text = strings.ReplaceAll(text, token.Reveal(), "…")
	}
	return tokenLine.ReplaceAllString(text, "${1}…")
}
