package command

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
	"pictap/mock"
	"pictap/tunnel/pictify"
)

// A volley is what a trigger sends: requests with numbers from 0, each of which
// can be made by itself, in any order and from any goroutine. It changes nothing
// once it is made.
type volley struct {
	target string
	signer *pictify.Signer
	gen    *fixtures.Generator
	at     time.Time // when the events happen; zero means at the moment of sending
	now    func() time.Time

	kinds   []fixtures.Kind  // in turn
	fixed   *fixtures.Sample // instead of what gen makes
	changes []fixtures.Change
	id      string // of all deliveries; "" lets each have its own
	tampers []mock.Tamper
	copies  int   // of each delivery
	events  int   // before they are copied and broken; 0 is no end
	order   []int // what is sent first; nil is the order of numbers
	drop    float64
	seed    uint64
	media   string // where pictures are; "" is where Pictify has them
	drawn   bool   // media is the mock, which nobody asked for
	expect  expectation
	script  []shot // of a scenario, instead of all that
}

// A shot is one request of a volley before it is signed.
type shot struct {
	n       int
	target  string
	sample  fixtures.Sample
	tamper  mock.Tamper
	dropped bool

	// Of a scenario's step.
	step   string
	wait   time.Duration // before it is sent
	expect expectation
}

// hasPictures reports whether some of the events lead to pictures.
func (v *volley) hasPictures() bool {
	return v.script != nil || slices.ContainsFunc(v.kinds, func(k fixtures.Kind) bool {
		return k.Event == pictify.RenderCompleted || k.Event == pictify.BindingUpdated
	})
}

// total is how many requests there are; 0 is no end.
func (v *volley) total() int {
	if v.script != nil {
		return len(v.script)
	}
	return v.events * len(v.tampers) * v.copies
}

// shot makes request n.
func (v *volley) shot(n int) (shot, error) {
	if v.script != nil {
		return v.script[n], nil
	}
	place := n
	if v.order != nil {
		place = v.order[n]
	}
	// Copies of a delivery are neighbours, then the ways to break it, then the kinds.
	delivery := place / v.copies
	event := delivery / len(v.tampers)
	s := shot{n: n, target: v.target, tamper: v.tampers[delivery%len(v.tampers)], dropped: v.drops(place), expect: v.expect}
	at := v.at
	if at.IsZero() {
		at = v.now()
	}
	sample, err := v.gen.Nth(v.kinds[event%len(v.kinds)], event/len(v.kinds), at)
	if err != nil {
		return s, err
	}
	s.sample, err = v.shape(sample)
	return s, err
}

// shape makes of a sample what the user wants to be sent.
func (v *volley) shape(made fixtures.Sample) (fixtures.Sample, error) {
	s := made
	if v.fixed != nil {
		s.Event, s.Body = v.fixed.Event, v.fixed.Body
		if v.fixed.ID != "" {
			s.ID = v.fixed.ID
		}
	}
	if v.id != "" {
		s.ID = v.id
	}
	var err error
	if v.fixed != nil || v.id != "" {
		if s.Body, err = renameDelivery(s.Body, s.ID); err != nil {
			return s, err
		}
	}
	if len(v.changes) == 0 && v.fixed == nil {
		return s, nil
	}
	s, err = edited(s, v.changes)
	if v.id != "" {
		s.ID = v.id
	}
	return s, err
}

// edited makes the changes in a sample's body. Its event and id, which the header
// will say, are then what the body says.
func edited(s fixtures.Sample, changes []fixtures.Change) (fixtures.Sample, error) {
	var err error
	if s.Body, err = fixtures.Edit(s.Body, changes); err != nil {
		return s, err
	}
	if e, err := pictify.ParseEvent(s.Body); err == nil {
		s.Event = e.Type
	}
	if id := fixtures.DeliveryID(s.Body); id != "" {
		s.ID = id
	}
	return s, nil
}

// renameDelivery puts id in place of the delivery id that the body has, if it has one.
func renameDelivery(body []byte, id string) ([]byte, error) {
	if old := fixtures.DeliveryID(body); old == "" || old == id {
		return body, nil
	}
	return fixtures.Edit(body, []fixtures.Change{{Path: "data.deliveryId", Value: pictify.AppendString(nil, id)}})
}

// drops decides whether a request is left out.
func (v *volley) drops(place int) bool {
	return v.drop > 0 && rand.New(rand.NewPCG(v.seed^0x64726f70, uint64(place))).Float64() < v.drop
}

// shuffled is the numbers from 0 to below n in an order that the seed decides.
func shuffled(n int, seed uint64) []int {
	return rand.New(rand.NewPCG(seed, 0x73687566)).Perm(n)
}

// message signs the request as of the moment at.
func (v *volley) message(s shot, at time.Time) pictify.Message {
	return s.tamper.Message(s.sample, v.signer, at)
}

// maxRequests bounds what --count, --duplicate and --tamper multiply to.
const maxRequests = 100_000_000

// volley makes what the flags and arguments ask for.
func (e Env) volley(c *cli.Context) (*volley, error) {
	patterns, argument, err := triggerWords(c)
	if err != nil {
		return nil, err
	}
	v := &volley{now: e.now, copies: c.Int("duplicate"), events: c.Int("count"), id: c.String("id")}
	if err := v.readFlags(c, e); err != nil {
		return nil, err
	}
	target, err := e.appTarget(c, argument, c.String("to"))
	if err != nil {
		return nil, err
	}
	v.target = target.String()
	secret, _, err := e.localSecret(c)
	if err != nil {
		return nil, err
	}
	v.signer = pictify.NewSigner(secret)
	if name := c.String("scenario"); name != "" {
		s, err := loadScenario(name)
		if err != nil {
			return nil, err
		}
		v.setSeed(c, e, s.Seed, s.Seed == nil)
		return v, v.play(name, s)
	}
	v.setSeed(c, e, nil, c.String("data") == "" && c.String("from") == "")
	if err := v.readEvents(c, e, patterns); err != nil {
		return nil, err
	}
	if err := v.checkCount(c); err != nil {
		return nil, err
	}
	if c.Bool("edit") {
		if err := v.edit(c, e); err != nil {
			return nil, err
		}
	}
	// What is wrong with an edit is wrong with every request: say so before one is sent.
	_, err = v.shot(0)
	return v, explainEdit(err)
}

// setSeed takes the seed of the flag, else the one given, else another each time. Events
// of no seed in particular have their pictures at the mock, if one runs and they are made
// up; those of a seed are always the same.
func (v *volley) setSeed(c *cli.Context, e Env, given *int64, madeUp bool) {
	seed := e.now().UnixNano()
	switch {
	case c.IsSet("seed"):
		seed = c.Int64("seed")
	case given != nil:
		seed = *given
	}
	v.seed = uint64(seed)
	if v.media == "" && madeUp && !c.IsSet("seed") {
		v.media = e.picturesOfMock(c)
		v.drawn = v.media != ""
	}
	v.gen = fixtures.New(seed, e.now(), v.media)
	v.gen.Strict = c.Bool("strict")
}

func (v *volley) readFlags(c *cli.Context, e Env) (err error) {
	if v.tampers, err = readTampers(c.StringSlice("tamper")); err != nil {
		return err
	}
	if v.changes, err = readChanges(c); err != nil {
		return err
	}
	if v.expect, err = readExpect(c.String("expect")); err != nil {
		return err
	}
	if v.drop, err = readPart("drop", c.String("drop")); err != nil {
		return err
	}
	if at := c.String("at"); at != "now" {
		if v.at, err = parseMoment("at", at, e.now()); err != nil {
			return err
		}
	}
	if err := checkDeliveryID(v.id); err != nil {
		return err
	}
	v.media, err = e.mediaBase(c)
	return err
}

// checkDeliveryID finds what would not fit into a header.
func checkDeliveryID(id string) error {
	if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) || len(id) > 200 {
		return usagef("--id may have up to 200 characters, printable ones without blanks")
	}
	return nil
}

func (v *volley) checkCount(c *cli.Context) error {
	switch {
	case c.IsSet("count") && v.events < 1:
		return usagef("--count must be more than 0")
	case v.copies < 1 || v.copies > 1000:
		return usagef("--duplicate must be from 1 to 1000")
	case c.IsSet("duration") && c.Duration("duration") <= 0:
		return usagef("--duration must be more than 0")
	case c.Duration("timeout") <= 0:
		return usagef("--timeout must be more than 0")
	case v.events == 0 && c.Duration("duration") == 0:
		v.events = len(v.kinds)
	}
	if v.events > maxRequests/(len(v.tampers)*v.copies) {
		return usagef("these are more than %d requests", maxRequests)
	}
	if c.Bool("shuffle") {
		if v.total() == 0 {
			return usagef("--shuffle needs --count").withHint("without an end there is no other order")
		}
		v.order = shuffled(v.total(), v.seed)
	}
	return nil
}
