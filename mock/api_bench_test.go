package mock_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// BenchmarkAPI calls the mock over 16 connections: a stateful GET, and POST /image
// with a subscription that matches, to a handler in the same process. Where
// stripe-mock is installed (github.com/stripe/stripe-mock), it answers a GET in
// between, in the same run, and the ratios are reported:
//
//	PATH=$PATH:$(go env GOPATH)/bin go test -run '^$' -bench API -benchtime 3x ./mock
func BenchmarkAPI(b *testing.B) {
	const turn = 2 * time.Second
	server := &mock.Server{}
	srv := httptest.NewServer(server)
	handler := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	defer handler.Close()
	defer server.Close()
	defer srv.Close()
	stripe := startStripeMock(b)
	post := vegeta.Target{Method: "POST", URL: srv.URL + "/image", Body: []byte(`{"html":"<h1>Hello</h1><p>world</p>","width":1200,"height":630,"fileExtension":"png"}`)}
	var gets, posts, told, theirs float64
	for b.Loop() {
		gets += calls(b, vegeta.Target{Method: "GET", URL: srv.URL + "/templates/XL13XACH2V"}, turn)
		posts += calls(b, post, turn)
		c := &pictify.Client{BaseURL: srv.URL, Key: pictify.NewSecret("k"), HTTP: srv.Client()}
		s, err := c.Create(b.Context(), pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: handler.URL}, "")
		if err != nil {
			b.Fatal(err)
		}
		told += calls(b, post, turn)
		if err := c.Delete(b.Context(), s.UID); err != nil {
			b.Fatal(err)
		}
		if stripe != "" {
			theirs += calls(b, vegeta.Target{Method: "GET", URL: stripe + "/v1/charges/ch_123"}, turn)
		}
	}
	n := float64(b.N)
	b.ReportMetric(gets/n, "gets/s")
	b.ReportMetric(posts/n, "posts/s")
	b.ReportMetric(told/n, "posts-told-of/s")
	if stripe != "" {
		b.ReportMetric(theirs/n, "stripe-mock/s")
		b.ReportMetric(gets/theirs, "gets-ratio")
		b.ReportMetric(told/theirs, "posts-told-of-ratio")
	}
}

// calls makes one request again and again, and returns how many a second.
func calls(b *testing.B, target vegeta.Target, turn time.Duration) float64 {
	b.Helper()
	target.Header = http.Header{"Authorization": {"Bearer sk_test_123"}, "Content-Type": {"application/json"}}
	attacker := vegeta.NewAttacker(vegeta.Workers(16), vegeta.MaxWorkers(16), vegeta.Connections(16), vegeta.MaxConnections(16))
	var m vegeta.Metrics
	for r := range attacker.Attack(vegeta.NewStaticTargeter(target), vegeta.Rate{}, turn, "") {
		m.Add(r)
	}
	m.Close()
	attacker.Stop()
	if m.Success < 1 {
		b.Fatalf("%s: %v %v", target.URL, m.StatusCodes, m.Errors)
	}
	return m.Rate
}

// startStripeMock returns where stripe-mock answers, "" when it is not installed.
func startStripeMock(b *testing.B) string {
	b.Helper()
	path, err := exec.LookPath("stripe-mock")
	if err != nil {
		b.Logf("no ratio: %v", err)
		return ""
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "-http-addr", address)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cancel()
		cmd.Wait()
	})
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return "http://" + address
		}
		if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
	return ""
}

// BenchmarkBatch is a batch of 1,000 items, each told of to a handler, until the end
// of it has been told of.
func BenchmarkBatch(b *testing.B) {
	server := &mock.Server{HookSecret: pictify.NewSecret("whsec_of_the_project")}
	srv := httptest.NewServer(server)
	ended := make(chan struct{}, 1)
	items := 0
	handler := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/end" {
			ended <- struct{}{}
		}
	}))
	defer handler.Close()
	defer server.Close()
	defer srv.Close()
	c := &pictify.Client{BaseURL: srv.URL, Key: pictify.NewSecret("k"), HTTP: srv.Client()}
	if _, err := c.Create(b.Context(), pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: handler.URL}, ""); err != nil {
		b.Fatal(err)
	}
	body := `{"webhookUrl":"` + handler.URL + `/end","variableSets":[{"name":"0"}`
	for i := range 999 {
		body += fmt.Sprintf(`,{"name":"%d"}`, i)
	}
	body += "]}"
	for b.Loop() {
		if w := serve(server, "POST", "/templates/XL13XACH2V/batch-render", body); w.Code != http.StatusAccepted {
			b.Fatal(w.Body)
		}
		<-ended
		items += 1000
	}
	b.ReportMetric(float64(items)/b.Elapsed().Seconds(), "items/s")
}
