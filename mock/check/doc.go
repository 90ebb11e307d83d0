// Package check sends somebody's handler a battery of deliveries, ordinary ones,
// odd ones and forgeries, and judges how it answers each.
//
//	card, err := (&check.Battery{Target: target, Secret: secret}).Run(ctx)
//
// # What counts
//
// A pass is something that was seen, never the absence of something else:
//
//   - That a forgery was refused shows nothing when the handler refuses everything.
//     So after each forgery its twin is sent, the same delivery rightly signed; only when
//     the twin was accepted is the refusal a pass.
//   - That a hostile delivery did no harm shows in the ordinary one that is sent
//     after it and must be accepted.
//   - That the same delivery twice acts once cannot be seen from answers. It is
//     measured if [Battery.Effect] can be asked, and otherwise said to be unmeasured.
//
// Before everything else comes one plain delivery. If that is refused nothing
// after it could be told, so nothing else is sent but a few more signatures of the
// same delivery, each made with a well-known mistake: the one that is accepted
// names the cause.
//
// Any 4xx refuses, whatever its number. A 5xx, a connection that breaks and
// silence are crashes.
//
// # What is sent
//
// Payloads are strictly as documented: the delivery's id is in the header alone,
// though the guide's sample for idempotency looks for it in the data. Every
// delivery has an id of its own, also when a seed is used twice, so that a handler
// that remembers ids acts on each.
//
// # Quiet
//
// Requests go out one after the other, at most [Battery.Rate] a second; the
// exceptions are two at once and fifty at once. [Requests] bounds their number, one
// body has 11 MiB, one 1 MiB and the rest a few hundred bytes. Addresses are checked
// when they are dialled, see [Local]. Redirects are not followed.
package check
