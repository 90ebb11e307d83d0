package check

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// probe is the case that comes first.
func probe() Case {
	return Case{Group: First, Name: "plain", Title: "one plain delivery, rightly signed", Expect: "2xx",
		Why:  "A handler that refuses what is right refuses forgeries too; nothing could be told from that.",
		Docs: docsGuide, Fix: "Get one delivery accepted first: pictap trigger render.completed.",
		Requests: 3 + len(mistakes()), run: sendPlain}
}

func sendPlain(ctx context.Context, r *round) verdict {
	before := r.read(ctx)
	first := r.plain(ctx, r.base)
	switch {
	case first.accepted():
		r.unit = r.change(ctx, before)
		return verdict{status: Pass, said: first.words()}
	case first.away, !first.refused():
		return verdict{status: Fail, said: first.words(), fix: silentFix(first)}
	}
	for _, m := range mistakes() {
		if e := r.mistaken(ctx, m); e.accepted() {
			return verdict{status: m.status, said: first.words() + ", but " + m.said, fix: m.fix}
		}
	}
	for _, t := range []pictify.EventType{pictify.BindingUpdated, pictify.RenderFailed} {
		before := r.read(ctx)
		if e := r.plain(ctx, fixtures.Kind{Event: t}); e.accepted() {
			r.base, r.unit = fixtures.Kind{Event: t}, r.change(ctx, before)
			return verdict{status: Pass, said: fmt.Sprintf("%s to render.completed, but took %s, which the rest is made of", first.words(), t)}
		}
	}
	return verdict{status: Fail, said: first.words()}
}

func silentFix(e Exchange) string {
	if e.Status/100 == 3 {
		return "Answer on this very URL: exempt the route from logins and redirects, or check the URL that it leads to."
	}
	return ""
}

func (r *round) plain(ctx context.Context, k fixtures.Kind) Exchange {
	s := r.sample(k)
	return r.fire(ctx, shot{what: "a plain " + string(k.Event), message: s.Message(pictify.NewSigner(r.Secret), r.Now())})
}

// A mistake is a wrong way to verify. A handler that makes it refuses what is
// right, and accepts what is signed in the same wrong way.
type mistake struct {
	said   string // what a handler does that accepts it
	fix    string
	status Status
	header func(secret, t string, body []byte) string
}

func mistakes() []mistake {
	signed := func(secret, t string, body []byte) string { return "t=" + t + ",v1=" + v1(secret, t, body) }
	list := []mistake{
		{"it verifies with the secret without its prefix whsec_", "Use the secret as it was issued, whsec_ included; nothing of it is decoded.", Fail,
			func(s, t string, b []byte) string { return signed(strings.TrimPrefix(s, "whsec_"), t, b) }},
		{"it verifies with a secret that has a line end after it", "Trim the secret where it is read from a file.", Fail,
			func(s, t string, b []byte) string { return signed(s+"\n", t, b) }},
		{"it signs the body without the time before it", `Compute the HMAC over t + "." + body.`, Critical,
			func(s, t string, b []byte) string { return "t=" + t + ",v1=" + mac(s, b) }},
		{"it takes t for milliseconds", "t counts seconds: compare with Math.floor(Date.now() / 1000).", Fail,
			func(s, t string, b []byte) string { return signed(s, t+"000", b) }},
		{"it verifies JSON that it has parsed and written anew, with sorted keys, as Go does", "Verify over the raw body: io.ReadAll(r.Body) first, json.Unmarshal after that.", Fail,
			func(s, t string, b []byte) string { return signed(s, t, sortedJSON(b)) }},
		{"it verifies JSON that it has parsed and written anew, with blanks after : and ,, as Python does", "Verify over the raw body: request.get_data() or await request.body(), json.loads after that.", Fail,
			func(s, t string, b []byte) string { return signed(s, t, spacedJSON(b)) }},
		{"it accepts the secret that stands in public sample code", "Set PICTIFY_WEBHOOK_SECRET in the app, and have no default for it.", Critical,
			func(_, t string, b []byte) string { return signed(publicSecret, t, b) }},
	}
	for _, s := range []string{"", "undefined", "None"} {
		list = append(list, mistake{"it verifies with the secret " + strconv.Quote(s) + ", so it knows none", "Set PICTIFY_WEBHOOK_SECRET in the app, and refuse to start without it.", Critical,
			func(_, t string, b []byte) string { return signed(s, t, b) }})
	}
	return list
}

// mistaken sends a plain delivery that is signed with a mistake.
func (r *round) mistaken(ctx context.Context, m mistake) Exchange {
	s, at := r.guide(), r.Now()
	message := s.Message(pictify.NewSigner(r.Secret), at)
	header := m.header(r.Secret.Reveal(), strconv.FormatInt(at.Unix(), 10), s.Body)
	if slices.ContainsFunc(message.Header, func(f pictify.Field) bool { return f.Value == header }) {
		return Exchange{} // the mistake makes no difference with this secret
	}
	setField(message.Header, pictify.SignatureHeader, header)
	return r.fire(ctx, shot{what: "the same with a mistake: " + m.said, message: message})
}
