package tunnel_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"pictap/tunnel/ngroktest"
)

// What the edge, TLS and the SDK cost, against the same server without them.
func BenchmarkNgrok(b *testing.B) {
	edge := newEdge(b, ngroktest.Config{})
	n := openNgrok(b, optionsFor(edge))
	serveNgrok(b, n, echoBody)
	direct := httptest.NewTLSServer(http.HandlerFunc(echoBody))
	b.Cleanup(direct.Close)
	body := bytes.Repeat([]byte("x"), 1<<10)
	for _, bb := range []struct {
		name, url string
		client    *http.Client
	}{
		{"direct", direct.URL, direct.Client()},
		{"tunnel", n.URL(), edge.Client()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				resp, err := bb.client.Post(bb.url, "text/plain", bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
}
