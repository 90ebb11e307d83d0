package media

import (
	"encoding/hex"
	"image/color"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// parseColor reads a CSS colour: a name, #rgb, #rgba, #rrggbb, #rrggbbaa, rgb(), rgba(),
// hsl() and hsla(), with commas or spaces. It says false to everything else.
func parseColor(s string) (c color.NRGBA, ok bool) {
	if len(s) > 64 {
		return c, false
	}
	s = strings.ToLower(strings.TrimSpace(s))
	switch s {
	case "transparent":
		return c, true
	case "rebeccapurple": // the one name that is younger than the table
		return color.NRGBA{0x66, 0x33, 0x99, 255}, true
	}
	if digits, found := strings.CutPrefix(s, "#"); found {
		return parseHex(digits)
	}
	name, args, found := strings.Cut(s, "(")
	if !found {
		named, ok := colornames.Map[s]
		return color.NRGBA(named), ok // all are opaque
	}
	args, found = strings.CutSuffix(args, ")")
	fields := strings.FieldsFunc(args, func(r rune) bool { return r == ' ' || r == ',' || r == '/' })
	if !found || len(fields) < 3 || len(fields) > 4 {
		return c, false
	}
	c.A, ok = 255, true
	if len(fields) == 4 {
		var a int
		a, ok = parseShare(fields[3], 1000)
		c.A = uint8((a*255 + 500) / 1000)
	}
	var fine bool
	switch name {
	case "rgb", "rgba":
		fine = parseRGB(&c, fields)
	case "hsl", "hsla":
		fine = parseHSL(&c, fields)
	}
	return c, ok && fine
}

func parseHex(digits string) (c color.NRGBA, ok bool) {
	if len(digits) == 3 || len(digits) == 4 {
		long := make([]byte, 0, 8)
		for i := range len(digits) {
			long = append(long, digits[i], digits[i])
		}
		digits = string(long)
	}
	if len(digits) == 6 {
		digits += "ff"
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 4 {
		return c, false
	}
	return color.NRGBA{b[0], b[1], b[2], b[3]}, true
}

func parseRGB(c *color.NRGBA, fields []string) bool {
	for i, to := range []*uint8{&c.R, &c.G, &c.B} {
		of := 1 // a number is of 255, a percentage of 100
		if strings.HasSuffix(fields[i], "%") {
			of = 255
		}
		v, ok := parseShare(fields[i], of)
		if !ok {
			return false
		}
		*to = uint8(min(v, 255))
	}
	return true
}

// parseHSL computes in thousandths, as written in CSS Color 4, "Converting HSL colors to sRGB".
func parseHSL(c *color.NRGBA, fields []string) bool {
	hue, okH := parseShare(strings.TrimSuffix(fields[0], "deg"), 1)
	sat, okS := parseShare(fields[1], 1000)
	light, okL := parseShare(fields[2], 1000)
	if !okH || !okS || !okL || !strings.HasSuffix(fields[1], "%") || !strings.HasSuffix(fields[2], "%") {
		return false
	}
	sat, light = min(sat, 1000), min(light, 1000)
	a := sat * min(light, 1000-light) / 1000
	channel := func(n int) uint8 {
		k := (n*30 + hue) % 360 // in degrees of 12 parts
		part := max(-1000, min((k-90)*1000/30, (270-k)*1000/30, 1000))
		return uint8(((light-a*part/1000)*255 + 500) / 1000)
	}
	c.R, c.G, c.B = channel(0), channel(8), channel(4)
	return true
}

// parseShare reads a number that is not negative, times of, or a percentage of of.
func parseShare(s string, of int) (int, bool) {
	s, percent := strings.CutSuffix(s, "%")
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) > 4 || len(fraction) > 4 || whole+fraction == "" {
		return 0, false
	}
	n, err := strconv.ParseUint("0"+whole+(fraction + "0000")[:4], 10, 32) // in 1/10000
	if err != nil {
		return 0, false
	}
	unit := 10000
	if percent {
		unit *= 100
	}
	return (int(n)*of + unit/2) / unit, true
}
