package mock

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// An Outcome is what became of a request.
type Outcome struct {
	N       int
	Latency time.Duration // from when it was due until the answer was read
	Result
}

// A Tally counts outcomes, in memory that does not grow with their number. Its
// methods are called by one goroutine at a time.
type Tally struct {
	Sent     int            // requests that were answered or failed
	Statuses map[int]int    // how many had which status; 0 is no answer
	Problems map[string]int // why there was no answer, the first of them
	latency  *hdrhistogram.Histogram
	longest  time.Duration
}

const maxProblems = 20

// Add counts one.
func (t *Tally) Add(o Outcome) {
	if t.latency == nil {
		t.latency = hdrhistogram.New(1, int64(10*time.Minute/time.Microsecond), 3)
		t.Statuses, t.Problems = make(map[int]int), make(map[string]int)
	}
	t.Sent++
	t.Statuses[o.Status]++
	if o.Err != nil {
		if _, known := t.Problems[o.Err.Error()]; known || len(t.Problems) < maxProblems {
			t.Problems[o.Err.Error()]++
		}
	}
	t.longest = max(t.longest, o.Latency)
	t.latency.RecordValue(max(1, o.Latency.Microseconds())) // what is longer than it holds is in longest
}

// Quantile is the latency that the given part of the requests had at most, 0.99
// for p99, to 0.1 %.
func (t *Tally) Quantile(q float64) time.Duration {
	if t.latency == nil {
		return 0
	}
	return min(t.longest, time.Duration(t.latency.ValueAtQuantile(q*100))*time.Microsecond)
}

// Max is the longest latency.
func (t *Tally) Max() time.Duration { return t.longest }

// A Bin is how many requests had a latency from Low to below High.
type Bin struct {
	Low, High time.Duration
	Count     int
}

// Bins returns a histogram with at most n bins between the shortest latency and p99
// or so, equally wide but for the last one, which takes the rest.
func (t *Tally) Bins(n int) []Bin {
	if t.latency == nil || n < 1 {
		return nil
	}
	low := time.Duration(t.latency.Min()) * time.Microsecond
	width := max(time.Microsecond, (t.Quantile(0.99)-low)/time.Duration(n)+1)
	bins := make([]Bin, n)
	for i := range bins {
		bins[i].Low, bins[i].High = low+time.Duration(i)*width, low+time.Duration(i+1)*width
	}
	for _, bar := range t.latency.Distribution() {
		if bar.Count > 0 {
			at := time.Duration(bar.From) * time.Microsecond
			i := min(n-1, int((at-low)/width))
			bins[max(0, i)].Count += int(bar.Count)
		}
	}
	bins[n-1].High = max(bins[n-1].High, t.longest)
	return bins
}
