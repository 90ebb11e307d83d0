//go:build unix

package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"pictap/tunnel/pictify"
)

// An apiClient uses a running mock as an app does.
type apiClient struct {
	t    testing.TB
	base string
}

func (c apiClient) ask(method, path, body string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer any")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		c.t.Fatalf("%s %s: %d %s, %v", method, path, resp.StatusCode, text, err)
	}
	return string(text)
}

func (c apiClient) subscribe(target string) (uid, secret string) {
	c.t.Helper()
	var made struct{ UID, Secret string }
	if err := json.Unmarshal([]byte(c.ask("POST", "/webhook-subscriptions", `{"event":"render.failed","targetUrl":"`+target+`"}`)), &made); err != nil {
		c.t.Fatal(err)
	}
	return made.UID, made.Secret
}

func (c apiClient) status(uid string) string {
	c.t.Helper()
	var one struct{ Status string }
	if err := json.Unmarshal([]byte(c.ask("GET", "/webhook-subscriptions/"+uid, "")), &one); err != nil {
		c.t.Fatal(err)
	}
	return one.Status
}

// run runs pictap to its end and returns stdout.
func run(t testing.TB, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), pictap(t), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("pictap %s: %w: %s", strings.Join(args, " "), err, &stderr)
	}
	return string(out), err
}

// A handler that answers 500 sees the whole ladder, each attempt signed for its own
// moment; the subscription ends disabled, and resume revives it.
func TestMockLadder(t *testing.T) {
	var status atomic.Int32
	status.Store(500)
	var secret atomic.Pointer[string]
	var mu sync.Mutex
	var ids []string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer, _ := decide("good", *secret.Load(), r.Header.Get("X-Pictify-Signature"), body)
		mu.Lock()
		ids = append(ids, fmt.Sprint(r.Header.Get("X-Pictify-Delivery-Id"), " ", answer))
		mu.Unlock()
		w.WriteHeader(int(status.Load()))
	}))
	defer hook.Close()

	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state")}
	m := start(t, env, "mock", "--port", "0", "--time-scale", "95760") // 26h36m in one second
	api := apiClient{t, m.nextType("ready").str("base_url")}
	uid, s := api.subscribe(hook.URL)
	secret.Store(&s)
	log := start(t, env, "mock", "log", "--follow")
	run(t, env, "trigger", "render.failed", "--via", "mock") // fails, as the handler does
	for n := 1; n <= 6; n++ {
		l := log.nextType("delivery")
		if l["attempt"] != float64(n) || l["status"] != 500.0 || l.str("subscription") != uid || (l["gave_up"] == true) != (n == 6) || (l.str("wait") == "") != (n == 6) {
			t.Errorf("attempt %d is %v", n, l)
		}
	}
	if got := api.status(uid); got != "failed" {
		t.Errorf("in the end it is %s", got)
	}
	mu.Lock()
	if len(ids) != 6 || !strings.HasSuffix(ids[0], " 200") || strings.Join(ids, ",") != strings.Join([]string{ids[0], ids[0], ids[0], ids[0], ids[0], ids[0]}, ",") {
		t.Errorf("the handler saw %q, want one id six times, rightly signed", ids)
	}
	mu.Unlock()
	if _, err := run(t, env, "trigger", "render.failed", "--via", "mock"); err == nil || !strings.Contains(err.Error(), "nobody has subscribed") {
		t.Errorf("an event for a disabled subscription: %v", err)
	}
	due, err := run(t, env, "mock", "deliveries", "--json")
	if err != nil || !strings.Contains(due, `"state":"failed","attempts":6}`) {
		t.Errorf("deliveries: %s, %v", due, err)
	}

	api.ask("POST", "/webhook-subscriptions/"+uid+"/resume", "")
	status.Store(200)
	mu.Lock()
	id, _, _ := strings.Cut(ids[0], " ")
	mu.Unlock()
	if _, err := run(t, env, "mock", "attempt", id); err != nil {
		t.Error(err)
	}
	if l := log.nextType("delivery"); l["attempt"] != 7.0 || l["status"] != 200.0 || l.str("delivery_id") != id {
		t.Errorf("the attempt that was asked for is %v", l)
	}
	if _, err := run(t, env, "trigger", "render.failed", "--via", "mock"); err != nil {
		t.Error(err)
	}
	if got := api.status(uid); got != "active" {
		t.Errorf("after resume it is %s", got)
	}
	log.interrupt()
	m.interrupt()
}

// --after-retries has the ladder end as other documents have it.
func TestMockPausesAfterRetries(t *testing.T) {
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }))
	defer hook.Close()
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state")}
	m := start(t, env, "mock", "--port", "0", "--attempts", "1", "--after-retries", "paused")
	api := apiClient{t, m.nextType("ready").str("base_url")}
	uid, _ := api.subscribe(hook.URL)
	run(t, env, "trigger", "render.failed", "--via", "mock")
	if got := api.status(uid); got != "paused" {
		t.Errorf("in the end it is %s", got)
	}
	if log, err := run(t, env, "mock", "log"); err != nil || !strings.Contains(log, "given up: "+uid+" is paused") {
		t.Errorf("the log says %s, %v", log, err)
	}
	m.interrupt()
}

// What the flags say of deliveries is how they are made, and a target that Pictify
// would refuse is told of once, after the first line.
func TestMockDeliveries(t *testing.T) {
	bodies := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
	}))
	defer hook.Close()
	for _, tt := range []struct {
		flags  []string
		status string
		strict bool
	}{
		{nil, "completed", false},
		{[]string{"--strict", "--batch-status", "partial", "--allow-target", "app:3000", "--allow-target", "10.0.0.0/8"}, "partial", true},
	} {
		env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state")}
		m := start(t, env, append([]string{"mock", "--port", "0"}, tt.flags...)...)
		api := apiClient{t, m.nextType("ready").str("base_url")}
		api.subscribe(hook.URL + "/in/t0ken")
		if l := m.nextType("warning"); !strings.Contains(l.str("message"), "Pictify itself refuses the target "+hook.URL+":") || strings.Contains(l.str("message"), "t0ken") {
			t.Errorf("warned with %v", l)
		}
		api.subscribe(hook.URL)
		api.ask("POST", "/templates/XL13XACH2V/batch-render", `{"variableSets":[{},{"fail":"RENDER_FAILED"}],"webhookUrl":"`+hook.URL+`"}`)
		for range 3 { // two subscriptions, and the webhookUrl
			body := <-bodies
			if strings.Contains(body, `"deliveryId"`) == tt.strict {
				t.Errorf("%q deliver %s", tt.flags, body)
			}
			if strings.Contains(body, "batch.completed") && !strings.Contains(body, `"status":"`+tt.status+`"`) {
				t.Errorf("%q tell of the batch as %s, want %s", tt.flags, body, tt.status)
			}
		}
		if tt.strict {
			api.subscribe("http://app:3000/hook")
			api.subscribe("http://10.1.2.3/hook")
		}
		m.interrupt()
		m.mu.Lock()
		for _, l := range m.lines[m.read:] {
			if l.str("type") == "warning" {
				t.Errorf("warned again: %v", l)
			}
		}
		m.mu.Unlock()
	}
}

// What is due survives kill -9, and a snapshot puts it back after a reset.
func TestMockStateSurvivesAKill(t *testing.T) {
	var status atomic.Int32
	status.Store(503)
	got := make(chan string, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(int(status.Load()))
		got <- r.Header.Get(pictify.DeliveryIDHeader)
	}))
	defer hook.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "mock.json")
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(dir, "state")}

	m := start(t, env, "mock", "--port", "0", "--state", file, "--retry-schedule", "1h")
	api := apiClient{t, m.nextType("ready").str("base_url")}
	uid, _ := api.subscribe(hook.URL)
	run(t, env, "trigger", "render.failed", "--via", "mock")
	id := <-got
	for saved := ""; !strings.Contains(saved, `"attempts": 1`); { // a fraction of a second later
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		saved = string(text)
	}
	m.signal(syscall.SIGKILL)
	<-m.done

	m = start(t, env, "mock", "--port", "0", "--state", file, "--retry-schedule", "1h")
	api.base = m.nextType("ready").str("base_url")
	if got := api.status(uid); got != "active" {
		t.Errorf("after the kill the subscription is %s", got)
	}
	before := filepath.Join(dir, "before.json")
	for _, args := range [][]string{{"mock", "state", "--out", before}, {"mock", "reset"}, {"mock", "state", "--load", before}} {
		if _, err := run(t, env, args...); err != nil {
			t.Fatal(err)
		}
	}
	status.Store(200)
	if _, err := run(t, env, "mock", "attempt", id); err != nil {
		t.Error(err)
	}
	if again := <-got; again != id {
		t.Errorf("after the kill came %s, want %s", again, id)
	}
	m.interrupt()
}

// Ctrl-C ends what hangs, and says what was still due.
func TestMockSaysWhatIsLost(t *testing.T) {
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }))
	defer hook.Close()
	env := []string{"PICTAP_STATE_DIR=" + filepath.Join(t.TempDir(), "state")}
	m := start(t, env, "mock", "--port", "0", "--fault", "GET /health=hang")
	api := apiClient{t, m.nextType("ready").str("base_url")}
	api.subscribe(hook.URL)
	run(t, env, "trigger", "render.failed", "--via", "mock")
	api.ask("POST", "/templates/XL13XACH2V/batch-render", `{"variableSets":[{"slow":"30s"},{"slow":"30s"},{}],"concurrency":1}`)
	hung := make(chan error, 1)
	go func() {
		_, err := http.Get(api.base + "/health")
		hung <- err
	}()
	m.nextType("warning") // of the target
	m.signal(os.Interrupt)
	if l := m.nextType("warning"); l.str("message") != "1 batch cut short: 3 renders not made, and lost" {
		t.Errorf("warning %v", l)
	}
	if l := m.nextType("warning"); !strings.HasPrefix(l.str("message"), "1 delivery still due, and lost") {
		t.Errorf("warning %v", l)
	}
	if code := m.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if err := <-hung; err == nil {
		t.Error("a request that hung was answered")
	}
}
