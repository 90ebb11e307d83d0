package mock

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What follows does with values what JavaScript does, where a template can tell.

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0 && !math.IsNaN(v)
	}
	return true
}

// numberOf is not a number for what is none.
func numberOf(v any) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err == nil {
			return n
		}
		if strings.TrimSpace(v) == "" {
			return 0
		}
	}
	return math.NaN()
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// same is ==; two lists, or two objects, are the same when all that is in them is.
func same(a, b any) bool {
	switch kind := typeOf(a); {
	case a == nil || b == nil:
		return a == b
	case kind != typeOf(b):
		return numberOf(a) == numberOf(b)
	case kind == "array" || kind == "object":
		return reflect.DeepEqual(a, b)
	}
	return a == b
}

// operate computes a binary operator.
func operate(sign string, a, b any) any {
	texts := typeOf(a) == "string" && typeOf(b) == "string"
	switch sign {
	case "??":
		if a == nil {
			return b
		}
		return a
	case "||":
		if truthy(a) {
			return a
		}
		return b
	case "&&":
		if truthy(a) {
			return b
		}
		return a
	case "==", "===":
		return same(a, b) && (sign == "==" || typeOf(a) == typeOf(b))
	case "!=", "!==":
		return !operate(strings.Replace(sign, "!", "=", 1), a, b).(bool)
	case "<":
		if texts {
			return a.(string) < b.(string)
		}
		return numberOf(a) < numberOf(b)
	case "<=":
		if texts {
			return a.(string) <= b.(string)
		}
		return numberOf(a) <= numberOf(b)
	case ">":
		return operate("<", b, a)
	case ">=":
		return operate("<=", b, a)
	case "+":
		if typeOf(a) == "string" || typeOf(b) == "string" {
			both := arguments{a, b}
			return both.text(0) + both.text(1)
		}
		return numberOf(a) + numberOf(b)
	case "-":
		return numberOf(a) - numberOf(b)
	case "*":
		return numberOf(a) * numberOf(b)
	case "/":
		return numberOf(a) / numberOf(b)
	}
	return math.Mod(numberOf(a), numberOf(b))
}

func add(a, b float64) float64 { return a + b }

// tooLarge is what a function returns that would make more than maxValue.
var tooLarge = &struct{ bool }{}

// arguments are what a function is called with. One that is not there is null.
type arguments []any

func (a arguments) at(i int) any {
	if i < 0 || i >= len(a) {
		return nil
	}
	return a[i]
}

// text is the whole of a text, of which show would leave something out.
func (a arguments) text(i int) string {
	if text, ok := a.at(i).(string); ok {
		return text
	}
	return show(a.at(i))
}

func (a arguments) number(i int) float64 { return numberOf(a.at(i)) }
func (a arguments) list(i int) []any     { list, _ := a.at(i).([]any); return list }

// count is a number that may be one of characters or decimals.
func (a arguments) count(i int) int {
	n := a.number(i)
	if math.IsNaN(n) {
		return 0
	}
	return int(min(max(n, 0), maxValue))
}

func (a arguments) fold(from float64, by func(a, b float64) float64) float64 {
	for _, v := range a {
		from = by(from, numberOf(v))
	}
	return from
}

// padding is what the first argument lacks to the length of the second, of the third.
func (a arguments) padding() string {
	with := []rune(a.text(2))
	if len(with) == 0 {
		with = []rune{' '}
	}
	n := max(0, a.count(1)-utf8.RuneCountInString(a.text(0)))
	var b strings.Builder
	for i := range n {
		b.WriteRune(with[i%len(with)])
	}
	return b.String()
}

// span is from where to where slice takes something of that length: the second and the
// third argument, of which negative ones count from the end.
func (a arguments) span(length int) (from, to int) {
	place := func(i, otherwise int) int {
		n := a.number(i)
		switch {
		case a.at(i) == nil || math.IsNaN(n):
			return otherwise
		case n < 0:
			n += float64(length)
		}
		return int(min(max(n, 0), float64(length)))
	}
	from, to = place(1, 0), place(2, length)
	return min(from, to), to
}

// index is where the second argument is in the first, a list or a text.
func (a arguments) index() int {
	if list := a.list(0); list != nil {
		return slices.IndexFunc(list, func(v any) bool { return typeOf(v) == typeOf(a.at(1)) && same(v, a.at(1)) })
	}
	before, _, found := strings.Cut(a.text(0), a.text(1))
	if !found {
		return -1
	}
	return utf8.RuneCountInString(before)
}

func entry(list []any, i int) any { return arguments(list).at(i) }

func joined(list []any, separator string) any {
	var b strings.Builder
	for i := range list {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(arguments(list).text(i))
		if b.Len() > maxValue {
			return tooLarge
		}
	}
	return b.String()
}

func anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}
