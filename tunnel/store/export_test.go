package store

import "context"

// For the fuzz tests of what lies in the header columns.
var (
	EncodeFields = encodeFields
	DecodeFields = decodeFields
)

// IndexNow indexes all that is not, in transactions that end when still says no; nil
// stands for always.
func (s *Store) IndexNow(ctx context.Context, still func() bool) error {
	if still == nil {
		still = func() bool { return true }
	}
	return s.index.catchUp(ctx, func(context.Context) (func() bool, error) { return still, nil })
}

// IndexPath is where the search index lies.
func (s *Store) IndexPath() string { return s.index.path }

// IndexRows is how many deliveries the index has, in all parts together.
func (s *Store) IndexRows(ctx context.Context) (rows int64) {
	v := s.index.view(ctx)
	defer v.release()
	if v == nil {
		return 0
	}
	for _, p := range v.parts {
		rows += p.rows
	}
	return rows
}

// SetIndexPart sets how many deliveries a part of the index has.
func (s *Store) SetIndexPart(n int64) { s.index.size = n }

// ForgetCensus has the next look at the census read everything.
func (s *Store) ForgetCensus() {
	s.census.mu.Lock()
	defer s.census.mu.Unlock()
	s.census.reset()
}

// TakeCensus brings the census up to date.
func (s *Store) TakeCensus(ctx context.Context) error { return s.look(ctx, func(*census) {}) }

// CensusRev is the revision that the census is at, 0 when it has not been read.
func (s *Store) CensusRev() int64 {
	s.census.mu.Lock()
	defer s.census.mu.Unlock()
	return s.census.rev
}

// SetSift sets how many deliveries a step has sifted for it, how many that may be chosen
// it takes of them, and how many without a look at how many of all they are.
func (s *Store) SetSift(points, rows, few int) { s.sifting = siftBounds{points, rows, few} }

// Sifted is how many deliveries may be chosen by a search, as far as the census can tell;
// -1 when it is not asked.
func (s *Store) Sifted(ctx context.Context, q Search) int {
	found := s.sift(ctx, q, maxSeq, 1, false)
	if found == nil {
		return -1
	}
	return len(found.seqs)
}
