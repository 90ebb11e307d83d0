package command

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// showPage opens a page of this machine in the user's browser, when there is a
// person at a terminal and a screen to show it on. It reports whether it did.
func (e Env) showPage(rawURL string) bool {
	if e.OpenBrowser == nil || !e.StdoutTTY && !e.StderrTTY || !e.hasScreen(runtime.GOOS) {
		return false
	}
	return e.OpenBrowser(rawURL) == nil
}

// hasScreen reports whether a browser would open as a window. Without a display
// xdg-open starts a text browser in the middle of our own output.
func (e Env) hasScreen(goos string) bool {
	return goos == "darwin" || goos == "windows" ||
		e.getenv("DISPLAY") != "" || e.getenv("WAYLAND_DISPLAY") != "" || e.getenv("WSL_DISTRO_NAME") != ""
}

// openBrowser starts the system's opener for a page of this machine. The URL is
// all that the browser learns: its one-time code is worthless once the page
// has exchanged it, so it may stand in a list of processes for a moment.
func openBrowser(rawURL string) error {
	if err := checkLocalPage(rawURL); err != nil {
		return err
	}
	words := browserCommand(runtime.GOOS, rawURL)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = withoutSecrets(os.Environ())
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("open browser: %w", err)
	}
	return cmd.Process.Release()
}

// browserCommand is the system's way to open a URL. None of them is a shell,
// so nothing in the URL is interpreted.
func browserCommand(goos, rawURL string) []string {
	switch goos {
	case "darwin":
		return []string{"open", rawURL}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", rawURL}
	default:
		return []string{"xdg-open", rawURL}
	}
}

// checkLocalPage refuses everything but a plain http page on this machine.
func checkLocalPage(rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" || u.User != nil || !isLoopbackName(u.Hostname()) {
		return fmt.Errorf("open browser: %q is not a page of this machine", sanitize(rawURL, 80))
	}
	return nil
}

// withoutSecrets drops our own variables, keys and tokens among them, from
// what a child process inherits.
func withoutSecrets(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		name := strings.ToUpper(entry)
		if strings.HasPrefix(name, "PICTIFY_") || strings.HasPrefix(name, "PICTAP_") || strings.HasPrefix(name, "NGROK_") {
			continue
		}
		kept = append(kept, entry)
	}
	return kept
}

// isLoopbackName reports whether host means this machine by its very name,
// without asking a resolver: localhost, a name below it, or a loopback address.
func isLoopbackName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
