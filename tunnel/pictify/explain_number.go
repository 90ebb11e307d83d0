package pictify

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// How languages write a number that they have parsed. Each appends to dst what
// becomes of a JSON literal.

// jsNumber: every number is a double. Source: ECMA-262, Number::toString.
func jsNumber(dst, literal []byte) []byte {
	f, err := strconv.ParseFloat(string(literal), 64)
	switch {
	case err != nil: // larger than any double: Infinity, which JSON.stringify writes as null
		return append(dst, "null"...)
	case f == 0:
		return append(dst, '0')
	}
	return plainFloat(dst, f, 1e-6, 1e21, "")
}

// goNumber: what encoding/json writes for a float64.
func goNumber(dst, literal []byte) []byte {
	if f, err := strconv.ParseFloat(string(literal), 64); err == nil && f == 0 && literal[0] == '-' {
		return append(dst, "-0"...)
	}
	return jsNumber(dst, literal)
}

// pythonNumber: whole numbers as they stand, others as repr(float).
func pythonNumber(dst, literal []byte) []byte {
	f, whole := numberOf(literal)
	switch {
	case whole && string(literal) == "-0":
		return append(dst, '0')
	case whole:
		return append(dst, literal...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	return plainFloat(dst, f, 1e-4, 1e16, ".0")
}

// rubyNumber: like Python's, with ".0" before an exponent too, and an exponent
// from 1e15 on for a float that is whole. Source: flo_to_s in numeric.c.
func rubyNumber(dst, literal []byte) []byte {
	start := len(dst)
	if f, whole := numberOf(literal); !whole && f == math.Trunc(f) && math.Abs(f) >= 1e15 && !math.IsInf(f, 0) {
		return wholeMantissa(strconv.AppendFloat(dst, f, 'e', -1, 64), start)
	}
	return wholeMantissa(pythonNumber(dst, literal), start)
}

// wholeMantissa makes 1.0e+16 of the 1e+16 in dst[start:].
func wholeMantissa(dst []byte, start int) []byte {
	e := bytes.IndexByte(dst[start:], 'e')
	if e < 0 || bytes.IndexByte(dst[start:], '.') >= 0 {
		return dst
	}
	tail := string(dst[start+e:])
	return append(append(dst[:start+e], ".0"...), tail...)
}

// javaNumber: whole numbers as they stand, others as Double.toString.
func javaNumber(dst, literal []byte) []byte {
	f, whole := numberOf(literal)
	if whole {
		return append(dst, literal...)
	}
	start := len(dst)
	dst = plainFloat(dst, f, 1e-3, 1e7, ".0")
	e := bytes.IndexByte(dst[start:], 'e')
	if e < 0 {
		return dst
	}
	mantissa, exponent, _ := strings.Cut(string(dst[start:]), "e")
	n, _ := strconv.Atoi(exponent)
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	return append(dst[:start], mantissa+"E"+strconv.Itoa(n)...)
}

// fmtNumber: a float64 as fmt's %v writes it.
func fmtNumber(dst, literal []byte) []byte {
	f, _ := numberOf(literal)
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// phpNumber: whole numbers as they stand, others shortest, without ".0".
func phpNumber(dst, literal []byte) []byte {
	f, whole := numberOf(literal)
	if _, err := strconv.ParseInt(string(literal), 10, 64); whole && err == nil {
		return append(dst, literal...)
	}
	start := len(dst)
	dst = plainFloat(dst, f, 1e-4, 1e15, "")
	return wholeMantissa(dst, start)
}

// numberOf parses a literal, and reports whether it has neither fraction nor exponent.
func numberOf(literal []byte) (f float64, whole bool) {
	f, _ = strconv.ParseFloat(string(literal), 64)
	return f, !bytes.ContainsAny(literal, ".eE")
}

// plainFloat writes the shortest decimal that reads back as f: without exponent
// from small up to below large, then with tail if it is whole; else with an
// exponent of at least two digits where tail is set (C's way), or one (JavaScript's).
func plainFloat(dst []byte, f, small, large float64, tail string) []byte {
	size := f
	if size < 0 {
		size = -size
	}
	if size == 0 || size >= small && size < large {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if bytes.IndexByte(dst[start:], '.') < 0 {
			dst = append(dst, tail...)
		}
		return dst
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); tail == "" && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst = append(dst[:n-2], dst[n-1])
	}
	return dst
}
