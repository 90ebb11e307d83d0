package command

import (
	"unicode/utf8"

	"pictap/mock/check"
	"pictap/tunnel/store"
)

// maxExchanges is how many of a case's requests reports show; one case has fifty.
const maxExchanges = 4

// caseLine is a case and how it ended.
type caseLine struct {
	lineHead
	ID         string         `json:"id"`
	Group      check.Group    `json:"group"`
	Name       string         `json:"name"`
	Status     check.Status   `json:"status"`
	Sent       string         `json:"sent"`
	Expected   string         `json:"expected"`
	Said       string         `json:"said"`                  // what was seen
	DurationMS float64        `json:"duration_ms,omitempty"` // of the slowest answer
	Why        string         `json:"why"`
	Docs       string         `json:"docs"`
	Fix        string         `json:"fix,omitempty"`       // when it did not pass
	Exchanges  []exchangeLine `json:"exchanges,omitempty"` // the first few
}

// exchangeLine is a request and its answer.
type exchangeLine struct {
	What       string      `json:"what"`
	Time       stamp       `json:"time"`
	Method     string      `json:"method"`
	Headers    [][2]string `json:"headers,omitempty"`
	Body       string      `json:"body,omitempty"` // its beginning
	Bytes      int         `json:"bytes"`          // of the whole body
	Status     int         `json:"status"`         // 0: no answer
	Answer     string      `json:"answer,omitempty"`
	DurationMS float64     `json:"duration_ms"`
	Error      string      `json:"error,omitempty"`
}

func newCaseLine(head lineHead, r check.Result) caseLine {
	line := caseLine{lineHead: head, ID: r.ID(), Group: r.Group, Name: r.Name, Status: r.Status, Sent: r.Title, Expected: r.Expect,
		Said: clip(r.Said, longText), DurationMS: inMS(r.Slowest()), Why: r.Why, Docs: r.Docs, Fix: r.Mend}
	for _, e := range r.Exchanges[:min(len(r.Exchanges), maxExchanges)] {
		x := exchangeLine{What: e.What, Time: stamp(e.At), Method: e.Method, Bytes: e.Size, Body: clip(beginning(shown(e)), longText), Status: e.Status,
			Answer: clip(gist(attemptOf(e)), shortText), DurationMS: inMS(e.Duration), Error: clip(e.Problem, longText)}
		for _, f := range e.Header {
			x.Headers = append(x.Headers, [2]string{f.Name, f.Value})
		}
		line.Exchanges = append(line.Exchanges, x)
	}
	return line
}

// shown is what of a body is shown: all, or of a long one little.
func shown(e check.Exchange) []byte {
	if e.Size > len(e.Body) {
		return e.Body[:min(len(e.Body), 320)]
	}
	return e.Body
}

// beginning is text without a character that was cut in two.
func beginning(b []byte) string {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			if !utf8.FullRune(b[len(b)-i:]) {
				b = b[:len(b)-i]
			}
			break
		}
	}
	return string(b)
}

// attemptOf is an exchange in the form of what is stored, for gist and likely.
func attemptOf(e check.Exchange) store.Attempt {
	return store.Attempt{At: e.At, Status: e.Status, Header: e.Fields, Body: e.Answer, Duration: e.Duration, Error: e.Problem}
}

// checkSummary is the last line.
type checkSummary struct {
	lineHead
	Target      string  `json:"target"`
	OK          bool    `json:"ok"` // as --fail-on has it, and everything was sent
	Cases       int     `json:"cases"`
	Pass        int     `json:"pass"`
	Warn        int     `json:"warn"`
	Fail        int     `json:"fail"`
	Critical    int     `json:"critical"`
	Unmeasured  int     `json:"unmeasured"`
	Skipped     int     `json:"skipped"`
	Requests    int     `json:"requests"`
	Seconds     float64 `json:"seconds"`
	Seed        int64   `json:"seed"`
	Measured    bool    `json:"effect_measured"`
	Interrupted bool    `json:"interrupted,omitempty"`
}

func newCheckSummary(head lineHead, about checkAbout, card check.Card) checkSummary {
	return checkSummary{lineHead: head, Target: clip(about.target, longText), OK: verdictOf(card, about.failOn) == nil, Cases: len(card.Results),
		Pass: card.Count(check.Pass), Warn: card.Count(check.Warn), Fail: card.Count(check.Fail), Critical: card.Count(check.Critical),
		Unmeasured: card.Count(check.Unmeasured), Skipped: card.Count(check.Skipped),
		Requests: card.Requests, Seconds: card.Took.Seconds(), Seed: card.Seed, Measured: card.Measured, Interrupted: card.Interrupted}
}
