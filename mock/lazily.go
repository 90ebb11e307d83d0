package mock

import (
	"regexp"
	"sync"
)

// lazily compiles an expression when it is first needed. All of them together took
// two of the milliseconds in which every command of pictap starts.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
