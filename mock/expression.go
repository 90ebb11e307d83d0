package mock

import (
	"math"
	"net/http"
)

func (s *Server) expressionFunctions(call) (int, any, error) {
	return http.StatusOK, map[string]any{"functions": functions}, nil
}

func (s *Server) validateExpression(c call) (int, any, error) {
	in, err := readExpression(c)
	if err != nil {
		return 0, nil, err
	}
	if err := checkExpression(*in.Expression); err != nil {
		return http.StatusOK, map[string]any{"valid": false, "expression": *in.Expression, "error": err.Error()}, nil
	}
	return http.StatusOK, map[string]any{"valid": true, "expression": *in.Expression, "error": nil}, nil
}

// testExpression computes an expression. What one answers that has no value is our guess,
// in the shape of the one that has.
//
// Source: pictify-io/docs concepts/expressions.mdx, "Test with Data", 2026-02.
func (s *Server) testExpression(c call) (int, any, error) {
	in, err := readExpression(c)
	if err != nil {
		return 0, nil, err
	}
	v, err := evaluate(*in.Expression, in.Variables)
	if n, ok := v.(float64); ok && (math.IsNaN(n) || math.IsInf(n, 0)) {
		v = nil // as JSON has it
	}
	if err != nil {
		return http.StatusOK, map[string]any{"success": false, "error": err.Error()}, nil
	}
	return http.StatusOK, map[string]any{"success": true, "result": v, "resultType": typeOf(v)}, nil
}

type expressionInput struct {
	Expression *string        `json:"expression"`
	Variables  map[string]any `json:"variables"`
}

func readExpression(c call) (in expressionInput, err error) {
	if err := decode(c.body, &in); err != nil {
		return in, err
	}
	if in.Expression == nil {
		return in, invalid(fieldError{"expression", "is required", "required"})
	}
	return in, nil
}

// checkExpression says what is wrong with the form of an expression.
func checkExpression(text string) error {
	_, err := evaluate(text, nil)
	if e, ok := err.(*valueError); ok && e != nil {
		return nil // it has a form; what it comes to is another matter
	}
	return err
}

// typeOf is the name of a value's type.
func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
