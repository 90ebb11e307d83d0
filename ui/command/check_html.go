package command

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"pictap/mock/check"
)

var (
	//go:embed check_report.html
	checkPage string
	//go:embed check_report.css
	checkStyle string

	checkTemplate = template.Must(template.New("check").Parse(checkPage))
)

// htmlReport is one page that needs nothing else: it loads nothing, runs nothing, and its
// policy says so. Whatever the handler said is text in it.
func htmlReport(about checkAbout, card check.Card) ([]byte, error) {
	sum := sha256.Sum256([]byte(checkStyle))
	page := htmlPage{
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(checkStyle), Target: clip(about.target, longText), URI: clip(about.uri, longText), Started: card.Started.UTC().Format("2006-01-02 15:04:05 UTC"),
		Took: took(card.Took), Requests: count(card.Requests, "request"), Seed: card.Seed, Measured: card.Measured,
		Headline: headline(card), Shade: shadeOf(card),
	}
	for _, s := range check.Statuses() {
		if n := card.Count(s); n > 0 {
			page.Counts = append(page.Counts, htmlCount{s, n})
		}
	}
	for _, r := range card.Results {
		if n := len(page.Groups); n == 0 || page.Groups[n-1].Name != r.Group {
			page.Groups = append(page.Groups, htmlGroup{Name: r.Group, About: groupAbout[r.Group]})
		}
		g := &page.Groups[len(page.Groups)-1]
		g.Cases = append(g.Cases, newHTMLCase(r))
	}
	var b bytes.Buffer
	err := checkTemplate.Execute(&b, page)
	return b.Bytes(), err
}

var groupAbout = map[check.Group]string{
	check.First:      "the plain delivery that everything else rests on",
	check.Accepts:    "what Pictify may send",
	check.Rejects:    "what Pictify never sends; a refusal counts when the valid twin was accepted",
	check.Tolerates:  "rightly signed, but odd; it must not crash",
	check.Idempotent: "one delivery, several times",
	check.Behaves:    "as a server",
}

// What the page is made of.
type (
	htmlPage struct {
		Policy, Target, URI, Started, Took, Requests, Headline string
		Style                                                  template.CSS
		Shade                                                  check.Status
		Seed                                                   int64
		Measured                                               bool
		Counts                                                 []htmlCount
		Groups                                                 []htmlGroup
	}
	htmlCount struct {
		Status check.Status
		N      int
	}
	htmlGroup struct {
		Name  check.Group
		About string
		Cases []htmlCase
	}
	htmlCase struct {
		check.Result
		Open bool
		Mark string
		Took string
		Sent []htmlExchange
		More int // requests that are not shown
	}
	htmlExchange struct {
		exchangeLine
		Said string // "200 OK"
		Took string
	}
)

func newHTMLCase(r check.Result) htmlCase {
	c := htmlCase{Result: r, Open: r.Status == check.Fail || r.Status == check.Critical, Took: took(r.Slowest()), More: max(0, len(r.Exchanges)-maxExchanges)}
	c.Mark = map[check.Status]string{check.Pass: "✓", check.Warn: "!", check.Fail: "✗", check.Critical: "✗", check.Unmeasured: "?", check.Skipped: "–"}[r.Status]
	for _, x := range newCaseLine(lineHead{}, r).Exchanges {
		said := "no answer"
		if x.Status != 0 {
			said = fmt.Sprintf("%d %s", x.Status, http.StatusText(x.Status))
		}
		c.Sent = append(c.Sent, htmlExchange{x, said, took(time.Duration(x.DurationMS * float64(time.Millisecond)))})
	}
	return c
}

// headline says the whole in one sentence.
func headline(card check.Card) string {
	failed, critical := card.Count(check.Fail), card.Count(check.Critical)
	switch {
	case card.Interrupted:
		return "Interrupted before it was finished."
	case card.Results[0].Status != check.Pass:
		return "It did not accept one plain delivery, so nothing else could be told."
	case critical > 0:
		return "It would not survive production: it accepts forgeries."
	case failed > 0:
		return fmt.Sprintf("It would not survive production: %s failed.", count(failed, "case"))
	case card.Count(check.Skipped) > 0:
		return "The time was over before everything was sent."
	case card.Count(check.Unmeasured) > 0:
		return fmt.Sprintf("Nothing failed; %s could not be measured.", count(card.Count(check.Unmeasured), "case"))
	}
	return "It would survive production."
}

// shadeOf is the worst that was found.
func shadeOf(card check.Card) check.Status {
	for _, s := range []check.Status{check.Critical, check.Fail, check.Skipped, check.Warn, check.Unmeasured} {
		if card.Count(s) > 0 {
			return s
		}
	}
	return check.Pass
}
