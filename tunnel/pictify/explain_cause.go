package pictify

import "time"

// A FaultCode names one mistake. The words for people are with whoever speaks to
// them; codes are data, and never change their meaning.
type FaultCode string

// What a header itself shows.
const (
	HeaderMissing   FaultCode = "header-missing"   // no signature at all
	HeaderRenamed   FaultCode = "header-renamed"   // under another name, which is the detail
	HeaderSeveral   FaultCode = "header-several"   // more than one header, or several joined into one
	HeaderBlanks    FaultCode = "header-blanks"    // blanks or line breaks in it
	HeaderQuoted    FaultCode = "header-quoted"    // quotes around it or around a value
	HeaderEscaped   FaultCode = "header-escaped"   // percent-encoded
	HeaderSeparator FaultCode = "header-separator" // not commas; the detail is what is there
	HeaderNames     FaultCode = "header-names"     // a part has another name than t or v1, which is the detail
	HeaderPrefix    FaultCode = "header-prefix"    // a word in front, which is the detail
	HeaderJSON      FaultCode = "header-json"      // a JSON object
	HeaderNoTime    FaultCode = "header-no-time"   // a signature without t
	HeaderNoV1      FaultCode = "header-no-v1"     // a t without signature
	HeaderUndefined FaultCode = "header-undefined" // a value is "undefined" or the like, which is the detail
	HeaderMalformed FaultCode = "header-malformed" // anything else; the detail is why
)

// How the digest is written.
const (
	EncodingBase64    FaultCode = "encoding-base64"
	EncodingBase64URL FaultCode = "encoding-base64url"
	EncodingBase64Hex FaultCode = "encoding-base64-of-hex"
	EncodingTwice     FaultCode = "encoding-twice"     // hex of the hex or base64 text
	EncodingUpper     FaultCode = "encoding-upper"     // hex in capitals, where a handler compares texts
	EncodingPrefix    FaultCode = "encoding-prefix"    // "sha256=" or "0x" before the digits; the detail is which
	EncodingLiteral   FaultCode = "encoding-literal"   // b'…' around it
	EncodingSeparated FaultCode = "encoding-separated" // AB-CD-… or ab:cd:…
	EncodingUnpadded  FaultCode = "encoding-unpadded"  // bytes written without their leading zero
	EncodingBinary    FaultCode = "encoding-binary"    // raw bytes in a header
	EncodingTruncated FaultCode = "encoding-truncated" // only the beginning of the digest
)

// The time.
const (
	TimeUnit     FaultCode = "time-unit"     // t is in milliseconds or finer; the detail is the unit
	TimeForm     FaultCode = "time-form"     // t is no whole number of seconds; the detail is t
	TimeReplay   FaultCode = "time-replay"   // body and signature are both that old
	TimeBehind   FaultCode = "time-behind"   // the clock that t came from is behind: the body is recent
	TimeOld      FaultCode = "time-old"      // too old, and nothing tells why
	TimeFuture   FaultCode = "time-future"   // a clock is ahead of the other
	TimeZone     FaultCode = "time-zone"     // off by whole hours while the body is recent; the detail is how many
	TimeShuffled FaultCode = "time-shuffled" // t is fine, but not what was signed; the detail is what was
)

// The key of the MAC.
const (
	KeyUnknown    FaultCode = "key-unknown"    // no secret is known to judge by
	KeyOther      FaultCode = "key-other"      // the secret whose name is the detail
	KeyNewline    FaultCode = "key-newline"    // a line feed behind it
	KeyCRLF       FaultCode = "key-crlf"       // a carriage return behind it, or both
	KeyBlanks     FaultCode = "key-blanks"     // blanks around it
	KeyQuotes     FaultCode = "key-quotes"     // quotes around it
	KeyEscape     FaultCode = "key-escape"     // the two characters \n behind it
	KeyTrimmed    FaultCode = "key-trimmed"    // blanks or quotes that belong to it were cut off
	KeyPunctuated FaultCode = "key-punctuated" // a comma or semicolon behind it
	KeyBOM        FaultCode = "key-bom"        // a byte-order mark in front
	KeyLine       FaultCode = "key-line"       // the whole line NAME=secret
	KeyNoPrefix   FaultCode = "key-no-prefix"  // whsec_ was cut off
	KeyPrefix     FaultCode = "key-prefix"     // whsec_ was put in front
	KeyHex        FaultCode = "key-hex"        // read as hex
	KeyBase64     FaultCode = "key-base64"     // read as base64
	KeyEncoded    FaultCode = "key-encoded"    // written as base64 or hex
	KeyHashed     FaultCode = "key-hashed"     // its SHA-256
	KeyUpper      FaultCode = "key-upper"
	KeyLower      FaultCode = "key-lower"
	KeyCut        FaultCode = "key-cut"     // a part of it is missing
	KeyUTF16      FaultCode = "key-utf16"   // its UTF-16 bytes
	KeyEmpty      FaultCode = "key-empty"   // no key at all
	KeyLiteral    FaultCode = "key-literal" // "undefined", a variable's name or a placeholder; the detail is which
)

// The text that is signed.
const (
	MessageNoTime     FaultCode = "message-no-time"     // the body alone
	MessageUnit       FaultCode = "message-unit"        // the time in milliseconds, or in seconds where t has them
	MessageSeparator  FaultCode = "message-separator"   // not a dot; the detail is what
	MessageBodyFirst  FaultCode = "message-body-first"  // the time behind the body
	MessageTimePrefix FaultCode = "message-time-prefix" // "t=" before the time
	MessageVersion    FaultCode = "message-version"     // a version in front, as Slack has it
	MessageID         FaultCode = "message-id"          // the delivery id in front, as Standard Webhooks have it
	MessageTimeForm   FaultCode = "message-time-form"   // the time in another form; the detail is which
)

// The digest.
const (
	DigestAlgorithm FaultCode = "digest-algorithm" // another hash; the detail is which
	DigestPlain     FaultCode = "digest-plain"     // a hash without HMAC; the detail is of what
	DigestSwapped   FaultCode = "digest-swapped"   // key and text are exchanged
	DigestGoSum     FaultCode = "digest-go-sum"    // h.Sum(text) in Go, which hashes nothing
)

// What only becomes known with the handler's own account.
const (
	CompareOnly         FaultCode = "compare"             // the handler's digest is right, so its comparison is not
	HandlerSameBytes    FaultCode = "handler-same-bytes"  // the handler saw what was sent
	BodyOfHandlerSigned FaultCode = "body-changed-on-way" // the signature is of the handler's body, not of the one recorded
	BodyOther           FaultCode = "body-other"          // the handler saw another body; see [Difference]
	BodyLength          FaultCode = "body-length"         // the body has another length than Content-Length says, which is the detail
)

// The body, written again from its parsed form.
const (
	JSONStringify     FaultCode = "json-stringify"      // JavaScript
	JSONPython        FaultCode = "json-python"         // json.dumps
	JSONPythonUnicode FaultCode = "json-python-unicode" // with ensure_ascii=False
	JSONPythonSorted  FaultCode = "json-python-sorted"  // with sort_keys=True
	JSONCompact       FaultCode = "json-compact"        // FastAPI's answer, Ruby's JSON.generate, Jackson
	JSONEscaped       FaultCode = "json-escaped"        // compact, with \u00e9
	JSONSorted        FaultCode = "json-sorted"         // compact, names sorted
	JSONSortedEscaped FaultCode = "json-sorted-escaped" // Flask's jsonify
	JSONPHP           FaultCode = "json-php"            // json_encode: \/ and \u00e9
	JSONPHPUnicode    FaultCode = "json-php-unicode"    // with JSON_UNESCAPED_UNICODE
	JSONPHPSlashes    FaultCode = "json-php-slashes"    // with JSON_UNESCAPED_SLASHES
	JSONSymfony       FaultCode = "json-symfony"        // JsonResponse: \u003C
	JSONGo            FaultCode = "json-go"             // json.Marshal of a map
	JSONHTML          FaultCode = "json-html"           // \u003c in the given order: Go's structs, Rails's to_json
	JSONDotNet        FaultCode = "json-dotnet"         // System.Text.Json
	JSONGson          FaultCode = "json-gson"
	JSONOrgJSON       FaultCode = "json-org-json"
	JSONDatabase      FaultCode = "json-database" // PostgreSQL's jsonb, MySQL's JSON
	JSONIndented2     FaultCode = "json-indent-2"
	JSONIndented4     FaultCode = "json-indent-4"
	JSONIndentedTab   FaultCode = "json-indent-tab"
	JSONJackson       FaultCode = "json-jackson-pretty"
	TextPython        FaultCode = "text-python" // str(dict)
	TextRuby          FaultCode = "text-ruby"   // Hash#to_s
	TextJava          FaultCode = "text-java"   // Map.toString
	TextGoMap         FaultCode = "text-go-map" // %v
)

// The body, otherwise.
const (
	BodyEmpty          FaultCode = "body-empty"
	BodyLiteral        FaultCode = "body-literal" // "[object Object]" or the like, which is the detail
	BodyDataOnly       FaultCode = "body-data-only"
	BodyNewlineAdded   FaultCode = "body-newline-added"
	BodyNewlineRemoved FaultCode = "body-newline-removed"
	BodyTrimmed        FaultCode = "body-trimmed"
	BodyLF             FaultCode = "body-lf"
	BodyCRLF           FaultCode = "body-crlf"
	BodyOneLine        FaultCode = "body-one-line"
	BodyBOMAdded       FaultCode = "body-bom-added"
	BodyBOMRemoved     FaultCode = "body-bom-removed"
	BodyNUL            FaultCode = "body-nul"
	BodyLatin1         FaultCode = "body-latin1"
	BodyWindows1252    FaultCode = "body-windows-1252"
	BodyFromLatin1     FaultCode = "body-from-latin1"
	BodyMojibake       FaultCode = "body-mojibake"
	BodyQuestionMarks  FaultCode = "body-question-marks"
	BodyReplaced       FaultCode = "body-replaced" // U+FFFD
	BodyUTF16          FaultCode = "body-utf16"
	BodyTruncated      FaultCode = "body-truncated" // the detail is after how many bytes
	BodyBytesLiteral   FaultCode = "body-bytes-literal"
	BodyString         FaultCode = "body-string" // a JSON string that holds the body
	BodyUnquoted       FaultCode = "body-unquoted"
	BodyUnwrapped      FaultCode = "body-unwrapped"
	BodyBase64         FaultCode = "body-base64"
	BodyHex            FaultCode = "body-hex"
	BodyDigest         FaultCode = "body-digest"
	BodyForm           FaultCode = "body-form"
	BodyHTML           FaultCode = "body-html"
	BodySlashes        FaultCode = "body-slashes"
	BodyTwice          FaultCode = "body-twice"
)

// Details that are not texts from outside.
const (
	WithNewline = "newline"   // of a re-serialisation: and a line feed behind it
	Reencoded   = "reencoded" // of BodyDataOnly: and written again
)

// A Fault is one mistake. Its Detail may hold text from outside.
type Fault struct {
	Code   FaultCode
	Detail string
}

// A Cause is why a delivery does not verify, or a handler refuses one that does.
//
// Faults are the mistakes that make it so together, none if the cause is not
// known. With Proven, the MAC was found right under exactly these mistakes (or
// the bytes equal); without, they are what the header or the time shows by itself.
type Cause struct {
	Verdict Verdict // what [Verify] says
	Faults  []Fault
	Proven  bool
	Handler bool          // the mistakes are the handler's, not the sender's
	Saw     bool          // of the handler only the body is known, not what it computed
	Age     time.Duration // now minus the signature's time, when there is one that can be read
	Tried   []Tried       // what was looked for, and not found when the cause is unknown
	Partial bool          // not everything was tried: too many bytes

	// Difference is where the handler's body departs from the one that was sent.
	Difference *Difference
}

// Unknown reports whether nothing can be said.
func (c Cause) Unknown() bool { return len(c.Faults) == 0 && c.Verdict != Valid }

// Tried is a kind of mistake, and how many of its kind were tried.
type Tried struct {
	Kind  Kind
	Count int
}

// A Kind groups hypotheses for people who want to know what was ruled out.
type Kind string

// The kinds, in the order in which they are tried.
const (
	KindSecrets  Kind = "secrets"  // other known ones
	KindSpelling Kind = "spelling" // of secrets
	KindMessage  Kind = "message"  // layouts of the signed text
	KindDigest   Kind = "digest"   // algorithms
	KindBody     Kind = "body"     // forms of the body
	KindPrefix   Kind = "prefix"   // beginnings of the body
	KindSeveral  Kind = "several"  // two or three mistakes at once
)

// A Difference is the first place where two bodies differ.
type Difference struct {
	Offset               int    // in both
	Sent, Seen           []byte // some bytes before and behind it
	Before               int    // how many of them are before it
	SentBytes, SeenBytes int
}

// differ compares what was sent with what a handler saw; nil if they are equal.
func differ(sent, seen []byte) *Difference {
	n := min(len(sent), len(seen))
	at := 0
	for at < n && sent[at] == seen[at] {
		at++
	}
	if at == len(sent) && at == len(seen) {
		return nil
	}
	const before, behind = 16, 24
	from := max(0, at-before)
	part := func(b []byte) []byte { return append([]byte(nil), b[from:min(len(b), at+behind)]...) }
	return &Difference{at, part(sent), part(seen), at - from, len(sent), len(seen)}
}
