package tunnel

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// A Hook is one path that deliveries come in on, and what they are signed with.
type Hook struct {
	Token        string            // last part of the path, 32 hex digits
	Event        pictify.EventType // what its subscription asks for; other events verify all the same
	Subscription string            // uid at Pictify; "" for a local hook
	Source       store.Source
	Secret       pictify.Secret // zero: known but not usable, answered 503
	Retired      bool           // answered 410
}

// Hooks are the paths of one installation: /in/<install>/<token>. The install
// id marks a subscription as ours, the token picks its secret. Both are random,
// so the path is also a capability: whoever does not know it gets a 404.
//
// Its methods may be called from any goroutine.
type Hooks struct {
	Install string // install id; must not change

	mu      sync.RWMutex // guards byToken
	byToken map[string]Hook
}

// Path returns the path of the hook with that token.
func (h *Hooks) Path(token string) string { return "/in/" + h.Install + "/" + token }

// Set adds a hook or replaces the one with its token.
func (h *Hooks) Set(hook Hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byToken == nil {
		h.byToken = make(map[string]Hook)
	}
	h.byToken[hook.Token] = hook
}

// Find returns the hook of a path as it stands in the request line. Nothing is
// decoded or cleaned: a path that only resembles ours is not ours.
func (h *Hooks) Find(rawPath string) (Hook, bool) {
	token, ok := strings.CutPrefix(rawPath, "/in/"+h.Install+"/")
	if !ok {
		return Hook{}, false
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	hook, ok := h.byToken[token]
	return hook, ok
}

// newToken returns 128 random bits as hex.
func newToken(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
