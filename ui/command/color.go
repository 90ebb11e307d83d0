package command

// A palette colours text for one stream, or leaves it alone when off.
// Its zero value is off. What it colours must be sanitised before.
type palette struct{ on bool }

func (p palette) bold(s string) string   { return p.paint("1", s) }
func (p palette) dim(s string) string    { return p.paint("2", s) }
func (p palette) red(s string) string    { return p.paint("31", s) }
func (p palette) green(s string) string  { return p.paint("32", s) }
func (p palette) yellow(s string) string { return p.paint("33", s) }
func (p palette) cyan(s string) string   { return p.paint("36", s) }

func (p palette) paint(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// colours decides whether a stream gets colours. when is the word of --color.
//
// NO_COLOR (https://no-color.org) and a dumb terminal turn "auto" off; an
// explicit --color on is the newer wish and wins over both.
func (e Env) colours(when string, tty bool) bool {
	switch when {
	case "on":
		return true
	case "off":
		return false
	default:
		return tty && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
	}
}
