package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// BenchmarkSearch100k is a search in steps of 6 ms for a page of 100 among 100,000 deliveries of
// about 1 KB with an attempt each, of all types, some without JSON. Beside the whole
// search there are the worst step, the one that 99 in 100 are not slower than, and
// how many steps there are.
//
//	go test -run '^$' -bench Search100k ./tunnel/store
func BenchmarkSearch100k(b *testing.B) {
	s := bigStore(b, 100_000)
	start := time.Now()
	if err := s.IndexNow(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	if err := s.TakeCensus(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("indexed in %v, %d bytes", time.Since(start), fileSize(b, s.IndexPath()))
	for _, text := range []string{"", "event:render.* status:5xx", "verdict:mismatch", "event:nothing", "event:r*.com*ed", "event:*.x*y*", "!event:render.*", "after:1h d50..d90000",
		"del_77777", "template:tmpl_7", "data.width:>1000", "data.width:>4000", "data.variables.title:Hello*", "data.variables.title:nothing", "data.none:5", "!data.width:*", "!lorem nothing",
		"nowhere-at-all", `"once 77777 only"`, "lorem", `"no such text"`, `"olor si amet"`, `"height":63x`, "Überschrift", "é", "日本", "q", "zq", "event:batch.* nothing", "lorem status:404 bytes:>1",
		"state:failed", "status:>=400,none", "status:404", "!verdict:valid", "attempts:>1", "status:500 lorem", "status:500 data.width:>1500"} {
		b.Run(text, func(b *testing.B) {
			q := parse(b, text)
			var took []time.Duration
			found, steps := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				found, steps = 0, 1
				for page := (store.SearchPage{Limit: 100, Budget: 6 * time.Millisecond}); ; steps++ {
					start := time.Now()
					list, err := s.SearchStep(b.Context(), q, page)
					if err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
					found += len(list.Deliveries)
					if page.Before, page.Limit = list.Next, 100-found; found >= 100 || !list.More {
						break
					}
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(found), "found")
			b.ReportMetric(float64(steps), "steps")
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms/step")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms/step")
			b.ReportMetric(took[len(took)-1].Seconds()*1000, "max-ms/step")
		})
	}
}

// bigStore has deliveries as they come in life.
func bigStore(tb testing.TB, rows int) *store.Store {
	s := open(tb, store.Options{KeepCount: 1 << 40, KeepBytes: 1 << 40})
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 256 { // who waits at the same time shares the sync
		wg.Go(func() {
			for i := int(n.Add(1)); i <= rows; i = int(n.Add(1)) {
				status := 200
				if i%100 == 0 {
					status = 500
				}
				got, err := s.Record(tb.Context(), bigDelivery(i))
				if err == nil {
					err = s.NoteAttempt(tb.Context(), got.Seq, store.Attempt{Kind: store.Forward, Status: status, Duration: time.Duration(i%977) * time.Millisecond}, store.Done, nil)
				}
				if err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return s
}

var vocabulary = strings.Fields("alpha beta gamma delta width height template render batch quick brown fox jumps over lazy dog report invoice certificate " +
	"hello world social card banner product launch summer sale discount price holiday winter spring autumn event conference speaker session agenda ticket lorem ipsum dolor sit amet")

func bigDelivery(i int) store.Delivery {
	rng := rand.New(rand.NewPCG(1, uint64(i)))
	d := delivery(i)
	d.ReceivedAt = delivery(0).ReceivedAt.Add(time.Duration(i) * time.Second)
	types := pictify.EventTypes()
	d.Event = types[0]
	if i%10 > 6 {
		d.Event = types[i/10%len(types)]
	}
	var text strings.Builder
	for range 60 {
		text.WriteString(vocabulary[rng.IntN(len(vocabulary))] + " ")
	}
	switch {
	case i%200 == 0:
		d.Body = fmt.Appendf(nil, "no JSON %d %s", i, text.String())
	case i == 77_777:
		text.WriteString("once 77777 only")
		fallthrough
	default:
		d.Body = fmt.Appendf(nil, `{"event":%q,"timestamp":"2026-01-29T10:30:%02dZ","data":{"type":"image","source":"api","imageId":"img_%d",`+
			`"url":"https://media.pictify.io/renders/%x.png","width":%d,"height":630,"format":"png","templateId":"tmpl_%d","variables":{"title":"Grüße %d","text":%q,"note":"a\nb \u00fc"}}}`,
			d.Event, i%60, i, rng.Uint64(), 1000+i%1000, i%50, i, text.String())
	}
	d.BodySize = int64(len(d.Body))
	return d
}

func fileSize(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
