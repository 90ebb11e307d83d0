package check

import (
	"context"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// Pages of the documentation.
const (
	docsGuide    = "https://docs.pictify.io/guides/webhook-integration"
	docsConcepts = "https://docs.pictify.io/concepts/webhooks"
	docsSecurity = "https://docs.pictify.io/security/webhook-verification"
)

// A taking is a delivery that must be acknowledged.
type taking struct {
	name, title string
	sample      func(r *round) fixtures.Sample
	contentType string
	ahead       time.Duration // of the signature's time
	why, fix    string
	refused     Status // what a refusal is; "" is Fail
}

const (
	typeWhy = "An answer other than 2xx counts as a failed delivery: Pictify tries again for a day and then disables the subscription."
	typeFix = "Answer 200 for every type of event, also those that you do not act on: the switch needs a default."
)

func kind(t pictify.EventType, typ string) func(*round) fixtures.Sample {
	return func(r *round) fixtures.Sample { return r.sample(fixtures.Kind{Event: t, Type: typ}) }
}

func takings() []taking {
	return []taking{
		{name: "image", title: "render.completed of an image", sample: kind(pictify.RenderCompleted, "image"), why: typeWhy, fix: typeFix},
		{name: "gif", title: "render.completed of a GIF", sample: kind(pictify.RenderCompleted, "gif"), why: "One subscription brings images, GIFs and PDFs alike, and a filter by type may be ignored.",
			fix: `Take data.type and data.format as open sets; nothing but an image has to be "image".`},
		{name: "pdf", title: "render.completed of a PDF", sample: kind(pictify.RenderCompleted, "pdf"), why: "One subscription brings images, GIFs and PDFs alike, and a filter by type may be ignored.",
			fix: `Take data.type and data.format as open sets; nothing but an image has to be "image".`},
		{name: "render-failed", title: "render.failed", sample: kind(pictify.RenderFailed, ""), why: typeWhy, fix: typeFix},
		{name: "batch-completed", title: "batch.completed", sample: kind(pictify.BatchCompleted, ""), why: typeWhy, fix: typeFix},
		{name: "batch-failed", title: "batch.failed", sample: kind(pictify.BatchFailed, ""), why: typeWhy, fix: typeFix},
		{name: "binding-updated", title: "binding.updated", sample: kind(pictify.BindingUpdated, ""), why: typeWhy, fix: typeFix},
		{name: "binding-failed", title: "binding.failed", sample: kind(pictify.BindingFailed, ""), why: "The guide's own switch has no case for it; without a default a handler may answer 400 or nothing.", fix: typeFix},
		{name: "minimal", title: "a test delivery: imageId and url, nothing else", sample: (*round).minimal,
			why: `"Send Test" and webhooks.test() send partial data; a crash there looks like a broken endpoint.`, fix: "Read optional fields as optional: data.variables?.contentId."},
		{name: "absent-optionals", title: "a render without template, variables and storage URL", sample: (*round).bare,
			why: "Renders of raw HTML or of a URL have no templateId and no variables; few accounts have userStorageUrl.", fix: "Read optional fields as optional: data.variables?.contentId."},
		{name: "maximal", title: "every field that the documents name", sample: (*round).maximal,
			why: "The pages differ in which fields they show; an event may have all of them.", fix: "Take fields that you know, in any order, and let the rest be."},
		{name: "unknown-fields", title: "fields that nobody has documented", sample: func(r *round) fixtures.Sample {
			return r.edited(set("apiVersion", `"2030-01-01"`), set("data.pictapCheck", `{"new":[1,{"x":null}]}`))
		}, why: "Pictify adds fields without notice, as it has done with engine.", fix: "Do not forbid unknown keys: no additionalProperties: false, no DisallowUnknownFields, no extra=\"forbid\"."},
		{name: "unicode", title: "accents, Arabic, Chinese, emoji, U+2028", sample: func(r *round) fixtures.Sample {
			return r.edited(set("data.variables", `{"title":`+text("Crème brûlée مرحبا 你好 👩‍🚀 \u2028 <b>&\"'\\")+`}`))
		}, why: "The signature is over UTF-8 bytes; whoever reads the body as Latin-1, or cuts it between two chunks, gets others.", fix: "Hash the raw bytes, before they are decoded; join all chunks first."},
		{name: "raw-bytes", title: "the same JSON in other bytes: blanks, \\u00e9, 1.0", sample: (*round).respelled,
			why: "A handler that signs parsed and re-encoded JSON works until the two encoders differ in a blank, an escape or the order of keys.",
			fix: "Verify over the raw body: express.raw(), await request.text(), request.get_data(), io.ReadAll; parse after that."},
		{name: "one-mebibyte", title: "a body of 1 MiB", sample: func(r *round) fixtures.Sample { return padded(r.edited(), 1<<20) },
			why: "Variables come back in the event, texts and data URLs included; body parsers stop at 100 kB by default.", fix: "Raise the limit of the route: express.raw({ type: '*/*', limit: '10mb' })."},
		{name: "charset", title: "Content-Type: application/json; charset=utf-8", sample: (*round).ordinary, contentType: "application/json; charset=utf-8",
			why: "Many HTTP clients add the charset; a proxy in between may too.", fix: "Compare the media type alone, without its parameters."},
		{name: "clock-skew", title: "signed by a clock that is 4 minutes ahead", sample: (*round).ordinary, ahead: 4 * time.Minute, refused: Warn,
			why: "The documented tolerance is 300 s in both directions. A smaller one refuses deliveries when clocks differ.", fix: "Allow abs(now - t) <= 300, in seconds."},
	}
}

func accepts() (cases []Case) {
	for _, t := range takings() {
		cases = append(cases, Case{Group: Accepts, Name: t.name, Title: t.title, Expect: "2xx", Why: t.why, Docs: t.docs(), Fix: t.fix, Requests: 1,
			run: func(ctx context.Context, r *round) verdict {
				return t.judge(r.fire(ctx, shot{what: "the delivery", message: t.message(r)}))
			}})
	}
	return cases
}

func (t taking) docs() string {
	switch t.name {
	case "unicode", "raw-bytes", "clock-skew":
		return docsSecurity
	case "charset", "one-mebibyte":
		return docsConcepts
	case "minimal":
		return docsGuide + "#test-mode"
	}
	return docsGuide + "#event-types"
}

func (t taking) message(r *round) pictify.Message {
	m := t.sample(r).Message(pictify.NewSigner(r.Secret), r.Now().Add(t.ahead))
	if t.contentType != "" {
		setField(m.Header, "Content-Type", t.contentType)
	}
	return m
}

func (t taking) judge(e Exchange) verdict {
	switch {
	case e.accepted():
		return verdict{status: Pass, said: e.words()}
	case e.refused() && t.refused != "":
		return verdict{status: t.refused, said: e.words()}
	}
	return verdict{status: Fail, said: e.words()}
}

func setField(header []pictify.Field, name, value string) {
	for i, f := range header {
		if f.Name == name {
			header[i].Value = value
		}
	}
}
