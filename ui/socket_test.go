package ui_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"pictap/ui"
)

func TestLiveHandshake(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	origin := func(values ...string) http.Header { return http.Header{"Origin": values} }
	for name, tt := range map[string]struct {
		query, token string
		header       http.Header
		want         int
	}{
		"no origin":        {"", token, nil, 101},
		"own origin":       {"", token, origin(s.base), 101},
		"localhost":        {"", token, origin(strings.Replace(s.base, "127.0.0.1", "localhost", 1)), 101},
		"other origin":     {"", token, origin("http://evil.test"), 403},
		"other port":       {"", token, origin("http://127.0.0.1:1"), 403},
		"https":            {"", token, origin("https://" + s.addr), 403},
		"null":             {"", token, origin("null"), 403},
		"two":              {"", token, origin(s.base, s.base), 403},
		"wrong host":       {"", token, http.Header{"Host": {"evil.test"}}, 403},
		"rebound":          {"", token, http.Header{"Host": {"evil.test"}, "Origin": {"http://evil.test"}}, 403},
		"no token":         {"", "", nil, 401},
		"wrong token":      {"", token[1:] + "x", nil, 401},
		"token in query":   {"?token=" + token, "x", nil, 401},
		"bad revision":     {"?since=x", token, nil, 400},
		"bad revision too": {"?since=-2", token, nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			_, res, err := s.socket(t, tt.query, tt.token, tt.header)
			if res == nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.want {
				t.Errorf("handshake = %d, want %d", res.StatusCode, tt.want)
			}
			guarded(t, res.Header, "", token)
			if got := res.Header.Get("Sec-WebSocket-Protocol"); tt.want == 101 && got != "pictap.v1" {
				t.Errorf("the answer's protocol is %q", got)
			}
		})
	}
	t.Run("no deflate", func(t *testing.T) {
		_, res, err := s.socket(t, "", token, http.Header{"Sec-WebSocket-Extensions": {"permessage-deflate; client_max_window_bits"}})
		if err == nil && res.Header.Get("Sec-WebSocket-Extensions") != "" || res == nil {
			t.Errorf("extensions %v, %v", res, err)
		}
	})
	t.Run("another version", func(t *testing.T) {
		d := websocket.Dialer{Subprotocols: []string{"pictap.v2", "token." + token}}
		if _, res, err := d.DialContext(t.Context(), "ws://"+s.addr+"/api/live", nil); err == nil || res.StatusCode != 400 {
			t.Errorf("a page of another version: %v", err)
		}
	})
}

// Whatever a socket is fed, it is closed, and everything else goes on.
func TestLiveHostileFrames(t *testing.T) {
	st := openStore(t)
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	witness := newClient(t, s, token)
	witness.dial()
	witness.until("status", isType("status"))
	mask := []byte{1, 2, 3, 4}
	masked := func(first byte, payload []byte) []byte {
		frame := []byte{first, 0x80 | byte(len(payload))}
		frame = append(frame, mask...)
		for i, b := range payload {
			frame = append(frame, b^mask[i%4])
		}
		return frame
	}
	huge := append([]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0}, mask...) // text of 1 MiB
	for name, tt := range map[string]struct {
		send []byte
		code int
	}{
		"text":                   {masked(0x81, []byte(`{"type":"replay","id":"d1"}`)), websocket.ClosePolicyViolation},
		"binary":                 {masked(0x82, []byte{0, 1, 2}), websocket.ClosePolicyViolation},
		"1 MiB":                  {append(huge, bytes.Repeat([]byte{'a'}, 1<<20)...), websocket.CloseMessageTooBig},
		"2^63 bytes":             {append([]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mask...), websocket.CloseMessageTooBig},
		"negative length":        {append([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mask...), websocket.CloseAbnormalClosure},
		"bad UTF-8":              {masked(0x81, []byte{0xff, 0xfe}), websocket.ClosePolicyViolation},
		"unmasked":               {[]byte{0x81, 2, 'h', 'i'}, websocket.CloseProtocolError},
		"reserved bits":          {masked(0xf1, []byte("hi")), websocket.CloseProtocolError},
		"unknown opcode":         {masked(0x83, []byte("hi")), websocket.CloseProtocolError},
		"continuation of naught": {masked(0x80, []byte("hi")), websocket.CloseProtocolError},
		"endless fragments":      {append(masked(0x01, []byte("a")), bytes.Repeat(masked(0x00, []byte("a")), 10_000)...), websocket.ClosePolicyViolation},
		"fragmented ping":        {masked(0x09, []byte("a")), websocket.CloseProtocolError},
		"long ping":              {append([]byte{0x89, 0xfe, 0x01, 0x00}, mask...), websocket.CloseProtocolError},
		"closing with bad UTF-8": {masked(0x88, []byte{3, 232, 0xff}), websocket.CloseProtocolError},
		"closing with bad code":  {masked(0x88, []byte{0, 1}), websocket.CloseProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, s, token)
			c.dial()
			c.until("status", isType("status"))
			go c.conn.NetConn().Write(tt.send) // what is too much is not taken
			var err error
			for err == nil {
				_, err = c.next()
			}
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code != tt.code {
				t.Errorf("closed with %d, want %d", closed.Code, tt.code)
			} else if closed == nil && name != "1 MiB" && name != "endless fragments" { // there our closing word can be lost to a reset
				t.Errorf("ended with %v, want close code %d", err, tt.code)
			}
		})
	}
	t.Run("10,000 pings", func(t *testing.T) {
		c := newClient(t, s, token)
		c.dial()
		go c.conn.NetConn().Write(bytes.Repeat(masked(0x89, nil), 10_000))
		record(t, st, sample(1), 200)
		c.until("deliveries", isType("deliveries"))
	})
	record(t, st, sample(2), 200)
	witness.caughtUp(st)
	if got := s.do("GET", "/readyz", "", ""); got.status != 200 {
		t.Errorf("after all that /readyz = %d", got.status)
	}
}
