package command

import (
	"errors"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	const def = "http://localhost:3000/webhooks/pictify"
	tests := []struct {
		text, path string
		want       string // the URL, or after "!" a part of the error
	}{
		{"3000", "", def},
		{":3000", "", def},
		{"8080", "/hooks", "http://localhost:8080/hooks"},
		{"3000/hook", "", "http://localhost:3000/hook"},
		{":3000/hook?a=1", "", "http://localhost:3000/hook?a=1"},
		{"/hook", "", "http://localhost:3000/hook"},
		{"localhost:3000", "", def},
		{"LocalHost:3000/x", "", "http://LocalHost:3000/x"},
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080/webhooks/pictify"},
		{"[::1]:3000/x", "", "http://[::1]:3000/x"},
		{"http://localhost", "", "http://localhost/webhooks/pictify"},
		{"http://localhost/", "", "http://localhost/"},
		{"https://app.test:8443/in?k=v", "", "https://app.test:8443/in?k=v"},
		{"3000", "/a%2Fb?x=1", "http://localhost:3000/a%2Fb?x=1"},
		{"app:3000", "", "http://app:3000/webhooks/pictify"},

		{"", "", "!names no host"},
		{"localhost", "", "!names no port"},
		{"app/hook", "", "!names no port"},
		{"0", "", "!no port between 1 and 65535"},
		{"65536", "", "!no port between 1 and 65535"},
		{"99999999999999999999", "", "!no port between"},
		{"localhost:http", "", "!is not understood"},
		{"ftp://localhost/x", "", "!neither http nor https"},
		{"file:///etc/passwd", "", "!neither http nor https"},
		{"javascript:alert(1)", "", "!is not understood"},
		{"http://user:canary@localhost:3000", "", "!has a user name"},
		{"canary@localhost:3000", "", "!has a user name"},
		{"http://localhost:3000/x#y", "", "!has a fragment"},
		{"//canary:80/x", "", "!is not understood"},
		{`/\canary`, "", "!is not understood"},
		{"http://", "", "!names no host"},
		{"http:localhost:3000", "", "!is not understood"},
		{"0.0.0.0:3000", "", "!use localhost"},
		{"[::]:3000", "", "!use localhost"},
		{"3000 ", "", "!is not understood"},
		{"http://localhost:3000/\x1b[2J", "", "!is not understood"},
		{"3000/x", "/y", "!has a path already"},
		{"3000", "y", "!is not a path"},
		{"3000", "//canary/x", "!is not a path"},
		{"3000", "/x#y", "!is not a path"},
		{"3000", "http://canary/", "!is not a path"},
	}
	for _, tt := range tests {
		t.Run(tt.text+" "+tt.path, func(t *testing.T) {
			got, err := parseTarget(tt.text, tt.path)
			want, isError := strings.CutPrefix(tt.want, "!")
			if isError {
				if !errors.As(err, new(*usageError)) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
					t.Errorf("error %v, want a usage error with %q", err, want)
				}
				return
			}
			if err != nil || got.String() != want {
				t.Errorf("parseTarget(%q, %q) = %v, %v, want %s", tt.text, tt.path, got, err, want)
			}
		})
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"3000", ":3000/x", "localhost:3000", "http://[::1]:80/", "//x", "/x", "a@b:1", "https://x?y#z"} {
		f.Add(seed, "/p")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		u, err := parseTarget(text, path)
		if err != nil {
			return
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Path == "" {
			t.Errorf("parseTarget(%q, %q) = %q", text, path, u)
		}
		if again, err := parseTarget(u.String(), ""); err != nil || again.String() != u.String() {
			t.Errorf("parseTarget(%q) = %v, %v: not read back as it is written", u, again, err)
		}
	})
}

func TestIsLoopbackName(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "localhost.": true, "app.localhost": true,
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "example.com": false, "localhost.example.com": false, "10.0.0.1": false,
		"127.0.0.1.nip.io": false, "0.0.0.0": false, "2130706433": false,
	} {
		if got := isLoopbackName(host); got != want {
			t.Errorf("isLoopbackName(%q) = %v, want %v", host, got, want)
		}
	}
}
