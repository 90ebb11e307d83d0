package ui_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// built is the real binary, made once: what the trigger view does is the work of all of
// pictap, so a stand-in would prove little.
var built = sync.OnceValues(func() (string, error) {
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pictap")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// buildDir is where it is; TestMain removes it.
var buildDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "pictap-ui-test") })

// listen runs a pictap listen for an app until the test ends, and returns the link to its page.
func listen(t *testing.T, app string, more ...string) (link string) {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"listen", app, "--tunnel", "none", "--output", "json", "--ui-addr", "127.0.0.1:0", "--assets", "static"}, more...)
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "PICTAP_STATE_DIR="+filepath.Join(t.TempDir(), "state"), "PICTAP_RECEIVER_ADDR=127.0.0.1:0", "PICTIFY_API_KEY=")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	first, err := in.ReadString('\n')
	done := make(chan struct{})
	go func() { defer close(done); io.Copy(io.Discard, in); cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-done
	})
	var ready struct{ Inspector string }
	if err := errors.Join(err, json.Unmarshal([]byte(first), &ready)); err != nil || ready.Inspector == "" {
		t.Fatalf("pictap listen said %q, %v", first, err)
	}
	return ready.Inspector
}

// taking is an app that takes everything.
func taking(t *testing.T) string {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(app.Close)
	return app.URL
}

// set types a value into an input, as a person does.
func (p *tab) set(selector, value string) {
	p.t.Helper()
	quoted, err := json.Marshal([]string{selector, value})
	if err != nil {
		p.t.Fatal(err)
	}
	eval[chromedp.Void](p, `((([selector, value]) => {
		const e = document.querySelector(selector);
		e.focus();
		const proto = { INPUT: HTMLInputElement, TEXTAREA: HTMLTextAreaElement, SELECT: HTMLSelectElement }[e.tagName].prototype;
		Object.getOwnPropertyDescriptor(proto, "value").set.call(e, value);
		e.dispatchEvent(new Event("input", { bubbles: true }));
		e.dispatchEvent(new Event("change", { bubbles: true }));
	})(`+string(quoted)+`))`)
}

const (
	fresh    = `document.querySelector(".preview") && !document.querySelector(".preview.old")`
	payload  = `document.querySelector(".payload")?.textContent`
	resulted = `(document.querySelector(".sending .result")?.textContent ?? "")`
)

// payloadHas waits for a preview that is new and has a text in it.
func (p *tab) payloadHas(text string) {
	p.t.Helper()
	quoted, _ := json.Marshal(text)
	p.wait(fresh + ` && ` + payload + `?.includes(` + string(quoted) + `)`)
}

// A person shapes an event: rolls, edits, undoes, and what is seen is what arrives.
func TestTriggerForm(t *testing.T) {
	p := newTab(t)
	p.open(listen(t, taking(t)))
	p.wait(live)
	p.chord("gt")
	p.wait(fresh + ` && document.querySelectorAll(".leaf").length > 12`)
	seed := eval[string](p, `document.querySelector(".volley-source input").value`)
	if command := eval[string](p, `document.querySelector(".command pre").textContent`); !strings.Contains(command, " --seed="+seed+" --at=2") {
		t.Errorf("the first command is %s", command)
	}
	was := eval[string](p, payload)
	p.click(".roll")
	p.wait(fresh + ` && ` + payload + ` !== ` + fmt.Sprintf("%q", "") + ` && document.querySelector(".volley-source input").value !== "` + seed + `"`)
	p.set(".volley-source input", seed)
	p.wait(fresh + ` && document.querySelector(".command pre").textContent.includes("--seed=` + seed + ` ")`)
	now := eval[string](p, payload)
	if blot(was) != blot(now) {
		t.Errorf("the seed %s made\n%s, then\n%s", seed, was, now)
	}

	p.set(`[data-path="data.width"] input`, "641")
	p.payloadHas(`"width":641`)
	other := eval[string](p, `document.querySelector('[data-path="data.type"] select').value === "gif" ? "image" : "gif"`) // what it was is no change
	p.set(`[data-path="data.type"] select`, other)
	p.payloadHas(`"type":"` + other + `"`)
	p.set(`[data-path="data.imageId"] input`, "640")
	p.payloadHas(`"imageId":"640"`) // a text stays one
	p.set(`[data-path="data.variables"] textarea`, `{"title": "x", "n": 1.50}`)
	p.payloadHas(`"variables":{"title":"x","n":1.50}`)
	p.set(`[data-path="data.width"] input`, "-5")
	p.wait(`document.querySelector('[data-path="data.width"] .wrong')?.textContent.includes("at least 1")`)
	p.payloadHas(`"width":-5`) // it is said, and sent all the same
	p.set(`[data-path="data.width"] input`, "wide")
	p.wait(`document.querySelector('[data-path="data.width"] .wrong')?.textContent.includes("no JSON")`)
	p.click(`[data-path="data.width"] button[aria-label^=Undo]`)
	p.wait(fresh + ` && !document.querySelector('[data-path="data.width"].edited') && document.querySelectorAll(".leaf.edited").length === 3`)
	p.click(`[data-path="data.format"] button[aria-label^=Leave]`)
	p.wait(fresh + ` && !` + payload + `.includes('"format"') && document.querySelector('[data-path="data.format"].missing.edited')`)

	p.click(`.others > button`)
	p.set(`.other input[aria-label^=Path]`, "data.variables.titel")
	p.set(`.other input[aria-label^=Value]`, `"640"`)
	p.payloadHas(`"titel":"640"`) // below variables anything may be
	p.set(`.other input[aria-label^=Path]`, "data.widht")
	p.wait(`document.querySelector(".sending .wrong")?.textContent.includes("did you mean data.width?") && document.querySelector(".sending .primary").disabled`)
	p.set(`.other select`, "new")
	p.payloadHas(`"widht":"640"`)

	// The form is remembered, in another type and in another view.
	eval[chromedp.Void](p, `void [...document.querySelectorAll(".event-choice button")].find((b) => b.textContent === "batch.failed").click()`)
	p.payloadHas(`"event":"batch.failed"`)
	p.press("gd")
	eval[chromedp.Void](p, `document.activeElement.blur()`)
	p.chord("gd")
	p.wait(`document.querySelector(".list")||document.querySelector(".empty")`)
	p.chord("gt")
	p.payloadHas(`"event":"batch.failed"`)
	p.click(`.event-choice button:first-child`)
	p.payloadHas(`"widht":"640"`)

	sent := eval[string](p, payload)
	p.click(".sending .primary")
	p.wait(resulted + `.includes("1 accepted") && document.querySelector(".show-them")`)
	p.click(".show-them")
	p.wait(`document.querySelector("#d1") && document.querySelector(".detail [role=tree]") && location.hash.includes("source%3Alocal")`)
	got := eval[string](p, `fetch("/api/deliveries/d1/body", { headers: { Authorization: "Bearer " + sessionStorage.getItem("token") } }).then((r) => r.text())`)
	if got != sent {
		t.Errorf("seen was\n%s, and sent\n%s", sent, got)
	}
	eval[chromedp.Void](p, `history.back()`)
	p.wait(fresh)
	eval[chromedp.Void](p, `void [...document.querySelectorAll("button")].find((b) => b.textContent === "undo all changes").click()`)
	p.wait(fresh + ` && !document.querySelector(".leaf.edited, .other")`)
	p.healthy()
}

func blot(s string) string {
	for i := 0; i+20 <= len(s); i++ {
		if s[i] == 'T' && s[i+3] == ':' && s[i+6] == ':' {
			s = s[:max(0, i-10)] + strings.Repeat("T", 20) + s[i+10:]
		}
	}
	return s
}

// Each way to break it, by its tick, and what the receiver says of it.
func TestTriggerTampers(t *testing.T) {
	p := newTab(t)
	p.open(listen(t, taking(t)))
	p.wait(live)
	eval[chromedp.Void](p, `void (location.hash = "view=trigger", dispatchEvent(new PopStateEvent("popstate")))`)
	p.wait(fresh)
	want := map[string][2]string{
		"body": {"refused with 401", "mismatch"}, "signature": {"refused with 401", "mismatch"}, "secret": {"refused with 401", "mismatch"},
		"timestamp": {"refused with 400", "stale"}, "missing": {"refused with 401", "unsigned"}, "malformed": {"refused with 400", "malformed"},
		"truncated": {"refused with 401", "mismatch"}, "empty": {"1 accepted", "valid"}, "content-type": {"1 accepted", "valid"},
		"oversize": {"refused with 413", ""}, "event": {"1 accepted", "valid"},
	}
	kinds := eval[[]string](p, `[...document.querySelectorAll(".tampers input")].map((e) => e.value)`)
	if len(kinds) != len(want) {
		t.Errorf("there are the kinds %q", kinds)
	}
	seen := 0
	for n, kind := range kinds {
		eval[chromedp.Void](p, `void document.querySelectorAll(".tampers input:checked").forEach((e) => e.click())`)
		eval[chromedp.Void](p, `void document.querySelector('.tampers input[value="`+kind+`"]').click()`)
		p.click(".roll")
		p.wait(fresh + ` && document.querySelector(".preview .note")?.textContent.includes("` + kind + `.")`)
		p.click(".sending .primary")
		p.wait(fmt.Sprintf(`document.querySelector(".result").dataset.job === "%d" && !document.querySelector(".sending .primary").disabled`, n+1))
		w := want[kind]
		if got := eval[string](p, resulted); !strings.Contains(got, w[0]) {
			t.Errorf("%s: %q, want %q", kind, got, w[0])
		}
		if w[1] == "" {
			continue
		}
		seen++
		verdict := eval[string](p, fmt.Sprintf(`fetch("/api/deliveries/d%d", { headers: { Authorization: "Bearer " + sessionStorage.getItem("token") } }).then((r) => r.json()).then((d) => d.verdict)`, seen))
		if verdict != w[1] {
			t.Errorf("%s is judged %s, want %s", kind, verdict, w[1])
		}
	}
	p.healthy()
}

// Two hundred at a rate, with progress; ten thousand, stopped; a scenario.
func TestTriggerMany(t *testing.T) {
	p := newTab(t)
	p.open(listen(t, taking(t)))
	p.wait(live)
	p.chord("gt")
	p.wait(fresh)
	p.set(`.amounts input`, "200")
	p.wait(fresh + ` && document.querySelector(".announced").textContent === "200 requests"`)
	p.click(`button[aria-label="The next request"]`)
	p.wait(fresh + ` && document.querySelector(".stepper").textContent.includes("2 of 200")`)
	p.set(`.amounts label:nth-child(3) input`, "25")
	p.wait(fresh + ` && document.querySelector(".command pre").textContent.includes("--count=200 --rate=25/s")`)
	p.click(".sending .primary")
	p.wait(`document.querySelector(".sending [role=progressbar]")?.ariaValueNow > 10`)
	p.wait(resulted + `.includes("200 accepted") && !document.querySelector(".progress")`)
	href := eval[string](p, `document.querySelector(".show-them").hash`)
	if !strings.Contains(href, "q=d1..d200+source%3Alocal") {
		t.Errorf("they are shown by %s", href)
	}
	p.set(`.amounts input`, "10000")
	p.wait(fresh)
	p.click(".sending .primary")
	p.wait(`[...document.querySelectorAll(".sending button")].some((b) => b.textContent === "Stop")`)
	p.press("gd")
	eval[chromedp.Void](p, `document.activeElement.blur()`)
	p.chord("gd")
	p.wait(`document.querySelector(".list")`)
	p.chord("gt") // it goes on, and is seen again
	p.wait(`document.querySelector(".sending [role=progressbar]")`)
	eval[chromedp.Void](p, `void [...document.querySelectorAll(".sending button")].find((b) => b.textContent === "Stop").click()`)
	p.wait(resulted + `.startsWith("Stopped after") && !document.querySelector(".sending .primary").disabled`)

	p.set(`.amounts input`, "1e9")
	p.wait(`document.querySelector(".sending .wrong")?.textContent.includes("no whole number")`)
	p.set(`.amounts input`, "1000000000")
	p.wait(`document.querySelector(".sending .wrong")?.textContent.includes("from 1 to 10000")`)
	p.set(`.amounts input`, "1")
	p.wait(`!document.querySelector(".sending .wrong")`)

	p.click(`button[aria-label="Play forger"]`)
	p.wait(resulted + `.includes("forger Sent 7 requests") && !document.querySelector(".sending .primary").disabled && ` + resulted + `.includes("Just as a correct receiver does.")`)
	steps := eval[string](p, `[...document.querySelectorAll(".course:nth-of-type(2) .step-result, .course .step-result")].map((e) => e.textContent).filter(Boolean).slice(-7).join()`)
	if steps != "200,401,401,401,400,401,200" {
		t.Errorf("the steps of the forger ended with %s", steps)
	}
	p.healthy()
}

// The trigger view in its states, for people and for those who do not see it.
func TestTriggerLook(t *testing.T) {
	p := newTab(t)
	p.open(listen(t, taking(t)))
	p.wait(live)
	p.look("trigger-empty")
	p.chord("gt")
	p.wait(fresh)
	p.look("trigger-form")
	p.set(`[data-path="data.width"] input`, "-5")
	p.set(`[data-path="data.imageId"] input`, "img_of_somebody")
	p.click(`[data-path="data.format"] button[aria-label^=Leave]`)
	p.click(`.others > button`)
	p.set(`.other input[aria-label^=Path]`, "data.variables.author")
	p.set(`.other input[aria-label^=Value]`, `{"name": "Ada"}`)
	eval[chromedp.Void](p, `void document.querySelectorAll(".tampers input").forEach((e, i) => i < 2 && e.click())`)
	p.set(`.amounts input`, "400")
	p.set(`.amounts label:nth-child(3) input`, "5") // it must not end before it was looked at
	p.wait(fresh + ` && document.querySelector(".announced").textContent.startsWith("800 requests")`)
	p.click(".sending .primary")
	p.wait(`document.querySelector(".sending [role=progressbar]")?.ariaValueNow > 5`)
	p.look("trigger-running")
	eval[chromedp.Void](p, `void [...document.querySelectorAll(".sending button")].find((b) => b.textContent === "Stop").click()`)
	p.wait(resulted + `.startsWith("Stopped after")`)
	p.click(`button[aria-label="Play forger"]`)
	p.wait(resulted + `.includes("forger Sent 7 requests")`)
	p.set(`.other input[aria-label^=Path]`, "data.widht")
	p.wait(`document.querySelector(".sending .wrong")`)
	p.look("trigger-done")
	p.healthy()
}
