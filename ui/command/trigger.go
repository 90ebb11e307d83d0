package command

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Trigger sends made-up events, signed like real ones.
func Trigger(env Env) *cli.Command {
	return &cli.Command{
		Name:  "trigger",
		Usage: "send a signed fake event to your app, offline",
		Description: `Makes an event up, signs it with the local secret and POSTs it to your app, which cannot tell it
from one that pictap listen forwards. The target is an argument, else the app of a running
pictap listen, else http://localhost:3000/webhooks/pictify.

Paths are names with dots: data.width, data.variables.title, data.variables.tags.0. A value is JSON
if it can be read as such, else a string. A place that the event does not have is an error, unless
--add makes it.

The exit code is 0 if the app took all of them (2xx), 1 if it refused one, 4 if it could not be
reached, 6 if an answer was not what --expect says, or not what a correct handler answers to what
--tamper broke.`,
		UsageText: `pictap trigger render.completed
			pictap trigger --all 8080
			pictap trigger render.completed --set data.width=640 --set data.variables.title='Hello' --unset data.userStorageUrl
			pictap trigger render.completed --tamper all
			pictap trigger batch.completed --data @payload.json --dry-run
			pictap trigger render.completed --as curl
			pictap trigger --scenario batch-of-20 3000
			pictap trigger --all -n 10000 --rate 500/s --concurrency 8`,
		ArgsUsage: "<event>|--all|--scenario [target]",
		Flags:     append(triggerFlags(), localSecretFlag()),
		Action:    env.action(env.trigger),
	}
}

func (e Env) trigger(c *cli.Context, p *printer) error {
	switch name := c.String("scenario"); {
	case name == "list":
		return e.listScenarios(p)
	case strings.HasPrefix(name, "show:"):
		return e.showScenario(strings.TrimPrefix(name, "show:"), p)
	}
	v, err := e.volley(c)
	if err != nil {
		return err
	}
	if v.drawn && v.hasPictures() {
		p.note("%s", p.paintTalk.dim("pictures are drawn by the mock that runs; --media-base "+fixtures.DefaultMediaBase+" has them at Pictify's"))
	}
	switch {
	case c.Bool("dry-run") || c.String("as") != "":
		return v.show(c, e, p)
	case c.String("via") == "mock":
		return e.sendViaMock(c, p, v)
	}
	return e.sendVolley(c, p, v)
}

// triggerWords takes the arguments apart: patterns of events, and a target.
func triggerWords(c *cli.Context) (patterns []string, target string, err error) {
	words := c.Args().Slice()
	if c.String("via") != "" {
		for _, flag := range notViaMock {
			if c.IsSet(flag) {
				return nil, "", usagef("--via mock and --%s do not go together", flag).withHint("the mock signs, and delivers to whoever has subscribed")
			}
		}
	}
	brings := c.String("data") != "" || c.String("from") != ""
	switch {
	case c.String("scenario") != "":
		for _, flag := range notInScenario {
			if c.IsSet(flag) {
				return nil, "", usagef("--scenario and --%s do not go together", flag).withHint("a step of the scenario says it")
			}
		}
	case c.Bool("all"):
	case len(words) > 0 && (!brings || eventForm.MatchString(words[0])):
		patterns, words = words[:1], words[1:]
	case !brings:
		return nil, "", usagef(`"pictap trigger" needs an event, or --all`).withHint("events are %s", typeNames())
	}
	if len(words) > 1 {
		return nil, "", usagef("one target is enough: %q", sanitize(words[1], 80))
	}
	return patterns, append(words, "")[0], nil
}

// notInScenario are the flags that a scenario's steps replace.
var notInScenario = []string{"all", "set", "add", "unset", "data", "edit", "from", "type", "at", "id", "tamper", "expect",
	"count", "duplicate", "shuffle", "delay", "rate", "concurrency", "duration"}

// notViaMock are the flags about a request, which the mock makes by itself.
var notViaMock = []string{"to", "path", "tamper", "expect", "id", "strict", "dry-run", "as", "duplicate", "shuffle", "delay", "drop", "rate",
	"concurrency", "duration", "timeout", "insecure", "allow-remote", "scenario"}

// eventForm tells an event from a target beside --data.
var eventForm = regexp.MustCompile(`^[a-z_]+\.[a-z_.*]+$`)

func typeNames() string {
	var names []string
	for _, t := range pictify.EventTypes() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// appTarget is where an event goes: the argument or flag, else the app of a
// running listen, else the guide's address.
func (e Env) appTarget(c *cli.Context, argument, flag string) (*url.URL, error) {
	if argument != "" && flag != "" {
		return nil, usagef("the target is given twice, as %q and as --to %q", sanitize(argument, 80), sanitize(flag, 80))
	}
	text := argument + flag
	if text == "" && c.String("path") == "" {
		st, err := e.state(c)
		if err != nil {
			return nil, err
		}
		h, listening, err := store.Listening(st.dir)
		if err != nil {
			return nil, err
		}
		if listening && h.ForwardTo != "" {
			return url.Parse(h.ForwardTo)
		}
	}
	target, err := parseTarget(cmp.Or(text, defaultPort), c.String("path"))
	if err != nil {
		return nil, err
	}
	if !isLoopbackName(target.Hostname()) && !c.Bool("allow-remote") {
		return nil, usagef("%s is not this machine", sanitize(target.Host, 120)).withHint("add --allow-remote if you mean it")
	}
	return target, nil
}

// triggerLine is one request that was sent, or that --drop left out.
type triggerLine struct {
	lineHead
	N          int               `json:"n"` // from 0, in the order in which they are due
	Event      pictify.EventType `json:"event"`
	DeliveryID string            `json:"delivery_id"`
	URL        string            `json:"url"`
	Status     int               `json:"status"` // 0: no answer
	DurationMS float64           `json:"duration_ms"`
	LatencyMS  float64           `json:"latency_ms"` // since it was due
	Error      string            `json:"error,omitempty"`
	Answer     string            `json:"answer,omitempty"` // the beginning of the answer's body, when it is text
	Tamper     mock.Tamper       `json:"tamper,omitempty"`
	Expected   string            `json:"expected,omitempty"`
	AsExpected *bool             `json:"as_expected,omitempty"` // when something is expected
	Step       string            `json:"step,omitempty"`        // of a scenario
	Dropped    bool              `json:"dropped,omitempty"`     // it was not sent
}

func inMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// triggered tells how the app took a request.
// said is what was told last of why an app refuses, which is not told twice running.
func (p *printer) triggered(s shot, o mock.Outcome, x expectation, said *string) {
	a := store.Attempt{URL: s.target, At: o.At, Status: o.Status, Duration: o.Duration, Header: o.Header, Body: o.Body}
	if o.Err != nil {
		a.Error = o.Err.Error()
	}
	if p.json {
		line := triggerLine{
			lineHead: lineHead{"trigger", 0, stamp(o.At)}, N: s.n, Event: pictify.EventType(clip(string(s.sample.Event), shortText)),
			DeliveryID: clip(s.sample.ID, shortText), URL: clip(s.target, longText), Status: o.Status,
			DurationMS: inMS(o.Duration), LatencyMS: inMS(o.Latency), Error: clip(o.Problem(), longText), Answer: clip(gist(a), shortText),
			Tamper: s.tamper, Expected: x.text, Step: s.step,
		}
		if x.text != "" {
			ok := x.met(o.Status)
			line.AsExpected = &ok
		}
		p.emit(line)
		return
	}
	lines := append([]string{p.shotText(o.At, s)}, attemptText(p.paint, p.zone, s.sample.ID, a)...)
	if x.text != "" && (x.met(o.Status) || s.tamper != "" && o.Status != 0) {
		lines = lines[:2] // why it was refused is no question
	}
	why := strings.Join(lines[2:], "")
	if why != "" && why == *said {
		lines = lines[:2]
	}
	*said = why
	if s.tamper != "" || x.text != "" && !(x.met(o.Status) && o.OK()) { // that 2xx is 2xx needs no words
		verdict := p.paint.green("as expected")
		if !x.met(o.Status) {
			verdict = p.paint.red("not as expected")
			if s.tamper != "" && o.OK() {
				verdict += p.paint.red(": it took what it must refuse")
			}
		}
		lines = append(lines, indent+p.paint.dim("expected:")+" "+x.text+"   "+verdict)
	}
	p.data(lines...)
}

// shotText announces a request.
func (p *printer) shotText(at time.Time, s shot) string {
	e, _ := pictify.ParseEvent(s.sample.Body) // of what is none there is nothing to say
	line := fmt.Sprintf("%s  %s %s  %s", p.paint.dim(at.In(p.zone).Format("15:04:05")), p.paint.cyan("-->"),
		p.paint.bold(pad(sanitize(string(s.sample.Event), 80), 16)), sanitize(e.About(), 160))
	if s.step != "" {
		line += "  " + p.paint.dim("("+s.step+")")
	}
	if s.tamper != "" {
		line += "  " + p.paint.yellow("broken: "+string(s.tamper)) + ", " + s.tamper.Why()
	}
	return line
}

// dropped tells that a request is left out, as --drop wants it.
func (p *printer) dropped(s shot, at time.Time) {
	if p.json {
		p.emit(triggerLine{lineHead: lineHead{"trigger", 0, stamp(at)}, N: s.n, Event: pictify.EventType(clip(string(s.sample.Event), shortText)),
			DeliveryID: clip(s.sample.ID, shortText), URL: clip(s.target, longText), Step: s.step, Dropped: true})
		return
	}
	p.data(p.shotText(at, s) + "  " + p.paint.yellow("dropped, not sent"))
}
