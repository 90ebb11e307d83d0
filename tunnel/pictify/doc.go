// Package pictify is what goes over the wire between Pictify and a webhook
// receiver: events, signatures, subscriptions and the API that manages them.
//
// It is a leaf: it knows the standard library and nothing of pictap, so that the
// half that receives (tunnel) and the half that plays Pictify (mock, fixtures)
// share one definition of everything that both must agree on.
//
// # Where the facts come from
//
// Pictify has no versioned specification. The comments name the public page a
// fact was read on: "guide" is guides/webhook-integration, "concepts" is
// concepts/webhooks, "api-reference" is api-reference/webhooks, "openapi" is
// openapi/v1.yaml, all of the documentation as of 2026-01-29. Where the pages
// contradict each other the comment says which reading was chosen.
//
// # What is strict and what is lenient
//
// Signatures are judged more strictly than by the published samples, because a
// verifier that accepts their accidents (repeated elements, times with trailing
// letters) accepts what an attacker would send. Everything that Pictify merely
// reports is read leniently: unknown event types are carried through, unknown
// keys are ignored, and an API answer may be wrapped or flat.
//
// # Why a signature does not match
//
// [Explain] reasons about bytes alone: it computes what the signature would be if
// somebody had made this or that mistake, and names the first that fits. It knows
// mistakes by codes and speaks no sentence; the words for people, and what to
// change in which framework, are the command line's. That way the same finding
// can be said in a line, on a page and to a program.
package pictify
