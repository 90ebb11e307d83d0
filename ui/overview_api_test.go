package ui_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pictap/ui"
)

func TestAroundAPI(t *testing.T) {
	n := newNeighbourhood(t)
	s := n.serve(t)
	token := s.login()
	now := time.Now().UnixMilli()
	bare := serve(t, ui.Options{Store: n.st})
	bareToken := bare.login()
	for _, tt := range []struct {
		server       *server
		method, path string
		body         string
		status       int
		want         string
	}{
		{s, "GET", "/api/chart", "", 200, `"steps":[]`},
		{s, "GET", "/api/chart?from=x", "", 400, "from is not a number"},
		{s, "GET", "/api/chart?from=5&to=4", "", 400, "no range"},
		{s, "GET", "/api/chart?to=999999999999999999", "", 400, "no range"},
		{s, "GET", "/api/chart?step=999999999999999999", "", 400, "no range"},
		{s, "GET", "/api/chart?step=40000000000", "", 400, "no range"},
		{s, "GET", "/api/chart?step=1", "", 400, "too many steps"},
		{s, "GET", fmt.Sprintf("/api/chart?from=%d&step=1000", now-24*3600_000), "", 400, "too many steps"},
		{s, "GET", fmt.Sprintf("/api/chart?from=%d&step=60000", now-3600_000), "", 200, `"step_ms":60000`},
		{s, "GET", "/api/coverage", "", 200, `"event":"binding.failed","known":true,"can_send":true,"taken":0`},
		{s, "GET", "/api/hold", "", 200, `{"waiting":0,"deliveries":[]}`},
		{s, "POST", "/api/drain", "{}", 200, `{"app":"answering","waiting":0}`},
		{s, "POST", "/api/drain", `{"x":1}`, 400, "not understood"},
		{s, "GET", "/api/run", "", 200, `"keep_count":100000`},
		{s, "POST", "/api/subscriptions/wh_others/pause", "{}", 404, "none of our subscriptions"},
		{s, "POST", "/api/subscriptions/..%2f..%2fx/resume", "{}", 404, "none of our subscriptions"},
		{s, "GET", "/api/mock", "", 404, "no mock"},
		{bare, "GET", "/api/run", "", 200, `"database_bytes"`},
		{bare, "GET", "/api/coverage", "", 200, `"can_send":false`},
		{bare, "GET", "/api/subscriptions", "", 200, `{"subscriptions":[]}`},
		{bare, "POST", "/api/drain", "{}", 404, "no app"},
		{bare, "POST", "/api/subscriptions/a/pause", "{}", 404, "nothing is registered"},
		{bare, "POST", "/api/mock/deliveries/a/attempt", "{}", 404, "no mock"},
	} {
		tok := token
		if tt.server == bare {
			tok = bareToken
		}
		res := tt.server.do(tt.method, tt.path, tok, tt.body)
		if res.status != tt.status || !strings.Contains(string(res.body), tt.want) {
			t.Errorf("%s %s: %d %s, want %d with %s", tt.method, tt.path, res.status, res.body, tt.status, tt.want)
		}
	}
	if len(n.pauses) != 0 {
		t.Errorf("asked for %v", n.pauses)
	}
	n.refuse = errors.New("secret cause")
	uid := n.status.Subscriptions[0].UID
	if res := s.do("POST", "/api/subscriptions/"+uid+"/pause", token, "{}"); res.status != http.StatusInternalServerError || strings.Contains(string(res.body), "secret") {
		t.Errorf("an error that is not for the page: %d %s", res.status, res.body)
	}
	var status struct{ Can_drain, Can_pause, Mock bool }
	s.do("GET", "/api/status", token, "").into(t, &status)
	bare.do("GET", "/api/status", bareToken, "").into(t, &status)
	if status.Can_drain || status.Can_pause || status.Mock {
		t.Errorf("a bare page says that it can: %+v", status)
	}
}
