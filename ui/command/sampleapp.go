package command

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A sampleApp plays the user's own app in the demo. It knows nothing of pictap:
// HTTP, the documented signature, and one secret. This is all that an app needs.
type sampleApp struct {
	url    string
	secret string
	server *http.Server
	wg     sync.WaitGroup

	mu   sync.Mutex      // guards seen
	seen map[string]bool // delivery ids, for at-least-once delivery
}

func startSampleApp(secret string) (*sampleApp, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start sample app: %w", err)
	}
	a := &sampleApp{url: "http://" + l.Addr().String(), secret: secret, seen: make(map[string]bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+defaultPath, a.webhook)
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	a.wg.Go(func() { a.server.Serve(l) }) // it ends with close
	return a, nil
}

func (a *sampleApp) close() {
	ctx, cancel := context.WithTimeout(context.Background(), serveGrace)
	defer cancel()
	if a.server.Shutdown(ctx) != nil {
		a.server.Close()
	}
	a.wg.Wait()
}

func (a *sampleApp) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20)) // the raw bytes: parsed and printed again they would not verify
	if err != nil {
		http.Error(w, "body not readable", http.StatusBadRequest)
		return
	}
	if err := verifyByHand(a.secret, r.Header.Get("X-Pictify-Signature"), body, time.Now()); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var event struct {
		Event string         `json:"event"`
		Data  map[string]any `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	if a.before(r.Header.Get("X-Pictify-Delivery-Id")) {
		fmt.Fprintln(w, "seen before")
		return
	}
	switch event.Event {
	case "render.completed":
		fmt.Fprintf(w, "saved %v\n", event.Data["url"])
	case "render.failed":
		fmt.Fprintf(w, "told somebody about %v\n", event.Data["errorCode"])
	default:
		fmt.Fprintln(w, "OK")
	}
}

// before reports whether a delivery has been here, and remembers it. A real app
// would ask its database.
func (a *sampleApp) before(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if id == "" || a.seen[id] {
		return id != ""
	}
	if len(a.seen) >= 10_000 {
		clear(a.seen)
	}
	a.seen[id] = true
	return false
}

// verifyByHand is the check that Pictify documents (security, webhook
// verification, 2026-01-29), written out as an app would have it. It shares no
// code with pictap's own, so that the demo would notice if that signed wrongly.
func verifyByHand(secret, header string, body []byte, now time.Time) error {
	var t, v1 string
	for part := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "t":
			t = value
		case "v1":
			v1 = value
		}
	}
	sent, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return errors.New("invalid signature")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", t, body)
	given, err := hex.DecodeString(v1)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return errors.New("invalid signature")
	}
	if age := now.Unix() - sent; age > 300 || age < -300 {
		return errors.New("timestamp too old")
	}
	return nil
}
