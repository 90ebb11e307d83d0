package check

import (
	"context"
	"strings"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// An oddity is a delivery that may be taken or refused, but must do no harm.
type oddity struct {
	name, title, expect string
	message             func(r *round) pictify.Message
	why, fix, docs      string
	refused             Status // what a refusal is; "" is Pass
	hangUp              Status // what breaking off without an answer is; "" is Fail
}

func oddities() []oddity {
	const either = "2xx or 4xx, and on it goes"
	return []oddity{
		{name: "unknown-event", title: "an event of a type that nobody has documented", expect: "2xx", refused: Warn, docs: docsGuide + "#event-types",
			why: "Types come and go in the documentation. Refusing one makes Pictify retry, and in the end disable the subscription.", fix: typeFix,
			message: func(r *round) pictify.Message {
				s := r.completed(`{"id":"` + r.newID("x_") + `"}`)
				s.Event = "pictap.check"
				s.Body = pictify.AppendBody(nil, s.Event, r.Now(), []byte(`{"id":"`+s.ID+`"}`))
				return r.signed(s)
			}},
		{name: "two-v1-right-first", title: "two v1 values, the right one first", expect: "2xx", refused: Warn, docs: docsSecurity,
			why: "So a sender changes its secret without a gap. Pictify does not do it today, and all samples in the documentation keep the last v1 only.", fix: "Accept when any of the v1 values matches.",
			message: func(r *round) pictify.Message {
				return r.reheaded(func(v string) string { return v + ",v1=" + strings.Repeat("0", 64) })
			}},
		{name: "two-v1-right-last", title: "two v1 values, the right one last", expect: "2xx", refused: Warn, docs: docsSecurity,
			why: "So a sender changes its secret without a gap. Pictify does not do it today.", fix: "Accept when any of the v1 values matches.",
			message: func(r *round) pictify.Message {
				return r.reheaded(func(v string) string { return strings.Replace(v, ",v1=", ",v1="+strings.Repeat("0", 64)+",v1=", 1) })
			}},
		{name: "upper-hex", title: "the right signature in upper case", expect: either, docs: docsSecurity,
			why: "Pictify sends lower case; a proxy or a test may not. Hex has no case.", fix: "Decode v1 as hex, and compare bytes.",
			message: func(r *round) pictify.Message {
				return r.reheaded(func(v string) string { return v[:len(v)-64] + strings.ToUpper(v[len(v)-64:]) })
			}},
		{name: "malformed-json", title: "a body that is no JSON, rightly signed", expect: either, docs: docsGuide + "#graceful-degradation",
			why: "A body cut off by a proxy arrives like this. An exception that nobody catches ends a Node process.", fix: "Catch the parser's error and answer 400; or 200, so that it is not sent again.",
			message: func(r *round) pictify.Message {
				s := r.ordinary()
				s.Body = s.Body[:len(s.Body)*2/3]
				return r.signed(s)
			}},
		{name: "other-json", title: "JSON that is no object, rightly signed", expect: either, docs: docsGuide + "#validate-event-data",
			why: "null parses well, and the first look at event.data throws.", fix: "Check that the body is an object with a string event before you look into it.",
			message: func(r *round) pictify.Message { s := r.ordinary(); s.Body = []byte("null"); return r.signed(s) }},
		{name: "empty-body", title: "no body, rightly signed", expect: either, docs: docsSecurity,
			why: "Body parsers leave undefined where there is no body, and code that takes it for a text throws.", fix: "Take a missing body for an empty one; answer 400.",
			message: func(r *round) pictify.Message { s := r.ordinary(); s.Body = nil; return r.signed(s) }},
		{name: "content-type", title: "Content-Type: text/plain, rightly signed", expect: either, docs: docsConcepts,
			why: "A body parser that waits for application/json leaves the body unread: what is verified then is {} or undefined.", fix: "Read the body whatever its type, or answer 415.",
			message: func(r *round) pictify.Message {
				m := r.signed(r.ordinary())
				setField(m.Header, "Content-Type", "text/plain")
				return m
			}},
		{name: "oversize", title: "11 MiB, rightly signed", expect: "413, another 4xx or 2xx, and on it goes", hangUp: Warn, docs: docsConcepts,
			why: "A handler that reads whatever comes can be made to run out of memory by anyone who learns the URL.", fix: "Limit the body (10 MiB is plenty) and answer 413.",
			message: func(r *round) pictify.Message { return r.signed(padded(r.ordinary(), 11<<20)) }},
	}
}

func (r *round) signed(s fixtures.Sample) pictify.Message {
	return s.Message(pictify.NewSigner(r.Secret), r.Now())
}

// reheaded is an ordinary delivery with its signature header written in another way.
func (r *round) reheaded(how func(string) string) pictify.Message {
	m := r.signed(r.ordinary())
	for i, f := range m.Header {
		if f.Name == pictify.SignatureHeader {
			m.Header[i].Value = how(f.Value)
		}
	}
	return m
}

func tolerates() (cases []Case) {
	for _, o := range oddities() {
		cases = append(cases, Case{Group: Tolerates, Name: o.name, Title: o.title, Expect: o.expect, Why: o.why, Docs: o.docs, Fix: o.fix, Requests: 2, run: o.run})
	}
	return cases
}

// run sends it, and then an ordinary delivery.
func (o oddity) run(ctx context.Context, r *round) verdict {
	e := r.fire(ctx, shot{what: "the delivery", message: o.message(r)})
	next := r.plain(ctx, r.base)
	switch {
	case e.Status == 0 && !e.away && o.hangUp != "" && next.accepted():
		return verdict{status: o.hangUp, said: e.words() + ", and took the next delivery", fix: "Answer 413 before you hang up, so that the sender learns why."}
	case e.crashed():
		return verdict{status: Fail, said: e.words()}
	case !next.accepted():
		return verdict{status: Fail, said: e.words() + ", but then it did not take an ordinary delivery: " + next.words()}
	case e.Status/100 == 3:
		return verdict{status: Warn, said: e.words(), fix: "Answer on this URL itself."}
	case e.refused() && o.refused != "":
		return verdict{status: o.refused, said: e.words()}
	}
	return verdict{status: Pass, said: e.words() + ", and took the next delivery"}
}
