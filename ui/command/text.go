package command

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// The log that people read: an arriving delivery is one line, an answer of the
// app another, and what follows from them is indented below.
//
//	10:42:07  --> render.completed   d17   tmpl_xyz 1200×630 png       sig ok
//	10:42:07  <-- 200  POST /webhooks/pictify  d17  38 ms
//	10:42:31  <-- 401  POST /webhooks/pictify  d18  4 ms   "Invalid signature"
//	          likely: …

const indent = "          " // as wide as a clock time and two blanks

// delivery announces a delivery that came in, and why it does not verify.
func (p *printer) delivery(d store.Delivery, cause *causeLine) {
	if p.json {
		line := newDeliveryLine(d)
		line.Cause = cause
		p.emit(line)
		return
	}
	p.data(deliveryText(p.paint, p.zone, d, cause)...)
}

// attempt tells how the app took a delivery, and what its answer probably means.
// a should have the answer's header and body; without them the guess is poorer.
func (p *printer) attempt(d store.Delivery, a store.Attempt) {
	if p.json {
		p.emit(newForwardLine(d, a))
		return
	}
	p.data(attemptText(p.paint, p.zone, d.ID(), a)...)
}

// held tells that deliveries wait for the app, and why, or, with none waiting,
// that they no longer do.
func (p *printer) held(waiting int64, target *url.URL, reason string) {
	if p.json {
		p.emit(heldLine{p.head("held"), waiting, target.String(), clip(reason, longText)})
		return
	}
	if waiting == 0 {
		p.note("%s%s", indent, p.paintTalk.green("the app answers again; nothing is held"))
		return
	}
	why := "no connection to " + place(target) + ": " + reason
	if containsAny(reason, "refused") || reason == "" {
		why = "nothing listens on " + place(target)
	}
	p.note("%s%s %s · %d waiting · Pictify already has its 200", indent, p.paintTalk.yellow("held:"), sanitize(why, 300), waiting)
}

// reconnecting tells that the tunnel is down and will be tried again.
func (p *printer) reconnecting(err error) {
	if p.json {
		p.emit(connectionLine{lineHead: p.head("reconnecting"), Error: clip(err.Error(), longText)})
		return
	}
	p.note("%s  %s %s", p.clock(), p.paintTalk.yellow("tunnel lost, reconnecting:"), sanitize(err.Error(), longText))
}

// reconnected tells that the tunnel is up again, at publicURL.
func (p *printer) reconnected(publicURL string) {
	if p.json {
		p.emit(connectionLine{lineHead: p.head("reconnected"), PublicURL: clip(publicURL, longText)})
		return
	}
	p.note("%s  %s %s", p.clock(), p.paintTalk.green("tunnel is back at"), sanitize(publicURL, longText))
}

// subscription tells what happened to one of our subscriptions. Its head is filled in.
func (p *printer) subscription(s subscriptionLine) {
	s.lineHead = p.head("subscription")
	s.Event = pictify.EventType(clip(string(s.Event), shortText))
	s.Subscription, s.Note = clip(s.Subscription, shortText), clip(s.Note, longText)
	if p.json {
		p.emit(s)
		return
	}
	note := ""
	if s.Note != "" {
		note = ": " + sanitize(s.Note, longText)
	}
	p.note("%s  subscription %s %s%s", p.clock(), sanitize(string(s.Event), shortText), s.Status, note)
}

// warning tells of something that is not as it should be.
func (p *printer) warning(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if p.json {
		p.emit(warningLine{p.head("warning"), clip(message, 2*longText)})
		return
	}
	p.note("pictap: %s %s", p.paintTalk.yellow("warning:"), sanitize(message, 2*longText))
}

func (p *printer) clock() string {
	return p.paintTalk.dim(p.now().In(p.zone).Format(time.TimeOnly))
}

func deliveryText(paint palette, zone *time.Location, d store.Delivery, cause *causeLine) []string {
	event := sanitize(string(d.Event), 80)
	if event == "" {
		event = "(no event)"
	}
	line := fmt.Sprintf("%s  %s %s  %s  %s  %s",
		paint.dim(d.ReceivedAt.In(zone).Format(time.TimeOnly)),
		paint.cyan("-->"),
		paint.bold(pad(event, 16)),
		pad(d.ID(), 4),
		pad(sanitize(d.About, 160), 26),
		verdictText(paint, d.Verdict))
	if d.Arrivals > 1 {
		line += fmt.Sprintf("  arrived %d times", d.Arrivals)
	}
	if d.Verdict == pictify.Valid {
		return []string{line}
	}
	reason := sanitize(d.Reason, 300)
	if reason == "" {
		reason = string(d.Verdict)
	}
	lines := []string{line, indent + paint.yellow("not forwarded:") + " " + reason}
	if cause != nil && cause.Code != "unknown" && cause.Code != "not-examined" {
		lines = append(lines, indent+paint.yellow("because:")+" "+sanitize(cause.Sentence, longText))
	}
	if cause != nil && cause.Change != "" {
		lines = append(lines, indent+paint.green("change:")+" "+sanitize(cause.Change, longText))
	}
	return lines
}

// verdictText is the verdict in words that fit a line.
func verdictText(paint palette, v pictify.Verdict) string {
	switch v {
	case pictify.Valid:
		return paint.green("sig ok")
	case pictify.Unsigned:
		return paint.red("not signed")
	case pictify.Malformed:
		return paint.red("sig malformed")
	case pictify.Mismatch:
		return paint.red("sig wrong")
	case pictify.Stale:
		return paint.yellow("sig ok, time off")
	case pictify.UnknownSecret:
		return paint.yellow("secret unknown")
	}
	return paint.yellow(sanitize(string(v), 40))
}

func attemptText(paint palette, zone *time.Location, id string, a store.Attempt) []string {
	path := a.URL
	if u, err := url.Parse(a.URL); err == nil {
		path = u.RequestURI()
	}
	line := fmt.Sprintf("%s  %s %s  POST %s  %s  %s",
		paint.dim(a.At.In(zone).Format(time.TimeOnly)), paint.cyan("<--"), statusText(paint, a.Status),
		sanitize(path, 200), id, took(a.Duration))
	if a.Kind == store.Replay {
		line += "  replay"
	}
	if a.OK() {
		return []string{line}
	}
	if a.Error != "" {
		line += "   " + sanitize(a.Error, 300)
	} else if said := gist(a); said != "" {
		line += `   "` + sanitize(said, 160) + `"`
	}
	lines := []string{line}
	if guess := likely(a); guess != "" {
		lines = append(lines, indent+paint.yellow("likely:")+" "+sanitize(guess, 400))
	}
	return lines
}

var titleForm = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// gist is what an answer says in a line: the title of a page, the first line of another text.
func gist(a store.Attempt) string {
	if !isText(a) {
		return ""
	}
	body := string(a.Body)
	if m := titleForm.FindStringSubmatch(body); m != nil {
		body = html.UnescapeString(m[1])
	}
	return firstLine(body)
}

func statusText(paint palette, status int) string {
	text := strconv.Itoa(status)
	switch {
	case status == 0:
		return paint.red("---")
	case status < 300:
		return paint.green(text)
	case status < 400:
		return paint.yellow(text)
	}
	return paint.red(text)
}

// took is a duration as people say it: "0.4 ms", "38 ms", "1.2 s".
func took(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// place is where a target listens: ":3000" on this machine, else "host:port".
func place(target *url.URL) string {
	port := target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[target.Scheme]
	}
	if isLoopbackName(target.Hostname()) {
		return ":" + port
	}
	return target.Hostname() + ":" + port
}

// pad fills s with blanks to width runes.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}
