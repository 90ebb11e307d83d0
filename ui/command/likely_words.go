package command

import (
	"net/http"
	"strings"
)

// A phrase is what some framework says, in small letters, and what it means. All of
// one alternative must be there: "a+b" is a and b.
type phrase struct {
	says  []string
	means string
}

// first is what the first of list that fits means, "" if none does.
func first(list []phrase, body string) string {
	for _, p := range list {
		for _, alternative := range p.says {
			fits := true
			for part := range strings.SplitSeq(alternative, "+") {
				fits = fits && strings.Contains(body, part)
			}
			if fits {
				return p.means
			}
		}
	}
	return ""
}

const (
	otherSignature = `the handler computes another signature: it must hash "t.body" over the raw bytes, not over parsed and ` +
		`re-encoded JSON ("pictap snippet express" and its like show how), with the secret that "pictap secret show" prints, whsec_ included; log what it computes, and "pictap explain" names the difference`
	parsedTwice = "the body was parsed twice, or parsed as something else; read the raw body once, then JSON.parse it, as \"pictap snippet express\" does"
	readTwice   = "something read the body before the handler did; take the raw body first (express.raw on this route, request.body before request.POST, clone())"
	bodyLimit   = "the body parser's limit is too small for this event; raise it"
	noSecret    = "the app has no secret: set PICTIFY_WEBHOOK_SECRET where it runs, to what \"pictap secret show\" prints, and restart it"
	hostNames   = "the framework does not know this host name; add it to its list of allowed hosts"
	djangoSlash = "Django wants the path with a slash at its end; forward to that path, or set APPEND_SLASH = False"
)

// refusals are what frameworks say when they refuse a webhook.
var refusals = []phrase{
	{[]string{"csrf verification failed", "csrf cookie not set", "csrf token missing", "csrf token from post"}, "Django's CSRF check; decorate the view with @csrf_exempt"},
	{[]string{"invalidauthenticitytoken", "can't verify csrf token authenticity", "the change you wanted was rejected"},
		"Rails's CSRF check; skip_before_action :verify_authenticity_token in the controller"},
	{[]string{"page expired", "csrf token mismatch", "tokenmismatchexception"}, "Laravel's CSRF check; exclude the path from it in bootstrap/app.php (validateCsrfTokens)"},
	{[]string{"the csrf token is missing", "the csrf session token is missing"}, "Flask-WTF's CSRF check; decorate the view with @csrf.exempt"},
	{[]string{"invalid csrf token 'null'", "could not verify the provided csrf token", "expected csrf token not found"},
		"Spring Security's CSRF check; http.csrf(c -> c.ignoringRequestMatchers(path))"},
	{[]string{"csrf", "xsrf", "cross-site"}, "a CSRF check; exempt the path from it, its signature is its protection"},
	{[]string{"blocked host", "disallowedhost", "invalid http_host", "invalid host header", "host is not allowed", "is not allowed.+allowedhosts"}, hostNames},
	{[]string{"timestamp+old", "timestamp+expired", "timestamp+tolerance", "timestamp+stale", "timestamp+recent"},
		"the handler finds the signature's time too far off; it compares Unix seconds, and 300 of them are allowed"},
	{[]string{"signature", "hmac", "webhook secret"}, otherSignature},
	{[]string{"no authorization token was found", "authentication credentials were not provided", "unauthenticated.", "not authenticated", "full authentication is required",
		"missing authorization header", "you need to sign in or sign up"}, "a login or token check guards the path; exempt it, for Pictify sends no credentials but the signature"},
	{[]string{"body cannot be empty when content-type", "required request body is missing"}, readTwice},
	{[]string{"unexpected token", "is not valid json", "unexpected end of json", "[object object]", "expecting value: line 1", "json parse error"}, parsedTwice},
	{[]string{"entity too large", "request too large", "payload too large", "body is too large", "content too large", "body exceeded", "exceeds the capacity limit", "exceeds the limit",
		"maximum upload size exceeded", "http: request body too large"}, bodyLimit},
	{[]string{"unsupported media type", "did not attempt to load json data because the request content-type", "content-type+not supported"},
		"the route takes another Content-Type; Pictify sends application/json"},
}

// thrown are what frameworks show of an error in a handler or in what runs before it.
var thrown = []phrase{
	{[]string{"you called this url via post, but the url doesn", "append_slash set"}, djangoSlash},
	{[]string{"stream is not readable", "body is unusable", "body has already been read", "body already used", "body stream already read", "body used already",
		"rawpostdataexception", "you cannot access body after reading from request", "stream has already been consumed", "getinputstream() has already been called",
		"getreader() has already been called", "body is disturbed or locked"}, readTwice},
	{[]string{`"key" argument must be+undefined`, "expected bytes or bytearray, but got 'nonetype'", "keyerror: 'pictify_webhook_secret'", "no implicit conversion of nil into string",
		"hash_hmac(): argument #3", "secret key must not be null", `environment variable+pictify_webhook_secret`}, noSecret},
	{[]string{"timingsafeequal", "same byte length"}, "the signature check threw; compare lengths first, and take the header as a string and the body as bytes"},
	{[]string{`"data" argument must be+received an instance of object`, "received an instance of object", "must be of type string or an instance of buffer"},
		"the signature check threw: it got a parsed body instead of bytes; use express.raw({type: 'application/json'}) on this route, or await req.text()"},
	{[]string{"'nonetype' object has no attribute 'split'", "cannot read properties of undefined (reading 'split')", "undefined method `split' for nil", "undefined method 'split' for nil"},
		"the handler did not find the header; it is X-Pictify-Signature, in some frameworks only in small letters"},
	{[]string{"unexpected token", "is not valid json", "[object object]", "jsondecodeerror"}, parsedTwice},
	{[]string{"entity too large", "payload too large", "body is too large"}, bodyLimit},
	{[]string{"csrf", "invalidauthenticitytoken"}, "a CSRF check; exempt the path from it, its signature is its protection"},
	{[]string{"disallowedhost", "invalid http_host"}, hostNames},
	{[]string{"function_invocation_timeout", "task timed out after", "worker timeout", "request timeout"}, slowHandler},
}

// likelyWords recognises what frameworks say when they refuse a webhook.
func likelyWords(status int, body string) string {
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		return "" // a page's other words, such as a csrf-token in its head, are not why
	}
	if guess := first(thrown[:6], body); guess != "" { // some frameworks answer errors of a handler with 400
		return guess
	}
	return first(refusals, body)
}

// likelyThrown recognises what frameworks show of an error.
func likelyThrown(body string) string { return first(thrown, body) }
