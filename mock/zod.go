package mock

import (
	"encoding/json"
	"slices"
	"strings"
)

// schemaStart is how the schema of a scene begins, up to the brace of its fields.
var schemaStart = lazily(`(?m)^[ \t]*export\s+const\s+schema\s*(?::[^=\n]{1,200})?=\s*z\s*\.\s*(?:object|strictObject)\s*\(\s*\{`)

// schemaIn finds the variables of a scene: the fields of
//
//	export const schema = z.object({ title: z.string().default("Hi").describe("…") })
//
// in the order in which they stand there. It reads names, types, and of .default() and
// .describe() what is a literal; it runs nothing. A field of which it understands no more
// than the name is a text. A source without such a schema has no variables.
//
// Source: pictify-io/mcp src/tools/videos.ts ("fields become the template's editable
// variables", 2026). That a text whose default is a colour is of the type color, and one
// with .url() of the type url, is our guess.
func schemaIn(source string) []definition {
	defs := []definition{}
	at := schemaStart().FindStringIndex(source)
	if at == nil {
		return defs
	}
	r := &sceneReader{rest: source[at[1]:]}
	for len(defs) < maxVariables {
		name, ok := r.key()
		if !ok {
			break
		}
		if r.take(":") {
			d := definition{Name: name, Type: "text", Validation: map[string]any{}}
			(&sceneReader{rest: r.until(",}")}).describe(&d)
			known := slices.ContainsFunc(defs, func(other definition) bool { return other.Name == name })
			if name != "" && len(name) <= maxVariableName && !known {
				defs = append(defs, d)
			}
		} else {
			r.until(",}") // "...others", whatever those are
		}
		if !r.take(",") {
			break
		}
	}
	return defs
}

// zodTypes are the types of definitions, by the function of zod that makes one.
var zodTypes = map[string]string{
	"string": "text", "enum": "text", "literal": "text", "number": "number", "int": "number", "bigint": "number", "boolean": "boolean",
	"date": "date", "array": "array", "tuple": "array", "object": "object", "record": "object", "url": "url", "zColor": "color",
}

// describe reads what a field is: z.string().default("Hi").describe("…").
func (r *sceneReader) describe(d *definition) {
	typed := false
	for {
		name := r.word()
		arguments := ""
		if r.take("(") {
			arguments = strings.TrimSpace(r.until(")"))
			r.take(")")
		}
		kind, ok := zodTypes[name]
		switch {
		case name == "default":
			d.DefaultValue = literal(arguments)
		case name == "describe":
			text, _ := literal(arguments).(string)
			d.Description = cutText(text, 2000)
		case ok && (!typed || name == "url"):
			d.Type, typed = kind, true
		}
		if !r.take(".") {
			break
		}
	}
	if text, _ := d.DefaultValue.(string); d.Type == "text" && hexColor().MatchString(text) {
		d.Type = "color"
	}
}

var hexColor = lazily(`^#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$`)

// literal is the value of a literal, or of texts with + between them; nil of all else.
func literal(source string) any {
	r := &sceneReader{rest: source}
	if r.quoted() {
		var all strings.Builder
		for r.quoted() {
			text, ok := r.text()
			if !ok {
				return nil
			}
			all.WriteString(text)
			if !r.take("+") {
				break
			}
		}
		if r.space(); r.rest != "" {
			return nil
		}
		return all.String()
	}
	var v any
	if depth([]byte(source)) > maxDepth || json.Unmarshal([]byte(source), &v) != nil {
		return nil
	}
	return v
}
