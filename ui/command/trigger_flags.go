package command

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/mock"
)

func triggerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "all", Usage: "one of every type"},
		&cli.StringFlag{Name: "scenario", Usage: "a course of events: `NAME` of one built in, a YAML file, list, or show:NAME"},
		&cli.StringFlag{Name: "to", Usage: "the same as the `TARGET` argument"},
		&cli.StringFlag{Name: "path", Usage: "use `PATH` when the target has none"},
		choiceFlagOrNone("via", "`WAY` is mock: the running mock delivers the event to whoever has subscribed", "mock"),
		&cli.BoolFlag{Name: "allow-remote", Usage: "the app may be on another machine"},
		&cli.BoolFlag{Name: "insecure", Aliases: []string{"k", "skip-verify"}, Usage: "do not check the certificate of an https app"},
		&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "give the app `DURATION` to answer"},

		&cli.StringSliceFlag{Name: "set", Aliases: []string{"override"}, Usage: "`PATH=VALUE` puts a value into the event; repeatable"},
		&cli.StringSliceFlag{Name: "add", Usage: "`PATH=VALUE` as --set, also where the event has no such place; repeatable"},
		&cli.StringSliceFlag{Name: "unset", Aliases: []string{"remove"}, Usage: "take `PATH` out of the event; repeatable"},
		&cli.StringFlag{Name: "data", Usage: "the whole payload: `@FILE`, - for stdin, or JSON; it is signed and sent as it is"},
		&cli.BoolFlag{Name: "edit", Usage: "change the payload in $VISUAL or $EDITOR before it is sent"},
		&cli.StringFlag{Name: "from", Usage: "the payload of the recorded `DELIVERY`: d17, last"},
		&cli.StringFlag{Name: "type", Usage: "what is rendered: `TYPE` is image, gif or pdf"},
		&cli.Int64Flag{Name: "seed", Usage: "make the events of seed `N`, always the same (default: others each time)", DefaultText: "-"},
		&cli.StringFlag{Name: "at", Value: "now", Usage: "the event happened at `TIME`: RFC 3339, or -10m; it is signed as of now"},
		&cli.StringFlag{Name: "id", Usage: "the delivery's id, `del_…`"},
		&cli.BoolFlag{Name: "strict", Usage: "only keys that the documents show: no data.deliveryId"},
		&cli.StringFlag{Name: "media-base", Usage: "pictures are below `URL`, or mock: drawn by the running mock (default mock if one runs, else " + fixtures.DefaultMediaBase + ")", DefaultText: "-"},

		&cli.StringSliceFlag{Name: "tamper", Usage: "break it on purpose: `KIND` is " + tamperNames() + ", or all; repeatable"},
		&cli.StringFlag{Name: "expect", Usage: "exit 6 unless every answer is `STATUS`: 2xx, 401, or 401,403"},
		&cli.BoolFlag{Name: "dry-run", Usage: "print the exact request and send nothing"},
		choiceFlagOrNone("as", "print the request as `FORM` and send nothing: "+strings.Join(requestFormNames(), ", "), requestFormNames()...),

		&cli.IntFlag{Name: "count", Aliases: []string{"n", "c"}, Usage: "`N` events in all, of the types in turn (default: one of each)", DefaultText: "-"},
		&cli.IntFlag{Name: "duplicate", Value: 1, Usage: "send each delivery `N` times, with one id"},
		&cli.BoolFlag{Name: "shuffle", Usage: "in another order"},
		&cli.StringFlag{Name: "delay", Usage: "wait before each request: `RANGE` is 200ms or 0-5s"},
		&cli.StringFlag{Name: "drop", Usage: "leave `PART` of the requests out: 10%"},
		&cli.StringFlag{Name: "rate", Usage: "so many requests begin: `RATE` is 500/s or 60/m"},
		&cli.IntFlag{Name: "concurrency", Usage: "`N` requests at once (default 1; 16 with --rate, --duration or more than 100 requests)", DefaultText: "-"},
		&cli.DurationFlag{Name: "duration", Usage: "go on for `DURATION`"},
	}
}

// choiceFlagOrNone is a choiceFlag without a default.
func choiceFlagOrNone(name, usage string, words ...string) cli.Flag {
	return &cli.GenericFlag{Name: name, Usage: usage, Value: &choice{words: words}}
}

func tamperNames() string {
	var names []string
	for _, t := range mock.Tampers() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// readTampers reads the values of --tamper; no value is one request that is not broken.
func readTampers(values []string) ([]mock.Tamper, error) {
	var list []mock.Tamper
	for _, word := range splitList(values) {
		if word == "all" {
			list = append(list, mock.Tampers()...)
			continue
		}
		var names []string
		known := false
		for _, t := range mock.Tampers() {
			names = append(names, string(t))
			known = known || word == string(t)
		}
		if !known {
			err := usagef("--tamper is %q, but takes %s, or all", sanitize(word, 40), tamperNames())
			if near := nearest(word, names); near != "" {
				return nil, err.withHint("did you mean %s?", near)
			}
			return nil, err
		}
		list = append(list, mock.Tamper(word))
	}
	if len(list) == 0 {
		list = append(list, "")
	}
	return list, nil
}

// readChanges reads --set, --add and --unset, in that order.
func readChanges(c *cli.Context) ([]fixtures.Change, error) {
	var changes []fixtures.Change
	for _, flag := range []string{"set", "add"} {
		for _, text := range c.StringSlice(flag) {
			path, value, found := strings.Cut(text, "=")
			if !found || path == "" {
				return nil, usagef("--%s is %q, but takes a path and a value such as data.width=640", flag, sanitize(text, 80))
			}
			changes = append(changes, fixtures.Change{Path: path, Value: fixtures.TypedValue(value), New: flag == "add"})
		}
	}
	for _, path := range c.StringSlice("unset") {
		changes = append(changes, fixtures.Change{Path: path})
	}
	return changes, nil
}

var rateForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(?:/(s|m|h))?$`)

// readRate reads "500/s", "60/m", "500" as requests a second; "" is 0, which is no rate.
func readRate(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	m := rateForm.FindStringSubmatch(text)
	if m == nil {
		return 0, usagef("--rate is %q, but takes a rate such as 500/s or 60/m", sanitize(text, 40))
	}
	rate, err := strconv.ParseFloat(m[1], 64)
	switch m[2] {
	case "m":
		rate /= 60
	case "h":
		rate /= 3600
	}
	if err != nil || rate <= 0 || rate > 1e6 {
		return 0, usagef("--rate must be more than 0, and at most 1000000/s")
	}
	return rate, nil
}

// readDelay reads "200ms" or "0-5s".
func readDelay(text string) (low, high time.Duration, err error) {
	if text == "" {
		return 0, 0, nil
	}
	span, err := mock.ParseLatency(text)
	if err != nil {
		return 0, 0, usagef("--delay is %q, but takes a duration of at most an hour or a range such as 0-5s", sanitize(text, 40))
	}
	return span.Min, span.Max, nil
}

// readPart reads "10%" or "0.1" as a part of one.
func readPart(flag, text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	part, err := strconv.ParseFloat(number, 64)
	if percent {
		part /= 100
	}
	if err != nil || math.IsNaN(part) || part < 0 || part > 1 {
		return 0, usagef("--%s is %q, but takes a part such as 10%%", flag, sanitize(text, 40))
	}
	return part, nil
}

// An expectation is what answers are to be. Its zero value expects nothing.
type expectation struct {
	text string
	met  func(status int) bool
}

var statusForm = regexp.MustCompile(`^[1-5](?:xx|[0-9][0-9])$`)

// readExpect reads "2xx", "401", or a list of them.
func readExpect(text string) (expectation, error) {
	if text == "" {
		return expectation{}, nil
	}
	words := splitList([]string{text})
	for i, word := range words {
		words[i] = strings.ToLower(word)
		if !statusForm.MatchString(words[i]) {
			return expectation{}, usagef("--expect is %q, but takes a status such as 2xx, 401 or 401,403", sanitize(text, 40))
		}
	}
	return expectation{strings.Join(words, ", "), func(status int) bool {
		for _, word := range words {
			if word == strconv.Itoa(status) || word == fmt.Sprintf("%dxx", status/100) {
				return true
			}
		}
		return false
	}}, nil
}

// of is what is expected of a request that was broken in that way: what the user
// says, else what a correct handler answers.
func (x expectation) of(t mock.Tamper) expectation {
	if x.text != "" || t == "" {
		return x
	}
	return expectation{t.Want(), t.Accepts}
}

// isTaken is what an answer is to be when nothing is expected in particular.
func isTaken(status int) bool { return status/100 == http.StatusOK/100 }
