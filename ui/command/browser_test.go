package command

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckLocalPage(t *testing.T) {
	for url, ok := range map[string]bool{
		"http://127.0.0.1:4455/#code=abc": true,
		"http://localhost:4455/":          true,
		"http://[::1]:4455/":              true,
		"https://127.0.0.1:4455/":         false,
		"http://example.com/":             false,
		"http://u@127.0.0.1/":             false,
		"file:///etc/passwd":              false,
		"calc.exe":                        false,
		"-a":                              false,
	} {
		if err := checkLocalPage(url); (err == nil) != ok {
			t.Errorf("checkLocalPage(%q) = %v, want ok %v", url, err, ok)
		}
	}
}

func TestBrowserCommand(t *testing.T) {
	for goos, want := range map[string][]string{
		"darwin":  {"open", "URL"},
		"windows": {"rundll32", "url.dll,FileProtocolHandler", "URL"},
		"linux":   {"xdg-open", "URL"},
		"freebsd": {"xdg-open", "URL"},
	} {
		if diff := cmp.Diff(want, browserCommand(goos, "URL")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", goos, diff)
		}
	}
}

func TestBrowserInheritsNoSecrets(t *testing.T) {
	got := withoutSecrets([]string{"HOME=/h", "PICTIFY_API_KEY=k", "NGROK_AUTHTOKEN=t", "PICTAP_STATE_DIR=d", "DISPLAY=:0", "Pictify_Webhook_Secret=s"})
	if diff := cmp.Diff([]string{"HOME=/h", "DISPLAY=:0"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShowPageNeedsAPersonAndAScreen(t *testing.T) {
	tests := []struct {
		name string
		tty  bool
		env  map[string]string
		goos string
		want bool
	}{
		{"a Mac", true, nil, "darwin", true},
		{"Windows", true, nil, "windows", true},
		{"Linux with X", true, map[string]string{"DISPLAY": ":0"}, "linux", true},
		{"Linux with Wayland", true, map[string]string{"WAYLAND_DISPLAY": "w"}, "linux", true},
		{"Linux without a display", true, nil, "linux", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := Env{Getenv: func(name string) string { return tt.env[name] }}
			if got := env.hasScreen(tt.goos); got != tt.want {
				t.Errorf("hasScreen(%q) = %v, want %v", tt.goos, got, tt.want)
			}
		})
	}
	opened := 0
	env := Env{
		Getenv:      func(string) string { return ":0" },
		OpenBrowser: func(string) error { opened++; return nil },
	}
	if env.showPage("http://127.0.0.1:1/") || opened != 0 {
		t.Error("a browser was opened though nobody is at a terminal")
	}
	env.StdoutTTY = true
	if !env.showPage("http://127.0.0.1:1/") || opened != 1 {
		t.Error("no browser was opened at a terminal")
	}
}
