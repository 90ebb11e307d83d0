package command

import (
	"fmt"
	"strings"
	"time"
)

// A readiness is what there is to say once deliveries can come in: the line for
// programs, and beside it what only people are told.
type readiness struct {
	readyLine
	Account string        // "live key pk_live_…9f2c"; "" when none is used
	Took    time.Duration // how long the probe's way round was
	Refused []string      // event types that the API did not take
	App     string        // "answering", "down"; "" is unknown
	Secret  string        // where the local secret comes from
}

// ready says that deliveries can come in. The head is filled in.
func (p *printer) ready(r readiness) {
	if p.json {
		r.lineHead = p.head("ready")
		r.V = 1
		if r.Hooks == nil {
			r.Hooks = []hookLine{} // a list, never null
		}
		p.emit(r.readyLine)
		return
	}
	p.talk.write(bannerText(p.paintTalk, r))
}

// bannerText leaves out what there is nothing to say about.
func bannerText(paint palette, r readiness) []string {
	var lines []string
	row := func(name, text, remark string) {
		if text == "" {
			return
		}
		line := "  " + paint.dim(pad(name, 9)) + sanitize(text, longText)
		if remark != "" {
			line += "   " + remark
		}
		lines = append(lines, line)
	}
	probe := ""
	switch {
	case r.Probed:
		probe = paint.green("probed in " + took(r.Took))
	case r.PublicURL != "":
		probe = paint.yellow("not probed")
	}
	var events []string
	for _, hook := range r.Hooks {
		events = append(events, string(hook.Event))
	}
	refused := ""
	if len(r.Refused) > 0 {
		refused = paint.dim("(" + sanitize(strings.Join(r.Refused, " "), shortText) + " refused by the API)")
	}
	app := map[string]string{"answering": paint.green("● answering"), "down": paint.yellow("○ nothing listens there yet")}[r.App]
	row("account", r.Account, "")
	row("mock", r.BaseURL, "")
	row("public", r.PublicURL, probe)
	row("events", strings.Join(events, " "), refused)
	row("forward", r.ForwardTo, app)
	row("secret", r.Secret, paint.dim("(pictap secret show)"))
	row("page", r.Inspector, "")
	row("gallery", r.Gallery, paint.dim("(the sample app)"))
	return append(lines, "")
}

// pageLink tells the link that lets in another page, once the last one has been used.
func (p *printer) pageLink(launchURL string) {
	if p.json {
		p.emit(inspectorLine{p.head("inspector"), launchURL})
		return
	}
	p.note("%s  %s", p.clock(), p.paintTalk.dim("page opened; the link for another one is "+launchURL))
}

// bye says how the run ended. The head is filled in.
func (p *printer) bye(b byeLine) {
	if p.json {
		b.lineHead = p.head("bye")
		b.Removed, b.Left = clipAll(b.Removed), clipAll(b.Left)
		p.emit(b)
		return
	}
	var parts []string
	if n := len(b.Removed); n > 0 {
		verb := "removed "
		if b.Paused {
			verb = "paused "
		}
		parts = append(parts, verb+count(int64(n), "subscription"))
	}
	if b.Waiting > 0 {
		parts = append(parts, count(b.Waiting, "delivery")+" still held for the app")
	}
	if b.Deliveries > 0 {
		parts = append(parts, count(b.Deliveries, "delivery")+" recorded")
	}
	if len(parts) > 0 {
		p.note("%s  %s", p.clock(), strings.Join(parts, ", "))
	}
	if len(b.Left) > 0 {
		p.note("%s  %s %s; the next start removes them, or: pictap subs prune --yes",
			p.clock(), p.paintTalk.yellow("left behind:"), sanitize(strings.Join(b.Left, " "), longText))
	}
}

// clipAll is a list, never null, of words that are not too long.
func clipAll(words []string) []string {
	clipped := []string{}
	for _, word := range words {
		clipped = append(clipped, clip(word, shortText))
	}
	return clipped
}

// count is "1 delivery" or "2 deliveries".
func count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	if strings.HasSuffix(noun, "ch") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
