package command

import (
	"strings"
	"testing"
	"time"

	"pictap/tunnel/store"
)

// The bodies are what the frameworks send, shortened.
func TestLikely(t *testing.T) {
	const html, plain, jsonType = "text/html; charset=utf-8", "text/plain", "application/json"
	tests := []struct {
		name         string
		status       int
		contentType  string
		body         string
		location     string
		error        string
		took         time.Duration
		want         string // part of the guess; "" means none
		wantNothing  bool
		differentURL string
	}{
		{name: "all well", status: 204, wantNothing: true},
		{name: "connection refused", error: "dial tcp [::1]:3000: connect: connection refused", want: "nothing listens on :3000; is your app running?"},
		{name: "connection refused on Windows", error: "No connection could be made because the target machine actively refused it.", want: "is your app running"},
		{name: "timeout", error: "net/http: timeout awaiting response headers", want: "answer 200 first"},
		{name: "deadline", error: "context deadline exceeded", want: "answer 200 first"},
		{name: "crash", error: "EOF", want: "did it crash"},
		{name: "reset", error: "read: connection reset by peer", want: "did it crash"},
		{name: "https to an http app", error: "http: server gave HTTP response to HTTPS client", want: "plain http"},
		{name: "unknown authority", error: "tls: failed to verify certificate: x509: certificate signed by unknown authority", want: "--insecure"},
		{name: "not http", error: `malformed HTTP response "SSH-2.0-OpenSSH"`, want: "does not speak http"},
		{name: "no such name", error: "lookup app: no such host", differentURL: "http://app:3000/x", want: "app leads nowhere"},
		{name: "something new", error: "flux compensator empty", wantNothing: true},

		{name: "login", status: 302, location: "/login?next=/webhooks/pictify", want: "a login guards the path"},
		{name: "Devise", status: 302, location: "http://localhost:3000/users/sign_in", want: "a login guards the path"},
		{name: "trailing slash", status: 301, location: "/webhooks/pictify/", want: "the app wants the path as /webhooks/pictify/"},
		{name: "https", status: 308, location: "https://localhost:3000/webhooks/pictify", want: "insists on https; forward to https://localhost:3000/webhooks/pictify"},
		{name: "elsewhere", status: 307, location: "/other", want: "forward to http://localhost:3000/other"},
		{name: "nowhere", status: 302, want: "redirects are not followed"},

		{name: "the guide's handler", status: 401, contentType: jsonType, body: `{"error":"Invalid signature"}`, want: "pictap secret show"},
		{name: "bare 401", status: 401, want: "the signature was refused"},
		{name: "old timestamp", status: 400, contentType: jsonType, body: `{"error":"Timestamp too old"}`, want: "300 of them"},
		{name: "Express JSON parser", status: 400, contentType: html, body: "<pre>SyntaxError: Unexpected token &#39;o&#39;, ...", want: "parsed twice"},
		{name: "bare 400", status: 400, want: "its log knows more"},
		{name: "Django", status: 403, contentType: html, body: "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>", want: "@csrf_exempt"},
		{name: "Rails", status: 422, contentType: html, body: "ActionController::InvalidAuthenticityToken", want: "skip_before_action"},
		{name: "Laravel", status: 419, contentType: html, body: "<title>Page Expired</title>", want: "validateCsrfTokens"},
		{name: "bare 419", status: 419, want: "validateCsrfTokens"},
		{name: "SvelteKit", status: 403, contentType: plain, body: "Cross-site POST form submissions are forbidden", want: "a CSRF check"},
		{name: "Rails host", status: 403, contentType: html, body: "<h1>Blocked hosts: x</h1>", want: "allowed hosts"},
		{name: "Django host", status: 400, contentType: html, body: "DisallowedHost at /", want: "allowed hosts"},
		{name: "bare 403", status: 403, want: "exempt /webhooks/pictify from it"},
		{name: "Express 404", status: 404, contentType: html, body: "<pre>Cannot POST /webhooks/pictify</pre>", want: "no route for POST /webhooks/pictify"},
		{name: "405", status: 405, want: "not for POST"},
		{name: "413", status: 413, want: "limit is too small"},
		{name: "Express 413", status: 413, contentType: html, body: "PayloadTooLargeError: request entity too large", want: "limit is too small"},
		{name: "415", status: 415, want: "application/json"},
		{name: "FastAPI", status: 422, contentType: jsonType, body: `{"detail":[{"type":"missing","loc":["body","id"]}]}`, want: "another shape"},
		{name: "429", status: 429, want: "--max-connections 1"},
		{name: "teapot", status: 418, wantNothing: true},

		{name: "bare 500", status: 500, want: "the app's log has it"},
		{name: "JSON.parse in the handler", status: 500, contentType: html, body: `SyntaxError: "[object Object]" is not valid JSON`, want: "parsed twice"},
		{name: "timingSafeEqual", status: 500, contentType: html, body: "RangeError: Input buffers must have the same byte length", want: "compare lengths first"},
		{name: "development proxy", status: 502, want: "does not run (yet)"},
		{name: "gateway timeout", status: 504, want: "answer 200 first"},
		{name: "500 after 30 s", status: 500, took: 30 * time.Second, want: "answer 200 first"},
		// Texts as the frameworks send them, with their versions.
		{name: "Express 4: error page of a JSON parser", status: 400, contentType: html, body: "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>SyntaxError: Unexpected token &#39;o&#39;, &quot;[object Object]&quot; is not valid JSON<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)</pre>\n</body>\n</html>\n", want: "parsed twice"},
		{name: "Express 4: hmac.update of a parsed body", status: 500, contentType: html, body: "<pre>TypeError [ERR_INVALID_ARG_TYPE]: The &quot;data&quot; argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received an instance of Object<br> &nbsp; &nbsp;at Hmac.update", want: "express.raw"},
		{name: "Express 4: no secret", status: 500, contentType: html, body: "<pre>TypeError [ERR_INVALID_ARG_TYPE]: The &quot;key&quot; argument must be of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey. Received undefined<br>", want: "the app has no secret"},
		{name: "Express 4: raw-body after express.json", status: 500, contentType: html, body: "<pre>InternalServerError: stream is not readable<br> &nbsp; &nbsp;at readStream (/app/node_modules/raw-body/index.js:185:17)", want: "something read the body before"},
		{name: "Express 4: 413", status: 413, contentType: html, body: "<pre>PayloadTooLargeError: request entity too large<br> &nbsp; &nbsp;at readStream", want: "limit is too small"},
		{name: "csurf", status: 403, contentType: html, body: "<pre>ForbiddenError: invalid csrf token<br> &nbsp; &nbsp;at csrf (/app/node_modules/csurf/index.js:112:19)", want: "a CSRF check"},
		{name: "Next.js 14: body read twice", status: 500, contentType: plain, body: "TypeError: Body is unusable: Body has already been read", want: "something read the body before"},
		{name: "Next.js pages: too large", status: 413, contentType: plain, body: "Body exceeded 1mb limit", want: "limit is too small"},
		{name: "Vercel: too slow", status: 504, contentType: plain, body: "An error occurred with your deployment\n\nFUNCTION_INVOCATION_TIMEOUT\n", want: "answer 200 first"},
		{name: "Fastify 4: 415", status: 415, contentType: jsonType, body: `{"statusCode":415,"code":"FST_ERR_CTP_INVALID_MEDIA_TYPE","error":"Unsupported Media Type","message":"Unsupported Media Type: text/plain"}`, want: "application/json"},
		{name: "Fastify 4: 413", status: 413, contentType: jsonType, body: `{"statusCode":413,"code":"FST_ERR_CTP_BODY_TOO_LARGE","error":"Payload Too Large","message":"Request body is too large"}`, want: "limit is too small"},
		{name: "Fastify 4: empty", status: 400, contentType: jsonType, body: `{"statusCode":400,"code":"FST_ERR_CTP_EMPTY_JSON_BODY","error":"Bad Request","message":"Body cannot be empty when content-type is set to 'application/json'"}`, want: "something read the body before"},
		{name: "Fastify 4: 404", status: 404, contentType: jsonType, body: `{"message":"Route POST:/webhooks/pictify not found","error":"Not Found","statusCode":404}`, want: "no route for POST"},
		{name: "FastAPI: 404", status: 404, contentType: jsonType, body: `{"detail":"Not Found"}`, want: "no route for POST"},
		{name: "FastAPI: 405", status: 405, contentType: jsonType, body: `{"detail":"Method Not Allowed"}`, want: "not for POST"},
		{name: "FastAPI: a bearer scheme", status: 403, contentType: jsonType, body: `{"detail":"Not authenticated"}`, want: "a login or token check"},
		{name: "Starlette: no header", status: 500, contentType: plain, body: "AttributeError: 'NoneType' object has no attribute 'split'", want: "did not find the header"},
		{name: "Flask 3: 415", status: 415, contentType: html, body: "<!doctype html>\n<html lang=en>\n<title>415 Unsupported Media Type</title>\n<h1>Unsupported Media Type</h1>\n<p>Did not attempt to load JSON data because the request Content-Type was not &#39;application/json&#39;.</p>\n", want: "application/json"},
		{name: "Flask 3: 413", status: 413, contentType: html, body: "<!doctype html>\n<html lang=en>\n<title>413 Request Entity Too Large</title>\n<h1>Request Entity Too Large</h1>\n<p>The data value transmitted exceeds the capacity limit.</p>\n", want: "limit is too small"},
		{name: "Flask-WTF 1.2", status: 400, contentType: html, body: "<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n<p>The CSRF token is missing.</p>\n", want: "@csrf.exempt"},
		{name: "Flask debugger: no secret", status: 500, contentType: html, body: "<title>TypeError: key: expected bytes or bytearray, but got &#39;NoneType&#39;\n // Werkzeug Debugger</title>", want: "the app has no secret"},
		{name: "Django 5: CSRF page", status: 403, contentType: html, body: "<title>403 Forbidden</title>\n<body>\n<div id=\"summary\">\n  <h1>Forbidden <span>(403)</span></h1>\n  <p>CSRF verification failed. Request aborted.</p>\n\n  <p>You are seeing this message because this site requires a CSRF cookie when submitting forms.", want: "@csrf_exempt"},
		{name: "Django REST framework 3: token", status: 401, contentType: jsonType, body: `{"detail":"Authentication credentials were not provided."}`, want: "a login or token check"},
		{name: "Django 5: APPEND_SLASH", status: 500, contentType: html, body: "<title>RuntimeError at /webhooks/pictify</title><pre class=\"exception_value\">You called this URL via POST, but the URL doesn&#x27;t end in a slash and you have APPEND_SLASH set.", want: "slash at its end"},
		{name: "Django 5: body after POST", status: 500, contentType: html, body: "<title>RawPostDataException at /webhooks/pictify/</title><pre class=\"exception_value\">You cannot access body after reading from request&#x27;s data stream</pre>", want: "something read the body before"},
		{name: "Django 5: host", status: 400, contentType: html, body: "<pre class=\"exception_value\">Invalid HTTP_HOST header: &#x27;x.ngrok.app&#x27;. You may need to add &#x27;x.ngrok.app&#x27; to ALLOWED_HOSTS.</pre>", want: "allowed hosts"},
		{name: "Django: login_required", status: 302, location: "/accounts/login/?next=/webhooks/pictify", want: "a login guards the path"},
		{name: "Rails 7: CSRF in development", status: 422, contentType: html, body: "<header role=\"banner\">\n  <h1>\n    ActionController::InvalidAuthenticityToken\n      in WebhooksController#create\n  </h1>\n</header>\n<div class=\"exception-message\">Can&#39;t verify CSRF token authenticity.</div>", want: "skip_before_action"},
		{name: "Rails 7: CSRF in production", status: 422, contentType: html, body: "<title>The change you wanted was rejected (422)</title>", want: "skip_before_action"},
		{name: "Rails 7: no route", status: 404, contentType: html, body: "<h1>Routing Error</h1>\n<p>No route matches [POST] &quot;/webhooks/pictify&quot;</p><meta name=\"csrf-token\">", want: "no route for POST"},
		{name: "Rails 7: blocked host", status: 403, contentType: html, body: "<h1>Blocked hosts: x.ngrok.app</h1>\n<p>To allow requests to these hosts, make sure they are valid hostnames", want: "allowed hosts"},
		{name: "Devise, as JSON", status: 401, contentType: jsonType, body: `{"error":"You need to sign in or sign up before continuing."}`, want: "a login or token check"},
		{name: "Laravel 11: 419", status: 419, contentType: jsonType, body: `{"message": "CSRF token mismatch."}`, want: "validateCsrfTokens"},
		{name: "Laravel 11: 404", status: 404, contentType: jsonType, body: `{"message": "The route webhooks/pictify could not be found."}`, want: "no route for POST"},
		{name: "Laravel 11: 405", status: 405, contentType: jsonType, body: `{"message": "The POST method is not supported for route webhooks/pictify. Supported methods: GET, HEAD."}`, want: "not for POST"},
		{name: "Laravel 11: auth middleware", status: 401, contentType: jsonType, body: `{"message":"Unauthenticated."}`, want: "a login or token check"},
		{name: "Laravel 11: no secret", status: 500, contentType: jsonType, body: `{"message": "hash_hmac(): Argument #3 ($key) must be of type string, null given", "exception": "TypeError"}`, want: "the app has no secret"},
		{name: "Spring Security 6: CSRF", status: 403, contentType: jsonType, body: `{"timestamp":"2026-01-29T10:30:00.000+00:00","status":403,"error":"Forbidden","message":"Invalid CSRF Token 'null' was found on the request parameter '_csrf' or header 'X-CSRF-TOKEN'.","path":"/webhooks/pictify"}`, want: "ignoringRequestMatchers"},
		{name: "Spring 6: body read by a filter", status: 400, contentType: jsonType, body: `{"timestamp":"2026-01-29T10:30:00.000+00:00","status":400,"error":"Bad Request","message":"Required request body is missing: public void Hooks.receive(byte[])","path":"/x"}`, want: "something read the body before"},
		{name: "Spring 6: 415", status: 415, contentType: jsonType, body: `{"status":415,"error":"Unsupported Media Type","message":"Content-Type 'application/json' is not supported.","path":"/x"}`, want: "application/json"},
		{name: "net/http: MaxBytesReader", status: 413, contentType: plain, body: "http: request body too large\n", want: "limit is too small"},
		{name: "net/http: ServeMux", status: 404, contentType: plain, body: "404 page not found\n", want: "no route for POST"},
		{name: "nginx: 413", status: 413, contentType: html, body: "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.24.0</center>", want: "limit is too small"},
		{name: "nginx: nothing behind it", status: 502, contentType: html, body: "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.24.0</center>", want: "does not run (yet)"},
		{name: "401 in the guide's words", status: 401, contentType: plain, body: "Invalid signature", want: "pictap explain"},
		{name: "bare 401 leads on", status: 401, want: "pictap explain"},
		{name: "a database that timed out is no slow handler", status: 500, contentType: plain, body: "connection timed out", want: "the app's log has it"},
		{name: "words in a picture do not count", status: 401, contentType: "image/png", body: "csrf", want: "the signature was refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := store.Attempt{
				URL: "http://localhost:3000/webhooks/pictify", Status: tt.status, Error: tt.error, Body: []byte(tt.body), Duration: tt.took,
				Header: []store.Field{{Name: "content-type", Value: tt.contentType}, {Name: "location", Value: tt.location}},
			}
			if tt.differentURL != "" {
				a.URL = tt.differentURL
			}
			got := likely(a)
			if tt.wantNothing != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("likely: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestGist(t *testing.T) {
	tests := []struct{ contentType, body, want string }{
		{"text/plain", "\n  Invalid signature \nmore", "Invalid signature"},
		{"application/json", `{"error":"x"}`, `{"error":"x"}`},
		{"text/html", "<!DOCTYPE html>\n<html><head><title>\n 403 &amp; out\n</title></head>", "403 & out"},
		{"text/html", "<h1>no title</h1>", "<h1>no title</h1>"},
		{"", "who knows", "who knows"},
		{"image/png", "\x89PNG", ""},
		{"text/plain", "", ""},
	}
	for _, tt := range tests {
		a := store.Attempt{Header: []store.Field{{Name: "Content-Type", Value: tt.contentType}}, Body: []byte(tt.body)}
		if got := gist(a); got != tt.want {
			t.Errorf("gist of %s %q = %q, want %q", tt.contentType, tt.body, got, tt.want)
		}
	}
}
