package command

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"pictap/tunnel/store"
)

// searchHelp is the language of searches in short, for the commands that take one.
const searchHelp = `A search is words that must all hold; ! in front of one turns it round:
   event:render.*  verdict:mismatch  status:>=500  status:none  state:held  source:local  attempts:>1
   d17  d3..d9  last~2  after:10m  before:2026-01-29T10:00:00Z  del_abc123  template:tmpl_x
   data.width:>1000  data.variables.title:"Hello World"  data.userStorageUrl:*  "any text in the body"`

// parseSearch reads a search. Words that were given as several arguments are one
// text. The error shows where in it something is wrong.
func parseSearch(args []string) (store.Search, error) {
	text := strings.Join(args, " ")
	s, err := store.ParseSearch(text)
	if bad, ok := errors.AsType[*store.SearchError](err); ok {
		wrong := usagef("%s", bad.Text)
		wrong.place = pointAt(text, bad.Pos)
		if bad.Hint != "" {
			wrong.hint = bad.Hint
		}
		return s, wrong
	}
	return s, err
}

// pointAt is text, or what is around pos in it, with a caret below the place.
func pointAt(text string, pos int) []string {
	const around = 60 // bytes to the left, and to the right
	before, after := text[:pos], text[pos:]
	if len(before) > around {
		before = "…" + strings.ToValidUTF8(before[len(before)-around:], "")
	}
	before = sanitize(before, 0)
	width := 0
	for _, r := range before {
		if !unicode.Is(unicode.Mn, r) {
			width++
		}
	}
	return []string{"  " + before + sanitize(after, around), "  " + strings.Repeat(" ", width) + "^"}
}

// listPage is how many deliveries are in memory at once.
const listPage = 500

// newest returns the numbers of the newest deliveries that search chooses, the
// newest first.
func newest(ctx context.Context, st *store.Store, search store.Search, limit int) ([]int64, error) {
	search, err := st.Resolve(ctx, search)
	if err != nil {
		return nil, err
	}
	var seqs []int64
	for before := int64(0); len(seqs) < limit; {
		most := min(listPage, limit-len(seqs))
		list, err := st.Search(ctx, search, before, most)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			seqs = append(seqs, d.Seq)
		}
		if len(list) < most {
			break
		}
		before = seqs[len(seqs)-1]
	}
	return seqs, nil
}
