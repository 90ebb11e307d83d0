package ui

// A searchPage is one step of a search, or of the whole list.
type searchPage struct {
	page         // More: there may be older ones that match
	Next  int64  `json:"next"`  // the step after this one goes on before this number
	Q     string `json:"q"`     // the search with its "last" and "10m" settled, for the steps after this one
	Rev   int64  `json:"rev"`   // the step knows all changes up to here
	Total int64  `json:"total"` // how many are stored, whether they match or not
}

// A changesPage is what changed after a revision, as a search sees it.
type changesPage struct {
	Deliveries []summary `json:"deliveries"` // those that match, the oldest change first
	Gone       []int64   `json:"gone"`       // the numbers of those that do not
	Rev        int64     `json:"rev"`        // the revision reached
	More       bool      `json:"more"`       // there was more than fits into one answer
	Reset      bool      `json:"reset"`      // it is too much, or from another store: read anew
	Total      int64     `json:"total"`
}

// A searchTrouble is why a search makes no sense.
type searchTrouble struct {
	Error string `json:"error"`
	Pos   int    `json:"pos"` // where, counted as a browser counts: in units of UTF-16
	Hint  string `json:"hint"`
}

// A searchWord is a key of the search language, for completion.
type searchWord struct {
	Key     string   `json:"key"` // as it is typed, "event:"
	Meaning string   `json:"meaning"`
	Values  []string `json:"values"` // those that are known beforehand
}

type searchWords struct {
	Words []searchWord `json:"words"`
}
