package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"pictap/fixtures"
	"pictap/tunnel/store"
	"pictap/ui"
)

// An exportForm is a kind of file that recorded deliveries are written as.
type exportForm struct {
	name, title string
	open        func(w io.Writer, about exportAbout) exportFile
}

// An exportFile is being written. Its methods are called in this order, by one
// goroutine.
type exportFile interface {
	begin() error
	add(d store.Delivery) error
	end() error
}

// exportAbout is what a file says of itself.
type exportAbout struct {
	count    int // deliveries that it was made for
	redacted bool
	made     stamp
}

func exportForms() []exportForm {
	return []exportForm{
		{"har", "HTTP archive (.har)", newHARFile},
		{"html", "one page to show (.html)", newHTMLFile},
		{"jsonl", "JSON lines (.jsonl)", newLinesFile},
	}
}

func exportFormNames() []string {
	var names []string
	for _, f := range exportForms() {
		names = append(names, f.name)
	}
	return names
}

func exportChoices() []ui.Choice {
	var list []ui.Choice
	for _, f := range exportForms() {
		list = append(list, ui.Choice{Name: f.name, Title: f.title})
	}
	return list
}

// exportLimit is how many deliveries are exported when nobody says.
const exportLimit = 10_000

// An exporter writes deliveries of a store, one at a time: what it needs of memory
// are, when it redacts, the values that it has replaced.
type exporter struct {
	store *store.Store
	form  exportForm
	exact bool // leaves in what may be personal
	made  stamp
	tell  func(done int) // may be nil
}

// write writes the deliveries with these numbers, in their order, and returns how
// many there were: one may have been removed meanwhile.
func (x exporter) write(ctx context.Context, w io.Writer, seqs []int64) (n int, err error) {
	file := x.form.open(w, exportAbout{len(seqs), !x.exact, x.made})
	var r *fixtures.Redactor
	if !x.exact {
		r = new(fixtures.Redactor)
		if err := x.each(ctx, seqs, func(d store.Delivery) error { return learnDelivery(r, d) }); err != nil {
			return 0, err
		}
	}
	batch := &checkedBatch{redactor: r, add: file.add}
	begun := false
	err = x.each(ctx, seqs, func(d store.Delivery) error {
		if !begun {
			begun = true
			if err := file.begin(); err != nil {
				return err
			}
		}
		n++
		if x.tell != nil {
			x.tell(n)
		}
		if x.exact {
			return file.add(withoutKeys(d))
		}
		d, err := redactDelivery(r, d)
		if err != nil {
			return err
		}
		return batch.put(d)
	})
	if err == nil {
		err = batch.flush()
	}
	if err != nil || !begun {
		return n, err
	}
	return n, file.end()
}

// each reads the deliveries one by one.
func (x exporter) each(ctx context.Context, seqs []int64, f func(store.Delivery) error) error {
	for _, seq := range seqs {
		d, err := x.store.Get(ctx, seq)
		if errors.Is(err, store.ErrNotFound) {
			continue // removed in between by a running listen
		}
		if err == nil {
			err = f(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkBytes is how much is looked through at once for what should have been
// replaced. Each look costs a search for every value.
const checkBytes = 8 << 20

// A checkedBatch holds redacted deliveries back until it is known that nothing
// personal is left in them.
type checkedBatch struct {
	redactor *fixtures.Redactor
	add      func(store.Delivery) error
	list     []store.Delivery
	size     int
}

func (b *checkedBatch) put(d store.Delivery) error {
	b.list = append(b.list, d)
	b.size += len(d.Body) + 1024
	for _, a := range d.Attempts {
		b.size += len(a.Body)
	}
	if b.size < checkBytes {
		return nil
	}
	return b.flush()
}

func (b *checkedBatch) flush() error {
	if len(b.list) == 0 {
		return nil
	}
	var texts [][]byte
	for _, d := range b.list {
		texts = append(texts, personalTexts(d)...)
	}
	if err := b.redactor.Check(texts...); err != nil {
		for _, d := range b.list { // one by one tells which it is
			if err := b.redactor.Check(personalTexts(d)...); err != nil {
				return fmt.Errorf("%s: %w", d.ID(), err)
			}
		}
		return err
	}
	for _, d := range b.list {
		if err := b.add(d); err != nil {
			return err
		}
	}
	b.list, b.size = b.list[:0], 0
	return nil
}

// exportPage writes for the page.
func (s *session) exportPage(ctx context.Context, e ui.Export) error {
	i := slices.IndexFunc(exportForms(), func(f exportForm) bool { return f.name == e.Form })
	if i < 0 {
		return fmt.Errorf("no form %s", e.Form) // the page offers only those that there are
	}
	seqs := slices.Sorted(slices.Values(e.IDs))
	if len(seqs) == 0 {
		var err error
		if seqs, err = newest(ctx, s.store, e.Search, exportLimit); err != nil {
			return err
		}
		slices.Reverse(seqs)
	}
	x := exporter{store: s.store, form: exportForms()[i], exact: e.Exact, made: stamp(s.env.now())}
	n, err := x.write(ctx, e.To, slices.Compact(seqs))
	switch {
	case errors.Is(err, fixtures.ErrLeft):
		return &ui.Refusal{Code: http.StatusUnprocessableEntity, Text: "nothing was written: something personal is also the name of a member, and names stay; export the exact bytes, or without that delivery"}
	case err == nil && n == 0:
		return &ui.Refusal{Code: http.StatusNotFound, Text: "no delivery is like that"}
	}
	return err
}

// A linesFile has a delivery on each line, as "events list --output json --with-body".
type linesFile struct{ w io.Writer }

func newLinesFile(w io.Writer, _ exportAbout) exportFile { return linesFile{w} }

func (f linesFile) begin() error { return nil }
func (f linesFile) end() error   { return nil }

func (f linesFile) add(d store.Delivery) error {
	_, err := f.w.Write(append(lineJSON(newListedLine(d, !isLeftOut(d.Body, d.BodySize))), '\n'))
	return err
}
