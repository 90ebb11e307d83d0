package command

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A sampleApp plays the user's own app in the demo: a gallery that has pictures
// rendered and shows them when it hears that they are ready. It knows nothing of
// pictap: HTTP, the documented API and signature, and one secret. This is all that
// an app needs.
type sampleApp struct {
	url    string
	secret string
	api    string // where Pictify is
	server *http.Server
	client *http.Client
	wg     sync.WaitGroup

	ctx    context.Context // ends when the app does
	cancel context.CancelFunc

	mu      sync.Mutex      // guards what follows
	seen    map[string]bool // delivery ids, for at-least-once delivery
	tiles   []*tile         // the newest last
	changes int             // counts what happens to tiles
	changed chan struct{}   // closed with the next change
	stars   int             // what the binding's data source says
	down    bool            // the data source answers 500
	binding string          // its uid, once there is one
}

//go:embed gallery
var galleryFiles embed.FS

func startSampleApp(secret, api string) (*sampleApp, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start sample app: %w", err)
	}
	a := &sampleApp{
		url: "http://" + l.Addr().String(), secret: secret, api: api, seen: make(map[string]bool), changed: make(chan struct{}), stars: 100,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 30 * time.Second},
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+defaultPath, a.webhook)
	mux.HandleFunc("GET /repository.json", a.repository)
	mux.HandleFunc("GET /tiles", a.own(a.showTiles))
	mux.HandleFunc("POST /ask/{what}", a.own(a.askFor))
	pages, err := fs.Sub(galleryFiles, "gallery")
	if err != nil {
		return nil, fmt.Errorf("start sample app: %w", err)
	}
	files := http.FileServerFS(pages)
	mux.HandleFunc("GET /", a.own(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "+a.api+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		files.ServeHTTP(w, r)
	}))
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	a.wg.Go(func() { a.server.Serve(l) }) // it ends with close
	return a, nil
}

// own lets only the app's own page through: other pages in the same browser can reach this port too.
func (a *sampleApp) own(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if "http://"+r.Host != a.url || origin != "" && origin != a.url || r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "not for you", http.StatusForbidden)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		h(w, r)
	}
}

func (a *sampleApp) close() {
	a.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), serveGrace)
	defer cancel()
	if a.server.Shutdown(ctx) != nil {
		a.server.Close()
	}
	a.wg.Wait()
	a.client.CloseIdleConnections()
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
	var event webhookEvent
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	if why := a.refuses(event); why != "" {
		http.Error(w, why, http.StatusUnprocessableEntity)
		return
	}
	if a.before(r.Header.Get("X-Pictify-Delivery-Id")) {
		fmt.Fprintln(w, "seen before")
		return
	}
	a.happened(event)
	switch event.Event {
	case "render.completed":
		fmt.Fprintf(w, "saved %s\n", event.Data.URL)
	case "render.failed":
		fmt.Fprintf(w, "told somebody about %s\n", event.Data.ErrorCode)
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
