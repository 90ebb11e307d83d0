package mock_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
)

// The documents' examples, and what Node 18 says of the same with Intl.NumberFormat("en-US").
func TestEvaluate(t *testing.T) {
	variables := map[string]any{
		"name": "ada lovelace", "price": 29.99, "quantity": 3.0, "count": 1.0, "premium": true, "gone": nil, "items": []any{"a", "b", "c", 4.0, nil},
		"user": map[string]any{"profile": map[string]any{"avatar": "x.png"}}, "order": map[string]any{"items": []any{map[string]any{"name": "Shoe"}}},
		"created": "2026-01-29T10:30:00Z", "prices": []any{1.0, 2.5, "3"}, "empty": []any{}, "text": "3",
	}
	long := slices.Repeat([]any{1.0}, 500) // differs from another one late
	variables["long"], variables["longer"] = long, append(slices.Clip(long), 2.0)
	variables["lists"] = []any{[]any{}, long}
	for text, want := range map[string]any{
		"name": "ada lovelace", "{{ user.profile.avatar }}": "x.png", "order.items[0].name": "Shoe", "none.at.all": nil,
		"price * quantity": 89.97, "1 + 2 * 3 - 4 / 2": 5.0, "(1 + 2) * 3": 9.0, "7 % 4": 3.0, "-count + 3": 2.0, "'a' + 1 + 2": "a12", "1 + 2 + 'a'": "3a", "text * 2": 6.0,
		"price > 100": false, "count >= 1": true, "name != 'Guest'": true, "text == 3": true, "text === 3": false, "'a' < 'b'": true, "gone == null": true, "1000000 + ''": "1000000",
		"premium && count": 1.0, "gone || 'x'": "x", "gone ?? name": "ada lovelace", "!premium": false, "!!count": true, "true && !false": true,
		"premium ? 'Premium Member' : 'Free User'": "Premium Member", "count > 1 ? 'm' : count == 1 ? 'one' : 'none'": "one",
		`IF(premium, "PRO", "FREE")`: "PRO", `IF(gone, "PRO", "FREE")`: "FREE", "toUpperCase(name)": "ADA LOVELACE", "toLowerCase('A')": "a",

		"uppercase(name)": "ADA LOVELACE", "lowercase('ÄB')": "äb", "capitalize(name)": "Ada lovelace", "titleCase(name)": "Ada Lovelace", "trim('  x ')": "x",
		"truncate(name, 3, '...')": "ada...", "truncate(name, 300, '...')": "ada lovelace", "replace('a-b-c', '-', ' ')": "a b c", "replace('a', '', 'x')": "a",
		"split('a,b', ',')": []any{"a", "b"}, "padStart(7, 5, '0')": "00007", "padEnd('ab', 5, 'xy')": "abxyx", "padStart('long', 2, 'x')": "long",
		"round(2.345, 1)": 2.3, "round(2.5)": 3.0, "round(-2.5)": -2.0, "0 * -1 + ''": "0", "1 / 0 + ''": "Infinity", "-1 / 0 + ''": "-Infinity", "floor(2.9)": 2.0, "ceil(2.1)": 3.0, "abs(-2)": 2.0, "min(3, 1, 2)": 1.0, "max(0, quantity)": 3.0, "sum(prices)": 6.5, "average(prices)": 6.5 / 3,
		"currency(price * quantity, 'USD')": "$89.97", "currency(-1234.5, 'USD')": "-$1,234.50", "currency(1234567, 'JPY')": "¥1,234,567", "currency(1234.5, 'eur')": "€1,234.50",
		"currency(9, 'CHF')": "CHF\u00a09.00", "currency(12.5, 'CAD')": "CA$12.50", "number(1234567.891234, 'en-US')": "1,234,567.891", "number(1000)": "1,000",
		"percent(0.0 - 0.1256, 1)": "-12.6%", "percent(0.15)": "15%", "date(created, 'MMM D, YYYY')": "Jan 29, 2026", "date('2026-03-05', 'dddd DD/MM/YY')": "Thursday 05/03/26",
		"date('soon', 'D')": "soon", "time(created)": "10:30 AM", "date(created)": "2026-01-29",
		"length(items)": 5.0, "length('日本')": 2.0, "first(items)": "a", "last(items)": nil, "first(empty)": nil, "join(slice(items, 0, 3), ' • ')": "a • b • c", "slice(name, -8)": "lovelace",
		"slice(items, 3, 1)": []any{}, "long == long": true, "long == longer": false, "contains(lists, longer)": false, "indexOf(lists, long)": 1.0, "contains(items, 'b')": true, "contains(items, '4')": false, "contains(name, 'love')": true, "indexOf(items, 4)": 3.0, "indexOf(name, 'x')": -1.0,
		"isEmpty(empty)": true, "isNotEmpty(name)": true, "isDefined(nobody)": false, "isArray(items)": true, "isString(name)": true, "isNumber(text)": false,
		"default(gone, 'Guest')": "Guest", "coalesce(gone, nobody, name)": "ada lovelace", "coalesce()": nil, "json(empty)": "[]", "parseJson('[1]')": []any{1.0}, "parseJson('{')": nil,
		"length(items) > 3 ? ' +' + (length(items) - 3) + ' more' : ''": " +2 more",
	} {
		got, err := mock.Evaluate(text, variables)
		if n, ok := got.(float64); ok && want != nil {
			if w, ok := want.(float64); ok && n-w < 1e-9 && w-n < 1e-9 {
				continue
			}
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Evaluate(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"padEnd('', 65536) + 'x'", "replace(padEnd('', 60000, 'a'), 'a', padEnd('', 60000))", "join(split(padEnd('', 60000), ''), padEnd('', 60000))",
		"json(json(json(padEnd('', 30000, '\"'))))",
	} {
		if v, err := mock.Evaluate(text, nil); err == nil || !strings.Contains(err.Error(), "comes to more than 65536 bytes") {
			t.Errorf("Evaluate(%q) = %.20v, %v", text, v, err)
		}
		if err := mock.CheckExpression(text); err != nil {
			t.Errorf("CheckExpression(%q) = %v: its form is right", text, err)
		}
	}
}

func TestExpressionEndpoints(t *testing.T) {
	c := start(t, &mock.Server{})
	for body, want := range map[string]object{
		`{"expression":"currency(price * quantity, 'USD')","variables":{"price":29.99,"quantity":3}}`: {"success": true, "result": "$89.97", "resultType": "string"},
		`{"expression":"0 / 0"}`:                              {"success": true, "result": nil, "resultType": "null"},
		`{"expression":"a","variables":{"a":[1,{"b":true}]}}`: {"success": true, "result": []any{1.0, map[string]any{"b": true}}, "resultType": "array"},
		`{"expression":"a +"}`:                                {"success": false, "error": "unexpected end"},
		`{"expression":"nope(1)"}`:                            {"success": false, "error": `there is no function "nope"`},
	} {
		if diff := cmp.Diff(want, api(t, c, 200, "POST /templates/expression/test", body)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", body, diff)
		}
	}
	api(t, c, 400, "POST /templates/expression/test", `{}`)
	o := api(t, c, 200, "POST /templates/expression/validate", `{"expression":"price * quantity"}`)
	if diff := cmp.Diff(object{"valid": true, "expression": "price * quantity", "error": nil}, o); diff != "" {
		t.Error(diff)
	}
	// Each function that is told of can be called.
	for _, f := range api(t, c, 200, "GET /templates/expression/functions", "").list(t, "functions") {
		name := f.(map[string]any)["name"].(string)
		for _, call := range []string{name + "()", name + "(a)", name + "(a, b, c, d)"} {
			if o := api(t, c, 200, "POST /templates/expression/test", `{"expression":"`+call+`","variables":{"b":{}}}`); o["success"] != true {
				t.Errorf("%s: %v", call, o)
			}
		}
	}
}

// Templates show what their expressions come to.
func TestExpressionsAreShown(t *testing.T) {
	values := map[string]any{"price": 20.0, "premium": true, "big": 1000000.0, "n": 2.0}
	for text, want := range map[string]string{
		`{{IF(premium, "PRO", "FREE")}} {{currency(price * 1.1, 'USD')}}`:     "PRO $22.00",
		`{{ premium ? 'a' : 'b' }}|{{n}} {{n == 1 ? 'message' : 'messages'}}`: "a|2 messages",
		`{{big}} {{big + 1}}`: "1000000 1000001",
		`{{#if premium}}x{{else}}y{{/if}} {{upper price}}{{upper(price)}}{{! c }}`: "xy  2020",
	} {
		if got := mock.Fill(text, values); got != want {
			t.Errorf("Fill(%q) = %q, want %q", text, got, want)
		}
	}
}
