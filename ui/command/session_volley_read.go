package command

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"pictap/fixtures"
	"pictap/ui"
)

// readWish reads what is about the events.
func (s *session) readWish(v *volley, w ui.Volley) (err error) {
	if err := checkRenderType(w.Type); err != nil {
		return err
	}
	if w.Type != "" && !fixtures.HasType(w.Event) {
		return usagef("only renders have a type")
	}
	v.kinds = []fixtures.Kind{{Event: w.Event, Type: w.Type}}
	if v.tampers, err = readTampers(w.Tamper); err != nil {
		return err
	}
	if v.changes, err = readEdits(w.Edits); err != nil {
		return err
	}
	if w.At != "" {
		if v.at, err = parseMoment("at", w.At, s.env.now()); err != nil {
			return err
		}
	}
	if v.id = w.ID; v.id != "" {
		if err := checkDeliveryID(v.id); err != nil {
			return err
		}
	}
	return readAmounts(v, w)
}

// readAmounts reads how many requests there are.
func readAmounts(v *volley, w ui.Volley) error {
	v.events, v.copies, v.drop = valueOr(w.Count, 1), valueOr(w.Duplicate, 1), w.Drop/100
	switch {
	case v.events < 1 || v.events > mostFromPage:
		return usagef("the count must be from 1 to %d", mostFromPage)
	case v.copies < 1 || v.copies > mostCopies:
		return usagef("each delivery may be sent from 1 to %d times", mostCopies)
	case !(v.drop >= 0 && v.drop <= 1):
		return usagef("from 0 to 100 percent can be left out")
	case len(v.tampers) > mostFromPage || v.events > mostFromPage/(len(v.tampers)*v.copies):
		return usagef("these are more than %d requests", mostFromPage).withHint("pictap trigger sends as many as you like")
	}
	if w.Shuffle {
		v.order = shuffled(v.total(), v.seed)
	}
	return nil
}

func valueOr[T any](p *T, missing T) T {
	if p == nil {
		return missing
	}
	return *p
}

// speedOf reads how fast requests are sent, and how many at once.
func speedOf(w ui.Volley) (rate float64, together int, err error) {
	if w.Rate != nil {
		if rate = *w.Rate; !(rate > 0 && rate <= 1e6) || math.IsInf(rate, 0) {
			return 0, 0, usagef("the rate must be more than 0, and at most 1000000 a second")
		}
	}
	if w.Together != nil {
		if together = *w.Together; together < 1 || together > mostTogether {
			return 0, 0, usagef("from 1 to %d requests can be sent at once", mostTogether)
		}
	}
	return rate, together, nil
}

// readEdits reads the changes in the order of the command's flags, so that the command that
// is shown does the same: what is set, then what is new, then what is removed.
func readEdits(edits []ui.Edit) ([]fixtures.Change, error) {
	if len(edits) > mostEdits {
		return nil, usagef("there may be up to %d edits", mostEdits)
	}
	changes := make([]fixtures.Change, len(edits))
	for i, e := range edits {
		switch {
		case e.Path == "":
			return nil, usagef("an edit needs a path, such as data.width")
		case !utf8.ValidString(e.Path) || strings.ContainsAny(e.Path, "=\x00") || strings.ContainsRune(e.Value, 0):
			return nil, usagef("%q cannot be edited here: its name, or its value, has a character that no command line can have there", sanitize(e.Path, 80))
		}
		changes[i] = fixtures.Change{Path: e.Path, New: e.New && !e.Remove}
		if !e.Remove {
			changes[i].Value = fixtures.TypedValue(e.Value)
		}
	}
	slices.SortStableFunc(changes, func(a, b fixtures.Change) int { return cmp.Compare(turn(a), turn(b)) })
	return changes, nil
}

// turn is which of the command's flags makes a change.
func turn(c fixtures.Change) int {
	switch {
	case c.Value == nil:
		return 2
	case c.New:
		return 1
	}
	return 0
}
