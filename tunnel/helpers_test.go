package tunnel_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

const (
	install   = "0123456789abcdef0123456789abcdef"
	token     = "00112233445566778899aabbccddeeff"
	remoteKey = "whsec_remote_0123456789abcdef"
	localKey  = "whsec_local_0123456789abcdef"
)

// sign is an independent implementation of the signature, straight from the
// documentation.
func sign(key string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), store.FileName)
	}
	s, err := store.Open(path, store.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A rig is a receiver on loopback, and perhaps a forwarder to an app.
type rig struct {
	*tunnel.Receiver
	url  string // of the hook
	addr string
}

func startReceiver(t testing.TB, rc *tunnel.Receiver) rig {
	t.Helper()
	if rc.Store == nil {
		rc.Store = openStore(t, "")
	}
	if rc.Forwarder != nil {
		rc.Forwarder.Store = rc.Store
	}
	if rc.Hooks == nil {
		rc.Hooks = &tunnel.Hooks{Install: install}
	}
	rc.Hooks.Set(tunnel.Hook{Token: token, Event: pictify.RenderCompleted, Subscription: "wh_1",
		Source: store.FromPictify, Secret: pictify.NewSecret(remoteKey)})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := rc.Serve(ctx, l, 2*time.Second); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	if f := rc.Forwarder; f != nil {
		wg.Go(func() {
			if err := f.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
	return rig{rc, "http://" + l.Addr().String() + rc.Hooks.Path(token), l.Addr().String()}
}

// post sends a body, signed with key now unless header says otherwise.
func (r rig) post(t testing.TB, body []byte, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", r.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Pictify-Signature", sign(remoteKey, time.Now(), body))
	for i := 0; i < len(header); i += 2 {
		if req.Header.Del(header[i]); header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res
}

func event(n int) []byte {
	return fmt.Appendf(nil, `{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{"imageId":"img_%d"}}`, n)
}

// raw sends bytes as they are and returns the answer.
func (r rig) raw(t testing.TB, request string) *http.Response {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	return res
}

// all returns what is stored, oldest first, whole.
func (r rig) all(t testing.TB) []store.Delivery {
	t.Helper()
	list, err := r.Store.List(context.Background(), store.Query{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]store.Delivery, len(list))
	for i, d := range list {
		if out[len(list)-1-i], err = r.Store.Get(context.Background(), d.Seq); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// eventually waits until ok holds, looking each time the store changes.
func (r rig) eventually(t testing.TB, what string, ok func([]store.Delivery) bool) []store.Delivery {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		changed := r.Store.Changed()
		list := r.all(t)
		if ok(list) {
			return list
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("waited in vain until %s; stored: %d", what, len(list))
		}
	}
}

func states(list []store.Delivery) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s:%s ", d.ID(), d.State)
	}
	return strings.TrimSpace(b.String())
}

func allDone(n int) func([]store.Delivery) bool {
	return func(list []store.Delivery) bool {
		for _, d := range list {
			if d.State != store.Done {
				return false
			}
		}
		return len(list) == n
	}
}

func target(t testing.TB, base string) *url.URL {
	t.Helper()
	u, err := url.Parse(base + "/webhooks/pictify?a=1&b=%20")
	if err != nil {
		t.Fatal(err)
	}
	return u
}
