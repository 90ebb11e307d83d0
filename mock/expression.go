package mock

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A function is one that expressions may call.
type function struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// functions are what this mock knows. The real service's own list is not documented.
var functions = []function{
	{"upper", "the text in capitals"}, {"lower", "the text in small letters"}, {"capitalize", "the text with a capital first letter"},
	{"trim", "the text without blanks around it"}, {"truncate", "the first n characters of the text"}, {"concat", "all arguments in a row"},
	{"replace", "the text with one part in place of another"}, {"length", "how many characters or entries there are"},
	{"join", "the entries of a list with a text between them"}, {"round", "the number rounded to n digits"}, {"floor", "the number rounded down"},
	{"ceil", "the number rounded up"}, {"abs", "the number without its sign"}, {"min", "the smallest argument"}, {"max", "the largest argument"},
	{"formatNumber", "the number with separators"}, {"formatCurrency", "the number as an amount of money"}, {"formatDate", "the date in a given form"},
	{"default", "the first argument, or the second when it is empty"}, {"if", "the second or the third argument, as the first is true or not"},
}

func (s *Server) expressionFunctions(call) (int, any, error) {
	return http.StatusOK, map[string]any{"functions": functions}, nil
}

func (s *Server) validateExpression(c call) (int, any, error) {
	var in struct {
		Expression *string `json:"expression"`
	}
	if err := decode(c.body, &in); err != nil {
		return 0, nil, err
	}
	if in.Expression == nil {
		return 0, nil, invalid(fieldError{"expression", "is required", "required"})
	}
	if err := checkExpression(*in.Expression); err != nil {
		return http.StatusOK, map[string]any{"valid": false, "error": err.Error()}, nil
	}
	return http.StatusOK, map[string]any{"valid": true, "error": nil}, nil
}

const maxExpression = 2000 // bytes

// checkExpression reads an expression as far as its form goes:
//
//	choice  = binary [ "?" choice ":" choice ]
//	binary  = unary { operator unary }
//	unary   = { "!" | "-" | "+" } operand
//	operand = number | string | path | function "(" [ choice { "," choice } ] ")" | "(" choice ")"
func checkExpression(text string) error {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "{{"); ok {
		text = strings.TrimSuffix(inner, "}}")
	}
	if len(text) > maxExpression {
		return fmt.Errorf("is longer than %d bytes", maxExpression)
	}
	p := &expressionReader{rest: text, size: len(text)}
	if err := p.choice(0); err != nil {
		return err
	}
	if p.space(); p.rest != "" {
		return p.unexpected()
	}
	return nil
}

type expressionReader struct {
	rest string
	size int
}

func (p *expressionReader) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *expressionReader) unexpected() error {
	if p.rest == "" {
		return fmt.Errorf("unexpected end")
	}
	r, _ := utf8.DecodeRuneInString(p.rest)
	return fmt.Errorf("unexpected %q at position %d", r, p.size-len(p.rest)+1)
}

// take skips one of the given signs.
func (p *expressionReader) take(signs ...string) bool {
	p.space()
	for _, sign := range signs {
		if after, ok := strings.CutPrefix(p.rest, sign); ok {
			p.rest = after
			return true
		}
	}
	return false
}

func (p *expressionReader) choice(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	if err := p.binary(depth); err != nil || !p.take("?") {
		return err
	}
	if err := p.choice(depth + 1); err != nil {
		return err
	}
	if !p.take(":") {
		return p.unexpected()
	}
	return p.choice(depth + 1)
}

func (p *expressionReader) binary(depth int) error {
	for {
		for p.take("!", "-", "+") {
		}
		if err := p.operand(depth); err != nil {
			return err
		}
		if !p.take("===", "!==", "==", "!=", "<=", ">=", "&&", "||", "??", "<", ">", "+", "-", "*", "/", "%", "|") {
			return nil
		}
	}
}

func (p *expressionReader) operand(depth int) error {
	p.space()
	r, _ := utf8.DecodeRuneInString(p.rest)
	switch {
	case p.rest == "":
		return p.unexpected()
	case r == '(':
		p.rest = p.rest[1:]
		if err := p.choice(depth + 1); err != nil {
			return err
		}
		if !p.take(")") {
			return p.unexpected()
		}
		return nil
	case r == '"' || r == '\'':
		_, after, ok := strings.Cut(p.rest[1:], string(r))
		if !ok {
			return fmt.Errorf("text is not closed")
		}
		p.rest = after
		return nil
	case r >= '0' && r <= '9':
		p.rest = strings.TrimLeft(p.rest, "0123456789.")
		return nil
	case unicode.IsLetter(r) || r == '_' || r == '$':
		return p.named(depth)
	}
	return p.unexpected()
}

// named reads a path, or the call of a function.
func (p *expressionReader) named(depth int) error {
	path := strings.TrimLeftFunc(p.rest, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_$.[]", r)
	})
	name := p.rest[:len(p.rest)-len(path)]
	p.rest = path
	if !p.take("(") {
		return nil
	}
	if !slices.ContainsFunc(functions, func(f function) bool { return f.Name == name }) {
		return fmt.Errorf("there is no function %q", name[:min(len(name), 100)])
	}
	if p.take(")") {
		return nil
	}
	for {
		if err := p.choice(depth + 1); err != nil {
			return err
		}
		if p.take(")") {
			return nil
		}
		if !p.take(",") {
			return p.unexpected()
		}
	}
}
