package command

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkSteady sends at a steady rate, as an account under some load does,
// and says how long each step took after the sender's first byte: until the
// answer was read, until the app had the request (from the answer), and until
// the page's socket had the delivery.
//
//	go test -run '^$' -bench Steady -benchtime 2000x ./ui/command
func BenchmarkSteady(b *testing.B) {
	b.Run("rate=200", func(b *testing.B) { benchSteady(b, 200, 0) })
	b.Run("rate=100,app=20ms", func(b *testing.B) { benchSteady(b, 100, 20*time.Millisecond) })
}

// moments are when each of the benchmark's deliveries passed a place, by number.
type moments struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (m *moments) note(id string) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.at[id]; !there {
		m.at[id] = now
	}
}

// since returns how long after the same moments of other these were, sorted.
func (m *moments) since(other *moments) []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []time.Duration
	for id, at := range m.at {
		list = append(list, at.Sub(other.at[id]))
	}
	slices.Sort(list)
	return list
}

func benchSteady(b *testing.B, rate int, appTakes time.Duration) {
	newMoments := func() *moments { return &moments{at: make(map[string]time.Time, b.N)} }
	sent, acked, atApp, atPage := newMoments(), newMoments(), newMoments(), newMoments()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		atApp.note(r.Header.Get("X-Pictify-Delivery-Id"))
		io.Copy(io.Discard, r.Body)
		<-time.After(appTakes)
	}))
	b.Cleanup(app.Close)
	s := benchStart(b, app.URL)
	benchPage(b, s, func(message []byte) {
		var frame struct {
			Deliveries []struct {
				ID string `json:"delivery_id"`
			} `json:"deliveries"`
		}
		if json.Unmarshal(message, &frame) == nil {
			for _, d := range frame.Deliveries {
				atPage.note(d.ID)
			}
		}
	})
	path := s.hooks.Path(s.hooks.Local()[0].Token)
	c, err := net.Dial("tcp", s.door.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-tick.C
		request, id := benchRequest(path, s.cfg.secret.Reveal(), i), fmt.Sprintf("del_%d", i)
		sent.note(id)
		if _, err := io.WriteString(c, request); err != nil {
			b.Fatal(err)
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(res, err)
		}
		io.Copy(io.Discard, res.Body)
		acked.note(id)
	}
	benchAllForwarded(b, s)
	b.StopTimer()
	report := func(name string, list []time.Duration) {
		if len(list) != b.N {
			b.Errorf("%s: %d of %d", name, len(list), b.N)
			return
		}
		b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
	report("ack", acked.since(sent))
	report("app", atApp.since(acked))
	report("page", atPage.since(sent))
}

// benchRequest is a signed request with a body of about 1 KiB.
func benchRequest(path, secret string, i int) string {
	body := fmt.Sprintf(`{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{"type":"image","imageId":"img_%d","url":"https://cdn.pictify.io/x.png","width":1200,"height":630,"pad":"%s"}}`,
		i, strings.Repeat("x", 850))
	at := time.Now().Unix()
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: hook.test\r\nContent-Type: application/json\r\nX-Pictify-Signature: %s\r\n"+
		"X-Pictify-Event: render.completed\r\nX-Pictify-Delivery-Id: del_%d\r\nUser-Agent: bench\r\nContent-Length: %d\r\n\r\n%s",
		path, benchSign(secret, at, body), i, len(body), body)
}
