package command

import (
	"fmt"
	"strings"

	"pictap/mock/check"
)

const (
	cardWidth  = 80 // columns
	caseColumn = 24 // where the title of a case begins
	tookColumn = 9  // how wide times are
)

// checkAbout is what a report says beside the card itself.
type checkAbout struct{ target, uri, secretFrom, failOn string }

// card shows the report card, or in JSON mode the summary, its cases being out already.
func (p *printer) card(about checkAbout, card check.Card) {
	if p.json {
		p.emit(newCheckSummary(p.head("summary"), about, card))
		return
	}
	p.data(p.cardText(about, card)...)
}

func (p *printer) cardText(about checkAbout, card check.Card) []string {
	lines := hanging(p.paint.bold("pictap check")+"  ", 14, sanitize(about.target, 400))
	measured := "effect measured"
	if !card.Measured {
		measured = "effect not measured"
	}
	lines = append(lines, hanging("", 0, fmt.Sprintf("%s in %s, seed %d, %s, secret from %s", count(card.Requests, "request"),
		took(card.Took), card.Seed, measured, sanitize(about.secretFrom, 200)))...)
	reasons, counts := skippedReasons(card)
	var group check.Group
	above := make(map[string]string)
	for _, r := range card.Results {
		if r.Status == check.Skipped {
			continue // told at the end
		}
		if r.Group != group {
			group = r.Group
			clear(above)
			lines = append(lines, "", p.paint.bold(string(group)))
		}
		lines = append(lines, p.caseText(r, about.target, above)...)
	}
	lines = append(lines, "")
	for _, why := range reasons {
		lines = append(lines, hanging("", 0, fmt.Sprintf("%s: %s", count(counts[why], "case"), sanitize(why, 200)))...)
	}
	return append(lines, p.countsText(card))
}

// skippedReasons are why cases were skipped, in the order in which they show up.
func skippedReasons(card check.Card) (reasons []string, counts map[string]int) {
	counts = make(map[string]int)
	for _, r := range card.Results {
		if r.Status != check.Skipped {
			continue
		}
		if counts[r.Said] == 0 {
			reasons = append(reasons, r.Said)
		}
		counts[r.Said]++
	}
	return reasons, counts
}

// caseText is a line for a case, and below it more when it did not pass. What was said
// above in the group is not said again.
func (p *printer) caseText(r check.Result, target string, above map[string]string) []string {
	width := cardWidth - caseColumn - tookColumn
	title := wrapCells(r.Title, width-1)
	lines := []string{"  " + p.mark(r.Status) + " " + padCells(r.Name, caseColumn-4) + padCells(title[0], width) +
		p.paint.dim(fmt.Sprintf("%*s", tookColumn, took(r.Slowest())))}
	for _, more := range title[1:] {
		lines = append(lines, strings.Repeat(" ", caseColumn)+more)
	}
	if r.Status == check.Pass {
		return lines
	}
	lines = append(lines, hanging("      "+p.word(r.Status)+"  ", 8+len(wordOf(r.Status)), sanitize(r.Said, 400))...)
	for _, row := range caseRows(r, target) {
		text := row[1]
		switch {
		case text == "" || text == above[row[0]] && row[0] != "why" && row[0] != "fix":
			continue
		case text == above[row[0]]:
			text = "as above"
		default:
			above[row[0]] = text
		}
		lines = append(lines, hanging("      "+p.paint.dim(padCells(row[0], 10)), 16, text)...)
	}
	return lines
}

// caseRows are what is to be known of a case that did not pass.
func caseRows(r check.Result, target string) [][2]string {
	if r.Status == check.Unmeasured {
		return [][2]string{{"fix", r.Mend}}
	}
	said := saidBy(r)
	if said = sanitize(said, 160); said != "" && !strings.Contains(r.Said, said) {
		said = `"` + said + `"`
	} else {
		said = ""
	}
	rows := [][2]string{{"it said", said}, {"expected", r.Expect}}
	if r.Group == check.First && len(r.Exchanges) > 0 {
		a := attemptOf(r.Exchanges[0])
		a.URL = target
		rows = append(rows, [2]string{"likely", sanitize(likely(a), 400)})
	}
	return append(rows, [2]string{"why", r.Why}, [2]string{"fix", r.Mend}, [2]string{"docs", strings.TrimPrefix(r.Docs, "https://")})
}

// saidBy is the text of the answer that decided, which is the last but for twins.
func saidBy(r check.Result) string {
	for _, e := range r.Exchanges {
		if e.Status >= 300 {
			return gist(attemptOf(e))
		}
	}
	return ""
}

// hanging wraps text after a head that takes so many columns.
func hanging(head string, column int, text string) []string {
	lines := wrapCells(text, cardWidth-column)
	lines[0] = head + lines[0]
	for i := range lines[1:] {
		lines[i+1] = strings.Repeat(" ", column) + lines[i+1]
	}
	return lines
}

// wordOf is a status as it is shouted.
func wordOf(s check.Status) string { return strings.ToUpper(string(s)) }

func (p *printer) word(s check.Status) string { return p.shade(s, wordOf(s)) }

func (p *printer) mark(s check.Status) string {
	return p.shade(s, map[check.Status]string{check.Pass: "✓", check.Warn: "!", check.Fail: "✗", check.Critical: "✗", check.Unmeasured: "?"}[s])
}

func (p *printer) shade(s check.Status, text string) string {
	switch s {
	case check.Pass:
		return p.paint.green(text)
	case check.Warn:
		return p.paint.yellow(text)
	case check.Fail:
		return p.paint.red(text)
	case check.Critical:
		return p.paint.bold(p.paint.red(text))
	}
	return p.paint.cyan(text)
}

// countsText is the last line: "47 pass, 1 critical".
func (p *printer) countsText(card check.Card) string {
	var parts []string
	for _, s := range check.Statuses() {
		if n := card.Count(s); n > 0 {
			parts = append(parts, p.shade(s, fmt.Sprintf("%d %s", n, s)))
		}
	}
	return strings.Join(parts, ", ") + fmt.Sprintf(", of %s", count(len(card.Results), "case"))
}
