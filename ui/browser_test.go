package ui_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds every wait for the browser. It is long because nothing waits
// that long unless something is broken.
const patience = 60 * time.Second

// chromium is started by the first test that wants it, and is shared: each
// test gets a browser context of its own, as a private window.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	if dir, err := buildDir(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// startChromium finds and starts the browser.
func startChromium() {
	if !haveChromium() {
		chromium.err = exec.ErrNotFound
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-component-update", true),
		// Tests look at pages in the background too; they must run as in front.
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		// A page by another name, for DNS rebinding.
		chromedp.Flag("host-resolver-rules", "MAP evil.test 127.0.0.1"),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(alloc)
	chromium.ctx, chromium.stop = ctx, func() {
		stopBrowser()
		stopAlloc()
	}
	chromium.err = chromedp.Do(ctx)
}

// haveChromium looks where chromedp looks.
func haveChromium() bool {
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
		"headless-shell", `C:\Program Files\Google\Chrome\Application\chrome.exe`,
	} {
		if _, err := exec.LookPath(name); err == nil {
			return true
		}
	}
	return false
}

// A tab is one private window with one page.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex // guards problems
	problems []string   // exceptions, and errors on the console
}

// newTab opens a private window that is closed with the test. When the test
// has failed, a picture of it is kept.
func newTab(t testing.TB) *tab {
	t.Helper()
	chromium.once.Do(startChromium)
	if chromium.err != nil {
		if os.Getenv("CI") != "" || chromium.err != exec.ErrNotFound {
			t.Fatalf("start Chromium: %v", chromium.err)
		}
		t.Skip("no Chromium or Chrome on this machine: the page is not tested (with CI set, this fails)")
	}
	return openTab(t, chromium.ctx, chromedp.WithNewBrowserContext())
}

// sister opens another tab of the same window: it shares what a browser profile
// shares.
func (p *tab) sister() *tab {
	p.t.Helper()
	return openTab(p.t, p.ctx)
}

func openTab(t testing.TB, parent context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	p := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			p.picture(filepath.Join(artifacts(t), "failed.png"))
			p.tell()
		}
		cancel()
	})
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	p.resize(1440, 900)
	return p
}

// tell logs in what state a page is whose test has failed.
func (p *tab) tell() {
	ctx, stop := context.WithTimeout(p.ctx, 10*time.Second)
	defer stop()
	state, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[location.href, document.visibilityState, "connection " + document.querySelector(".connection")?.className,
		"keys " + Object.keys(sessionStorage), document.body?.innerText.slice(0, 300)].join("\n")`))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.t.Logf("the page: %s (%v)\n%s", state, err, strings.Join(p.problems, "\n"))
}

// artifacts is where pictures go.
func artifacts(t testing.TB) string { return t.(interface{ ArtifactDir() string }).ArtifactDir() }

func (p *tab) listen(ev any) {
	var text string
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		text = (&chromedp.ExceptionError{ExceptionDetails: ev.ExceptionDetails}).Error()
	case *runtime.EventConsoleAPICalled:
		if ev.Type != runtime.ConsoleAPICalledTypeError {
			return
		}
		text = "console error:"
		for _, a := range ev.Args {
			text += " " + string(a.Value) + a.Description
		}
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, text)
}

// healthy fails the test for every exception on the page.
func (p *tab) healthy() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.problems {
		p.t.Error(s)
	}
}

func (p *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// eval runs an expression on the page, waits if it is a promise, and returns
// what comes out.
func eval[T any](p *tab, js string) T {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", js, err)
	}
	return v
}

// open goes to an address.
func (p *tab) open(url string) {
	p.t.Helper()
	p.run(chromedp.Navigate(url))
}

// wait returns when an expression on the page is true. What looks into an element that
// is not there yet is not true yet.
func (p *tab) wait(js string) {
	p.t.Helper()
	patient := `(() => { try { return ` + js + ` } catch (err) { if (err instanceof TypeError) return false; throw err } })()`
	if _, err := chromedp.Run(p.ctx, chromedp.Poll[chromedp.Void](patient, chromedp.WithPollingTimeout(patience))); err != nil {
		p.t.Fatalf("waiting for %s: %v", js, err)
	}
}

// click presses the first element that matches, as soon as it can be pressed.
func (p *tab) click(selector string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`((e) => e && !e.disabled)(document.querySelector(%q))`, selector))
	p.run(chromedp.Click(chromedp.CSS(selector)))
}

// press types keys at whatever has the focus.
func (p *tab) press(keys string) {
	p.t.Helper()
	p.run(chromedp.KeyEvent(keys))
}

// chord presses keys one after the other, before the page forgets the first.
func (p *tab) chord(keys string) {
	p.t.Helper()
	eval[chromedp.Void](p, fmt.Sprintf(`void [...%q].forEach((key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))`, keys))
}

// letIn waits until a page is live. One that was not invited in time asks again when it is
// looked at.
func (p *tab) letIn() {
	p.t.Helper()
	p.wait(`(document.querySelector(".locked, .connection.locked") && dispatchEvent(new Event("focus")), ` + live + `)`)
}

// command presses a key that the page takes for itself, as a keyboard does: there is no letter
// then. [tab.press] sends one in any case, which goes to whatever has the focus by then.
func (p *tab) command(key string) {
	p.t.Helper()
	if eval[bool](p, fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: %q, bubbles: true, cancelable: true }))`, key)) {
		p.t.Errorf("the page leaves %s to the browser", key)
	}
}

// theme and resize change how the page is looked at.
func (p *tab) theme(name string) {
	p.t.Helper()
	p.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	}))
}

func (p *tab) resize(width, height int64) {
	p.t.Helper()
	p.run(chromedp.EmulateViewport(width, height))
}

// picture saves what is in view.
func (p *tab) picture(file string) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		p.t.Logf("take picture: %v", err)
		return
	}
	p.t.Logf("picture: %s", file)
}
