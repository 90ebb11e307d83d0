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
 * @property {Signature=} signature
 * @property {Production=} production  what Pictify would do about the app's last answer
 * @property {Sibling[]=} siblings    other deliveries that name the same delivery id, newest first
 * @property {boolean=} more_siblings there are others
 * @property {PicturePlace[]=} pictures  what the payload names and this page may show
 */

/**
 * A signature taken apart.
 * @typedef {object} Signature
 * @property {number} fields          how many signature headers there are
 * @property {string} header          the first one's value, "" when there is none
 * @property {string=} problem        why it cannot be read
 * @property {string=} t              Unix seconds, as it stands
 * @property {string=} at             the same as RFC 3339; left out of a year that has five digits
 * @property {number=} age            seconds between then and the arrival; below 0 from the future
 * @property {number} tolerance       seconds that the age may be, in both directions
 * @property {string[]} v1            hex
 * @property {[string, string][]=} elements  name and value of what stands between the commas, when there is more to say
 * @property {string=} signed         the beginning of what t says was signed
 * @property {number=} signed_bytes   the length of all of it
 * @property {string} secret          what it was checked with: "subscription" "local", "" nothing
 * @property {boolean} matched        and that is what it was signed with
 */

/**
 * What Pictify would do about an answer.
 * @typedef {object} Production
 * @property {number} attempt         whose answer it is
 * @property {number} made            which of Pictify's attempts it stands for, from 1
 * @property {number} of              how many Pictify makes at most
 * @property {string=} failing        "" it is content; "no-answer" "too-slow" "redirects" "no-success"
 * @property {number[]} next          seconds before each attempt that may follow
 * @property {boolean} gives_up       that was the last: the subscription is disabled
 */

/**
 * Another delivery that names the same delivery id.
 * @typedef {object} Sibling
 * @property {string} id
 * @property {number} seq
 * @property {string} time
 * @property {string} event
 * @property {string} verdict
 * @property {string} state
 * @property {number} status          the app's last answer; 0 for none
 */

/**
 * @typedef {object} PicturePlace
 * @property {string} field           as a search has it: "data.url"
 * @property {string} url
 */

/**
 * What a picture is by its bytes, and what the payload says of it.
 * @typedef {object} MediaFacts
 * @property {string} field
 * @property {string} type            "png" "jpeg" "gif" "webp" "pdf"; others are not shown, "" is unknown
 * @property {number} bytes
 * @property {number} width           pixels, of a PDF points; 0 is unknown
 * @property {number} height
 * @property {number} frames
 * @property {number} pages
 * @property {string=} damage         what is wrong with the file
 * @property {string=} hidden         why it is not shown
 * @property {Claim[]} claims
 */

/**
 * @typedef {object} Claim
 * @property {string} what            "size" "format" "type" "ending" "pages"
 * @property {string} claimed
 * @property {string} real            "" when it could not be found out
 * @property {boolean} ok
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
 * @property {string=} app_reason     why it is down
 * @property {string=} app_since      when app became what it is
 * @property {boolean} can_replay
 * @property {boolean} can_drain      POST /api/drain has the app looked for at once
 * @property {boolean} can_pause      subscriptions may be paused and resumed
 * @property {boolean} mock           a mock runs inside, see /api/mock
 * @property {boolean} can_send       POST /api/send takes an edited event
 * @property {boolean} can_fixture
 * @property {Named[]} copy_forms     what GET /api/deliveries/{id}/copy can make
 * @property {Named[]} export_as      what GET /api/export can make
 * @property {boolean} can_shape      test events can be shaped, see /api/volleys
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
 * One step of a search, or of the whole list.
 * @typedef {object} Page
 * @property {Summary[]} deliveries   newest first
 * @property {boolean} more           there may be older ones that match
 * @property {number} next            the step after this one goes on before this number
 * @property {string} q               the search with its "last" and "10m" settled, for the steps after this one
 * @property {number} rev             it knows all changes up to here
 * @property {number} total           how many are stored, whether they match or not
 */

/**
 * What changed after a revision, as a search sees it.
 * @typedef {object} Changes
 * @property {Summary[]} deliveries   those that match, oldest change first
 * @property {number[]} gone          the numbers of those that do not
 * @property {number} rev             the revision reached
 * @property {boolean} more           there was more than fits into one answer
 * @property {boolean} reset          it is too much, or from another store: read anew
 * @property {number} total           how many are stored
 */

/**
 * Why a search makes no sense; the answer's status is 400.
 * @typedef {object} SearchTrouble
 * @property {string} error
 * @property {number} pos             where in the text
 * @property {string} hint            what would be right, may be ""
 */

/**
 * A key of the search language.
 * @typedef {object} SearchWord
 * @property {string} key             as it is typed, "event:"
 * @property {string} meaning
 * @property {string[]} values        those that are known beforehand
 */

/**
 * @typedef {object} SearchWords
 * @property {SearchWord[]} words
 */

/**
 * What there is to know of this run. Texts are "" when there is nothing to say.
 * @typedef {object} Run
 * @property {string} started
 * @property {string} state_dir
 * @property {string} database
 * @property {string} receiver        address of the receiver's own port
 * @property {string} api             base URL of the service that subscriptions are registered with
 * @property {string} account         which key, without showing it
 * @property {string} ack             "record" "relay"
 * @property {boolean} resign         what is forwarded is signed with the local secret
 * @property {string} on_exit         of the subscriptions: "delete" "pause" "keep"
 * @property {number} keep_count
 * @property {number} keep_bytes
 * @property {number} database_bytes
 * @property {number} deliveries      verified ones that are stored
 * @property {number} bytes           of their bodies and headers
 * @property {number} unverified      others that are stored
 * @property {number} keep_unverified
 */

/**
 * What arrived in one step of time, by what became of it. Every delivery counts once.
 * @typedef {object} ChartStep
 * @property {string} time            when the step begins
 * @property {number} taken           the app answered 2xx
 * @property {number} refused         the app answered something else
 * @property {number} unanswered      waits for the app, or the app broke off
 * @property {number} recorded        there is no app
 * @property {number} unverified      not handed on
 * @property {number} answers         of the app
 * @property {number} p50_ms          half of them took at most so long
 * @property {number} p95_ms
 */

/**
 * @typedef {object} Chart
 * @property {string} from
 * @property {string} to
 * @property {number} step_ms
 * @property {ChartStep[]} steps      those without a delivery are left out
 */

/**
 * One delivery by its name.
 * @typedef {object} Sight
 * @property {string} id
 * @property {string} time
 * @property {number} status          of the app's last answer; 0 for none
 */

/**
 * How far one event type has come.
 * @typedef {object} CoveredType
 * @property {string} event
 * @property {boolean} known          a documented type, which counts
 * @property {boolean} can_send       POST /api/trigger makes one
 * @property {number} taken
 * @property {number} refused
 * @property {number} unanswered
 * @property {number} recorded
 * @property {number} unverified
 * @property {Sight=} last            the newest that came
 * @property {Sight=} answered        the newest that verified and was answered
 */

/**
 * @typedef {object} Coverage
 * @property {CoveredType[]} types
 */

/**
 * @typedef {object} Hold
 * @property {number} waiting
 * @property {Summary[]} deliveries   the first of them, the oldest first
 */

/**
 * What came of looking for the app.
 * @typedef {object} Drained
 * @property {string} app             "answering" "down"
 * @property {string=} reason
 * @property {number} waiting         deliveries that waited before
 */

/**
 * A {@link SubscriptionStatus} with what has come by it.
 * @typedef {object} SubscriptionLine
 * @property {string} uid
 * @property {string} event
 * @property {string} url
 * @property {string} status
 * @property {string=} note
 * @property {number} taken
 * @property {number} refused
 * @property {number} unanswered
 * @property {number} recorded
 * @property {number} unverified
 * @property {Sight=} last
 */

/**
 * @typedef {object} SubscriptionList
 * @property {SubscriptionLine[]} subscriptions
 */

/**
 * A request to the mock and its answer, or one of its attempts to deliver. Texts are "" when there are none.
 * @typedef {object} MockEntry
 * @property {number} seq             from 1, without gaps
 * @property {string} time
 * @property {string} kind            "request" "delivery"
 * @property {string} method
 * @property {string} path            of a delivery, the URL
 * @property {number} status          0: no answer
 * @property {number} duration_ms
 * @property {number} request_bytes
 * @property {number} answer_bytes
 * @property {string} request         how the body begins
 * @property {string} answer
 * @property {string} fault           what went wrong on purpose
 * @property {[string, string][]=} request_header   without secrets
 * @property {[string, string][]=} answer_header
 * @property {string} subscription
 * @property {string} delivery
 * @property {string} event
 * @property {number} attempt         0 for a test delivery
 * @property {string} error
 * @property {string} wait            until the next attempt, as documented
 * @property {boolean} gave_up
 */

/**
 * @typedef {object} MockJournal
 * @property {MockEntry[]} entries    oldest first
 */

/**
 * @typedef {object} MockAttempt
 * @property {number} n               0 for a test delivery
 * @property {string} time
 * @property {number} status          0: no answer
 * @property {number} duration_ms
 * @property {string} error
 * @property {string} answer          how it begins
 */

/**
 * A wait before a further attempt.
 * @typedef {object} MockWait
 * @property {string} said            as documented, "30m"
 * @property {number} ms              on the compressed clock
 */

/**
 * An event on its way to a subscription of the mock, with its ladder of retries.
 * @typedef {object} MockDelivery
 * @property {string} id
 * @property {string} event
 * @property {string} subscription
 * @property {string} url
 * @property {string} state           "waiting" "active" "delayed" "failed" "received"
 * @property {number} made            attempts; may be more than are remembered
 * @property {MockAttempt[]} attempts
 * @property {string=} due            the next attempt
 * @property {boolean} can_attempt    at once
 * @property {MockWait[]} remaining   waits after the next one, if it fails
 */

/**
 * @typedef {object} MockSubscription
 * @property {string} uid
 * @property {string} event
 * @property {string} url
 * @property {string} status          "active" "paused" "failed"
 * @property {number} deliveries
 * @property {number} failures        attempts since the last that succeeded
 */

/**
 * @typedef {object} MockQueue
 * @property {number} waiting
 * @property {number} active
 * @property {number} delayed         until a retry
 * @property {number} completed
 * @property {number} failed          given up
 */

/**
 * @typedef {object} MockState
 * @property {string} url
 * @property {number} scale           how many times faster time goes
 * @property {string[]} waits         before each further attempt, as documented
 * @property {string[]} faults
 * @property {MockQueue} queue
 * @property {MockDelivery[]} deliveries  what is due, then what has ended, the newest first
 * @property {MockSubscription[]} subscriptions
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

/**
 * What somebody wants to be sent: events of one type, or a scenario. What is left out is as pictap trigger has it.
 * @typedef {object} Volley
 * @property {string=} event
 * @property {string=} type           of what is rendered: "image" "gif" "pdf"
 * @property {number=} seed           left out: another one each time
 * @property {string=} at             when it happened, RFC 3339; left out: when it is sent
 * @property {string=} id             of all deliveries
 * @property {boolean=} strict        no data.deliveryId
 * @property {Edit[]=} edits
 * @property {string[]=} tamper       each event is sent once for each of these ways to break it
 * @property {number=} count          events
 * @property {number=} duplicate      times that each is sent
 * @property {boolean=} shuffle
 * @property {number=} rate           requests a second
 * @property {string=} delay          before each request: "200ms" or "0-5s"
 * @property {number=} drop           percent of the requests that are left out
 * @property {number=} concurrency
 * @property {string=} scenario       instead of all but the seed
 */

/**
 * A change of one place of an event.
 * @typedef {object} Edit
 * @property {string} path            "data.variables.title"
 * @property {string=} value          JSON if it can be read as such, else a string
 * @property {boolean=} remove        instead of putting the value there
 * @property {boolean=} new           allows a place that the event does not have
 */

/**
 * One request of a volley: the very bytes of its body, and its header as it would be now.
 * @typedef {object} VolleySample
 * @property {number} seed
 * @property {string} at              when it happened, RFC 3339
 * @property {number} n               from 0, in the order of sending
 * @property {number} total
 * @property {string} event
 * @property {string} delivery_id
 * @property {string} tamper          "" when it is whole
 * @property {boolean} dropped        it is left out
 * @property {string} made            the body before it was edited and broken
 * @property {[string, string][]} header
 * @property {string=} body           when it is text
 * @property {string=} body_base64    when it is not
 * @property {boolean=} truncated     the body given here is only its beginning
 * @property {number} bytes
 * @property {string} command         the same for a POSIX shell
 */

/**
 * What can be sent.
 * @typedef {object} VolleyKit
 * @property {TamperKind[]} tampers
 * @property {Scenario[]} scenarios
 * @property {number} most            requests of a volley
 * @property {VolleyJob | null} job   the last one
 */

/**
 * A way to break a delivery.
 * @typedef {object} TamperKind
 * @property {string} name
 * @property {string} why             what is wrong then
 * @property {string} want            what a correct handler answers
 */

/**
 * A course of events that is built in.
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about
 * @property {number} requests
 * @property {ScenarioStep[]} steps
 */

/**
 * @typedef {object} ScenarioStep
 * @property {string} name
 * @property {string} about
 */

/**
 * A volley that is being sent, or was.
 * @typedef {object} VolleyJob
 * @property {string} id
 * @property {string} state           "running" "done" "stopped" "failed"
 * @property {string} event
 * @property {string} scenario
 * @property {number} seed
 * @property {number} total           requests
 * @property {number} sent            and answered, or not
 * @property {number} accepted        2xx
 * @property {number} refused         another status
 * @property {number} dropped
 * @property {number} unexpected      answers that are not those of a correct receiver
 * @property {Record<string, number>} statuses   "0": no answer
 * @property {number} p50_ms
 * @property {number} p99_ms
 * @property {StepProgress[]} steps   of a scenario
 * @property {number} seconds
 * @property {string[]} first         the first deliveries that came of it; once it has ended
 * @property {string} search          finds what came of it; once it has ended
 * @property {string=} error
 */

/**
 * How far a step of a scenario has come.
 * @typedef {object} StepProgress
 * @property {string} name
 * @property {number} total
 * @property {number} sent
 * @property {number} unexpected
 * @property {Record<string, number>} statuses
 */

export {};
