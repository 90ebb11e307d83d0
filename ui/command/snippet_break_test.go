package command_test

import (
	"strings"
	"testing"
)

// A flaw is a classic fault of a handler, and what one must be told about it.
type flaw struct {
	name string
	told string // part of a fault
}

var flaws = []flaw{
	{"looks at no time", "time -301 s: answered 200"},
	{"takes any future", "time +301 s: answered 200"},
	{"compares with ==", "upper case hex: answered 401"},
	{"encodes the body again", "body: blanks around: answered "},
	{"takes an empty secret", "it starts without a secret"},
	{"stumbles over a missing header", "header not sent: answered 500"},
	{"stumbles over JSON that is none", "body: empty: answered 500"},
	{"takes a delivery twice", "render.failed again: it did "},
	{"works first", "render.failed: it worked before it answered"},
}

// flawed is how each snippet gets each flaw: the code that stands in it once, and
// what replaces it. A language's common part is in breaks of its own.
var flawed = map[string]map[string][2]string{
	"express": with(nodeFlaws, map[string][2]string{
		"takes a delivery twice": {`if (!again) handle`, `handle`},
		"works first":            {`res.status(200).send('ok');`, `handle(event); res.status(200).send('ok');`},
	}),
	"fastify": with(nodeFlaws, map[string][2]string{
		"takes a delivery twice": {`if (!again) handle`, `handle`},
		"works first":            {`reply.code(200).send('ok');`, `handle(event); reply.code(200).send('ok');`},
	}),
	"next": with(nodeFlaws, map[string][2]string{
		"takes an empty secret":  {`if (!secret && process.env.NEXT_PHASE !== 'phase-production-build')`, `if (false)`},
		"takes a delivery twice": {`if (!again) after`, `after`},
		"works first":            {`after(() => handle(event))`, `await handle(event)`},
	}),
	"flask": with(pythonFlaws, map[string][2]string{
		"takes a delivery twice": {`return not again`, `return True`},
		"works first":            {`pool.submit(work, event)`, `work(event)`},
	}),
	"fastapi": with(pythonFlaws, map[string][2]string{
		"takes a delivery twice": {`if not again:`, `if True:`},
		"works first":            {`background.add_task(handle, event)`, `handle(event)`},
	}),
	"django": with(pythonFlaws, map[string][2]string{
		"takes an empty secret":  {`raise ImproperlyConfigured("PICTIFY_WEBHOOK_SECRET is not set")`, `pass`},
		"takes a delivery twice": {`return not delivery_id or cache.add(f"pictify:{delivery_id}", True, 3 * 86400)`, `return True`},
		"works first":            {`pool.submit(work, event)`, `work(event)`},
	}),
	"rails": {
		"looks at no time":                {` && (now - t[0].to_i).abs <= 300`, ``},
		"takes any future":                {`(now - t[0].to_i).abs`, `(now - t[0].to_i)`},
		"compares with ==":                {`v1.any? { |mac| ActiveSupport::SecurityUtils.secure_compare(mac, want) }`, `header == "t=#{t[0]},v1=#{want}"`},
		"encodes the body again":          {`body.b)`, `JSON.generate(JSON.parse(body)).b)`},
		"takes an empty secret":           {` if SECRET.empty?`, ` if false`},
		"stumbles over a missing header":  {`header.to_s.split`, `header.split`},
		"stumbles over JSON that is none": {`  rescue JSON::ParserError, EncodingError`, `  rescue SystemExit`},
		"takes a delivery twice":          {` if first_time?(id)`, ``},
		"works first":                     {`Work.perform_later(event)`, `Work.new.perform(event)`},
	},
	"laravel": {
		"looks at no time":                {`abs(time() - (int) $t[0]) > 300`, `false`},
		"takes any future":                {`abs(time() - (int) $t[0])`, `(time() - (int) $t[0])`},
		"compares with ==":                {`hash_equals($want, strtolower($mac))`, `$header == "t=$t[0],v1=$want"`},
		"encodes the body again":          {`$t[0].'.'.$body`, `$t[0].'.'.json_encode(json_decode($body), JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE)`},
		"takes an empty secret":           {`$this->secret === ''`, `false`},
		"stumbles over a missing header":  {`explode(',', $header ?? '')`, `explode(',', strtolower($header->value))`},
		"stumbles over JSON that is none": {`! is_array($event) || ! is_string($event['event'] ?? null)`, `! is_string($event['event'])`},
		"takes a delivery twice":          {`if ($this->firstTime($request->header('X-Pictify-Delivery-Id')))`, `if (true)`},
		"works first":                     {`dispatch(static fn () => self::handle($event))->afterResponse()`, `self::handle($event)`},
	},
	"go": {
		"looks at no time":                {`age > 300 || age < -300`, `age == -1 << 62`},
		"takes any future":                {`age > 300 || age < -300`, `age > 300`},
		"compares with ==":                {`return slices.ContainsFunc(macs, func(mac []byte) bool { return hmac.Equal(mac, want.Sum(nil)) })`, `return slices.Contains([]string{fmt.Sprintf("t=%d,v1=%x", t, want.Sum(nil))}, header)`},
		"encodes the body again":          {`fmt.Fprintf(want, "%d.%s", t, body)`, `var v any; json.Unmarshal(body, &v); body, _ = json.Marshal(v); fmt.Fprintf(want, "%d.%s", t, body)`},
		"takes an empty secret":           {`if secret == "" {`, `if secret == "" && errors.New("") == nil {`},
		"stumbles over a missing header":  {`r.Header.Get("X-Pictify-Signature"), body`, `r.Header["X-Pictify-Signature"][0], body`},
		"stumbles over JSON that is none": {`err != nil || e.Event == ""`, `err != nil { panic(err) } else if e.Event == ""`},
		"takes a delivery twice":          {`_, again = h.seen.LoadOrStore(id, true)`, `h.seen.LoadOrStore(id, true)`},
		"works first":                     {`w.WriteHeader(http.StatusOK)`, `handle(e); w.WriteHeader(http.StatusOK)`},
	},
	"spring": { // its compiler takes seconds each time
		"compares with ==":               {`v1.stream().anyMatch(mac -> MessageDigest.isEqual(HexFormat.of().parseHex(mac), want))`, `header.equals("t=" + t.get(0) + ",v1=" + HexFormat.of().formatHex(want))`},
		"encodes the body again":         {`hmac.doFinal(body)`, `hmac.doFinal(new String(body, UTF_8).trim().getBytes(UTF_8))`},
		"stumbles over a missing header": {`name = "X-Pictify-Signature", defaultValue = ""`, `name = "X-Pictify-Signature", required = false`},
		"works first":                    {`pool.execute(() -> handle(name, event.get("data")));`, `handle(name, event.get("data"));`},
	},
}

var nodeFlaws = map[string][2]string{
	"looks at no time":                {` || Math.abs(now - t[0]) > 300`, ``},
	"takes any future":                {`Math.abs(now - t[0])`, `(now - t[0])`},
	"compares with ==":                {"v1.some((mac) => timingSafeEqual(Buffer.from(mac, 'hex'), want))", "header === `t=${t[0]},v1=${want.toString('hex')}`"},
	"encodes the body again":          {`.update(body)`, `.update(JSON.stringify(JSON.parse(body)))`},
	"takes an empty secret":           {`if (!secret) throw`, `if (false) throw`},
	"stumbles over a missing header":  {`(header ?? '')`, `header`},
	"stumbles over JSON that is none": {"  } catch {\n    return null;", "  } finally {"},
}

var pythonFlaws = map[string][2]string{
	"looks at no time":                {` or abs(now - int(t[0])) > 300`, ``},
	"takes any future":                {`abs(now - int(t[0]))`, `now - int(t[0])`},
	"compares with ==":                {`any(hmac.compare_digest(mac, want) for mac in v1)`, `header == f"t={t[0]},v1={want}"`},
	"encodes the body again":          {`b"." + body,`, `b"." + json.dumps(json.loads(body)).encode(),`},
	"takes an empty secret":           {`raise RuntimeError("PICTIFY_WEBHOOK_SECRET is not set")`, `pass`},
	"stumbles over a missing header":  {`(header or "")`, `header`},
	"stumbles over JSON that is none": {`except (ValueError, RecursionError):`, `except ZeroDivisionError:`},
}

// with is common, with what more says differently.
func with(common, more map[string][2]string) map[string][2]string {
	all := make(map[string][2]string)
	for _, m := range []map[string][2]string{common, more} {
		for name, change := range m {
			all[name] = change
		}
	}
	return all
}

// What TestSnippetsAnswerRightly asks would notice a snippet that is wrong.
func TestSnippetsAreSeenToBeWrong(t *testing.T) {
	asks := append(vectorAsks(t, vectorSecret), deliveryAsks(t)...)
	for _, s := range printedSnippets(t) {
		r := rigs[s.Framework]
		t.Run(s.Framework, func(t *testing.T) {
			t.Parallel()
			r.need(t)
			for _, f := range flaws {
				change, there := flawed[s.Framework][f.name]
				if !there && r.optional {
					continue
				}
				t.Run(f.name, func(t *testing.T) {
					if n := strings.Count(s.Code, change[0]); n != 1 || change[0] == "" {
						t.Fatalf("%q is %d times in the snippet, want once", change[0], n)
					}
					brief := map[string][]ask{vectorSecret: asks}
					if f.name == "takes an empty secret" {
						brief = map[string][]ask{"": nil}
					}
					faults := strings.Join(r.faults(t, strings.Replace(s.Code, change[0], change[1], 1), brief), "\n")
					if !strings.Contains(faults, f.told) {
						t.Errorf("it was told %q, want %q among that", faults, f.told)
					}
				})
			}
		})
	}
}
