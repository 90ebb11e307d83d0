package mock_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func places(t *testing.T, texts ...string) (all mock.Places) {
	t.Helper()
	for _, text := range texts {
		p, err := mock.ParsePlace(text)
		if err != nil {
			t.Fatalf("ParsePlace(%q) = %v", text, err)
		}
		all = append(all, p)
	}
	return all
}

func TestParsePlace(t *testing.T) {
	for text, want := range map[string]string{
		"host.docker.internal": "host.docker.internal", "Host.Docker.Internal.": "host.docker.internal", "host.docker.internal:3000": "host.docker.internal:3000",
		"192.168.1.5": "192.168.1.5", "192.168.1.5:3000": "192.168.1.5:3000", "fd00::5": "fd00::5", "[fd00::5]": "fd00::5", "[fd00::5]:3000": "[fd00::5]:3000",
		"10.0.0.0/8": "10.0.0.0/8", "192.168.1.5/24": "192.168.1.0/24", "192.168.1.5/32": "192.168.1.5", "fd00::/8": "fd00::/8", "::ffff:10.0.0.1": "10.0.0.1",
		"my_app": "my_app", "1.0.0.0.": "1.0.0.0", "10.0.0.1.:80": "10.0.0.1:80",

		"": "", ":3000": "", "host:": "", "host:0": "", "host:65536": "", "host:03": "", "host:http": "", "http://host": "", "host/path": "", "a b": "", "user@host": "",
		"*": "", "*.internal": "", "10.0.0.0/33": "", "10.0.0.0/": "", "::ffff:10.0.0.0/104": "", "[fd00::5": "", "fd00::5]": "", "[host]:1": "", "[1.2.3.4]": "",
		"fe80::1%eth0": "", "a..": "", "10.0.0.1..": "", "127.1": "", "2130706433": "", "0x7f.1": "", "10.0.0": "", "bücher.example": "", strings.Repeat("a", 254): "",
	} {
		p, err := mock.ParsePlace(text)
		switch {
		case want == "" && err == nil:
			t.Errorf("ParsePlace(%q) = %v, want an error", text, p)
		case want != "" && (err != nil || p.String() != want):
			t.Errorf("ParsePlace(%q) = %v, %v, want %s", text, p, err, want)
		}
	}
}

// What was named is open, for targets, and nothing else is.
func TestPlacesAreTargets(t *testing.T) {
	c := start(t, &mock.Server{Places: places(t, "host.docker.internal:3000", "192.168.1.5", "10.1.0.0/16", "[fd00::5]:8443", "app")})
	for target, want := range map[string]int{
		"http://host.docker.internal:3000/in": 201, "http://HOST.docker.internal.:3000/": 201, "https://host.docker.internal:3000/": 201,
		"http://192.168.1.5/": 201, "http://192.168.1.5:9/": 201, "http://192.168.1.5./": 201, "https://[::ffff:192.168.1.5]/": 201, "http://10.1.2.3:81/": 201, "http://[fd00::5]:8443/": 201, "http://app/": 201, "http://app:5000/": 201,
		"http://127.0.0.1:1/": 201, "https://example.com/": 201,

		"http://host.docker.internal/": 400, "http://host.docker.internal:3001/": 400, "http://x.host.docker.internal:3000/": 400, "http://host.docker.internal.evil.example:3000/": 400,
		"http://192.168.1.6/": 400, "http://10.2.0.1/": 400, "http://[fd00::5]/": 400, "http://[fd00::6]:8443/": 400, "http://apps/": 400, "http://10.1.2.3.nip.io/": 400,
		"https://169.254.169.254/": 400, "ftp://app/": 400, "http://user@app/": 400, "https://[fd00::5%25eth0]:8443/": 400, "https://10.258/": 400,
	} {
		if status, _, body := ask(t, c, "POST", "/webhook-subscriptions", fmt.Sprintf(`{"event":"render.failed","targetUrl":%q}`, target), nil); status != want {
			t.Errorf("%s answered %d %s, want %d", target, status, body, want)
		}
	}
	const template = "POST /templates/XL13XACH2V/batch-render"
	api(t, c, 400, template, `{"variableSets":[],"webhookUrl":"http://app/"}`) // for want of sets
	api(t, c, 422, template, `{"variableSets":[],"webhookUrl":"http://apps/"}`)
	api(t, c, 422, template, `{"csvUrl":"http://app/rows.csv"}`)
	api(t, c, 422, "POST /bindings", `{"templateId":"XL13XACH2V","mapping":{},"dataSource":{"url":"http://192.168.1.5/"}}`)
}

// The address counts that a name has when it is dialled.
func TestPlacesAtTheMomentOfDialling(t *testing.T) {
	ps := places(t, "host.docker.internal:3000", "192.168.1.5", "10.1.0.0/16", "fe80::/10")
	for _, tt := range []struct {
		url, address string
		allowed      bool
	}{
		{"http://host.docker.internal:3000", "192.168.65.254", true},
		{"http://Host.Docker.Internal.:3000", "172.17.0.1", true},
		{"http://host.docker.internal:3000", "169.254.1.2", true}, // podman's
		{"http://host.docker.internal:3000", "8.8.8.8", true},
		{"http://host.docker.internal:3000", "169.254.169.254", false},
		{"http://host.docker.internal:3000", "::ffff:169.254.169.254", false},
		{"http://host.docker.internal:3000", "fd00:ec2::254", false},
		{"http://host.docker.internal:3000", "169.254.170.23", false},
		{"http://host.docker.internal:3000", "100.100.100.200", false},
		{"http://host.docker.internal:3000", "64:ff9b::a9fe:a9fe", false},
		{"http://host.docker.internal:3000", "0.0.0.0", false},
		{"http://host.docker.internal:3000", "224.0.0.1", false},
		{"http://host.docker.internal:3001", "192.168.65.254", false},
		{"https://otter.example.com", "8.8.8.8", true},
		{"https://otter.example.com", "127.0.0.1", true}, // as http://127.0.0.1 is a target
		{"https://otter.example.com", "192.168.1.5", true},
		{"https://otter.example.com", "10.1.255.1", true},
		{"https://otter.example.com", "10.2.0.1", false},
		{"https://otter.example.com", "169.254.169.254", false},
		{"https://otter.example.com", "::ffff:10.2.0.1", false},
		{"https://otter.example.com", "64:ff9b::a02:1", false},
		{"http://localhost:3000", "127.0.0.1", true},
		{"http://localhost:3000", "::1", true},
		{"http://localhost:3000", "192.168.1.5", false},
		{"http://x.localhost", "8.8.8.8", false},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if err := ps.Allow(u, netip.MustParseAddr(tt.address)); (err == nil) != tt.allowed {
			t.Errorf("%s at %s: %v, want allowed %v", tt.url, tt.address, err, tt.allowed)
		}
	}
}

// A delivery is not even dialled to where it may not go, whoever put it there, and a
// redirect does not lead there either.
func TestDeliveriesAreGuarded(t *testing.T) {
	var hits atomic.Int32
	inside := newReceiver(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	outside := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
	})
	server := &mock.Server{Ladder: mock.Ladder{Attempts: 1}, Places: places(t, "10.1.0.0/16")}
	c := start(t, server)
	sub := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: outside.URL})
	if got := server.Emit(t.Context(), renderFailed); len(got) != 1 || got[0].Status != 307 || hits.Load() != 0 {
		t.Errorf("a redirect: %+v, followed %d times", got, hits.Load())
	}
	for _, address := range []string{"https://10.0.0.1/", "http://169.254.169.254/latest", "https://[fd00::1]:3000/"} {
		server.Edit(sub.UID, func(s *pictify.Subscription) { s.TargetURL, s.Status = address, pictify.Active })
		got := server.Emit(t.Context(), renderFailed)
		if len(got) != 1 || got[0].Err == nil || !strings.Contains(got[0].Problem(), "is on an internal network") {
			t.Errorf("%s: %+v, want it refused before it is dialled", address, got)
		}
	}
}

// The mock says once what the real service would not accept, without the path.
func TestTargetsThatPictifyRefuses(t *testing.T) {
	var said []string
	c := start(t, &mock.Server{Places: places(t, "app"), Warn: func(text string) { said = append(said, text) }})
	sub := create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: "https://otter.ngrok.app/in/t0ken"})
	ask(t, c, "POST", "/webhook-subscriptions", `{"event":"render.failed","targetUrl":"http://10.0.0.1/"}`, nil)
	if len(said) != 0 {
		t.Errorf("said %q of a target that is as Pictify wants it, and of one that is refused here too", said)
	}
	for _, target := range []string{"http://app:3000/in/t0ken", "http://127.0.0.1:3000/"} {
		api(t, c, 200, "PUT /webhook-subscriptions/"+sub.UID, `{"targetUrl":"`+target+`"}`)
		create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: target})
	}
	if len(said) != 1 || !strings.Contains(said[0], "refuses the target http://app:3000: it wants https") || strings.Contains(said[0], "t0ken") {
		t.Errorf("said %q, want one warning", said)
	}
}

// A state goes where it is allowed, and says what keeps it from elsewhere.
func TestStateWithPlaces(t *testing.T) {
	first := &mock.Server{Places: places(t, "app")}
	c := start(t, first)
	create(t, c, pictify.NewSubscription{Event: pictify.RenderFailed, TargetURL: "http://app/"})
	text, err := first.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var waits map[string]any
	if err := json.Unmarshal(text, &waits); err != nil {
		t.Fatal(err)
	}
	waits["subscriptions"] = []any{}
	waits["deliveries"] = []any{map[string]any{"id": "del_1", "target": "http://app/batch", "secret": "x", "event": json.RawMessage(renderFailed.Body()), "attempts": 1, "due": time.Now()}}
	waiting, err := json.Marshal(waits)
	if err != nil {
		t.Fatal(err)
	}
	second, third := &mock.Server{Places: places(t, "app")}, &mock.Server{}
	start(t, second)
	start(t, third)
	for _, text := range [][]byte{text, waiting} {
		if err := second.Restore(text); err != nil {
			t.Error(err)
		}
		if err := third.Restore(text); !errors.Is(err, mock.ErrStateTarget) || !strings.Contains(err.Error(), "must be https unless it is on this machine") {
			t.Errorf("without the place: %v", err)
		}
	}
}
