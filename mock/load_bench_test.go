package mock_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

// BenchmarkLoad sends events as fast as they go to a bare handler, over 16
// connections: first vegeta, the same unsigned body again and again, then ours,
// each one made, signed and counted. Both take turns, in one run:
//
//	go test -run '^$' -bench Load -benchtime 5x ./mock
func BenchmarkLoad(b *testing.B) {
	const connections, turn = 16, 2 * time.Second
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	defer srv.Close()
	var theirs, ours [3]float64 // requests a second, p99 in ms, and processor time of a request in µs, the handler's included
	for b.Loop() {
		before := cpuTime()
		rate, p99 := attack(b, srv.URL, connections, turn)
		theirs[0], theirs[1], theirs[2] = theirs[0]+rate, theirs[1]+p99, theirs[2]+perRequest(before, rate, turn)
		before = cpuTime()
		rate, p99 = load(b, srv.URL, connections, turn)
		ours[0], ours[1], ours[2] = ours[0]+rate, ours[1]+p99, ours[2]+perRequest(before, rate, turn)
	}
	n := float64(b.N)
	b.ReportMetric(theirs[0]/n, "vegeta/s")
	b.ReportMetric(theirs[1]/n, "vegeta-p99-ms")
	b.ReportMetric(ours[0]/n, "ours/s")
	b.ReportMetric(ours[1]/n, "ours-p99-ms")
	b.ReportMetric(theirs[2]/n, "vegeta-cpu-µs")
	b.ReportMetric(ours[2]/n, "ours-cpu-µs")
	b.ReportMetric(ours[0]/theirs[0], "ratio")
}

func perRequest(before time.Duration, rate float64, turn time.Duration) float64 {
	return float64((cpuTime() - before).Microseconds()) / (rate * turn.Seconds())
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func attack(b *testing.B, url string, connections int, turn time.Duration) (rate, p99 float64) {
	sample, err := fixtures.New(1, testNow, "").Sample(fixtures.Kinds()[0])
	if err != nil {
		b.Fatal(err)
	}
	attacker := vegeta.NewAttacker(vegeta.Workers(uint64(connections)), vegeta.MaxWorkers(uint64(connections)),
		vegeta.Connections(connections), vegeta.MaxConnections(connections))
	var m vegeta.Metrics
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "POST", URL: url + "/webhooks/pictify", Body: sample.Body,
		Header: http.Header{"Content-Type": {"application/json"}}})
	for res := range attacker.Attack(target, vegeta.Rate{}, turn, "") {
		m.Add(res)
	}
	m.Close()
	if m.Success < 1 {
		b.Fatalf("vegeta: %v", m.Errors)
	}
	return m.Rate, milliseconds(m.Latencies.P99)
}

// load sends as "pictap trigger" does, its setting of the collector included.
func load(b *testing.B, url string, connections int, turn time.Duration) (rate, p99 float64) {
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	kinds := fixtures.Kinds()
	g := fixtures.New(1, testNow, "")
	signer := pictify.NewSigner(pictify.NewSecret(testSecret))
	d := &mock.Dispatcher{}
	defer d.Close()
	var tally mock.Tally
	var mu sync.Mutex
	l := mock.Load{Duration: turn, Concurrency: connections}
	l.Do = func(ctx context.Context, n int, due time.Time) {
		s, err := g.Nth(kinds[n%len(kinds)], n/len(kinds), testNow)
		if err != nil {
			b.Error(err)
			return
		}
		r := d.Send(ctx, url+"/webhooks/pictify", s.Message(signer, time.Now()))
		mu.Lock()
		defer mu.Unlock()
		tally.Add(mock.Outcome{N: n, Latency: time.Since(due), Result: r})
	}
	start := time.Now()
	l.Run(b.Context())
	if tally.Statuses[200] != tally.Sent {
		b.Fatalf("ours: %v %v", tally.Statuses, tally.Problems)
	}
	return float64(tally.Sent) / time.Since(start).Seconds(), milliseconds(tally.Quantile(0.99))
}
