package store

import (
	"context"
	"time"
)

// A Share is what there is of one event type, or of one subscription.
type Share struct {
	Name     string // of the type, or the subscription's uid
	Outcomes [outcomes]int64

	// The newest delivery that came, and the newest one that verified and that the
	// app answered; zero when there is none.
	Last     Sight
	Answered Sight
}

// Arrived is how many came, verified or not.
func (s Share) Arrived() (n int64) {
	for _, k := range s.Outcomes {
		n += k
	}
	return n
}

// A Sight is one delivery of a Share.
type Sight struct {
	Seq    int64
	At     time.Time
	Status int // of the app's last answer to it; 0 for none
}

// Shares counts what is stored by event type and by subscription, each in order of
// the first arrival. Deliveries by no subscription are not in the second list.
func (s *Store) Shares(ctx context.Context) (events, subscriptions []Share, err error) {
	err = s.look(ctx, func(c *census) {
		byEvent, bySub := make([]*Share, len(c.names)), make([]*Share, len(c.names))
		for i := range c.points {
			p := &c.points[i]
			for _, to := range []struct {
				all  []*Share
				n    uint16
				skip bool
			}{{byEvent, p.event, false}, {bySub, p.sub, p.sub == 0}} {
				if to.skip {
					continue
				}
				if to.all[to.n] == nil {
					to.all[to.n] = &Share{Name: c.names[to.n]}
				}
				to.all[to.n].count(p)
			}
		}
		events, subscriptions = present(byEvent), present(bySub)
	})
	return events, subscriptions, err
}

func (s *Share) count(p *point) {
	s.Outcomes[p.outcome]++
	s.Last = Sight{p.seq, fromMicros(p.at), int(p.status)}
	if p.outcome != Unverified && p.status != 0 {
		s.Answered = s.Last
	}
}

func present(all []*Share) []Share {
	var list []Share
	for _, s := range all {
		if s != nil {
			list = append(list, *s)
		}
	}
	return list
}
