package mock

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A function is one that expressions may call.
type function struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	do          func(given arguments) any
}

// functions are those of the documents, and two that only the MCP server's examples have:
// IF and toUpperCase. The real service has more ("50+"), whose names are told nowhere.
// Locales are all the one of the United States.
//
// Source: pictify-io/docs concepts/expressions.mdx, 2026-02; pictify-io/mcp
// src/tools/templates.ts, 2026.
var functions = []function{
	{"uppercase", "the text in capitals", upperText},
	{"lowercase", "the text in small letters", lowerText},
	{"capitalize", "the text with a capital first letter", func(a arguments) any { return capitalized(a.text(0)) }},
	{"titleCase", "each word with a capital first letter", func(a arguments) any {
		words := strings.Fields(strings.ToLower(a.text(0)))
		for i, word := range words {
			words[i] = capitalized(word)
		}
		return strings.Join(words, " ")
	}},
	{"trim", "the text without blanks around it", func(a arguments) any { return strings.TrimSpace(a.text(0)) }},
	{"truncate", "the first n characters, with a suffix when something was cut off", func(a arguments) any {
		letters := []rune(a.text(0))
		if n := a.count(1); n < len(letters) {
			return string(letters[:n]) + a.text(2)
		}
		return a.text(0)
	}},
	{"replace", "the text with each occurrence of one part replaced by another", func(a arguments) any {
		switch n := strings.Count(a.text(0), a.text(1)); {
		case a.text(1) == "":
			return a.text(0)
		case n*len(a.text(2)) > maxValue:
			return tooLarge
		}
		return strings.ReplaceAll(a.text(0), a.text(1), a.text(2))
	}},
	{"split", "the parts of the text between delimiters", func(a arguments) any { return anys(strings.Split(a.text(0), a.text(1))) }},
	{"padStart", "the text with characters before it, up to a length", func(a arguments) any { return a.padding() + a.text(0) }},
	{"padEnd", "the text with characters after it, up to a length", func(a arguments) any { return a.text(0) + a.padding() }},

	{"round", "the number rounded to so many decimals", func(a arguments) any {
		scale := math.Pow(10, float64(min(a.count(1), 15)))
		return math.Floor(a.number(0)*scale+0.5) / scale // halves go up, as JavaScript's do
	}},
	{"floor", "the number rounded down", func(a arguments) any { return math.Floor(a.number(0)) }},
	{"ceil", "the number rounded up", func(a arguments) any { return math.Ceil(a.number(0)) }},
	{"abs", "the number without its sign", func(a arguments) any { return math.Abs(a.number(0)) }},
	{"min", "the smallest argument", func(a arguments) any { return a.fold(math.Inf(1), math.Min) }},
	{"max", "the largest argument", func(a arguments) any { return a.fold(math.Inf(-1), math.Max) }},
	{"sum", "the sum of a list", func(a arguments) any { return arguments(a.list(0)).fold(0, add) }},
	{"average", "the average of a list", func(a arguments) any {
		return arguments(a.list(0)).fold(0, add) / float64(len(a.list(0)))
	}},

	{"currency", "the number as an amount of a currency", func(a arguments) any { return money(a.number(0), a.text(1)) }},
	{"number", "the number with separators", func(a arguments) any { return grouped(a.number(0), 0, 3) }},
	{"percent", "the number, of which 1 is the whole, as a percentage with so many decimals", func(a arguments) any {
		n := min(a.count(1), 15)
		return grouped(a.number(0)*100, n, n) + "%"
	}},
	{"date", "the date in a form such as MMM D, YYYY", func(a arguments) any { return dateAs(a.text(0), a.text(1), "YYYY-MM-DD") }},
	{"time", "the time of a date", func(a arguments) any { return dateAs(a.text(0), a.text(1), "h:mm A") }},

	{"length", "how many entries, or characters, there are", func(a arguments) any {
		if list := a.list(0); list != nil {
			return float64(len(list))
		}
		return float64(utf8.RuneCountInString(a.text(0)))
	}},
	{"first", "the first entry", func(a arguments) any { return entry(a.list(0), 0) }},
	{"last", "the last entry", func(a arguments) any { return entry(a.list(0), len(a.list(0))-1) }},
	{"join", "the entries with a separator between them", func(a arguments) any { return joined(a.list(0), a.text(1)) }},
	{"slice", "the entries, or characters, from start to end", func(a arguments) any {
		if list := a.list(0); list != nil {
			from, to := a.span(len(list))
			return slices.Clone(list[from:to])
		}
		letters := []rune(a.text(0))
		from, to := a.span(len(letters))
		return string(letters[from:to])
	}},
	{"contains", "whether a value is in the list, or a text in the text", func(a arguments) any { return a.index() >= 0 }},
	{"indexOf", "where a value is in the list, or a text in the text; -1 if it is not", func(a arguments) any { return float64(a.index()) }},

	{"isEmpty", "whether there is nothing in the value", func(a arguments) any { return isEmpty(a.at(0)) }},
	{"isNotEmpty", "whether there is something in the value", func(a arguments) any { return !isEmpty(a.at(0)) }},
	{"isDefined", "whether there is a value", func(a arguments) any { return a.at(0) != nil }},
	{"isArray", "whether the value is a list", func(a arguments) any { return typeOf(a.at(0)) == "array" }},
	{"isString", "whether the value is a text", func(a arguments) any { return typeOf(a.at(0)) == "string" }},
	{"isNumber", "whether the value is a number", func(a arguments) any { return typeOf(a.at(0)) == "number" }},

	{"default", "the first argument, or the second when it is empty", func(a arguments) any {
		if isEmpty(a.at(0)) {
			return a.at(1)
		}
		return a.at(0)
	}},
	{"coalesce", "the first argument that is not null", func(a arguments) any {
		i := slices.IndexFunc(a, func(v any) bool { return v != nil })
		return a.at(i)
	}},
	{"json", "the value as JSON", func(a arguments) any {
		text, _ := json.Marshal(a.at(0)) // fails for what is no number: ""
		return string(text)
	}},
	{"parseJson", "the value that JSON is of", func(a arguments) any {
		var v any
		if text := []byte(a.text(0)); depth(text) <= maxDepth {
			json.Unmarshal(text, &v) // what is none is null
		}
		return v
	}},

	{"IF", "the second or the third argument, as the first is true or not", func(a arguments) any {
		if truthy(a.at(0)) {
			return a.at(1)
		}
		return a.at(2)
	}},
	{"toUpperCase", "the text in capitals, as uppercase", upperText},
}

// aliases are names that are not told of and may be called: the other half of toUpperCase.
var aliases = map[string]string{"toLowerCase": "lowercase"}

// functionNamed finds a function, nil when there is none of that name.
func functionNamed(name string) func(given []any) any {
	if other, ok := aliases[name]; ok {
		name = other
	}
	for _, f := range functions {
		if f.Name == name {
			return func(given []any) any { return f.do(given) }
		}
	}
	return nil
}

func upperText(a arguments) any { return strings.ToUpper(a.text(0)) }
func lowerText(a arguments) any { return strings.ToLower(a.text(0)) }

func capitalized(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + text[n:]
}
