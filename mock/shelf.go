package mock

import "iter"

// A shelf keeps things by id, in the order in which they were put there. The zero
// shelf is empty. It is not for several goroutines at once.
type shelf[T any] struct {
	byID  map[string]*shelved[T]
	order []*shelved[T] // oldest first; those that were taken off have gone
	gone  int
	bytes int // of all that is there
}

type shelved[T any] struct {
	id    string
	value T
	bytes int
	gone  bool
}

// put adds a thing, or replaces the one with that id, and notes its size.
func (s *shelf[T]) put(id string, value T, bytes int) {
	s.bytes += bytes
	if e := s.byID[id]; e != nil {
		s.bytes -= e.bytes
		e.value, e.bytes = value, bytes
		return
	}
	if s.byID == nil {
		s.byID = make(map[string]*shelved[T])
	}
	e := &shelved[T]{id: id, value: value, bytes: bytes}
	s.byID[id] = e
	s.order = append(s.order, e)
}

func (s *shelf[T]) get(id string) (T, bool) {
	if e := s.byID[id]; e != nil {
		return e.value, true
	}
	var none T
	return none, false
}

// remove reports whether there was such a thing.
func (s *shelf[T]) remove(id string) bool {
	e := s.byID[id]
	if e == nil {
		return false
	}
	var none T
	s.bytes -= e.bytes
	e.gone, e.value = true, none
	delete(s.byID, id)
	s.gone++
	for len(s.order) > 0 && s.order[0].gone { // the oldest go first, mostly
		s.order[0] = nil
		s.order = s.order[1:]
		s.gone--
	}
	if s.gone > 32 && s.gone > len(s.order)/2 {
		s.tidy()
	}
	return true
}

// tidy forgets those that have gone.
func (s *shelf[T]) tidy() {
	kept := make([]*shelved[T], 0, len(s.byID))
	for _, e := range s.order {
		if !e.gone {
			kept = append(kept, e)
		}
	}
	s.order, s.gone = kept, 0
}

func (s *shelf[T]) len() int { return len(s.byID) }

// oldest yields ids and things in the order in which they were put.
func (s *shelf[T]) oldest() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, e := range s.order {
			if !e.gone && !yield(e.id, e.value) {
				return
			}
		}
	}
}

// newest is oldest the other way round.
func (s *shelf[T]) newest() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for i := len(s.order) - 1; i >= 0; i-- {
			if e := s.order[i]; !e.gone && !yield(e.id, e.value) {
				return
			}
		}
	}
}

// trim takes the oldest off until no more than so many things of so many bytes are
// left, and at least one.
func (s *shelf[T]) trim(most, bytes int, taken func(string, T)) {
	for len(s.byID) > most || s.bytes > bytes && len(s.byID) > 1 {
		for id, value := range s.oldest() {
			s.remove(id)
			taken(id, value)
			break
		}
	}
}

// all lists the things, oldest first; never nil.
func (s *shelf[T]) all() []T {
	all := make([]T, 0, len(s.byID))
	for _, value := range s.oldest() {
		all = append(all, value)
	}
	return all
}
