// Package store is what pictap remembers: deliveries, the attempts to hand them
// to the app, and the subscriptions they come through.
//
// It is one SQLite file in WAL mode with synchronous=FULL. When [Store.Record]
// returns, the row survives kill -9 and, on a disk that tells the truth about
// fsync, loss of power. A user may open the file with any SQLite tool.
//
// # One writer, many readers
//
// All writes of a process go through one goroutine, which puts whatever has
// queued up meanwhile into a single transaction: callers share an fsync, so
// thousands of deliveries a second are each durable before they are
// acknowledged. Other processes may read and write the same file; SQLite's own
// lock orders the transactions, and the counters live in the file, so numbers
// never collide.
//
// # Revisions instead of messages
//
// Every change gets the next revision number. A listener asks "what changed
// after REV?" ([Store.Since]) and sleeps on [Store.Changed] in between. Nobody
// broadcasts, so nobody can lose or reorder a message, and to reconnect is to
// ask the same question again. The alternative, a hub with a channel for each
// client, drops what a slow client cannot take.
//
// # Searches go in steps
//
// A [Search] is tried on deliveries from the newest back, in steps that end when their
// time is used up ([Store.SearchStep]). An index of texts beside the database, in
// pictap-search.db, says which bodies need not be read. It is a file that may be
// removed at any time: in the database itself it would share its log, its disk space and
// its damage with what must not be lost. See index.go.
//
// # What is bounded
//
// Verified deliveries are kept up to a count and a number of bytes, the oldest
// going first, but never one that still waits for the app. Requests that did
// not verify live in a ring of their own ([UnverifiedCount], [UnverifiedBytes])
// and cannot push verified ones out.
//
// Store imports tunnel/pictify for its words (event type, verdict, secret): a
// second secret type here would be a second thing that can be printed.
package store
