package command_test

import (
	"go/format"
	"strings"
	"testing"
)

// What a snippet is made of, for those that cannot be run everywhere, and for what
// no answer shows: that digests are compared in constant time.
var snippetParts = map[string]struct{ has, hasNot []string }{
	"express": {[]string{"express.raw(", "timingSafeEqual(Buffer.from(mac, 'hex'), want)", "{64}$/i"}, nodeTraps},
	"next":    {[]string{"await request.arrayBuffer()", "timingSafeEqual(Buffer.from(mac, 'hex'), want)", "{64}$/i"}, append(nodeTraps, "await request.json()", "await request.text()")},
	"fastify": {[]string{"parseAs: 'buffer'", "timingSafeEqual(Buffer.from(mac, 'hex'), want)", "{64}$/i"}, nodeTraps},
	"flask":   {[]string{"request.get_data()", "hmac.compare_digest(mac, want)"}, append(pythonTraps, "= request.json", "get_json")},
	"fastapi": {[]string{"await request.body()", "hmac.compare_digest(mac, want)"}, append(pythonTraps, "await request.json")},
	"django":  {[]string{"request.body ", "hmac.compare_digest(mac, want)", "@csrf_exempt"}, append(pythonTraps, "request.POST", "request.read")},
	"rails": {
		[]string{"request.raw_post", "ActiveSupport::SecurityUtils.secure_compare(mac, want)", "ActionController::API", ".abs <= 300"},
		[]string{"to_json", "JSON.generate", "mac == want", " params[", "/^", "$/"},
	},
	"laravel": {
		[]string{
			"$request->getContent()", "hash_equals($want, strtolower($mac))", "hash_hmac('sha256', $t[0].'.'.$body, $this->secret)", "abs(time() - (int) $t[0]) > 300",
			`'/\A[0-9a-f]{64}\z/i'`, `'/\A[1-9][0-9]{0,14}\z/'`, "validateCsrfTokens(except: ['webhooks/pictify'])", "Cache::add(", "afterResponse()", "$this->secret === ''",
		},
		[]string{"json_encode", "$request->json(", "= $request->all(", "$request->input(", "== $want", "=== $want", "strcmp", "env('PICTIFY_WEBHOOK_SECRET');", "/^", "$/"},
	},
	"go": {[]string{"io.ReadAll(http.MaxBytesReader(", "hmac.Equal(mac, want.Sum(nil))", "age > 300 || age < -300"}, []string{"json.Marshal", "bytes.Equal", "json.NewDecoder"}},
	"spring": {
		[]string{
			"@RequestBody(required = false) byte[] raw", "MessageDigest.isEqual(HexFormat.of().parseHex(mac), want)", "hmac.doFinal(body)", "HmacSHA256",
			`mac.matches("[0-9a-fA-F]{64}")`, `matches("[1-9][0-9]{0,14}")`, "Math.abs(clock.instant().getEpochSecond() - Long.parseLong(t.get(0))) > 300",
			`split(",", -1)`, "seen.add(id)", "pool.execute(", "secret.isEmpty()", `ignoringRequestMatchers("/webhooks/pictify")`,
		},
		[]string{"@RequestBody String", "@RequestBody Map", "Arrays.equals", "writeValueAsString", ".equals(want", "getBytes()", "new String(body)"},
	},
}

var (
	nodeTraps   = []string{"JSON.stringify", "mac === ", "mac == ", "express.json({", ".toString('hex')"}
	pythonTraps = []string{"json.dumps", "mac == want", "re.match(", "re.search("}
)

func TestSnippetsAreMadeOfTheRightParts(t *testing.T) {
	for _, s := range printedSnippets(t) {
		parts, known := snippetParts[s.Framework]
		if !known {
			t.Errorf("nobody says what the snippet of %s is made of", s.Framework)
		}
		always := []string{"PICTIFY_WEBHOOK_SECRET", "300", "X-Pictify-Signature", "X-Pictify-Delivery-Id", "render.completed", "render.failed", "batch.completed", "Answer first, then work", "production"}
		if s.Framework == "fastify" {
			always[2], always[3] = "x-pictify-signature", "x-pictify-delivery-id"
		}
		for _, part := range append(always, parts.has...) {
			if !strings.Contains(s.Code, part) {
				t.Errorf("%s: it lacks %q", s.Framework, part)
			}
		}
		for _, part := range parts.hasNot {
			if strings.Contains(s.Code, part) {
				t.Errorf("%s: it has %q", s.Framework, part)
			}
		}
		checkLines(t, s)
	}
}

// checkLines looks at what everybody's editor and terminal must be able to show.
func checkLines(t *testing.T, s printed) {
	t.Helper()
	if !strings.HasSuffix(s.Code, "}\n") && !strings.HasSuffix(s.Code, "end\n") && !strings.HasSuffix(s.Code, "pass\n") {
		t.Errorf("%s: it does not end where code ends", s.Framework)
	}
	for i, line := range strings.Split(s.Code, "\n") {
		if len(line) > 120 || strings.TrimRight(line, " \t") != line || strings.IndexFunc(line, func(r rune) bool { return r > '~' }) >= 0 {
			t.Errorf("%s:%d: it is too long, ends with blanks, or is not ASCII: %q", s.Framework, i+1, line)
		}
	}
	if n := strings.Count(s.Code, "\n"); n > 150 {
		t.Errorf("%s: %d lines are not a snippet", s.Framework, n)
	}
	if s.Language == "go" {
		if formatted, err := format.Source([]byte(s.Code)); err != nil || string(formatted) != s.Code {
			t.Errorf("%s: it is not gofmt-ed (%v)", s.Framework, err)
		}
	}
}
