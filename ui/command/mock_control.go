package command

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock"
)

func mockDeliveries(env Env) *cli.Command {
	return &cli.Command{
		Name:  "deliveries",
		Usage: "what the running mock has still to deliver, or the delivery log of a subscription",
		UsageText: `pictap mock deliveries
			pictap mock deliveries wh_4f1d…`,
		ArgsUsage: "[subscription]",
		Action:    env.action(env.mockDeliveries),
	}
}

func (e Env) mockDeliveries(c *cli.Context, p *printer) error {
	note, err := e.findMock(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, time.Minute)
	defer cancel()
	if uid := c.Args().First(); uid != "" {
		var list mock.AttemptList
		if err := note.askFor(ctx, http.MethodGet, mock.LogPath(url.PathEscape(uid)), nil, &list); err != nil {
			return err
		}
		for _, a := range list.Attempts {
			p.journalEntry(mock.AttemptEntry(a), true)
		}
		if len(list.Attempts) == 0 {
			p.note("Nothing has been sent to %s yet.", sanitize(uid, 80))
		}
		return nil
	}
	var list mock.DueList
	if err := note.askFor(ctx, http.MethodGet, mock.DeliveriesPath, nil, &list); err != nil {
		return err
	}
	for _, d := range list.Deliveries {
		p.due(d)
	}
	q := list.Queue
	p.note("%d waiting, %d under way, %d until a retry, %d received, %d given up", q.Waiting, q.Active, q.Delayed, q.Completed, q.Failed)
	return nil
}

// dueLine is a delivery that has not been received.
type dueLine struct {
	Type         string `json:"type"`
	Due          stamp  `json:"due"`
	Delivery     string `json:"delivery_id"`
	Event        string `json:"event"`
	Subscription string `json:"subscription,omitempty"`
	URL          string `json:"url"`
	State        string `json:"state"`
	Attempts     int    `json:"attempts"`
}

func (p *printer) due(d mock.Due) {
	if p.json {
		p.emit(dueLine{"due", stamp(d.At), d.ID, string(d.Event), d.Subscription, d.URL, d.State, d.Attempts})
		return
	}
	when := ""
	if d.State == "delayed" {
		when = "   again at " + d.At.In(p.zone).Format(time.DateTime)
	}
	p.data(fmt.Sprintf("%s  %s  %s  %s  %s%s", pad(sanitize(d.ID, 80), 20), p.paint.bold(pad(sanitize(string(d.Event), 80), 16)),
		sanitize(d.Subscription, 80), pad(sanitize(d.State, 20), 7), count(d.Attempts, "attempt"), when))
}

func mockAttempt(env Env) *cli.Command {
	return &cli.Command{
		Name:      "attempt",
		Usage:     "have the running mock try a delivery now; one that was given up gets one more attempt",
		UsageText: "pictap mock attempt del_8c0e…",
		ArgsUsage: "<delivery>",
		Action:    env.action(env.mockAttempt),
	}
}

func (e Env) mockAttempt(c *cli.Context, p *printer) error {
	note, err := e.findMock(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, time.Minute)
	defer cancel()
	var d mock.Due
	if err := note.askFor(ctx, http.MethodPost, mock.AttemptPath(url.PathEscape(c.Args().First())), nil, &d); err != nil {
		return err
	}
	p.due(d)
	return nil
}

func mockReset(env Env) *cli.Command {
	return &cli.Command{
		Name:      "reset",
		Usage:     "have the running mock forget everything",
		UsageText: "pictap mock reset",
		Action:    env.action(env.mockReset),
	}
}

func (e Env) mockReset(c *cli.Context, p *printer) error {
	note, err := e.findMock(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, time.Minute)
	defer cancel()
	if _, err := note.ask(ctx, http.MethodPost, mock.ResetPath, nil); err != nil {
		return err
	}
	p.note("The mock at %s has forgotten everything.", note.URL)
	return nil
}

func mockState(env Env) *cli.Command {
	return &cli.Command{
		Name:  "state",
		Usage: "print all that the running mock holds, or put it in place of what it holds",
		Description: `The state is JSON, what --state keeps. It has the secrets of subscriptions in it: a file gets it open
to you alone, a terminal does not.`,
		UsageText: `pictap mock state --out before.json
			pictap mock state --load before.json`,
		Flags: append(outFlags(),
			&cli.StringFlag{Name: "load", Usage: "put the state in `FILE` in the place of the mock's; - is stdin"}),
		Action: env.action(env.mockState),
	}
}

func (e Env) mockState(c *cli.Context, p *printer) error {
	load := c.String("load")
	if load != "" && c.String("out") != "" {
		return usagef("--load and --out exclude each other")
	}
	if load == "" && c.String("out") == "" && e.StdoutTTY {
		return usagef("the state has secrets in it, so it is not shown on a terminal").withHint("--out FILE writes it, and --out - prints it all the same")
	}
	note, err := e.findMock(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, time.Minute)
	defer cancel()
	if load == "" {
		text, err := note.ask(ctx, http.MethodGet, mock.StatePath, nil)
		if err != nil {
			return err
		}
		return e.writeOut(c, 0o600, func(w io.Writer) error { _, err := w.Write(text); return err })
	}
	text, err := e.readState(load)
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	if _, err := note.ask(ctx, http.MethodPut, mock.StatePath, text); err != nil {
		return err
	}
	p.note("The mock at %s holds that state now.", note.URL)
	return nil
}

func (e Env) readState(path string) ([]byte, error) {
	if path != "-" {
		return os.ReadFile(path)
	}
	if e.Stdin == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return io.ReadAll(io.LimitReader(e.Stdin, maxMockAnswer))
}
