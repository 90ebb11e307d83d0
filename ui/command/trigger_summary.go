package command

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"pictap/mock"
)

// loadLine is the last line of many requests.
type loadLine struct {
	lineHead
	Requests   int            `json:"requests"`
	Dropped    int            `json:"dropped,omitempty"`
	Unexpected int            `json:"unexpected,omitempty"`
	Seconds    float64        `json:"seconds"`
	PerSecond  float64        `json:"per_second"`
	Statuses   map[string]int `json:"statuses"` // "0": no answer
	Problems   map[string]int `json:"problems,omitempty"`
	P50MS      float64        `json:"p50_ms"`
	P90MS      float64        `json:"p90_ms"`
	P99MS      float64        `json:"p99_ms"`
	MaxMS      float64        `json:"max_ms"`
}

// summary tells how many requests were answered.
func (p *printer) summary(t *mock.Tally, n counts, elapsed time.Duration) {
	rate := float64(t.Sent) / max(elapsed.Seconds(), 1e-9)
	if p.json {
		line := loadLine{lineHead: p.head("summary"), Requests: t.Sent, Dropped: n.dropped, Unexpected: n.unexpected,
			Seconds: elapsed.Seconds(), PerSecond: rate, Statuses: map[string]int{}, Problems: map[string]int{},
			P50MS: inMS(t.Quantile(0.5)), P90MS: inMS(t.Quantile(0.9)), P99MS: inMS(t.Quantile(0.99)), MaxMS: inMS(t.Max())}
		for status, count := range t.Statuses {
			line.Statuses[strconv.Itoa(status)] = count
		}
		for problem, count := range t.Problems {
			line.Problems[clip(problem, shortText)] += count
		}
		p.emit(line)
		return
	}
	p.data(p.summaryText(t, n, elapsed, rate)...)
}

func (p *printer) summaryText(t *mock.Tally, n counts, elapsed time.Duration, rate float64) []string {
	lines := []string{fmt.Sprintf("%s in %s, %.0f/s", count(t.Sent, "request"), took(elapsed), rate)}
	if n.dropped > 0 {
		lines = append(lines, fmt.Sprintf("  %d more were dropped, as --drop says", n.dropped))
	}
	if t.Sent == 0 {
		return lines
	}
	lines = append(lines, "")
	for _, status := range slices.Sorted(maps.Keys(t.Statuses)) {
		what := http.StatusText(status)
		if status == 0 {
			what = "no answer"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %s %7d  %s", statusText(p.paint, status), t.Statuses[status], what), " "))
	}
	for _, problem := range slices.Sorted(maps.Keys(t.Problems)) {
		lines = append(lines, fmt.Sprintf("      %7d  %s", t.Problems[problem], p.paint.red(sanitize(problem, 200))))
	}
	lines = append(lines, "", fmt.Sprintf("  latency   p50 %s   p90 %s   p99 %s   max %s",
		took(t.Quantile(0.5)), took(t.Quantile(0.9)), took(t.Quantile(0.99)), took(t.Max())))
	if t.Sent >= minHistogram {
		lines = append(lines, histogramText(t.Bins(8))...)
	}
	return lines
}

const (
	minHistogram   = 20 // requests
	histogramWidth = 36 // characters
)

// histogramText draws bins as bars, each at least as long as something is there.
func histogramText(bins []mock.Bin) []string {
	most := 1
	for _, b := range bins {
		most = max(most, b.Count)
	}
	var lines []string
	for i, b := range bins {
		upTo := "<" + pad(took(b.High), 8)
		if i == len(bins)-1 {
			upTo = "≥" + pad(took(b.Low), 8)
		}
		bar := strings.Repeat("█", b.Count*histogramWidth/most)
		if bar == "" && b.Count > 0 {
			bar = "▏"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("    %s %s %d", upTo, pad(bar, histogramWidth), b.Count), " "))
	}
	return lines
}
