package command

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
)

// maxLine is the most bytes that one event may put on a terminal.
const maxLine = 4 << 10

// A printer is how a command speaks. stdout carries data: NDJSON in JSON mode,
// one line for each thing that happened otherwise. stderr carries talk, and is silent in
// JSON mode, where notices are data too.
//
// Its methods may be called from several goroutines; what one call writes stays
// together. All that comes from outside is sanitised in them, and nowhere else.
type printer struct {
	json      bool
	zone      *time.Location // of the clock times people read
	now       func() time.Time
	out, talk *stream
	paint     palette // for out
	paintTalk palette // for talk
}

// printer is the printer that the flags of c ask for.
func (e Env) printer(c *cli.Context) *printer {
	return newPrinter(e, c.String("output") == "json", c.String("color"))
}

func newPrinter(e Env, json bool, color string) *printer {
	return &printer{
		json: json, zone: time.Local, now: e.now,
		out:       &stream{w: e.stdout(), name: "standard output", gone: make(chan struct{})},
		talk:      &stream{w: e.stderr(), name: "standard error", gone: make(chan struct{})},
		paint:     palette{e.colours(color, e.StdoutTTY) && !json},
		paintTalk: palette{e.colours(color, e.StderrTTY)},
	}
}

// Err is the first error of writing to stdout. That its reader has gone ("pictap
// events list | head") is none: he has seen enough.
func (p *printer) Err() error { return p.out.failure() }

// Gone is closed when stdout cannot be written any more. A command that goes on
// for ever ends then, as if interrupted.
func (p *printer) Gone() <-chan struct{} { return p.out.gone }

// data writes lines of text to stdout.
func (p *printer) data(lines ...string) { p.out.write(lines) }

// note says something to a person: not data, so not in JSON mode. What comes from
// outside must be sanitised by the caller.
func (p *printer) note(format string, args ...any) {
	if !p.json {
		p.talk.write([]string{fmt.Sprintf(format, args...)})
	}
}

// A stream writes whole lines to one file until that fails.
type stream struct {
	mu   sync.Mutex // guards err and the order of lines
	w    io.Writer
	name string
	err  error
	gone chan struct{} // closed with the first error
}

func (s *stream) write(lines []string) {
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(line)
		text.WriteByte('\n')
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if _, err := io.WriteString(s.w, text.String()); err != nil {
		s.err = err
		close(s.gone)
	}
}

func (s *stream) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil || isClosedPipe(s.err) {
		return nil
	}
	return fmt.Errorf("write %s: %w", s.name, s.err)
}

// logger is the log for diagnosis: on stderr when --verbose asks for it. The
// text handler quotes whatever is not printable, and secrets redact themselves.
func (e Env) logger(c *cli.Context) *slog.Logger {
	if !c.Bool("verbose") {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(e.stderr(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
