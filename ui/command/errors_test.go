package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

func apiError(status int) error {
	return fmt.Errorf("subscribe render.completed: %w", &pictify.APIError{Status: status, Method: "POST", Path: "/webhook-subscriptions"})
}

func TestExplain(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, inUse := net.Listen("tcp", taken.Addr().String())
	free := taken.Addr().String()

	tests := []struct {
		name string
		err  error
		code ExitCode
		hint string
	}{
		{"anything", errors.New("x"), exitFailed, ""},
		{"usage", fmt.Errorf("read words: %w", usagef("x").withHint("y")), exitUsage, "y"},
		{"a code of the command's own", withCode(exitAssertion, errors.New("x")), exitAssertion, ""},
		{"its own code, the table's hint", withCode(exitLeftovers, apiError(401)), exitLeftovers, "PICTIFY_API_KEY"},
		{"its own hint, the table's code", withHint(apiError(403), "ask %s", "Ann"), exitDenied, "ask Ann"},
		{"the outer hint wins", withHint(withHint(errors.New("x"), "inner"), "outer"), exitFailed, "outer"},
		{"wrong key", apiError(401), exitDenied, "PICTIFY_API_KEY"},
		{"plan or role", apiError(403), exitDenied, "pictap demo"},
		{"rate limit", apiError(429), exitNetwork, "in a minute"},
		{"rate limit with a time", &pictify.APIError{Status: 429, RetryAfter: 2500 * time.Millisecond}, exitNetwork, "try again in 3s"},
		{"refused", apiError(422), exitFailed, ""},
		{"Pictify is down", apiError(503), exitNetwork, "try again"},
		{"insecure base URL", fmt.Errorf("list: %w", pictify.ErrInsecureBase), exitUsage, "https"},
		{"not the API", fmt.Errorf("list: %w", pictify.ErrBadAnswer), exitNetwork, "PICTIFY_BASE_URL"},
		{"another pictap", &store.HeldError{Holder: store.Holder{PID: 7}}, exitFailed, "--state-dir"},
		{"newer database", fmt.Errorf("open: %w", store.ErrNewer), exitFailed, "upgrade"},
		{"corrupt database", fmt.Errorf("open: %w", store.ErrCorrupt), exitFailed, "nothing was changed"},
		{"no such delivery", store.ErrNotFound, exitFailed, "pictap events list"},
		{"foreign directory", fmt.Errorf("d %w", errForeign), exitFailed, "--state-dir"},
		{"no home", fmt.Errorf("d %w", errNoHome), exitUsage, "HOME"},
		{"damaged file", fmt.Errorf("d %w", errDamaged), exitFailed, "overwrites nothing"},
		{"may not", &fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, exitFailed, "--state-dir"},
		{"disk full", &fs.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}, exitFailed, "full"},
		{"read-only disk", &fs.PathError{Op: "mkdir", Path: "/x", Err: syscall.EROFS}, exitFailed, "read-only"},
		{"port taken", inUse, exitFailed, "another program listens there"},
		{"privileged port", &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)}, exitFailed, ""},
		{"no such name", &net.OpError{Op: "dial", Err: &net.DNSError{Name: "api.pictify.io"}}, exitNetwork, "online"},
		{"connection refused", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, exitNetwork, ""},
		{"deadline", context.DeadlineExceeded, exitNetwork, ""},
		{"waited in vain", withCode(exitTimeout, context.DeadlineExceeded), exitTimeout, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := explain(tt.err)
			if got.code != tt.code || !strings.Contains(got.hint, tt.hint) || tt.hint == "" && got.hint != "" {
				t.Errorf("explain(%v) = %+v, want code %d and hint %q (%s)", tt.err, got, tt.code, tt.hint, free)
			}
		})
	}
}

func TestReport(t *testing.T) {
	at := time.Date(2026, 1, 29, 10, 30, 0, 5e6, time.UTC)
	err := withHint(errors.New("name \x1b]0;x\x07\n\"q\""), "do\r\nthis")
	tests := []struct {
		name           string
		env            Env
		err            error
		code           int
		stdout, stderr string
	}{
		{"success is silent", Env{}, nil, 0, "", ""},
		{"for people", Env{}, err, 1, "",
			"pictap: error: name \\x1b]0;x\\x07\\x0a\"q\"\npictap: hint: do\\x0d\\x0athis\n"},
		{"for programs", Env{json: true}, err, 1,
			`{"type":"error","time":"2026-01-29T10:30:00.005Z","exit":1,"message":"name \\x1b]0;x\\x07\\x0a\"q\"","hint":"do\\x0d\\x0athis"}` + "\n",
			"pictap: error: name \\x1b]0;x\\x07\\x0a\"q\"\npictap: hint: do\\x0d\\x0athis\n"},
		{"without a hint", Env{}, errors.New("x"), 1, "", "pictap: error: x\n"},
		{"interrupted twice", Env{Hurry: closedChannel()}, err, 130, "", "pictap: error: name \\x1b]0;x\\x07\\x0a\"q\"\npictap: hint: do\\x0d\\x0athis\n"},
		{"interrupted twice, in time", Env{Hurry: closedChannel()}, nil, 130, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			env := tt.env
			env.Stdout, env.Stderr, env.Now = &stdout, &stderr, func() time.Time { return at }
			if code := env.Report(tt.err); code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("exit %d, want %d\nstdout %s\n  want %s\nstderr %s\n  want %s", code, tt.code, &stdout, tt.stdout, &stderr, tt.stderr)
			}
		})
	}
}

func TestNilErrorsStayNil(t *testing.T) {
	if err := withCode(exitAssertion, nil); err != nil {
		t.Errorf("withCode(nil) = %v", err)
	}
	if err := withHint(nil, "x"); err != nil {
		t.Errorf("withHint(nil) = %v", err)
	}
}

func closedChannel() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
