package check

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// tooOld is how old a delivery is that must be refused: more than the tolerance of 300 s,
// by enough that a slow network and clocks that differ by a few seconds change nothing.
const tooOld = 330 * time.Second

// publicSecret stands in public code: it is the one of sample test vectors.
const publicSecret = "whsec_test_secret"

// A forgery is a delivery that must be refused.
type forgery struct {
	name, title string
	forge       func(f *forging)
	why, fix    string
	crash       string
	accepted    Status // what a 2xx is; "" is Critical
}

// A forging is a delivery on its way to be a forgery. It begins rightly signed.
type forging struct {
	r       *round
	sample  fixtures.Sample
	at      time.Time
	message pictify.Message
}

func (f *forging) sign(s pictify.Secret, at time.Time) { f.header(pictify.Sign(s, at, f.message.Body)) }

// header replaces the signature.
func (f *forging) header(value string) { setField(f.message.Header, pictify.SignatureHeader, value) }

func (f *forging) value() string {
	for _, h := range f.message.Header {
		if h.Name == pictify.SignatureHeader {
			return h.Value
		}
	}
	return ""
}

// v1 is what a signer computes who writes the time as t and the body as body.
func v1(s, t string, body []byte) string { return mac(s, slices.Concat([]byte(t+"."), body)) }

func mac(s string, text []byte) string {
	h := hmac.New(sha256.New, []byte(s))
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil))
}

const (
	crashFix   = "Answer 401 when the header is missing or is not t=<digits>,v1=<64 hex>, before anything is computed from it."
	lengthFix  = "Compare lengths before timingSafeEqual, which throws when they differ; answer 401."
	compareFix = "Compare all 64 digits, with crypto.timingSafeEqual, hmac.compare_digest or hmac.Equal."
	verifyFix  = "Verify before anything else, and answer 401 when that fails."
	hostileWhy = "Anyone who learns the URL can send this. A 5xx shows that it went further than it should, and each one costs a stack trace."
)

func forgeries() []forgery {
	return []forgery{
		{name: "missing", title: "no signature header", why: "Anyone who learns the URL could make up renders.", fix: "A missing header is a refusal, not a reason to skip the check.", crash: crashFix,
			forge: func(f *forging) {
				f.message.Header = slices.DeleteFunc(f.message.Header, func(h pictify.Field) bool { return h.Name == pictify.SignatureHeader })
			}},
		{name: "empty", title: "an empty signature header", why: "Anyone who learns the URL could make up renders.", fix: "An empty header is a refusal, not a reason to skip the check.", crash: crashFix,
			forge: func(f *forging) { f.header("") }},
		{name: "malformed", title: "a signature header that is none", why: hostileWhy, fix: verifyFix, crash: crashFix,
			forge: func(f *forging) { f.header("not-a-signature") }},
		{name: "no-v1", title: "a time without a signature", why: hostileWhy, fix: verifyFix, crash: "Answer 401 when there is no v1; undefined must not reach Buffer.from or compare_digest.",
			forge: func(f *forging) { f.header("t=" + strconv.FormatInt(f.at.Unix(), 10)) }},
		{name: "no-t", title: "a signature without a time", why: hostileWhy, fix: verifyFix, crash: crashFix,
			forge: func(f *forging) { _, v, _ := strings.Cut(f.value(), ","); f.header(v) }},
		{name: "empty-v1", title: "an empty v1", why: "Every text begins with the empty one: a comparison of prefixes accepts it.", fix: compareFix, crash: lengthFix,
			forge: func(f *forging) { v, _, _ := strings.Cut(f.value(), "v1="); f.header(v + "v1=") }},
		{name: "short-hex", title: "the right signature, cut to 32 digits", why: "timingSafeEqual throws on unequal lengths, so a handler copied from the documentation answers 500.", fix: compareFix, crash: lengthFix,
			forge: func(f *forging) { v := f.value(); f.header(v[:len(v)-32]) }},
		{name: "long-hex", title: "the right signature and two digits more", why: "A comparison that stops where the shorter text ends accepts it.", fix: compareFix, crash: lengthFix,
			forge: func(f *forging) { f.header(f.value() + "00") }},
		{name: "not-hex", title: "64 letters that are not hex", why: hostileWhy, fix: verifyFix, crash: "Answer 401 when v1 cannot be decoded; bytes.fromhex and hex.DecodeString report that.",
			forge: func(f *forging) { v := f.value(); f.header(v[:len(v)-64] + strings.Repeat("z", 64)) }},
		{name: "wrong-secret", title: "signed with a secret that nobody uses", why: "Anyone who learns the URL could make up renders.", fix: verifyFix, crash: crashFix,
			forge: func(f *forging) { f.sign(pictify.NewSecret(hex.EncodeToString(f.r.bytes(32))), f.at) }},
		{name: "other-subscription", title: "signed for another subscription", why: "Each subscription has its own secret. Whoever knows one must not be able to speak for the others.", fix: "Verify with the secret of the subscription that owns this URL.", crash: crashFix,
			forge: func(f *forging) { f.sign(f.r.newSecret(), f.at) }},
		{name: "empty-secret", title: "signed with the empty secret", why: "A variable that is not set, or a comma too many in a list of secrets, makes a key that everybody knows.", fix: "Refuse to start without a secret, and skip empty ones in a list.", crash: crashFix,
			forge: func(f *forging) {
				f.header("t=" + strconv.FormatInt(f.at.Unix(), 10) + ",v1=" + v1("", strconv.FormatInt(f.at.Unix(), 10), f.message.Body))
			}},
		{name: "sample-secret", title: "signed with a secret from public sample code", why: "A default that was left in the code is a key that everybody knows.", fix: "Have no default for the secret: refuse to start without one.", crash: crashFix,
			forge: func(f *forging) { f.sign(pictify.NewSecret(publicSecret), f.at) }},
		{name: "body-byte", title: "one digit of the body changed after signing", why: "The signature protects the body; a handler that checks only the time, or nothing, takes any.", fix: "Compute the HMAC over t + \".\" + the raw body.",
			forge: func(f *forging) { f.message.Body = changeDigit(f.message.Body) }},
		{name: "first-digit", title: "the first digit of v1 changed", why: "Whoever compares a part of the signature makes it easier to guess.", fix: compareFix, crash: lengthFix,
			forge: func(f *forging) { f.header(changeAt(f.value(), 64)) }},
		{name: "last-digit", title: "the last digit of v1 changed", why: "Whoever compares a part of the signature makes it easier to guess.", fix: compareFix, crash: lengthFix,
			forge: func(f *forging) { f.header(changeAt(f.value(), 1)) }},
		{name: "white-space", title: "a line break added to the body after signing", why: "It is accepted by handlers that trim the body, or verify JSON that they have parsed and written anew, so not what was sent.", fix: "Verify over the raw body: express.raw(), await request.text(), request.get_data(), io.ReadAll; parse after that.",
			forge: func(f *forging) { f.message.Body = append(bytes.Clone(f.message.Body), '\n') }},
		{name: "old", title: "rightly signed, 330 s ago", why: "Without a limit of age, whoever has seen one delivery can send it again for ever.", fix: "Refuse when abs(now - t) > 300, in seconds.",
			forge: func(f *forging) { f.sign(f.r.Secret, f.at.Add(-tooOld)) }},
		{name: "ahead", title: "rightly signed, 330 s ahead of time", why: "A delivery dated ahead can be sent again for longer than 300 s. now - t > 300 does not notice: it is negative.", fix: "Compare the distance in both directions: abs(now - t) > 300.", accepted: Fail,
			forge: func(f *forging) { f.sign(f.r.Secret, f.at.Add(tooOld)) }},
		{name: "time-not-a-number", title: "t=NaN, signed as such", why: "abs(now - NaN) > 300 is false, so the age is not checked. It takes the secret to send this, so it is no open door, but a check that can be stepped over.", fix: "Accept t only as digits: /^[0-9]+$/.", crash: crashFix, accepted: Fail,
			forge: func(f *forging) { f.header("t=NaN,v1=" + v1(f.r.Secret.Reveal(), "NaN", f.message.Body)) }},
	}
}

func rejects() (cases []Case) {
	for _, f := range forgeries() {
		cases = append(cases, Case{Group: Rejects, Name: f.name, Title: f.title, Expect: "401, or another 4xx; its valid twin 2xx", Why: f.why, Docs: docsSecurity, Fix: f.fix, Crash: f.crash, Requests: 2,
			run: f.run})
	}
	return append(cases, eventHeader())
}

// run sends the forgery, and then its twin: the same event, rightly signed.
func (f forgery) run(ctx context.Context, r *round) verdict {
	if f.name == "sample-secret" && r.Secret.Equal(pictify.NewSecret(publicSecret)) {
		return verdict{status: Critical, said: "the secret itself is one that stands in public code", fix: "Make a secret of your own: pictap secret rotate."}
	}
	s, at := r.ordinary(), r.Now()
	forged := &forging{r: r, sample: s, at: at, message: s.Message(pictify.NewSigner(r.Secret), at)}
	f.forge(forged)
	e := r.fire(ctx, shot{what: "the forgery", message: forged.message})
	if e.Status/100 == 2 {
		status := Critical
		if f.accepted != "" {
			status = f.accepted
		}
		return verdict{status: status, said: "took it: " + e.words()}
	}
	s.ID = r.newID("del_") // a handler may remember the forgery's
	twin := r.fire(ctx, shot{what: "its valid twin", message: s.Message(pictify.NewSigner(r.Secret), r.Now())})
	return f.judge(e, twin)
}

func (f forgery) judge(e, twin Exchange) verdict {
	switch {
	case e.crashed():
		return verdict{status: Fail, said: e.words(), fix: f.crash}
	case !twin.accepted():
		return verdict{status: Unmeasured, said: e.words() + ", but its valid twin was not accepted either: " + twin.words()}
	case e.Status == 429:
		return verdict{status: Unmeasured, said: "answered 429 Too Many Requests, which says nothing about the signature"}
	case !e.refused():
		return verdict{status: Warn, said: e.words() + "; who follows that gets another answer, perhaps a 200", fix: "Answer 401 on this URL itself."}
	}
	return verdict{status: Pass, said: e.words() + "; its valid twin " + twin.words()}
}

// changeDigit returns a copy with one digit of the data changed: JSON stays JSON.
func changeDigit(body []byte) []byte {
	body = bytes.Clone(body)
	for i := max(0, bytes.Index(body, []byte(`"data"`))); i < len(body); i++ {
		if c := body[i]; c >= '1' && c <= '9' { // 0 could begin a number
			body[i] = '1' + (c-'0')%9
			return body
		}
	}
	panic("no digit in a sample") // ids are hex of random bytes, and more than one
}

// changeAt changes the hex digit that is n before the end.
func changeAt(s string, n int) string {
	i, digit := len(s)-n, "0"
	if s[i] == '0' {
		digit = "1"
	}
	return s[:i] + digit + s[i+1:]
}
