package ui

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// maxInvitations is how many unused invitations are good at once. Each is as
// good as the token until it is used, so the oldest make way.
const maxInvitations = 8

// keys are the secrets by which pages are let in: the token of this run, and
// the one-time codes that are exchanged for it.
type keys struct {
	random   io.Reader
	token    string
	tokenSum [sha256.Size]byte

	mu          sync.Mutex // guards all below
	launch      string     // the code in the link; never a used one
	invitations [][sha256.Size]byte
}

func newKeys(random io.Reader) (*keys, error) {
	k := &keys{random: random}
	var err error
	if k.token, err = randomText(random); err != nil {
		return nil, err
	}
	k.tokenSum = sha256.Sum256([]byte(k.token))
	k.launch, err = randomText(random)
	return k, err
}

// randomText returns 192 random bits as 32 characters that may stand in a URL
// and in a subprotocol.
func randomText(random io.Reader) (string, error) {
	b := make([]byte, 24)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

func (k *keys) launchCode() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.launch
}

// invite returns a one-time code beside the link's.
func (k *keys) invite() (string, error) {
	code, err := randomText(k.random)
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.invitations) >= maxInvitations {
		k.invitations = slices.Delete(k.invitations, 0, 1)
	}
	k.invitations = append(k.invitations, sha256.Sum256([]byte(code)))
	return code, nil
}

// spend reports whether code was good, which it then no longer is, and whether
// it was the link's, which then gets another.
func (k *keys) spend(code string) (good, launched bool, err error) {
	sum := sha256.Sum256([]byte(code))
	same := func(c [sha256.Size]byte) bool { return subtle.ConstantTimeCompare(c[:], sum[:]) == 1 }
	k.mu.Lock()
	defer k.mu.Unlock()
	if same(sha256.Sum256([]byte(k.launch))) {
		k.launch, err = randomText(k.random)
		return err == nil, err == nil, err
	}
	before := len(k.invitations)
	k.invitations = slices.DeleteFunc(k.invitations, same)
	return len(k.invitations) < before, false, nil
}

// shown reports whether r shows what a route needs.
func (k *keys) shown(p pass, r *http.Request) bool {
	switch p {
	case nothing:
		return true
	case bearer:
		lines := r.Header["Authorization"]
		return len(lines) == 1 && k.holds(strings.CutPrefix(lines[0], "Bearer "))
	case protocol:
		return k.holds(socketToken(r))
	}
	return false
}

// holds reports whether token is this run's, in a time that does not tell how
// much of it is right.
func (k *keys) holds(token string, given bool) bool {
	sum := sha256.Sum256([]byte(token))
	return given && subtle.ConstantTimeCompare(sum[:], k.tokenSum[:]) == 1
}

// session exchanges a one-time key, from a link or kept by a page since an
// earlier run, for the token.
func (h *Handler) session(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Code, Resume string }
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	var good, launched bool
	var err error
	switch {
	case in.Code != "":
		good, launched, err = h.keys.spend(in.Code)
	case in.Resume != "":
		good, err = h.opts.Store.TakeGrant(r.Context(), hashOf(in.Resume))
	}
	if err != nil {
		return fmt.Errorf("exchange key: %w", err)
	}
	if !good {
		return httpError{code: http.StatusUnauthorized, public: "this link was used before, or is from another run"}
	}
	if launched {
		h.opts.Opened(h.LaunchURL())
	}
	return writeJSON(w, http.StatusOK, sessionGrant{Token: h.keys.token, Resume: h.grantResume(r), Epoch: h.opts.Store.Epoch()})
}

// grantResume returns a key for the next run. Without one the page works all
// the same until pictap is restarted, so a store that cannot write is no reason
// to keep the page out.
func (h *Handler) grantResume(r *http.Request) string {
	key, err := randomText(h.keys.random)
	if err == nil {
		err = h.opts.Store.SaveGrant(r.Context(), hashOf(key))
	}
	if err != nil {
		h.opts.Log.WarnContext(r.Context(), "page cannot survive a restart", "error", err)
		return ""
	}
	return key
}

func hashOf(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// invite makes a one-time code for another tab of the same person.
func (h *Handler) invite(w http.ResponseWriter, r *http.Request) error {
	code, err := h.keys.invite()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, invitation{Code: code})
}
