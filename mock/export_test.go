package mock

import "context"

// SetSend has attempts made by send instead of over the network.
func (s *Server) SetSend(send func(context.Context, Delivery) Result) { s.send = send }

// Redact takes secrets out of a text.
func Redact(text string) string { return redact(text) }

// ReadSnapshot checks a state.
func ReadSnapshot(text []byte) error {
	_, err := readSnapshot(text, nil)
	return err
}

// MatchPath is how faults choose paths.
func MatchPath(pattern, path string) bool { return matchPath(pattern, path) }
