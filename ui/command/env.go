package command

import (
	"crypto/rand"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Env is what a command has of the world outside: three streams, an
// environment, a clock, chance, a browser. [OS] is the real one; a test makes
// its own and leaves out what its command does not touch. The zero Env reads
// nothing, writes nowhere and has an empty environment.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// StdoutTTY and StderrTTY say that a person is looking at the stream, on a
	// terminal that understands colours and progress bars.
	StdoutTTY, StderrTTY bool

	// StdinTTY says that a person would have to type the standard input.
	StdinTTY bool

	// Getenv looks up an environment variable; "" is an unset one. Commands
	// never ask the process, so that a developer's own PICTIFY_API_KEY
	// cannot reach a test.
	Getenv func(name string) string

	Now    func() time.Time // nil is time.Now
	Random io.Reader        // nil is crypto/rand

	// OpenBrowser shows a URL to the person at the machine. Nil does nothing.
	OpenBrowser func(url string) error

	// Hurry is closed at the second interrupt. The first one ends the context:
	// the command cleans up. At the second it has half a second to say
	// what it leaves behind. Nil never hurries.
	Hurry <-chan struct{}

	// json is set by Run once it knows the user's choice, for Report.
	json bool
}

// OS is the process's own environment.
func OS() Env {
	return Env{
		Stdin:       os.Stdin,
		Stdout:      os.Stdout,
		Stderr:      os.Stderr,
		StdinTTY:    term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTTY:   isTerminal(os.Stdout),
		StderrTTY:   isTerminal(os.Stderr),
		Getenv:      os.Getenv,
		Now:         time.Now,
		Random:      rand.Reader,
		OpenBrowser: openBrowser,
	}
}

func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && understandsEscapes(f)
}

func (e Env) getenv(name string) string {
	if e.Getenv == nil {
		return ""
	}
	return e.Getenv(name)
}

func (e Env) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

func (e Env) random() io.Reader {
	if e.Random == nil {
		return rand.Reader
	}
	return e.Random
}

func (e Env) stdout() io.Writer {
	if e.Stdout == nil {
		return io.Discard
	}
	return e.Stdout
}

func (e Env) stderr() io.Writer {
	if e.Stderr == nil {
		return io.Discard
	}
	return e.Stderr
}

// hurried reports whether the user has interrupted twice.
func (e Env) hurried() bool {
	select {
	case <-e.Hurry:
		return true
	default:
		return false
	}
}
