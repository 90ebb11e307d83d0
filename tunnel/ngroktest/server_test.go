package ngroktest_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.ngrok.com/muxado/v2"

	"pictap/tunnel/leaktest"
	"pictap/tunnel/ngroktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestProtocol(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{Authtokens: []string{"good"}, Reserved: []string{"mine.example.com"}, DevDomain: "me.ngrok.test"})
	a := dialAgent(t, edge)
	for _, tt := range []struct {
		name    string
		kind    muxado.StreamType
		request string
		field   string
		want    string // in field
	}{
		{"bind before auth", 1, `{"Proto":"https","Opts":{}}`, "Error", "not authenticated"},
		{"no token", 0, `{"Extra":{}}`, "Error", "\r\n\r\nERR_NGROK_4018\r\n"},
		{"wrong token", 0, `{"Extra":{"Authtoken":"bad"}}`, "Error", "Your authtoken: bad\n"},
		{"not JSON", 0, `]`, "Error", "malformed"},
		{"auth", 0, `{"Extra":{"Authtoken":"good","OS":"plan9"}}`, "ClientId", "client-1"},
		{"server info", 8, `{}`, "Region", "test"},
		{"unknown request", 77, `{}`, "Error", "unknown"},
		{"TCP endpoint", 1, `{"Proto":"tcp","Opts":{}}`, "Error", "HTTP endpoints only"},
		{"foreign domain", 1, `{"Proto":"https","Opts":{"Domain":"google.com"}}`, "Error", "ERR_NGROK_319"},
		{"own domain", 1, `{"Proto":"https","Opts":{}}`, "URL", "https://me.ngrok.test"},
		{"own domain again", 1, `{"Proto":"https","Opts":{}}`, "Error", "ERR_NGROK_334"},
		{"reserved domain", 1, `{"Proto":"https","Opts":{"URL":"https://Mine.example.com/"}}`, "URL", "https://mine.example.com"},
		{"reserved domain again, pooled", 1, `{"Proto":"https","Opts":{"Hostname":"mine.example.com"},"Extra":{"PoolingEnabled":true}}`, "Error", "ERR_NGROK_334"},
		{"unbind", 2, `{"Id":"bind-3"}`, "Error", ""},
		{"unbind again", 2, `{"Id":"bind-3"}`, "Error", "no such endpoint"},
	} {
		answer := a.ask(tt.kind, tt.request)
		if got := fmt.Sprint(answer[tt.field]); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %s = %q, want %q", tt.name, tt.field, got, tt.want)
		}
	}
	if got := edge.Sessions()[0].OS; got != "plan9" {
		t.Errorf("Sessions()[0].OS = %q", got)
	}
	var urls []string
	for _, ep := range edge.Endpoints() {
		urls = append(urls, ep.URL)
	}
	if diff := cmp.Diff([]string{"https://me.ngrok.test"}, urls); diff != "" {
		t.Errorf("endpoints online (-want +got):\n%s", diff)
	}
}

// An agent that reconnects keeps its host, and takes it from its dead session.
func TestReconnect(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{MaxSessions: 1})
	first := dialAgent(t, edge)
	first.ask(0, `{"Extra":{"Authtoken":"x"}}`)
	bound := first.ask(1, `{"Proto":"https","Opts":{},"Extra":{}}`)
	token := bound["Extra"].(map[string]any)["Token"]
	edge.Freeze()

	stranger := dialAgent(t, edge)
	if answer := stranger.ask(0, `{"Extra":{"Authtoken":"x"}}`); !strings.Contains(answer["Error"].(string), "ERR_NGROK_108") {
		t.Errorf("a second agent got %v, want ERR_NGROK_108", answer)
	}
	again := dialAgent(t, edge)
	again.ask(0, `{"ClientId":"client-1","Extra":{"Authtoken":"x"}}`)
	rebound := again.ask(1, fmt.Sprintf(`{"Id":%q,"Proto":"https","Opts":{},"Extra":{"Token":%q}}`, bound["Id"], token))
	if rebound["URL"] != bound["URL"] || rebound["Id"] != bound["Id"] {
		t.Errorf("bound again as %v %v, want %v %v", rebound["Id"], rebound["URL"], bound["Id"], bound["URL"])
	}
	if err := edge.WaitOnline(shortly(t), 1); err != nil {
		t.Error(err)
	}
}

func TestProxyHeader(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	a := dialAgent(t, edge)
	url := a.online()
	conn, err := net.Dial("tcp", edge.FrontAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", strings.TrimPrefix(url, "https://"))
	stream, header, err := a.accept()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	want := map[string]any{"Id": edge.Endpoints()[0].ID, "ClientAddr": conn.LocalAddr().String(), "Proto": "https", "EdgeType": "0"}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("proxy header (-want +got):\n%s", diff)
	}
}

// Each answer of the agent, and what the caller sees of it.
func TestAnswers(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"
	for _, tt := range []struct {
		name, request, answer string
		want                  string // "" is answer itself
		again                 bool   // whether the connection lives on
	}{
		{"length", get, "HTTP/1.1 200 OK\r\nx-B: 1\r\nX-a: 2\r\nContent-Length: 2\r\n\r\nhi", "", true},
		{"chunks and trailers", get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n", "", true},
		{"no content", get, "HTTP/1.1 204 No Content\r\n\r\n", "", true},
		{"head", "HEAD / HTTP/1.1\r\nHost: HOST\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "", true},
		{"until the end", get, "HTTP/1.1 200 OK\r\n\r\nall of it", "", false},
		{"closing", get, "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nhi", "", false},
		{"interim answers", get, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true},
		{"caller closes", "GET / HTTP/1.1\r\nConnection: close\r\nHost: HOST\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "", false},
		{"old caller", "GET / HTTP/1.0\r\nHost: HOST\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "", false},
		{"nothing", get, "", "HTTP/1.1 502 Bad Gateway", false},
		{"half a head", get, "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 502 Bad Gateway", false},
		{"not HTTP", get, "220 smtp.example.com ready\r\n\r\n", "HTTP/1.1 502 Bad Gateway", false},
		{"an upgrade", get, "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 502 Bad Gateway", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edge := newEdge(t, ngroktest.Config{})
			a := dialAgent(t, edge)
			url := a.online()
			a.answer(func(r *bufio.Reader, w io.Writer) {
				for range 2 {
					if _, _, err := readRequest(r); err != nil {
						return
					}
					io.WriteString(w, tt.answer)
					if !tt.again {
						return
					}
				}
			})
			got := talk(t, edge, url, tt.request+strings.Replace(tt.request, "Host", "Connection: close\r\nHost", 1))
			want := tt.answer
			if tt.again {
				want += tt.answer // to the second request
			}
			if tt.want != "" {
				want = tt.want
				got, _, _ = strings.Cut(got, "\r\n")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("caller got (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEdgeAnswersItself(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	url := dialAgent(t, edge).online()
	for _, tt := range []struct {
		name, request, status, code string
	}{
		{"unknown host", "GET / HTTP/1.1\r\nHost: nobody.ngrok.test\r\n\r\n", "404 Not Found", "ERR_NGROK_3200"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "404 Not Found", "ERR_NGROK_3200"},
		{"body that nobody wants", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000), "404 Not Found", "ERR_NGROK_3200"},
		{"not HTTP", "hello\r\nthere\r\n\r\n", "400 Bad Request", ""},
		{"two lengths", "GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := talk(t, edge, url, tt.request)
			resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			body, err := io.ReadAll(resp.Body)
			if code := resp.Header.Get("Ngrok-Error-Code"); err != nil || resp.Status != tt.status || code != tt.code || !strings.Contains(string(body), tt.code) {
				t.Errorf("got %q", text)
			}
		})
	}
}

// The caller waits for "100 Continue" before it sends its body.
func TestExpectContinue(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	a := dialAgent(t, edge)
	url := a.online()
	a.answer(func(r *bufio.Reader, w io.Writer) {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		io.WriteString(w, "HTTP/1.1 100 Continue\r\n\r\n")
		body, _ := io.ReadAll(req.Body)
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	})
	conn, err := net.Dial("tcp", edge.FrontAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", strings.TrimPrefix(url, "https://"))
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	io.WriteString(conn, "hi")
	if rest, err := io.ReadAll(r); err != nil || !strings.HasSuffix(string(rest), "\r\n\r\nhi") {
		t.Errorf("%q, %v", rest, err)
	}
}

// An answer that comes before the request was read reaches the caller, who is
// still sending more than all buffers hold.
func TestEarlyAnswer(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	a := dialAgent(t, edge)
	url := a.online()
	a.answer(func(r *bufio.Reader, w io.Writer) {
		http.ReadRequest(r)
		io.WriteString(w, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	})
	resp, err := edge.Client().Post(url, "", io.LimitReader(endless{}, 16<<20))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("status %s, want 413", resp.Status)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestStreamPerRequest(t *testing.T) {
	for _, tt := range []struct {
		perRequest bool
		want       int
	}{{false, 1}, {true, 3}} {
		edge := newEdge(t, ngroktest.Config{StreamPerRequest: tt.perRequest})
		a := dialAgent(t, edge)
		url := a.online()
		var mu sync.Mutex
		streams := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				stream, _, err := a.accept()
				if err != nil {
					return
				}
				mu.Lock()
				streams++
				mu.Unlock()
				go func() {
					defer stream.Close()
					r := bufio.NewReader(stream)
					for {
						if _, _, err := readRequest(r); err != nil {
							return
						}
						io.WriteString(stream, "HTTP/1.1 204 No Content\r\n\r\n")
					}
				}()
			}
		}()
		conn, err := net.Dial("tcp", edge.FrontAddr()) // one connection for all, which a client may not keep
		if err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(conn)
		for range 3 {
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+strings.TrimPrefix(url, "https://")+"\r\n\r\n")
			if resp, err := http.ReadResponse(answers, nil); err != nil || resp.StatusCode != http.StatusNoContent {
				t.Fatalf("%v, %v", resp, err)
			}
		}
		conn.Close()
		a.mux.Close()
		<-done
		mu.Lock()
		if streams != tt.want {
			t.Errorf("per request %t: %d streams for 3 requests, want %d", tt.perRequest, streams, tt.want)
		}
		mu.Unlock()
	}
}

// Who listens is told in order, and before the agent hears of it.
func TestOnChange(t *testing.T) {
	var mu sync.Mutex
	var changes []string
	edge := newEdge(t, ngroktest.Config{DevDomain: "me.ngrok.test", OnChange: func(url string, online bool) {
		mu.Lock()
		defer mu.Unlock()
		changes = append(changes, fmt.Sprintf("%s %t", url, online))
	}})
	a := dialAgent(t, edge)
	a.online()
	a.ask(2, `{"Id":"bind-2"}`)
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{"https://me.ngrok.test true", "https://me.ngrok.test false"}, changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// With a port for each endpoint any client that trusts the CA gets through, and
// an offline endpoint still answers.
func TestPortPerEndpoint(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{PortPerEndpoint: true})
	url := dialAgent(t, edge).online()
	if !strings.HasPrefix(url, "https://127.0.0.1:") {
		t.Fatalf("URL %s", url)
	}
	edge.DropSessions()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(edge.CAPEM()) {
		t.Fatal("CAPEM is not a certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if code := resp.Header.Get("Ngrok-Error-Code"); resp.StatusCode != 404 || code != "ERR_NGROK_3200" {
		t.Errorf("offline: %s %s", resp.Status, code)
	}
}

func TestCloseTwice(t *testing.T) {
	edge := ngroktest.NewServer(ngroktest.Config{})
	dialAgent(t, edge).online()
	edge.RefuseFor(0)
	edge.Close()
	edge.Close()
}
