// Package tunnel receives: it is the way of a delivery from a public request to
// the developer's app.
//
// # A delivery's way through the house
//
//	Pictify, or mock
//	   │  POST /in/<install>/<token>     X-Pictify-Signature: t=…,v1=…
//	   ▼
//	ngrok edge ► Ngrok's Listener, or a port of this machine
//	   ▼
//	Receiver   1  find the Hook by the exact path: it names the secret, nothing is tried
//	           2  read the raw bytes, bounded
//	           3  pictify.Verify → a verdict
//	           4  store.Record: durable when it returns ──► the bell rings: page, terminal
//	           5  answer 200
//	   ▼
//	Forwarder  6  the same bytes, the same header in the same order, a fresh signature ─► the app
//	           7  store.NoteAttempt ──► the bell rings again
//
// A request that does not verify leaves the way at 3: it is kept in a bounded
// ring with its reason, refused, and never forwarded. While the app is down
// deliveries leave it at 5 and wait in the store; the port is tried, and when it
// answers they go on in the order in which they came. A process that dies loses
// nothing that it has answered: what was recorded and not forwarded is still
// waiting at the next start.
//
// # Who makes Pictify send
//
// A [Registrar] creates one subscription for each event type, each with a path
// of its own. It writes down what it is about to do before it does it, and our
// install id is part of every target URL, so that whatever a crash leaves at
// Pictify is found and removed, and what belongs to others is not touched.
//
// # Decisions
//
// Acknowledge when recorded, not when forwarded. Pictify disables a subscription
// after repeated failures, and an app under development fails all day. The
// other way is there for those who test Pictify's retries ([Receiver.Relay]).
//
// Requests to the app are written by hand and not with http.Transport, which
// sorts header fields and joins what was apart; answers are read by net/http. On
// the receiving side it is the other way round: hostile bytes are net/http's
// to parse, and only the order of the fields is taken from the raw head (head.go).
//
// The order of forwarding is the order of commits, which the store calls out
// ([store.Store.RecordThen]); the order in which handlers return is another.
//
// "Ready" is proved, not assumed: [Receiver.Probe] sends a nonce through the
// public URL, at the start and after each reconnect.
package tunnel
