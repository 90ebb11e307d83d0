package mock_test

import (
	"fmt"
	"testing"

	"pictap/mock"
)

func TestTargets(t *testing.T) {
	c := start(t, &mock.Server{})
	for _, tt := range []struct {
		target string
		status int
	}{
		{"http://localhost:3000/webhooks/pictify", 201},
		{"http://LOCALHOST", 201},
		{"http://otter.localhost:8443/in", 201},
		{"http://127.0.0.1:3000/?a=b&c=%20", 201},
		{"https://127.9.9.9:1", 201},
		{"http://[::1]:3000/", 201},
		{"http://[::ffff:127.0.0.1]:3000/", 201},
		{"https://example.com/hook", 201},
		{"https://otter.ngrok-free.app/in/x/y", 201},
		{"https://8.8.8.8/", 201},
		{"https://[2606:4700::1111]/", 201},

		{"", 400},
		{"/webhooks/pictify", 400},
		{"localhost", 400},
		{"http://", 400},
		{"https:///path", 400},
		{"https://user:password@example.com/", 400},
		{"https://example.com/#fragment", 400},
		{"http://[::1", 400},
		{"https://example.com/\n", 400},

		{"localhost:3000", 422}, // a scheme, by its grammar
		{"file:///etc/passwd", 422},
		{"gopher://127.0.0.1:70/", 422},
		{"ftp://example.com/", 422},
		{"javascript:alert(1)", 422},
		{"http://example.com/hook", 422},
		{"http://localhost.example.com/", 422},
		{"http://127.0.0.1.nip.io/", 422},
		{"https://10.0.0.1/", 422},
		{"https://172.16.0.1/", 422},
		{"https://192.168.1.1/", 422},
		{"https://169.254.169.254/latest/meta-data", 422},
		{"https://100.64.0.1/", 422},
		{"https://0.0.0.0/", 422},
		{"https://255.255.255.255/", 422},
		{"https://224.0.0.1/", 422},
		{"https://[::]/", 422},
		{"https://[fe80::1%25eth0]/", 422},
		{"https://[fc00::1]/", 422},
		{"https://[::ffff:10.0.0.1]/", 422},
		{"https://[::ffff:100.64.0.1]/", 422},
		{"https://[64:ff9b::a00:1]/", 422},
		{"https://[2002:a00:1::]/", 422},
		{"https://127.1/", 422},
		{"https://2130706433/", 422},
		{"https://0x7f.1/", 422},
		{"https://10.0.0.1./", 422},
	} {
		t.Run(tt.target, func(t *testing.T) {
			status, _, body := ask(t, c, "POST", "/webhook-subscriptions", fmt.Sprintf(`{"event":"render.failed","targetUrl":%q}`, tt.target), nil)
			if status != tt.status {
				t.Errorf("answered %d %s, want %d", status, body, tt.status)
			}
		})
	}
}
