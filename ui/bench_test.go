package ui_test

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"pictap/ui"
)

// How long after its durable commit a lone delivery is on the socket.
func BenchmarkFrameLatency(b *testing.B) {
	st := openStore(b)
	s := serve(b, ui.Options{Store: st})
	c := newClient(b, s, s.login())
	c.dial()
	c.until("status", isType("status"))
	pause := time.NewTicker(5 * time.Millisecond) // 200 a second
	defer pause.Stop()
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		<-pause.C
		d, err := st.Record(b.Context(), sample(n))
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		c.until(d.ID(), func(frameJSON) bool { return c.rev >= d.Rev })
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}

// What recording and answering a delivery costs at full speed while nobody,
// one page, or three pages look on.
func BenchmarkLiveLoad(b *testing.B) {
	for _, pages := range []int{0, 1, 3} {
		b.Run(fmt.Sprintf("pages=%d", pages), func(b *testing.B) {
			st := openStore(b)
			s := serve(b, ui.Options{Store: st})
			token := s.login()
			ended := make(chan int, pages)
			for range pages {
				conn, _, err := s.socket(b, "", token, nil)
				if err != nil {
					b.Fatal(err)
				}
				go func() {
					frames := 0
					for {
						_, r, err := conn.NextReader()
						if err != nil {
							ended <- frames
							return
						}
						io.Copy(io.Discard, r)
						frames++
					}
				}()
			}
			b.ResetTimer()
			writeDeliveries(b, st, b.N, 16, nil)
			took := b.Elapsed()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/took.Seconds(), "deliveries/s")
			s.Close()
			frames := 0
			for range pages {
				frames += <-ended
			}
			if pages > 0 {
				b.ReportMetric(float64(frames)/float64(pages)/took.Seconds(), "frames/s/page")
			}
		})
	}
}

// A page of the list, as it is read at the start and while scrolling.
func BenchmarkList(b *testing.B) {
	st := openStore(b)
	writeDeliveries(b, st, 20_000, 32, nil)
	s := serve(b, ui.Options{Store: st})
	token := s.login()
	for b.Loop() {
		if got := s.do("GET", "/api/deliveries?limit=500", token, ""); got.status != 200 {
			b.Fatal(got.status)
		}
	}
}
