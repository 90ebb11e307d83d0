package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"pictap/mock"
	"pictap/ui"
)

// idsTold is how many of the deliveries of a volley the page is told by id.
const idsTold = 20

// sendFromPage sends a volley to our own receiver, and tells how far it has come.
func (s *session) sendFromPage(ctx context.Context, w ui.Volley, tell func(ui.VolleyProgress)) error {
	v, load, err := s.volleyOf(w)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	b := &barrage{volley: v, sender: s.sender, stop: stop}
	so := newProgressOf(v)
	b.told = func(sh shot, o mock.Outcome, x expectation) {
		so.count(b, sh, o, x)
		tell(so.snapshot())
	}
	load.Count, load.Do = v.total(), b.do
	load.Run(ctx)
	return inPageWords(b.broken)
}

// A progressOf counts what the page is told of a volley. Its methods are called by one
// goroutine at a time.
type progressOf struct {
	ui.VolleyProgress
	steps map[string]int // name to place in Steps
}

func newProgressOf(v *volley) *progressOf {
	so := &progressOf{VolleyProgress: ui.VolleyProgress{Total: v.total(), Statuses: make(map[string]int)}, steps: make(map[string]int)}
	for _, sh := range v.script {
		i, known := so.steps[sh.step]
		if !known {
			i = len(so.Steps)
			so.steps[sh.step] = i
			so.Steps = append(so.Steps, ui.StepProgress{Name: sh.step, Statuses: make(map[string]int)})
		}
		so.Steps[i].Total++
	}
	return so
}

func (so *progressOf) count(b *barrage, sh shot, o mock.Outcome, x expectation) {
	so.Sent, so.Dropped, so.Unexpected = b.sent, b.dropped, b.unexpected+b.refused
	if sh.dropped {
		return
	}
	so.P50MS, so.P99MS = inMS(b.tally.Quantile(0.5)), inMS(b.tally.Quantile(0.99))
	if len(so.DeliveryIDs) < idsTold && !slices.Contains(so.DeliveryIDs, sh.sample.ID) {
		so.DeliveryIDs = append(so.DeliveryIDs, sh.sample.ID)
	}
	status := strconv.Itoa(o.Status)
	so.Statuses[status]++
	if i, ok := so.steps[sh.step]; ok {
		step := &so.Steps[i]
		step.Sent++
		step.Statuses[status]++
		if x.text == "" && !isTaken(o.Status) || x.text != "" && !x.met(o.Status) {
			step.Unexpected++
		}
	}
}

// snapshot is a copy that nobody changes.
func (so *progressOf) snapshot() ui.VolleyProgress {
	out := so.VolleyProgress
	out.Statuses, out.Steps = maps.Clone(so.Statuses), slices.Clone(so.Steps)
	for i := range out.Steps {
		out.Steps[i].Statuses = maps.Clone(so.Steps[i].Statuses)
	}
	out.DeliveryIDs = slices.Clone(so.DeliveryIDs)
	return out
}

// playFromPage makes a volley of a scenario that is built in. Each of its deliveries comes
// in by the path of its type.
func (s *session) playFromPage(v *volley, w ui.Volley) error {
	if !slices.Contains(scenarioNames(), w.Scenario) { // not a file: the page chooses none
		return usagef("there is no scenario %q built in", sanitize(w.Scenario, 80))
	}
	if w.Event != "" || w.Type != "" || w.At != "" || w.ID != "" || w.Strict || len(w.Edits)+len(w.Tamper) > 0 || w.Count != nil || w.Duplicate != nil ||
		w.Shuffle || w.Rate != nil || w.Delay != "" || w.Drop != 0 || w.Together != nil {
		return usagef("a scenario says all of that itself: only the seed can be chosen")
	}
	course, err := loadScenario(w.Scenario)
	if err != nil {
		return err
	}
	if w.Seed == nil {
		w.Seed = course.Seed
	}
	seed, err := s.seedOf(w.Seed)
	if err != nil {
		return err
	}
	s.setSeed(v, seed, false)
	if err := v.play(w.Scenario, course); err != nil {
		return err
	}
	for i := range v.script {
		if v.script[i].target, err = s.localURL(v.script[i].sample.Event); err != nil {
			return err
		}
	}
	return nil
}

// scenariosInWords tells what happens in each scenario that is built in.
func scenariosInWords() []ui.Scenario {
	var list []ui.Scenario
	for _, name := range scenarioNames() {
		course, err := loadScenario(name)
		if err != nil {
			panic(fmt.Sprintf("scenario %s: %v", name, err)) // it is in the binary, and a test plays it
		}
		out := ui.Scenario{Name: name, About: course.About}
		for i, st := range course.Steps {
			out.Requests += max(1, st.Repeat)
			out.Steps = append(out.Steps, ui.ScenarioStep{Name: cmpName(st.ID, i), About: st.inWords()})
		}
		list = append(list, out)
	}
	return list
}

func cmpName(id string, i int) string {
	if id == "" {
		return fmt.Sprintf("step %d", i+1)
	}
	return id
}

// inWords says what a step sends.
func (s *step) inWords() string {
	text := s.Event
	if s.Again != "" {
		text = s.Again + " again, signed anew"
	}
	if s.Repeat > 1 {
		text = fmt.Sprintf("%d × %s", s.Repeat, text)
	}
	if s.Type != "" {
		text += " of type " + s.Type
	}
	if s.Tamper != "" {
		text += "; " + mock.Tamper(s.Tamper).Why()
	}
	if s.At != "" {
		text += ", as of " + s.At
	}
	if s.Delay != "" {
		text += ", after " + s.Delay
	}
	return text
}
