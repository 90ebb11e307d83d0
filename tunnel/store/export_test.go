package store

// For the fuzz tests of what lies in the header columns.
var (
	EncodeFields = encodeFields
	DecodeFields = decodeFields
)

// ForgetCensus has the next look at the census read everything.
func (s *Store) ForgetCensus() {
	s.census.mu.Lock()
	defer s.census.mu.Unlock()
	s.census.reset()
}
