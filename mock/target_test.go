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
		slug   string
	}{
		{"http://localhost:3000/webhooks/pictify", 201, ""},
		{"http://LOCALHOST", 201, ""},
		{"http://otter.localhost:8443/in", 201, ""},
		{"http://127.0.0.1:3000/?a=b&c=%20", 201, ""},
		{"https://127.9.9.9:1", 201, ""},
		{"http://[::1]:3000/", 201, ""},
		{"http://[::ffff:127.0.0.1]:3000/", 201, ""},
		{"https://example.com/hook", 201, ""},
		{"https://otter.ngrok-free.app/in/x/y", 201, ""},
		{"https://8.8.8.8/", 201, ""},
		{"https://[2606:4700::1111]/", 201, ""},

		{"", 400, "validation-error"},
		{"/webhooks/pictify", 400, "validation-error"},
		{"localhost", 400, "validation-error"},
		{"http://", 400, "validation-error"},
		{"https:///path", 400, "validation-error"},
		{"https://user:password@example.com/", 400, "validation-error"},
		{"https://example.com/#fragment", 400, "validation-error"},
		{"http://[::1", 400, "validation-error"},
		{"https://example.com/\n", 400, "validation-error"},

		// blocked rather than malformed
		{"localhost:3000", 400, "blocked-url"}, // a scheme, by its grammar
		{"file:///etc/passwd", 400, "blocked-url"},
		{"gopher://127.0.0.1:70/", 400, "blocked-url"},
		{"ftp://example.com/", 400, "blocked-url"},
		{"javascript:alert(1)", 400, "blocked-url"},
		{"http://example.com/hook", 400, "blocked-url"},
		{"http://localhost.example.com/", 400, "blocked-url"},
		{"http://127.0.0.1.nip.io/", 400, "blocked-url"},
		{"https://10.0.0.1/", 400, "blocked-url"},
		{"https://172.16.0.1/", 400, "blocked-url"},
		{"https://192.168.1.1/", 400, "blocked-url"},
		{"https://169.254.169.254/latest/meta-data", 400, "blocked-url"},
		{"https://100.64.0.1/", 400, "blocked-url"},
		{"https://0.0.0.0/", 400, "blocked-url"},
		{"https://255.255.255.255/", 400, "blocked-url"},
		{"https://224.0.0.1/", 400, "blocked-url"},
		{"https://[::]/", 400, "blocked-url"},
		{"https://[fe80::1%25eth0]/", 400, "blocked-url"},
		{"https://[fc00::1]/", 400, "blocked-url"},
		{"https://[::ffff:10.0.0.1]/", 400, "blocked-url"},
		{"https://[::ffff:100.64.0.1]/", 400, "blocked-url"},
		{"https://[64:ff9b::a00:1]/", 400, "blocked-url"},
		{"https://[2002:a00:1::]/", 400, "blocked-url"},
		{"https://127.1/", 400, "blocked-url"},
		{"https://2130706433/", 400, "blocked-url"},
		{"https://0x7f.1/", 400, "blocked-url"},
		{"https://10.0.0.1./", 400, "blocked-url"},
	} {
		t.Run(tt.target, func(t *testing.T) {
			status, _, body := ask(t, c, "POST", "/webhook-subscriptions", fmt.Sprintf(`{"event":"render.failed","targetUrl":%q}`, tt.target), nil)
			if status != tt.status {
				t.Errorf("answered %d %s, want %d", status, body, tt.status)
			}
			if slug := slugOf(body); status != 201 && slug != tt.slug {
				t.Errorf("answered with the slug %q, want %q", slug, tt.slug)
			}
		})
	}
}
