package command

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// A stage is where the steps of a scenario become requests, before any is sent:
// what is wrong with a later step is said before an earlier one has happened.
type stage struct {
	name  string // of the file
	v     *volley
	shots []shot
	said  map[string][]fixtures.Sample // what the steps so far have sent, by id
	made  map[fixtures.Kind]int
}

// play works a scenario out. The volley's shots are then those of the scenario.
func (v *volley) play(name string, s *scenario) error {
	st := &stage{name: name, v: v, said: make(map[string][]fixtures.Sample), made: make(map[fixtures.Kind]int)}
	for i, step := range s.Steps {
		if err := st.add(step); err != nil {
			var usage *usageError
			if errors.As(explainEdit(err), &usage) {
				u := scenarioError(name, step.line, "%s: %s", stepName(i, step), usage.msg)
				if usage.hint != "" {
					u.hint = strings.ReplaceAll(usage.hint, "--add", "add")
				}
				return u
			}
			return fmt.Errorf("%s:%d: %s: %w", name, step.line, stepName(i, step), err)
		}
	}
	v.script = st.shots
	return nil
}

func stepName(i int, s *step) string {
	if s.ID != "" {
		return fmt.Sprintf("step %d (%s)", i+1, s.ID)
	}
	return fmt.Sprintf("step %d", i+1)
}

// add works one step out.
func (st *stage) add(s *step) error {
	low, high, err := readDelay(s.Delay)
	if err != nil {
		return usagef("delay is %q, but takes a duration or a range such as 0-5s", s.Delay)
	}
	tampers, err := readTampers(nonEmpty(s.Tamper))
	if err != nil {
		return usagef("%s", strings.TrimPrefix(err.Error(), "--"))
	}
	expect, err := readExpect(s.Expect)
	if err != nil {
		return usagef("%s", strings.TrimPrefix(err.Error(), "--"))
	}
	if err := st.check(s); err != nil {
		return err
	}
	for n := range max(1, s.Repeat) {
		sample, err := st.sample(s, n)
		if err != nil {
			return err
		}
		st.said[s.ID] = append(st.said[s.ID], sample)
		for _, tamper := range tampers {
			number := len(st.shots)
			if number >= maxShots {
				return usagef("these are more than %d requests", maxShots)
			}
			st.shots = append(st.shots, shot{n: number, target: st.v.target, sample: sample, tamper: tamper, step: s.ID,
				wait: delayOf(low, high, st.v.seed, number), expect: expect, dropped: st.v.drops(number)})
		}
	}
	return nil
}

func nonEmpty(word string) []string {
	if word == "" {
		return nil
	}
	return []string{word}
}

var idForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// check finds what is wrong with a step in itself.
func (st *stage) check(s *step) error {
	switch {
	case s.ID != "" && (!idForm.MatchString(s.ID) || s.ID == "n" || s.ID == "seed"):
		return usagef("the id %q is not a name: letters, digits, - and _, and neither n nor seed", s.ID)
	case s.ID != "" && st.said[s.ID] != nil:
		return usagef("the id %q is taken by an earlier step", s.ID)
	case (s.Event == "") == (s.Again == ""):
		return usagef("it needs either event or again")
	case s.Again != "" && (s.Type != "" || s.At != "" || len(s.Set.Content)+len(s.Add.Content) > 0 || len(s.Unset) > 0):
		return usagef("what is sent again cannot be changed: type, at, set, add and unset are for an event")
	case s.Repeat < 0:
		return usagef("repeat is %d, but must be more than 0", s.Repeat)
	}
	return nil
}

// sample makes the n-th delivery of a step.
func (st *stage) sample(s *step, n int) (fixtures.Sample, error) {
	if s.Again != "" {
		return st.earlier(s.Again)
	}
	types, err := pickTypes(pictify.EventTypes(), []string{s.Event})
	if err != nil {
		return fixtures.Sample{}, err
	}
	k := fixtures.Kind{Event: types[0], Type: s.Type}
	if len(types) > 1 {
		return fixtures.Sample{}, usagef("%q is more than one event", s.Event)
	}
	if err := checkRenderType(s.Type); err != nil {
		return fixtures.Sample{}, err
	}
	if s.Type != "" && !fixtures.HasType(k.Event) {
		return fixtures.Sample{}, usagef("type is only for renders")
	}
	at := st.v.now()
	if s.At != "" {
		if at, err = parseMoment("at", s.At, at); err != nil {
			return fixtures.Sample{}, usagef("%s", strings.TrimPrefix(err.Error(), "--"))
		}
	}
	made, err := st.v.gen.Nth(k, st.made[k], at)
	if err != nil {
		return made, err
	}
	st.made[k]++
	changes, err := st.changes(s, n)
	if err != nil {
		return made, err
	}
	return edited(made, changes)
}

// changes are those of a step, references resolved.
func (st *stage) changes(s *step, n int) ([]fixtures.Change, error) {
	var changes []fixtures.Change
	for _, list := range []*yaml.Node{&s.Set, &s.Add} {
		for i := 0; i+1 < len(list.Content); i += 2 {
			path := list.Content[i]
			if path.Kind != yaml.ScalarNode || path.ShortTag() != "!!str" {
				return nil, usagef("set: %q is no path", path.Value)
			}
			value, err := st.value(list.Content[i+1], n)
			if err != nil {
				return nil, err
			}
			changes = append(changes, fixtures.Change{Path: path.Value, Value: value, New: list == &s.Add})
		}
	}
	for _, path := range s.Unset {
		changes = append(changes, fixtures.Change{Path: path})
	}
	return changes, nil
}

// delayOf is how long a request waits, decided by the seed and its number.
func delayOf(low, high time.Duration, seed uint64, n int) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(rand.New(rand.NewPCG(seed, uint64(n))).Int64N(int64(high-low)+1))
}
