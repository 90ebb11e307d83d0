package store

import (
	"slices"

	"pictap/tunnel/pictify"
)

// A SearchKey is a key that words of a search may begin with, as somebody who types one
// wants to be told of it.
type SearchKey struct {
	Key     string   // without the colon; "data." stands for all paths into the body
	Values  []string // values that it takes; nil when there is no list of them
	Open    bool     // it takes others, too
	Meaning string   // one line
	Example string   // a whole word

	parse keyParser // nil for "data."
}

// SearchKeys returns what may stand in front of a colon, in an order for people. It is
// the table that [ParseSearch] goes by.
func SearchKeys() []SearchKey {
	return append(searchKeys(), SearchKey{Key: "data.", Open: true, Example: "data.width:>1000",
		Meaning: "a path into the JSON body: a text, a number to compare, or * for being there"})
}

func searchKeys() []SearchKey {
	states := append(slices.Clip(stateWords), "held")
	return []SearchKey{
		{"event", append(words(pictify.EventTypes()...), "render.*", "batch.*", "binding.*"), true, "the type of event; * stands for anything", "event:render.*", parseGlobs("event")},
		{"verdict", slices.Clone(verdictWords), false, "what came of checking the signature", "verdict:mismatch", parseOneOf("verdict", verdictWords)},
		{"state", states, false, "what is still to be done with it; held is waiting", "state:held", parseOneOf("state", states)},
		{"source", slices.Clone(sourceWords), false, "who signed it", "source:local", parseOneOf("source", sourceWords)},
		{"status", []string{"2xx", "3xx", "4xx", "5xx", "none"}, true, "the app's last answer", "status:>=500", parseStatus},
		{"attempts", nil, true, "how often it was handed to the app", "attempts:>1", parseCount("attempts")},
		{"arrivals", nil, true, "how often it came in", "arrivals:>1", parseCount("arrivals")},
		{"bytes", nil, true, "the size of its body", "bytes:>1000", parseCount("size")},
		{"after", []string{"10m", "1h", "1d"}, true, "since then: so long ago, or a time such as 2026-01-29T10:00:00Z", "after:10m", parseTime},
		{"before", []string{"10m", "1h", "1d"}, true, "until then: so long ago, or a time such as 2026-01-29T10:00:00Z", "before:1h", parseTime},
		{"id", []string{"last"}, true, "its number, or several; last~2 is the one two before the newest", "id:d3..d9", parseIDs},
		{"delivery", nil, true, "the sender's id; * stands for anything", "delivery:del_abc*", parseGlobs("delivery_id")},
		{"template", nil, true, "data.templateId or data.templateUid; * stands for anything", "template:tmpl_x", parseTemplate},
	}
}
