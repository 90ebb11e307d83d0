package mock

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxExpression = 2000     // bytes
	maxValue      = 64 << 10 // bytes of a text, and entries of a list, that an expression makes
)

// A valueError is why an expression of the right form has no value.
type valueError struct{ text string }

func (e *valueError) Error() string { return e.text }

// evaluate computes an expression, with the values of JavaScript:
//
//	choice  = level 0 [ "?" choice ":" choice ]
//	level n = level n+1 { operator of n level n+1 }
//	unary   = { "!" | "-" | "+" } operand
//	operand = number | string | path | function "(" [ choice { "," choice } ] ")" | "(" choice ")"
//
// A path that leads nowhere is null. Nothing is looked up but variables, and nothing has
// effects, so both arms of a choice are computed.
func evaluate(text string, variables map[string]any) (any, error) {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "{{"); ok {
		text = strings.TrimSuffix(inner, "}}")
	}
	if len(text) > maxExpression {
		return nil, fmt.Errorf("is longer than %d bytes", maxExpression)
	}
	p := &expressionReader{rest: text, size: len(text), variables: variables}
	v, err := p.choice(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.rest != "" {
		return nil, p.unexpected()
	}
	if p.wrong != nil {
		return nil, p.wrong
	}
	if number, ok := v.(float64); ok {
		v = number + 0 // which makes 0 of -0
	}
	return v, nil
}

type expressionReader struct {
	rest      string
	size      int
	variables map[string]any
	wrong     error // the first valueError; reading goes on, for the form may be wrong too
}

func (p *expressionReader) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *expressionReader) unexpected() error {
	if p.rest == "" {
		return fmt.Errorf("unexpected end")
	}
	r, _ := utf8.DecodeRuneInString(p.rest)
	return fmt.Errorf("unexpected %q at position %d", r, p.size-len(p.rest)+1)
}

// take skips one of the given signs, and returns it.
func (p *expressionReader) take(signs ...string) (sign string, ok bool) {
	p.space()
	for _, sign := range signs {
		if after, ok := strings.CutPrefix(p.rest, sign); ok {
			p.rest = after
			return sign, true
		}
	}
	return "", false
}

// want skips a sign that must be there.
func (p *expressionReader) want(sign string) error {
	if _, ok := p.take(sign); !ok {
		return p.unexpected()
	}
	return nil
}

func (p *expressionReader) choice(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	v, err := p.level(0, depth)
	if err != nil {
		return nil, err
	}
	if _, ok := p.take("?"); !ok {
		return v, nil
	}
	yes, err := p.choice(depth + 1)
	if err != nil {
		return nil, err
	}
	if err := p.want(":"); err != nil {
		return nil, err
	}
	no, err := p.choice(depth + 1)
	if truthy(v) {
		return yes, err
	}
	return no, err
}

// operators bind the tighter the further down they stand. Of those that begin alike the
// longer one comes first.
var operators = [][]string{{"??", "||"}, {"&&"}, {"===", "!==", "==", "!="}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}}

func (p *expressionReader) level(n, depth int) (any, error) {
	if n == len(operators) {
		return p.unary(depth)
	}
	v, err := p.level(n+1, depth)
	for err == nil {
		sign, ok := p.take(operators[n]...)
		if !ok {
			break
		}
		var right any
		if right, err = p.level(n+1, depth); err == nil {
			v = p.keep(operate(sign, v, right))
		}
	}
	return v, err
}

func (p *expressionReader) unary(depth int) (any, error) {
	var signs []string
	for {
		sign, ok := p.take("!", "-", "+")
		if !ok {
			break
		}
		signs = append(signs, sign)
	}
	v, err := p.operand(depth)
	for i := len(signs) - 1; i >= 0; i-- {
		switch signs[i] {
		case "!":
			v = !truthy(v)
		case "-":
			v = -numberOf(v)
		default:
			v = numberOf(v)
		}
	}
	return v, err
}

// keep bounds a value: functions in functions would make texts of any length.
func (p *expressionReader) keep(v any) any {
	text, _ := v.(string)
	list, _ := v.([]any)
	if v != any(tooLarge) && len(text) <= maxValue && len(list) <= maxValue {
		return v
	}
	if p.wrong == nil {
		p.wrong = &valueError{fmt.Sprintf("comes to more than %d bytes", maxValue)}
	}
	return nil
}

func (p *expressionReader) operand(depth int) (any, error) {
	p.space()
	r, _ := utf8.DecodeRuneInString(p.rest)
	switch {
	case p.rest == "":
		return nil, p.unexpected()
	case r == '(':
		p.rest = p.rest[1:]
		v, err := p.choice(depth + 1)
		if err != nil {
			return nil, err
		}
		return v, p.want(")")
	case r == '"' || r == '\'':
		text, after, ok := strings.Cut(p.rest[1:], string(r))
		if !ok {
			return nil, fmt.Errorf("text is not closed")
		}
		p.rest = after
		return text, nil
	case r >= '0' && r <= '9':
		after := strings.TrimLeft(p.rest, "0123456789.")
		n, err := strconv.ParseFloat(p.rest[:len(p.rest)-len(after)], 64)
		if err != nil {
			return nil, p.unexpected()
		}
		p.rest = after
		return n, nil
	case unicode.IsLetter(r) || r == '_' || r == '$':
		return p.named(depth)
	}
	return nil, p.unexpected()
}

// constants are what the words of JavaScript mean.
var constants = map[string]any{"true": true, "false": false, "null": nil, "undefined": nil}

// named reads a path, or the call of a function.
func (p *expressionReader) named(depth int) (any, error) {
	after := strings.TrimLeftFunc(p.rest, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_$.[]", r)
	})
	name := p.rest[:len(p.rest)-len(after)]
	p.rest = after
	if _, ok := p.take("("); !ok {
		if v, ok := constants[name]; ok {
			return v, nil
		}
		v, _ := pathIn(p.variables, name)
		return v, nil
	}
	do := functionNamed(name)
	if do == nil {
		return nil, fmt.Errorf("there is no function %q", cutText(name, 100))
	}
	var arguments []any
	if _, ok := p.take(")"); ok {
		return p.keep(do(arguments)), nil
	}
	for {
		v, err := p.choice(depth + 1)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, v)
		if _, ok := p.take(")"); ok {
			return p.keep(do(arguments)), nil
		}
		if err := p.want(","); err != nil {
			return nil, err
		}
	}
}
