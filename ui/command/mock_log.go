package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

func mockLog(env Env) *cli.Command {
	return &cli.Command{
		Name:  "log",
		Usage: "what the running mock was asked, and what it sent",
		UsageText: `pictap mock log
			pictap mock log --follow
			pictap mock log --output json | jq 'select(.fault)'`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: 100, Usage: "the newest `N`, at most 1000"},
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with what comes, until Ctrl-C"},
			&cli.BoolFlag{Name: "with-body", Usage: "show how the bodies begin, without secrets"},
		},
		Action: env.action(env.mockLog),
	}
}

// followWait is how long the mock is asked to wait for something new.
const followWait = 20 * time.Second

func (e Env) mockLog(c *cli.Context, p *printer) error {
	limit, follow := c.Int("limit"), c.Bool("follow")
	if limit < 1 || limit > 1000 {
		return usagef("--limit must be a number from 1 to 1000")
	}
	note, err := e.findMock(c)
	if err != nil {
		return err
	}
	entries, err := note.journal(c.Context, 0, limit, 0)
	if err != nil {
		return err
	}
	if len(entries) == 0 && !follow {
		p.note("Nothing has happened yet at %s.", note.URL)
	}
	for last := int64(0); ; {
		for _, entry := range entries {
			p.journalEntry(entry, c.Bool("with-body"))
			last = entry.Seq
		}
		if !follow || p.Err() != nil || isClosed(p.Gone()) {
			return nil
		}
		entries, err = note.journal(c.Context, last, 1000, followWait)
		switch {
		case c.Context.Err() != nil:
			return nil
		case errors.Is(err, errNoMock):
			p.note("The mock at %s has ended.", note.URL)
			return nil
		case err != nil:
			return err
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// journal asks for the newest entries after a number, and waits for the first of them.
func (n mockNote) journal(ctx context.Context, after int64, limit int, wait time.Duration) ([]mock.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+time.Minute)
	defer cancel()
	query := url.Values{"after": {strconv.FormatInt(after, 10)}, "limit": {strconv.Itoa(limit)}, "wait": {wait.String()}}
	var list mock.EntryList
	err := n.askFor(ctx, http.MethodGet, mock.JournalPath+"?"+query.Encode(), nil, &list)
	return list.Entries, err
}

// journalLine is an entry for programs: "request" or "delivery".
type journalLine struct {
	lineHead
	Seq          int64   `json:"seq"`
	Method       string  `json:"method"`
	Path         string  `json:"path"`
	Status       int     `json:"status"` // 0: the connection was cut, or nobody answered
	DurationMS   float64 `json:"duration_ms"`
	Fault        string  `json:"fault,omitempty"`
	Subscription string  `json:"subscription,omitempty"`
	Delivery     string  `json:"delivery_id,omitempty"`
	Event        string  `json:"event,omitempty"`
	Attempt      int     `json:"attempt,omitempty"`
	Error        string  `json:"error,omitempty"`
	Next         *stamp  `json:"next_attempt,omitempty"`
	Wait         string  `json:"wait,omitempty"`
	GaveUp       bool    `json:"gave_up,omitempty"`
	Left         string  `json:"subscription_status,omitempty"` // once it was given up
	Request      string  `json:"request,omitempty"`
	Answer       string  `json:"answer,omitempty"`
}

// journalEntry shows an entry, with the bodies if that is wanted.
func (p *printer) journalEntry(entry mock.Entry, withBody bool) {
	if p.json {
		line := journalLine{
			lineHead: lineHead{Type: entry.Kind, Time: stamp(entry.Time)}, Seq: entry.Seq, Method: entry.Method, Path: entry.Path, Status: entry.Status,
			DurationMS: entry.DurationMS, Fault: entry.Fault, Subscription: entry.Subscription, Delivery: entry.Delivery, Event: string(entry.Event),
			Attempt: entry.Attempt, Error: entry.Error, Next: (*stamp)(entry.Next), Wait: entry.Wait, GaveUp: entry.GaveUp, Left: string(entry.Left),
		}
		if withBody {
			line.Request, line.Answer = entry.Request, entry.Answer
		}
		p.emit(line)
		return
	}
	lines := []string{p.entryText(entry)}
	if withBody {
		for _, body := range []struct{ mark, text string }{{">", entry.Request}, {"<", entry.Answer}} {
			if body.text != "" {
				lines = append(lines, indent+p.paint.dim(body.mark)+" "+sanitize(body.text, maxLine))
			}
		}
	}
	p.data(lines...)
}

// entryText is an entry in one line.
func (p *printer) entryText(entry mock.Entry) string {
	clock := p.paint.dim(entry.Time.In(p.zone).Format(time.TimeOnly))
	lasted := took(time.Duration(entry.DurationMS * float64(time.Millisecond)))
	if entry.Kind == "delivery" {
		return fmt.Sprintf("%s  %s %s  %s  %s  %s  %s%s", clock, p.paint.cyan("-->"), p.paint.bold(pad(sanitize(string(entry.Event), 80), 16)),
			statusText(p.paint, entry.Status), sanitize(entry.Delivery, 80), attemptName(entry.Attempt), lasted, p.nextText(entry))
	}
	line := fmt.Sprintf("%s  %s %s %s  %s  %s", clock, p.paint.cyan("<--"), pad(sanitize(entry.Method, 20), 4), sanitize(entry.Path, 300), statusText(p.paint, entry.Status), lasted)
	if entry.Fault != "" {
		line += "   " + p.paint.yellow("fault: "+sanitize(entry.Fault, 100))
	}
	return line
}

func attemptName(n int) string {
	if n == 0 {
		return "test"
	}
	return fmt.Sprintf("attempt %d", n)
}

// nextText says what follows from a delivery that failed.
func (p *printer) nextText(entry mock.Entry) string {
	text := ""
	if entry.Error != "" && entry.Status == 0 {
		text = "   " + sanitize(entry.Error, 200)
	}
	switch {
	case entry.GaveUp && entry.Subscription != "":
		left := "disabled"
		if entry.Left == pictify.Paused {
			left = "paused"
		}
		text += "   " + p.paint.red("given up: "+sanitize(entry.Subscription, 80)+" is "+left)
	case entry.GaveUp:
		text += "   " + p.paint.red("given up")
	case entry.Next != nil:
		text += "   again after " + sanitize(entry.Wait, 40) + ", at " + entry.Next.In(p.zone).Format(time.TimeOnly)
	}
	return text
}
