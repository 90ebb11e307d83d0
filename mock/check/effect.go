package check

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"
)

// A reading is what an effect was measured to be, or by how much it changed. The
// zero reading is unknown.
type reading struct {
	text   string
	number float64
	isNum  bool
	known  bool
	err    error         // why it is unknown
	after  time.Duration // of a change: how long it took to show
}

// read asks for the effect.
func (r *round) read(ctx context.Context) reading {
	if r.Effect == nil {
		return reading{}
	}
	text, err := r.Effect(ctx)
	if err != nil {
		return reading{err: err}
	}
	text = strings.TrimSpace(text)
	n, err := strconv.ParseFloat(text, 64)
	return reading{text: text, number: n, isNum: err == nil && !math.IsNaN(n) && !math.IsInf(n, 0), known: true}
}

// minus is the change from before to a; its text is "" when there was none.
func (a reading) minus(before reading) reading {
	switch {
	case !a.known || !before.known:
		return reading{err: first(before.err, a.err)}
	case a.isNum && before.isNum:
		d := a.number - before.number
		return reading{text: strconv.FormatFloat(d, 'g', -1, 64), number: d, isNum: true, known: true}
	case a.text == before.text:
		return reading{known: true, isNum: a.isNum}
	}
	return reading{text: "changed", known: true}
}

func (a reading) isZero() bool { return a.known && (a.text == "" || a.isNum && a.number == 0) }

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// change waits until the effect differs from before, or for as long as an effect
// may take to show, and returns the change once it stands still.
func (r *round) change(ctx context.Context, before reading) reading {
	if !before.known {
		return reading{err: before.err}
	}
	start := time.Now()
	for time.Since(start) < r.Settle {
		if d := r.read(ctx).minus(before); !d.known || !d.isZero() {
			took := time.Since(start)
			d = r.still(ctx, before, took)
			d.after = took
			return d
		}
		if !wait(ctx, r.Settle/60) {
			break
		}
	}
	return r.read(ctx).minus(before)
}

// still returns the change after a time in which another one would have shown, if
// effects take that long to show.
func (r *round) still(ctx context.Context, before reading, took time.Duration) reading {
	wait(ctx, min(max(4*took, r.Settle/12), r.Settle))
	return r.read(ctx).minus(before)
}
