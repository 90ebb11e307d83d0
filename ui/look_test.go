package ui_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

var shots = flag.String("shots", "", "folder for pictures of the page in all its states")

// demo fills a store with what a lively quarter of an hour looks like.
func demo(t *testing.T, st *store.Store) {
	t.Helper()
	start := time.Now().Add(-14 * time.Minute)
	for n := range 48 {
		d := sample(n)
		d.ReceivedAt = start.Add(time.Duration(n) * 17 * time.Second)
		switch n {
		case 9, 30: // arrives while the app is down, and is handed over later
			d = record(t, st, d, 0)
			answer(t, st, d, store.Attempt{Kind: store.Forward, At: d.ReceivedAt.Add(2 * time.Millisecond), Duration: 400 * time.Microsecond, Error: "dial tcp 127.0.0.1:3000: connect: connection refused"})
			answer(t, st, d, store.Attempt{Kind: store.Forward, At: d.ReceivedAt.Add(40 * time.Second), Status: 200, Duration: 18 * time.Millisecond})
		case 36, 41: // the app's own check says no
			d = record(t, st, d, 0)
			answer(t, st, d, store.Attempt{Kind: store.Forward, At: d.ReceivedAt.Add(time.Millisecond), Status: 401, Duration: 4200 * time.Microsecond,
				Header: []store.Field{{Name: "Content-Type", Value: "application/json; charset=utf-8"}, {Name: "X-Powered-By", Value: "Express"}},
				Body:   []byte(`{"error":"Invalid signature","received":null}`), BodySize: 45})
		case 43:
			d.Verdict, d.Reason, d.State, d.Proof = pictify.Mismatch, pictify.ErrMismatch.Error(), store.Kept, nil
			st.RecordUnverified(d)
		case 45:
			d.Source, d.DeliveryID = store.FromLocal, "del_test_1"
			record(t, st, d, 200)
		case 46:
			d = record(t, st, d, 0)
			answer(t, st, d, store.Attempt{Kind: store.Forward, At: d.ReceivedAt, Status: 500, Duration: 1240 * time.Millisecond, Body: []byte("TypeError: cannot read properties of undefined"), BodySize: 46})
			answer(t, st, d, store.Attempt{Kind: store.Replay, Status: 200, Duration: 23 * time.Millisecond})
		case 47:
			d.ReceivedAt = time.Now()
			record(t, st, d, 0)
		default:
			d = record(t, st, d, 0)
			answer(t, st, d, store.Attempt{Kind: store.Forward, At: d.ReceivedAt, Status: 200, Duration: time.Duration(1500+n*n*37%39000) * time.Microsecond})
		}
	}
}

func demoStatus() ui.Status {
	s := ui.Status{
		Mode: "ngrok", PublicURL: "https://acme-dev.ngrok-free.app", ForwardTo: "http://localhost:3000/webhooks/pictify",
		Tunnel: "online", App: "answering", Held: 1, Probed: true, Version: "v0.1.0",
	}
	for i, e := range pictify.Subscribable() {
		s.Subscriptions = append(s.Subscriptions, ui.SubscriptionStatus{
			UID: fmt.Sprintf("sub_%d7Hq2", i), Event: string(e), Status: "active",
			URL: fmt.Sprintf("https://acme-dev.ngrok-free.app/in/k3v9/2f6d1c9a7be04c5%d", i),
		})
	}
	return s
}

func demoOptions(st *store.Store) ui.Options {
	return ui.Options{
		Store:   st,
		Status:  demoStatus,
		Events:  pictify.EventTypes(),
		Trigger: func(context.Context, pictify.EventType) error { return nil },
		Replay: func(ctx context.Context, seq int64) (store.Attempt, error) {
			a := store.Attempt{Kind: store.Replay, At: time.Now(), URL: "http://localhost:3000/webhooks/pictify", Status: 200, Duration: 12 * time.Millisecond}
			return st.AddAttempt(ctx, seq, a, store.Done)
		},
	}
}

// settled is a promise of two frames: what a change caused has been drawn.
const settled = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`

// The page in its main states, light and dark, wide and narrow: nothing on the
// console, nothing that has to be scrolled to sideways, nothing that keeps out
// those who do not see it. The pictures are for people.
func TestLook(t *testing.T) {
	st := openStore(t)
	demo(t, st)
	s := serve(t, demoOptions(st))
	empty := serve(t, demoOptions(openStore(t)))
	p, e, locked := newTab(t), newTab(t), newTab(t)
	p.open(s.LaunchURL())
	p.wait(`document.querySelectorAll(".lines > .line").length > 20 && document.querySelector(".connection.live")`)
	e.open(empty.LaunchURL())
	e.wait(`document.querySelector(".empty button")`)
	locked.open(s.base)
	locked.wait(`document.querySelector(".locked")`)

	p.look("list")
	p.click(".toolbar .trigger > button")
	p.look("trigger")
	p.press("\x1b")
	p.press("jj\r")
	p.wait(`document.querySelector(".detail .fields")`)
	p.look("detail")
	p.wait(`document.querySelectorAll(".lines > .line").length > 5`)
	eval[chromedp.Void](p, `document.querySelector(".line.doubtful").click()`)
	p.wait(`document.querySelector(".detail .sentence.bad") && document.querySelector(".detail .fields")`)
	p.look("mismatch")
	eval[chromedp.Void](p, `[...document.querySelectorAll(".line")].find(l => /401/.test(l.textContent)).click()`)
	p.wait(`document.querySelector(".detail .attempt[open]")`)
	p.look("refused")
	p.click(".fact button[aria-controls=subscriptions]")
	p.look("subscriptions")
	e.look("empty")
	locked.look("locked")
	s.stop()
	p.wait(`document.querySelector(".connection.lost")`)
	p.look("lost")
	p.healthy()
	e.healthy()
}

// look judges what is shown, light and dark, wide and narrow: nothing has to be scrolled
// to sideways, and axe finds nothing. With -shots it takes pictures. What prepare does
// is done anew for each width.
func (p *tab) look(name string, prepare ...func()) {
	p.t.Helper()
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"wide", 1440, 900}, {"narrow", 480, 900}} {
		p.resize(size.width, size.height)
		for _, f := range prepare {
			f()
		}
		for _, theme := range []string{"light", "dark"} {
			p.theme(theme)
			if over := eval[int](p, settled+`.then(() => Math.max(document.documentElement.scrollWidth - innerWidth,
				...[...document.querySelectorAll("main, .detail")].map((e) => e.scrollWidth - e.clientWidth)))`); over > 0 {
				p.t.Errorf("%s, %s: the page is %d px wider than the window", name, size.name, over)
			}
			if size.name == "wide" || theme == "light" { // a colour does not know how wide the window is
				p.accessible(name + ", " + size.name + ", " + theme)
			}
			if *shots != "" {
				p.picture(filepath.Join(*shots, name+"-"+size.name+"-"+theme+".png"))
			}
		}
	}
	p.resize(1440, 900)
	p.theme("light")
}
