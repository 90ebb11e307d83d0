package ui

import (
	"context"
	"errors"
	"net/http"
	"unicode/utf16"
	"unicode/utf8"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

const (
	pageDefault = 100
	pageMax     = 1000
)

// deliveries is one step of a search, newest first: ?q=&before=SEQ&limit=N. A
// step may bring nothing and still say that there is more, when it has looked
// for as long as one step may; no words at all find everything.
//
// What a word such as "last" or "after:10m" means is settled by the first step
// and given back as q, so that all steps of one search look for the same.
func (h *Handler) deliveries(w http.ResponseWriter, r *http.Request) error {
	before, err := number(r, "before", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", pageDefault)
	if err != nil {
		return err
	}
	q, text, err := h.settled(r)
	if err != nil {
		return refuseSearch(w, r, err)
	}
	rev, err := h.opts.Store.LastRev(r.Context()) // before the search, so that what changes meanwhile is asked for again
	if err != nil {
		return err
	}
	list, next, more, err := h.step(r.Context(), q, before, int(min(max(limit, 1), pageMax)))
	if err != nil {
		return err
	}
	total, err := h.total(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, searchPage{page{summariesOf(list), more}, next, text, rev, total})
}

// changes tells a page with a search on what has changed: ?q=&since=REV&limit=N.
// What changed and matches comes as it is now; what changed and does not match is
// named, for it may have matched before.
func (h *Handler) changes(w http.ResponseWriter, r *http.Request) error {
	since, err := number(r, "since", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", batchLimit)
	if err != nil {
		return err
	}
	q, _, err := h.settled(r)
	if err != nil {
		return refuseSearch(w, r, err)
	}
	answer := changesPage{Deliveries: []summary{}, Gone: []int64{}, Rev: since}
	last, err := h.opts.Store.LastRev(r.Context())
	if err != nil {
		return err
	}
	if answer.Total, err = h.total(r.Context()); err != nil {
		return err
	}
	if _, answer.Reset = resume(since, last, true); answer.Reset {
		answer.Rev = last
		return writeJSON(w, http.StatusOK, answer)
	}
	most := int(min(max(limit, 1), batchLimit))
	matching, gone, n, rev, err := h.changed(r.Context(), q, since, most)
	if err != nil {
		return err
	}
	answer.Deliveries, answer.More = summariesOf(matching), n == most
	if gone != nil {
		answer.Gone = gone
	}
	if answer.Rev = max(since, last); answer.More {
		answer.Rev = rev
	}
	return writeJSON(w, http.StatusOK, answer)
}

// settled reads the search of a request and settles what it means now, also as a
// text that means the same later.
func (h *Handler) settled(r *http.Request) (q store.Search, text string, err error) {
	if q, err = store.ParseSearch(r.FormValue("q")); err != nil {
		return q, "", err
	}
	if q, err = h.opts.Store.Resolve(r.Context(), q); err != nil {
		return q, "", err
	}
	if text = q.String(); !parses(text) { // no text says "the one before the first"
		text = r.FormValue("q")
	}
	return q, text, nil
}

func parses(text string) bool {
	_, err := store.ParseSearch(text)
	return err == nil
}

// step looks for at most limit deliveries that match and are older than before.
func (h *Handler) step(ctx context.Context, q store.Search, before int64, limit int) (list []store.Delivery, next int64, more bool, err error) {
	list, err = h.opts.Store.Search(ctx, q, before, limit+1) // one more tells whether there is more
	more = len(list) > limit
	list = list[:min(len(list), limit)]
	if len(list) > 0 {
		next = list[len(list)-1].Seq
	}
	return list, next, more, err
}

// changed sorts the next changes after since into those that match and the numbers
// of those that do not; n is how many there were, rev the last one's.
func (h *Handler) changed(ctx context.Context, q store.Search, since int64, limit int) (matching []store.Delivery, gone []int64, n int, rev int64, err error) {
	list, err := h.opts.Store.Since(ctx, since, limit)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	for _, d := range list {
		whole := d
		if q.NeedsBody() {
			whole, err = h.opts.Store.Get(ctx, d.Seq)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, nil, 0, 0, err
			}
		}
		if err == nil && q.Match(whole, h.opts.Now()) {
			matching = append(matching, d)
		} else {
			gone = append(gone, d.Seq)
		}
		rev, err = d.Rev, nil
	}
	return matching, gone, len(list), rev, nil
}

// total is how many deliveries are stored.
func (h *Handler) total(ctx context.Context) (int64, error) {
	c, err := h.opts.Store.Count(ctx)
	return c.Deliveries + c.Unverified, err
}

// refuseSearch tells the page where a search makes no sense. Other errors it
// returns.
func refuseSearch(w http.ResponseWriter, r *http.Request, err error) error {
	var bad *store.SearchError
	if !errors.As(err, &bad) {
		return err
	}
	return writeJSON(w, http.StatusBadRequest, searchTrouble{bad.Text, unitsBefore(r.FormValue("q"), bad.Pos), bad.Hint})
}

// unitsBefore is how many units of UTF-16 the first n bytes of text are.
func unitsBefore(text string, n int) int {
	units := 0
	for n = min(n, len(text)); n > 0; {
		r, size := utf8.DecodeRuneInString(text)
		units += max(utf16.RuneLen(r), 1)
		text, n = text[size:], n-size
	}
	return units
}

// words lists what a search can be made of, for completion.
func (h *Handler) words(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, searchWords{vocabulary()})
}

// vocabulary is the search language, the most useful key first.
func vocabulary() []searchWord {
	var events []string
	for _, t := range pictify.EventTypes() {
		events = append(events, string(t))
	}
	return []searchWord{
		{"event:", "the type; * stands for anything", append([]string{"render.*", "batch.*", "binding.*", "*.failed"}, events...)},
		{"status:", "the app's last answer", []string{"2xx", "4xx", "5xx", ">=400", "none", "200", "401", "404", "500"}},
		{"verdict:", "what the signature is worth", wordsOf(pictify.Valid, pictify.Unsigned, pictify.Malformed, pictify.Stale, pictify.Mismatch, pictify.UnknownSecret)},
		{"state:", "what became of it", []string{"held", "done", "failed", "kept"}},
		{"source:", "sent by Pictify, or made here as a test", wordsOf(store.FromPictify, store.FromLocal)},
		{"template:", "the template that was rendered", []string{}},
		{"data.", "a path into the body: data.width:>1000", []string{}},
		{"after:", "came in since then: 10m ago, or a time", []string{"1m", "10m", "1h", "1d"}},
		{"before:", "came in earlier than that", []string{"1m", "10m", "1h", "1d"}},
		{"attempts:", "how often the app was tried", []string{"0", "1", ">1"}},
		{"arrivals:", "how often the sender sent it", []string{"1", ">1"}},
		{"bytes:", "the size of the body", []string{">10000", "<1000"}},
		{"delivery:", "the sender's id", []string{}},
		{"id:", "by number: d17, d3..d9, last", []string{"last", "last~9.."}},
	}
}

func wordsOf[T ~string](list ...T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
