// Package mock plays Pictify on this machine: its API, the pictures that it hands
// out, and the sender that signs and delivers events. An integration can be built and
// tested against it without an account; pictap's own tests are its first user.
//
//	api := &mock.Server{}
//	srv := httptest.NewServer(api)
//	client := &pictify.Client{BaseURL: srv.URL, Key: pictify.NewSecret("any key")}
//	sub, err := client.Create(ctx, pictify.NewSubscription{…}, "")
//	results := api.Emit(ctx, event) // a signed POST to sub.TargetURL
//	api.Close()                     // ends what is to be tried again
//
// # A call's way in
//
//	ServeHTTP ► guards, journal, trouble ► table of routes ► key ► Idempotency-Key ► endpoint
//	                                                                                   │
//	           GET /media/… ► pictures (drawn once, kept while there is room)   world ◄┴► Enqueue
//
// The routes are one table. An endpoint takes a call and returns a status and what is
// to be JSON, or an error; a refusal is one that the caller is told about. What calls
// create stands on the shelves of a world: values there are replaced, never changed, so
// that an answer may be encoded after the lock is gone. Each shelf is bounded in number
// and in bytes; of renders and batches the oldest go, of the rest no more are made.
//
// A render is remembered as a media.Picture, a few texts and a size, and drawn when
// its url is first asked for; a film too, whose scene is read for its variables and not run. A batch runs in the crew, which Close waits for.
//
// # An event's way out
//
//	Emit ► which subscriptions match ► a parcel each ► its lane ► Dispatcher ► sign ► POST ► outcome
//	                                                     ▲                                      │ not 2xx
//	                                                     └── the timetable, when it is due ◄── Ladder
//
// Every subscription has a lane of its own, so that one whose target hangs does not
// hold up the others; the outbox is bounded, and what does not fit is said to be lost
// where it was emitted, in the log and in the outcome. The last rung of the ladder
// disables the subscription (status failed); resume revives it. Before each attempt the
// subscription is looked at again: what is due for one that was paused, or failed
// meanwhile, is skipped for good. Deleting one forgets what is due at once.
//
// Waits are measured with a timer, and divided by Ladder.Scale. All times that are
// told, and signatures, are of the real clock: a receiver would refuse a signature
// from tomorrow.
//
// A [Dispatcher] knows nothing of subscriptions. Whoever fakes a delivery by hand
// uses the same one, so that a fake differs from a delivery of the mock, and as
// far as is known from one of Pictify, only in who sent it.
//
// # Trouble, journal, state
//
// A request passes, in this order: the guards, the journal's witness, Trouble (a function,
// for tests), latency, the fault that its own header asks for, the limit, the faults
// by chance, and only then its endpoint. Endpoints need know nothing of all that.
//
// A [Server.Snapshot] is everything that a restart would lose. An endpoint that is
// not a GET marks the state as changed, whatever it did, so endpoints need know
// nothing of that either; a new kind of object has a field in snapshot, and a line in
// each of the methods snapshot, restore and clear.
//
// # Where the documents disagree
//
// Answers are given so that every client that was seen reads them: objects both
// wrapped and at the top level, errors with the keys of RFC 9457 and with the
// message, error and code of the real service, JSON even where the documents say
// 204. The paths work without prefix, below /v1 and below /api.
//
// Of five paths nothing is known but that they are there: /image/public, /gif/public,
// /pdf/from-fabric, /templates/upload-csv and /templates/{uid}/regenerate-thumbnail.
// They answer in the shape of their neighbours; each says what of that is a guess.
//
// Deliberately unlike the real service: targets on this machine and at the Server's
// Places are accepted, of which its Warn is told, and a key may do what the newest
// documents reserve to the dashboard (pause, resume, stats, test).
package mock
