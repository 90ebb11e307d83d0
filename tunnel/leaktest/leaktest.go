// Package leaktest finds goroutines that a test has left behind. It is for tests alone.
//
// It is goleak with more patience: goleak gives up after less than half a second, in which
// a loaded machine has not always run the last lines of a goroutine that is about to end.
package leaktest

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package, and fails when goroutines are left after all of them.
// It does not return.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// None fails the test if goroutines are left that are not ignored.
func None(t testing.TB, ignored ...goleak.Option) {
	t.Helper()
	if err := find(ignored...); err != nil {
		t.Error(err)
	}
}

func find(ignored ...goleak.Option) (err error) {
	for range 60 { // half a second each
		if err = goleak.Find(ignored...); err == nil {
			return nil
		}
	}
	return err
}
