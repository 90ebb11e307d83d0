// @ts-check
// The JSON that pictap's page API speaks, as JSDoc typedefs.
//
// Fields are only ever added. A Go test holds every typedef here to the struct of the same name in
// ui/wire.go, so that neither side drifts alone. Fields marked "=" are left out when they are empty.

/**
 * One try at handing a delivery to the app.
 * @typedef {object} Attempt
 * @property {number} n               1 for the first
 * @property {string} kind            "forward" or "replay"
 * @property {string} time            RFC 3339 with milliseconds, UTC
 * @property {string} url             where it was sent
 * @property {number} status          the app's answer; 0 when there was none
 * @property {number} duration_ms
 * @property {string=} error          why there was no answer
 * @property {[string, string][]=} header  the answer's headers in received order (detail only)
 * @property {string=} body           the answer's body when it is text (detail only)
 * @property {string=} body_base64    the answer's body when it is not (detail only)
 * @property {number=} bytes          the answer's size (detail only)
 * @property {boolean=} truncated     the body given here is only its beginning (detail only)
 */

/**
 * One delivery as the list shows it.
 * @typedef {object} Summary
 * @property {string} id              "d17"
 * @property {number} seq             arrival number, never reused
 * @property {number} rev             grows with every change to any delivery
 * @property {string} time            RFC 3339 with milliseconds, UTC
 * @property {string} event           the type; unknown ones are legal, "" when the body names none
 * @property {string} about           one line what it is about, may be ""
 * @property {string} delivery_id     the sender's id, not covered by the signature
 * @property {string} subscription    the subscription whose path it came in by
 * @property {string} source          "pictify" or "local"
 * @property {string} verdict         "valid" "unsigned" "malformed" "stale" "mismatch" "unknown-secret"
 * @property {string=} reason         the verdict in words, when it is not "valid"
 * @property {string} state           "waiting" "done" "failed" "kept"
 * @property {number} arrivals        more than 1 when the sender repeated itself
 * @property {number} bytes           size of the body
 * @property {string} remote          who sent it, as far as is known
 * @property {number} attempt_count   may be more than there are in attempts
 * @property {Attempt[]} attempts     the last ones, oldest first
 */

/**
 * Everything about one delivery: a {@link Summary} with the request itself.
 * @typedef {object} Detail
 * @property {string} id
 * @property {number} seq
 * @property {number} rev
 * @property {string} time
 * @property {string} event
 * @property {string} about
 * @property {string} delivery_id
 * @property {string} subscription
 * @property {string} source
 * @property {string} verdict
 * @property {string=} reason
 * @property {string} state
 * @property {number} arrivals
 * @property {number} bytes
 * @property {string} remote
 * @property {number} attempt_count
 * @property {Attempt[]} attempts
 * @property {Cause=} cause           why it does not verify
 * @property {string} method
 * @property {string} path
 * @property {[string, string][]} header   in received order, repeats kept
 * @property {string=} body           when the bytes are UTF-8
 * @property {string=} body_base64    when they are not
 * @property {boolean=} truncated     the body given here is only its beginning; /body has all of it
 */

/**
 * Why a delivery does not verify, and what to do about it.
 * @typedef {object} Cause
 * @property {string} sentence
 * @property {string=} change
 */

/**
 * @typedef {object} SubscriptionStatus
 * @property {string} uid
 * @property {string} event
 * @property {string} url             our address that the service calls
 * @property {string} status          "active" "paused" "failed"
 * @property {string=} note           what a person should know about it
 */

/**
 * What pictap is doing, for the strip at the top.
 * @typedef {object} Status
 * @property {string} mode            "ngrok" "public-url" "local" "mock"
 * @property {string} public_url
 * @property {string} forward_to      "" when deliveries are only recorded
 * @property {string} tunnel          "online" "reconnecting" "local"
 * @property {string} app             "answering" "down" "unknown"
 * @property {number} held            deliveries that wait for the app
 * @property {boolean} probed         a request through the public URL came back
 * @property {SubscriptionStatus[]} subscriptions
 * @property {string} version
 * @property {string[]} warnings
 * @property {boolean} can_replay
 * @property {boolean} can_send       POST /api/send takes an edited event
 * @property {boolean} can_fixture
 * @property {Named[]} copy_forms     what GET /api/deliveries/{id}/copy can make
 * @property {Named[]} export_as      what GET /api/export can make
 * @property {string[]} events        the types POST /api/trigger accepts, none when it accepts nothing
 */

/**
 * @typedef {object} SessionGrant
 * @property {string} token           for this run of pictap
 * @property {string} resume          one-time key for the next run on the same state
 * @property {string} epoch           names the store; another one means other deliveries
 */

/**
 * One message on the live socket. "hello" comes first: changes after `rev` follow. "reset" follows it when
 * the revision we asked for cannot be continued: what we have is to be thrown away and read anew. "beat"
 * says that the server is alive.
 * @typedef {object} Frame
 * @property {string} type            "hello" "reset" "removed" "deliveries" "status" "beat"
 * @property {string=} epoch          hello
 * @property {number=} rev            hello, deliveries: the revision reached
 * @property {Summary[]=} deliveries  deliveries: oldest change first
 * @property {Status=} status         status
 * @property {string[]=} ids          removed: deliveries that were deleted
 */

/**
 * @typedef {object} Page
 * @property {Summary[]} deliveries   newest first
 * @property {boolean} more           older ones exist
 */

/**
 * Something to choose.
 * @typedef {object} Named
 * @property {string} name
 * @property {string} title
 */

/**
 * Something that is wrong with a body.
 * @typedef {object} Problem
 * @property {number} line            from 1
 * @property {number} column
 * @property {string=} path           of the value; left out for the whole
 * @property {string} text
 * @property {boolean=} warning       only something that the documents do not know
 */

/**
 * @typedef {object} Sent
 * @property {string} id              the delivery that an edited one has become
 */

/**
 * @typedef {object} Copied
 * @property {string} text
 * @property {string=} note           what is not as one would expect
 */

/**
 * @typedef {object} Saved
 * @property {string} path            where the fixture was written
 */

/**
 * @typedef {object} RemovedCount
 * @property {number} removed
 */

export {};
