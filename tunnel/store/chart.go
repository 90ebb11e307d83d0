package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A ChartStep is what arrived in one step of time.
type ChartStep struct {
	Start    time.Time
	Outcomes [outcomes]int64

	// The half, and 95 of 100, of the app's last answers took at most so long; zero
	// when there was no answer. Exact, by the nearest rank.
	Answers  int64
	P50, P95 time.Duration
}

// MaxChartSteps is how many steps a chart has at most.
const MaxChartSteps = 1000

// ErrLongChart is returned for a chart of more than [MaxChartSteps].
var ErrLongChart = errors.New("a chart of too many steps")

// A Chart counts what arrived from From until before To.
type Chart struct {
	From, To time.Time
	Step     time.Duration
	Steps    []ChartStep // in order of time; those without a delivery are left out
}

// Chart counts what is stored of the deliveries that arrived from one time until
// before another, in steps that begin at multiples of step from 1970 on. From, when
// zero, is the first arrival; step, when 0, is a round one that makes about 120.
//
// The error is about the store, or [ErrLongChart].
func (s *Store) Chart(ctx context.Context, from, to time.Time, step time.Duration) (Chart, error) {
	if step < 0 || step%time.Microsecond != 0 {
		return Chart{}, fmt.Errorf("chart in steps of %v", step)
	}
	var chart Chart
	var err error
	lookErr := s.look(ctx, func(c *census) {
		if from.IsZero() {
			from = c.first(to)
		}
		if step == 0 {
			step = roundStep(to.Sub(from))
		}
		if n := to.Sub(from) / step; n >= MaxChartSteps {
			err = fmt.Errorf("%w: %d steps", ErrLongChart, n)
			return
		}
		chart = Chart{from, to, step, c.steps(from.UnixMicro(), to.UnixMicro(), step.Microseconds())}
	})
	return chart, cmp.Or(lookErr, err)
}

// first is when the first delivery arrived, or an hour before the end if there is none.
func (c *census) first(end time.Time) time.Time {
	first := end.Add(-time.Hour).UnixMicro()
	for i := range c.points {
		if at := c.points[i].at; i == 0 || at < first {
			first = at
		}
	}
	return time.UnixMicro(first)
}

func (c *census) steps(from, to, step int64) []ChartStep {
	type bin struct {
		ChartStep
		took []int64
	}
	bins := map[int64]*bin{}
	for i := range c.points {
		p := &c.points[i]
		if p.at < from || p.at >= to {
			continue
		}
		start := p.at - floorMod(p.at, step)
		b := bins[start]
		if b == nil {
			b = &bin{ChartStep: ChartStep{Start: time.UnixMicro(start)}}
			bins[start] = b
		}
		b.Outcomes[p.outcome]++
		if p.status != 0 {
			b.took = append(b.took, p.took)
		}
	}
	list := make([]ChartStep, 0, len(bins))
	for _, b := range bins {
		if n := len(b.took); n > 0 {
			slices.Sort(b.took)
			b.Answers, b.P50, b.P95 = int64(n), nearestRank(b.took, 50), nearestRank(b.took, 95)
		}
		list = append(list, b.ChartStep)
	}
	slices.SortFunc(list, func(a, b ChartStep) int { return a.Start.Compare(b.Start) })
	return list
}

func floorMod(n, m int64) int64 { return (n%m + m) % m }

// nearestRank is the smallest of the sorted values that so many in a hundred do not exceed.
func nearestRank(sorted []int64, percent int) time.Duration {
	rank := (len(sorted)*percent + 99) / 100
	return time.Duration(sorted[max(rank, 1)-1]) * time.Microsecond
}

// roundSteps are the steps that people think in.
var roundSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// roundStep is the smallest one that makes at most 150 steps of a time.
func roundStep(whole time.Duration) time.Duration {
	for _, step := range roundSteps {
		if whole <= 150*step {
			return step
		}
	}
	return roundSteps[len(roundSteps)-1]
}

// Held returns summaries of the deliveries that have waited longest for the app, at
// most limit.
func (s *Store) Held(ctx context.Context, limit int) ([]Delivery, error) {
	return s.summaries(ctx, "WHERE d.state = 'waiting' ORDER BY d.seq LIMIT ?", limit)
}

// Size is how many bytes the database takes on the disk, its log included.
func (s *Store) Size() (int64, error) {
	return sizeOf(s.path, s.path+"-wal")
}

// Keeps is how many verified deliveries are kept, and how many bytes of them; see
// [Options].
func (s *Store) Keeps() (count, bytes int64) { return s.opts.KeepCount, s.opts.KeepBytes }
