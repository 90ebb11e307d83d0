package ngroktest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.ngrok.com/muxado/v2"

	"pictap/tunnel/ngroktest"
)

func shortly(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newEdge(t testing.TB, cfg ngroktest.Config) *ngroktest.Server {
	t.Helper()
	edge := ngroktest.NewServer(cfg)
	t.Cleanup(edge.Close)
	return edge
}

// An agent speaks the session protocol by hand, so that the edge is tested
// against the protocol and not against the SDK only, which package tunnel does.
type agent struct {
	t   testing.TB
	mux muxado.TypedStreamSession
}

func dialAgent(t testing.TB, edge *ngroktest.Server) *agent {
	t.Helper()
	conn, err := tls.Dial("tcp", edge.Addr(), &tls.Config{RootCAs: edge.CertPool()})
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{t, muxado.NewTypedStreamSession(muxado.Client(conn, nil))}
	t.Cleanup(func() { a.mux.Close() })
	return a
}

// ask sends a request and returns the answer.
func (a *agent) ask(kind muxado.StreamType, request string) map[string]any {
	a.t.Helper()
	stream, err := a.mux.OpenTypedStream(kind)
	if err != nil {
		a.t.Fatal(err)
	}
	defer stream.Close()
	io.WriteString(stream, request)
	var answer map[string]any
	if err := json.NewDecoder(stream).Decode(&answer); err != nil {
		a.t.Fatalf("answer to %s: %v", request, err)
	}
	return answer
}

// online authenticates and binds an endpoint and returns its URL.
func (a *agent) online() string {
	a.t.Helper()
	if answer := a.ask(0, `{"Version":["3","2"],"ClientId":"","Extra":{"Authtoken":"x"}}`); answer["Error"] != "" {
		a.t.Fatal(answer["Error"])
	}
	answer := a.ask(1, `{"Id":"","Proto":"https","Opts":{},"Extra":{}}`)
	if answer["Error"] != "" {
		a.t.Fatal(answer["Error"])
	}
	return answer["URL"].(string)
}

// accept returns the next proxy stream and its header.
func (a *agent) accept() (muxado.Stream, map[string]any, error) {
	stream, err := a.mux.AcceptTypedStream()
	if err != nil {
		return nil, nil, err
	}
	if stream.StreamType() != 3 {
		a.t.Errorf("stream of type %d, want 3", stream.StreamType())
	}
	var size int64
	if err := binary.Read(stream, binary.LittleEndian, &size); err != nil {
		return nil, nil, err
	}
	var header map[string]any
	text := make([]byte, size)
	if _, err := io.ReadFull(stream, text); err != nil {
		return nil, nil, err
	}
	return stream, header, json.Unmarshal(text, &header)
}

// answer serves proxy streams with f, until the session ends.
func (a *agent) answer(f func(r *bufio.Reader, w io.Writer)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			stream, _, err := a.accept()
			if err != nil {
				return
			}
			f(bufio.NewReader(stream), stream)
			stream.Close()
		}
	}()
	a.t.Cleanup(func() { a.mux.Close(); <-done })
}

// talk sends text to the edge's plain front, for url's host, and returns all
// that comes back.
func talk(t testing.TB, edge *ngroktest.Server, url, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", edge.FrontAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	deadline, _ := shortly(t).Deadline()
	conn.SetDeadline(deadline)
	io.WriteString(conn, strings.ReplaceAll(text, "HOST", strings.TrimPrefix(url, "https://")))
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("after %q: %v", answer, err)
	}
	return string(answer)
}

// readRequest reads one request as net/http does, body included.
func readRequest(r *bufio.Reader) (*http.Request, string, error) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(req.Body)
	return req, string(body), err
}
