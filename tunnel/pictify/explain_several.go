package pictify

// withSeveral tries two and three mistakes at once. Each step takes longer than
// the one before; for a long body the budget ends it early.
func (s *search) withSeveral() bool {
	right, others := s.secret(), s.others
	known := append(append([]key(nil), right...), others...)
	wrong := s.misspelled()
	theirs := s.spellingsOfOthers()
	all := append(append(append([]key(nil), known...), wrong...), theirs...)
	return s.each(KindSeveral, theirs) ||
		s.layouts(KindSeveral, others, nil, false) ||
		s.forms(right, others, false) ||
		s.layouts(KindSeveral, append(wrong, theirs...), nil, false) ||
		s.digests(known) ||
		s.forms(all, all, true)
}

func (s *search) spellingsOfOthers() []key {
	var list []key
	for _, o := range s.others {
		for _, k := range spellings(string(o.bytes)) {
			k.faults = together(o.faults, k.faults)
			list = append(list, k)
		}
	}
	return list
}

// forms tries every form of the body without the time, with keys of the first
// list, and in the usual layout with those of the second; then, if more, with the
// other algorithms and layouts.
func (s *search) forms(bare, timed []key, more bool) bool {
	if s.left < 0 {
		return false
	}
	none := layout{faults: []Fault{{Code: MessageNoTime}}}
	for fault, form := range newBodies(s.q.Body).all() {
		if s.left < 0 {
			return false
		}
		faults := []Fault{fault}
		for _, t := range s.times {
			for _, k := range bare {
				if t != "" && s.holds(try{KindSeveral, k, nil, none, t, form, faults}) {
					return true
				}
			}
			for _, k := range timed {
				if s.holds(try{KindSeveral, k, nil, usual(t), t, form, faults}) {
					return true
				}
			}
			if more && s.formInAllWays(form, faults, t) {
				return true
			}
		}
	}
	return false
}

func (s *search) formInAllWays(form []byte, faults []Fault, t string) bool {
	none := layout{faults: []Fault{{Code: MessageNoTime}}}
	for _, k := range s.secret() {
		for i := range s.algorithm {
			for _, l := range []layout{usual(t), none} {
				if s.holds(try{KindSeveral, k, &s.algorithm[i], l, t, form, faults}) {
					return true
				}
			}
		}
		for _, l := range s.layoutsOf(t) {
			if !l.rare && s.holds(try{KindSeveral, k, nil, l, t, form, faults}) {
				return true
			}
		}
	}
	return false
}

// digests tries other algorithms with other layouts and secrets.
func (s *search) digests(keys []key) bool {
	for i := range s.algorithm {
		if s.layouts(KindSeveral, keys, &s.algorithm[i], false) {
			return true
		}
		for _, t := range s.times {
			for _, k := range append(keys, s.misspelled()...) {
				if s.holds(try{KindSeveral, k, &s.algorithm[i], usual(t), t, s.q.Body, nil}) {
					return true
				}
			}
		}
	}
	return false
}
