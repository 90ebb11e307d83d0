package command

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock/check"
)

// Check examines a running handler.
func Check(env Env) *cli.Command {
	cases := check.Cases()
	return &cli.Command{
		Name:  "check",
		Usage: "find out whether your handler would survive production",
		Description: fmt.Sprintf(`Sends %d cases to a running handler, each one or more deliveries, and writes a report card: what
it must accept, what it must refuse, what must not crash it, what it must do only once, and how it
behaves as a server. A refusal counts only when the same delivery, rightly signed, is accepted.

The handler acts on what is sent, so give it a database for tests. --effect-url or --effect-cmd says
how much it has done (a number, such as a count of rows): only with one of them can be measured
whether a delivery that comes twice acts once.

At most %d requests, 25 a second but for 50 at once, one body of 11 MiB and one of 1 MiB, and no
more than 10 minutes. The target must be on this machine or in a private network; that is checked
again when it is dialled, and redirects are not followed.

The exit code is 0 if nothing failed, 6 if something did, 4 if nothing listens there, 5 if the time
was over first, and 1 if it was interrupted or nothing could be told.`, len(cases), check.Requests(cases)),
		UsageText: `pictap check 3000
			pictap check 3000 --effect-url http://localhost:3000/count
			pictap check http://localhost:8000/hooks --effect-cmd 'sqlite3 app.db "select count(*) from images"'
			pictap check 3000 --only rejects --skip rejects/old --fail-on warn
			pictap check 3000 --report junit,html --out reports --force
			pictap check 3000 --dry-run`,
		ArgsUsage: "<url>",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "only", Usage: "run only `CASES`: a group, or a case as --dry-run names it; repeatable"},
			&cli.StringSliceFlag{Name: "skip", Usage: "leave `CASES` out; repeatable"},
			&cli.Int64Flag{Name: "seed", Usage: "the order and the payloads of seed `N` (default: others each time)", DefaultText: "-"},
			choiceFlag("fail-on", nil, "exit 6 for `WHAT`: fail, or warn for warnings too", "fail", "warn"),
			&cli.StringSliceFlag{Name: "report", Usage: "write reports of `KINDS`: json, junit, html"},
			&cli.StringFlag{Name: "out", Value: ".", Usage: "reports go to the folder `DIR`, as pictap-check.json, .xml and .html"},
			&cli.BoolFlag{Name: "force", Usage: "replace reports that exist"},
			&cli.StringFlag{Name: "effect-url", Usage: "GET `URL` to learn what deliveries have done: a number, or another text"},
			&cli.StringFlag{Name: "effect-cmd", Usage: "run `COMMAND` in a shell to learn that"},
			&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "give the handler `DURATION` to answer; slow is what takes 8/30 of it"},
			&cli.StringFlag{Name: "path", Usage: "use `PATH` when the target has none"},
			&cli.BoolFlag{Name: "dry-run", Usage: "list the cases and send nothing"},
			&cli.BoolFlag{Name: "allow-public-target", Usage: "the handler may be anywhere: I may send it all this"},
			&cli.BoolFlag{Name: "insecure", Aliases: []string{"k", "skip-verify"}, Usage: "do not check the certificate of an https handler"},
			localSecretFlag(),
		},
		Action: env.action(env.check),
	}
}

var errNothingTold = errors.New("nothing could be told")

func (e Env) check(c *cli.Context, p *printer) error {
	b, err := e.battery(c)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		p.listCases(b.Cases)
		return nil
	}
	reports, err := openReports(c)
	if err != nil {
		return err
	}
	defer reports.Close()
	secret, from, err := e.localSecret(c)
	if err != nil {
		return err
	}
	b.Secret = secret
	var refused error // the address
	allow := b.Allow
	b.Allow = noted(allow, &refused)
	bar := e.progress(p, int64(len(b.Cases)), "cases")
	done := 0
	b.Done = func(r check.Result) {
		done++
		bar.set(done)
		if p.json {
			p.emit(newCaseLine(p.head("case"), r))
		}
	}
	card, err := b.Run(c.Context)
	bar.end()
	switch {
	case refused != nil && err != nil:
		return usagef("%s", refused).withHint("add --allow-public-target if it is yours and may be sent all this")
	case errors.Is(err, check.ErrUnreachable):
		return withHint(withCode(exitNetwork, fmt.Errorf("check %s: %w", b.Target, err)), "start your app first; is that its address?")
	case err != nil:
		return err
	}
	about := checkAbout{target: b.Target.String(), uri: b.Target.RequestURI(), secretFrom: from, failOn: c.String("fail-on")}
	p.card(about, card)
	if err := reports.write(about, card); err != nil {
		return err
	}
	return verdictOf(card, c.String("fail-on"))
}

// verdictOf says how the command ends.
func verdictOf(card check.Card, failOn string) error {
	failed, critical, warned := card.Count(check.Fail), card.Count(check.Critical), card.Count(check.Warn)
	told := 0 // beside the plain delivery
	for _, r := range card.Results {
		if r.Group != check.First && (r.Status == check.Pass || r.Status == check.Warn) {
			told++
		}
	}
	switch {
	case card.Interrupted:
		return fmt.Errorf("interrupted; %d of %d cases were not finished", card.Count(check.Skipped), len(card.Results))
	case failed+critical > 0:
		return withCode(exitAssertion, fmt.Errorf("%s failed%s", count(failed+critical, "case"), ofThem(critical, "critical")))
	case failOn == "warn" && warned > 0:
		return withCode(exitAssertion, fmt.Errorf("%s, and --fail-on is warn", count(warned, "warning")))
	case card.Count(check.Skipped) > 0:
		return withCode(exitTimeout, fmt.Errorf("the time was over before %s", count(card.Count(check.Skipped), "case")))
	case told == 0 && len(card.Results) > 1:
		return withHint(fmt.Errorf("%w: all cases are unmeasured", errNothingTold), "--effect-url or --effect-cmd measures what deliveries do")
	}
	return nil
}

func ofThem(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of them %s", n, what)
}

// listCases shows what would be sent.
func (p *printer) listCases(cases []check.Case) {
	if p.json {
		for _, c := range cases {
			p.emit(listedCase{p.head("case"), c.ID(), c.Group, c.Name, c.Title, c.Expect, c.Requests})
		}
		return
	}
	var group check.Group
	for _, c := range cases {
		if c.Group != group {
			if group != "" {
				p.data("")
			}
			group = c.Group
			p.data(p.paint.bold(string(group)))
		}
		title := wrapCells(c.Title, cardWidth-caseColumn)
		p.data("  " + padCells(c.Name, caseColumn-2) + title[0])
		for _, line := range title[1:] {
			p.data(strings.Repeat(" ", caseColumn) + line)
		}
	}
	p.data("", fmt.Sprintf("%s, at most %s; nothing was sent", count(len(cases), "case"), count(check.Requests(cases), "request")))
}

// listedCase is a case that --dry-run does not send.
type listedCase struct {
	lineHead
	ID       string      `json:"id"`
	Group    check.Group `json:"group"`
	Name     string      `json:"name"`
	Sent     string      `json:"sent"`
	Expected string      `json:"expected"`
	Requests int         `json:"requests"` // at most
}
