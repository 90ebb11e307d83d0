package ui_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"pictap/tunnel/store"
)

// bigStore has 100,000 deliveries, indexed.
func bigStore(b *testing.B) *store.Store {
	b.Helper()
	st, err := store.Open(filepath.Join(b.TempDir(), store.FileName), store.Options{Index: true, KeepCount: 1 << 40, KeepBytes: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	writeDeliveries(b, st, 100_000, 256, nil)
	nowhere, err := store.ParseSearch("nowhere-at-all")
	if err != nil {
		b.Fatal(err)
	}
	for tick := time.NewTicker(100 * time.Millisecond); ; <-tick.C { // until the index knows all
		found, err := st.SearchStep(b.Context(), nowhere, store.SearchPage{Budget: 10 * time.Millisecond})
		if err != nil {
			b.Fatal(err)
		}
		if !found.More {
			return st
		}
	}
}

// The page with 100,000 deliveries stored, in a real browser: how long until the first
// rows are drawn, and how long from a press of enter until what a search finds is.
//
//	go test -run '^$' -bench Page100k -benchtime 5x ./ui
func BenchmarkPage100k(b *testing.B) {
	st := bigStore(b)
	s := serve(b, demoOptions(st))
	b.Run("first rows", func(b *testing.B) {
		var worst, sum float64
		for b.Loop() {
			p := newTab(b)
			<-time.After(time.Second) // Chromium starts a process in advance for whoever is next
			p.open(s.LaunchURL())
			took := eval[float64](p, `new Promise((done) => {
				const look = () => document.querySelector(".lines > .line") ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
				look();
			})`)
			sum, worst = sum+took, max(worst, took)
			p.run(chromedp.Navigate("about:blank"))
		}
		b.ReportMetric(sum/float64(b.N), "ms")
		b.ReportMetric(worst, "worst-ms")
	})
	p := newTab(b)
	p.open(s.LaunchURL())
	p.wait(live + ` && document.querySelector("#d100000")`)
	for _, q := range []string{"event:render.*", "state:failed", "status:>=400,none", "!verdict:valid", "tmpl_missing", "data.width:>1000", "data.width:>5000", "0777", "nowhere-at-all", "del_000001", "d50000..d50100", "last~9.."} {
		b.Run(q, func(b *testing.B) {
			var first, firstWorst, done float64
			for b.Loop() {
				got := eval[[]float64](p, fmt.Sprintf(`new Promise((done) => {
					const input = document.querySelector(".search input");
					const count = () => document.querySelector(".count").textContent;
					const shown = () => location.hash && !/searching/.test(count()) && window.before !== count();
					input.focus();
					input.value = %s;
					input.dispatchEvent(new InputEvent("input", { bubbles: true }));
					const start = performance.now();
					window.before = count();
					input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
					let first = 0;
					const look = () => {
						const now = performance.now() - start;
						if (!first && shown()) first = now;
						if (first && !/looking/.test(count())) done([first, now]);
						else requestAnimationFrame(look);
					};
					requestAnimationFrame(look);
				})`, quoted(q)))
				first, firstWorst, done = first+got[0], max(firstWorst, got[0]), max(done, got[1])
				eval[chromedp.Void](p, `void document.querySelector(".search .clear").click()`)
				p.wait(`document.querySelector(".count").textContent === "100,000"`)
			}
			b.ReportMetric(first/float64(b.N), "ms")
			b.ReportMetric(firstWorst, "worst-ms")
			b.ReportMetric(done, "whole-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("scroll to the end", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			took := eval[float64](p, `(async () => {
				const l = document.querySelector(".list"), start = performance.now();
				while (!(document.querySelector("#d1") && l.textContent.includes("That is all"))) { l.scrollTop = l.scrollHeight; await new Promise(requestAnimationFrame); }
				return (performance.now() - start) / 1000;
			})()`)
			if n == 0 { // then all of them are there
				b.ReportMetric(took, "s")
			}
			gaps := eval[[]float64](p, frames+`(async (stop) => { // up and down again, a window at a time
				const l = document.querySelector(".list");
				for (let i = 0; i < 120; i++) { l.scrollTop = (i % 2 ? 0.3 : 0.7) * l.scrollHeight * Math.random(); await new Promise(requestAnimationFrame); }
				return stop();
			})`)
			b.ReportMetric(gaps[0], "worst-frame-ms")
			b.ReportMetric(heap(p), "heap-MiB")
			eval[chromedp.Void](p, `void (document.querySelector(".list").scrollTop = 0)`)
		}
	})
	p.healthy()
}

// frames watches the time between frames, and calls what follows with a function that
// ends that and returns the longest time and how many were over 50 ms.
const frames = `((f) => {
	let last = performance.now(), worst = 0, over = 0, n = 0, on = true;
	const frame = (now) => { const gap = now - last; last = now; n++; if (gap > worst) worst = gap; if (gap > 50) over++; if (on) requestAnimationFrame(frame); };
	requestAnimationFrame(frame);
	return f(() => { on = false; return [worst, over, n]; });
})`

// heap is what the page's scripts keep, in MiB.
func heap(p *tab) float64 {
	p.t.Helper()
	var used float64
	p.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			return err
		}
		got, err := cdp.Call(ctx, target, runtime.GetHeapUsage, cdp.Empty{})
		if err == nil {
			used = got.UsedSize
		}
		return err
	}))
	return used / (1 << 20)
}

// 500 deliveries a second, 5,000 of them an op, on a page that shows all of them,
// searches, or looks at older ones: the longest time between two frames, what a frame
// costs the page's thread, and its memory at the end. Where other programs want the
// machine too, only the latter two say something about the page.
//
//	go test -run '^$' -bench PageLive -benchtime 10x -timeout 20m ./ui
func BenchmarkPageLive(b *testing.B) {
	for _, what := range []string{"all", "search", "scrolled"} {
		b.Run(what, func(b *testing.B) {
			st := openStore(b)
			writeDeliveries(b, st, 2_000, 64, nil)
			s := serve(b, demoOptions(st))
			p := newTab(b)
			p.open(s.LaunchURL())
			p.wait(live + ` && document.querySelector("#d2000")`)
			switch what {
			case "search":
				p.typing("event:render.* status:200" + enter)
				p.wait(countText + `.includes(" of ")`)
			case "scrolled":
				eval[chromedp.Void](p, `void (document.querySelector(".list").scrollTop = 2000)`)
			}
			busy := work(p)
			eval[chromedp.Void](p, `void (window.ended = `+frames+`((stop) => stop))`)
			start := time.Now()
			for n := 0; b.Loop(); n++ {
				const rows, rate = 5_000, 500
				tick := time.NewTicker(20 * time.Millisecond)
				for i, begun := 0, time.Now(); i < rows; {
					<-tick.C
					if due := min(rows, int(time.Since(begun).Seconds()*rate)); due > i {
						writeFrom(b, st, 2_000+n*rows+i, due-i)
						i = due
					}
				}
				tick.Stop()
			}
			b.ReportMetric(float64(b.N)*5_000/time.Since(start).Seconds(), "deliveries/s")
			got := eval[[]float64](p, `window.ended()`)
			b.ReportMetric((work(p)-busy)*1000/got[2], "cpu-ms/frame")
			b.ReportMetric(got[0], "worst-frame-ms")
			b.ReportMetric(got[1], "frames-over-50ms")
			b.ReportMetric(got[2], "frames")
			b.ReportMetric(heap(p), "heap-MiB")
			p.healthy()
		})
	}
}

// work is how many seconds of a processor the page's thread has used so far.
func work(p *tab) float64 {
	p.t.Helper()
	var used float64
	p.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, performance.Enable, performance.EnableParams{TimeDomain: "threadTicks"}); err != nil {
			return err
		}
		got, err := cdp.Call(ctx, target, performance.GetMetrics, cdp.Empty{})
		for _, m := range got.Metrics {
			if m.Name == "TaskDuration" {
				used = m.Value
			}
		}
		return err
	}))
	return used
}

// writeFrom records n deliveries, each with the app's answer.
func writeFrom(b *testing.B, st *store.Store, from, n int) {
	done := make(chan error, n)
	for i := range n {
		go func() {
			d, err := st.Record(b.Context(), sample(from+i))
			if err == nil {
				_, err = st.AddAttempt(b.Context(), d.Seq, store.Attempt{Kind: store.Forward, At: time.Now(), Status: 200, Duration: time.Millisecond}, store.Done)
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}
