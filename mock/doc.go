// Package mock plays Pictify on this machine: its API for webhook subscriptions,
// and the sender that signs and delivers events. An integration can be built and
// tested against it without an account; pictap's own tests are its first user.
//
//	api := &mock.Server{}
//	srv := httptest.NewServer(api)
//	client := &pictify.Client{BaseURL: srv.URL, Key: pictify.NewSecret("any key")}
//	sub, err := client.Create(ctx, pictify.NewSubscription{…}, "")
//	results := api.Emit(ctx, event) // a signed POST to sub.TargetURL
//
// # An event's way out
//
//	Emit ► which subscriptions match ► Dispatcher ► sign ► POST ► outcome recorded
//
// A [Dispatcher] knows nothing of subscriptions. Whoever fakes a delivery by hand
// uses the same one, so that a fake differs from a delivery of the mock, and as
// far as is known from one of Pictify, only in who sent it.
//
// # Where the documents disagree
//
// Answers are given so that every client that was seen reads them: objects both
// wrapped and at the top level, errors with the keys of RFC 9457 and with the
// message, error and code of the real service, JSON even where the documents say
// 204. The paths work without prefix, below /v1 and below /api.
//
// Deliberately unlike the real service: targets on this machine are accepted,
// and a key may do what the newest documents reserve to the dashboard (pause,
// resume, stats, test).
package mock
