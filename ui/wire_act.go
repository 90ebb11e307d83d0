package ui

import "strconv"

// The JSON of what one does with a delivery. Like wire.go, and checked with it.

// abilities are the part of the status that says what the page can do with a delivery.
type abilities struct {
	CanSend    bool    `json:"can_send"`
	CanFixture bool    `json:"can_fixture"`
	CopyForms  []named `json:"copy_forms"`
	ExportAs   []named `json:"export_as"`
}

// named is something to choose.
type named struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// A Problem is something that is wrong with a body, in words for people.
type Problem struct {
	Line    int    `json:"line"` // from 1
	Column  int    `json:"column"`
	Path    string `json:"path,omitempty"` // of the value; "" for the whole
	Text    string `json:"text"`
	Warning bool   `json:"warning,omitempty"` // only something that the documents do not know
}

type problemList struct {
	Problems []Problem `json:"problems"`
}

// sent is the delivery that an edited one has become.
type sent struct {
	ID string `json:"id"`
}

// copied is a delivery as a command or a program.
type copied struct {
	Text string `json:"text"`
	Note string `json:"note,omitempty"` // what is not as one would expect
}

// saved is where a fixture was written.
type saved struct {
	Path string `json:"path"`
}

type removedCount struct {
	Removed int `json:"removed"`
}

func idsOf(seqs []int64) []string {
	ids := make([]string, len(seqs))
	for i, seq := range seqs {
		ids[i] = "d" + strconv.FormatInt(seq, 10)
	}
	return ids
}
