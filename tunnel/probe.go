package tunnel

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// "Ready" must be true: it is said after a request that we sent to our own
// public URL has come in through the tunnel. A free ngrok account has 20,000
// requests a month, so probes are rare: at start and after each reconnect.

// probes are the nonces on their way.
type probes struct {
	mu   sync.Mutex        // guards sent
	sent map[string]string // path -> answer
}

func (p *probes) set(path, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent == nil {
		p.sent = make(map[string]string)
	}
	p.sent[path] = answer
}

func (p *probes) forget(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sent, path)
}

func (p *probes) find(r *http.Request) (answer string, ok bool) {
	if r.Method != http.MethodGet {
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	answer, ok = p.sent[r.RequestURI]
	return answer, ok
}

// ErrNotOurs is returned by Probe when somebody else answers at the URL.
var ErrNotOurs = errors.New("the public URL does not lead here")

// Probe sends a nonce to publicURL with client and reports whether it came back
// through this receiver: nil, [ErrNotOurs], or why there was no answer.
func (rc *Receiver) Probe(ctx context.Context, client *http.Client, publicURL string) error {
	nonce, err := newToken(nil)
	if err != nil {
		return err
	}
	answer, err := newToken(nil)
	if err != nil {
		return err
	}
	path := rc.Hooks.Path("probe-" + nonce)
	rc.probes.set(path, answer)
	defer rc.probes.forget(path)

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(publicURL, "/")+path, nil)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	req.Header.Set("User-Agent", "pictap-probe")
	req.Header.Set("Ngrok-Skip-Browser-Warning", "1")
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if res.StatusCode != http.StatusOK || subtle.ConstantTimeCompare(got, []byte(answer)) != 1 {
		return fmt.Errorf("%w: it answers %s", ErrNotOurs, res.Status)
	}
	return nil
}
