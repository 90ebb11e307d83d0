package mock

import (
	"container/heap"
	"time"
)

// A timetable holds the parcels that wait for their next attempt, the one that is
// due first on top, and rings when that one is due. There is one timer for all of
// them and no goroutine while nothing happens.
//
// It measures with the machine's own clock, which Server.Now need not follow.
// Its methods need the mutex of the Server.
type timetable struct {
	parcels []*parcel
	timer   *time.Timer
	ring    func() // called on a goroutine of its own, without the mutex
}

// add puts p in, to be due after a wait.
func (t *timetable) add(p *parcel, wait time.Duration) {
	p.at = time.Now().Add(wait)
	heap.Push(t, p)
	t.arm()
}

// remove takes p out, and reports whether it was in.
func (t *timetable) remove(p *parcel) bool {
	if p.place < 0 {
		return false
	}
	heap.Remove(t, p.place)
	t.arm()
	return true
}

// take returns the parcels that are due, the first one first.
func (t *timetable) take() (due []*parcel) {
	now := time.Now()
	for len(t.parcels) > 0 && !t.parcels[0].at.After(now) {
		due = append(due, heap.Pop(t).(*parcel))
	}
	t.arm()
	return due
}

// arm sets the timer for the parcel on top.
func (t *timetable) arm() {
	switch {
	case len(t.parcels) == 0:
		t.stop()
	case t.timer == nil:
		t.timer = time.AfterFunc(time.Until(t.parcels[0].at), t.ring)
	default:
		t.timer.Reset(time.Until(t.parcels[0].at))
	}
}

func (t *timetable) stop() {
	if t.timer != nil {
		t.timer.Stop()
	}
}

// What follows is for package heap.

func (t *timetable) Len() int           { return len(t.parcels) }
func (t *timetable) Less(i, j int) bool { return t.parcels[i].at.Before(t.parcels[j].at) }

func (t *timetable) Swap(i, j int) {
	t.parcels[i], t.parcels[j] = t.parcels[j], t.parcels[i]
	t.parcels[i].place, t.parcels[j].place = i, j
}

func (t *timetable) Push(x any) {
	p := x.(*parcel)
	p.place = len(t.parcels)
	t.parcels = append(t.parcels, p)
}

func (t *timetable) Pop() any {
	last := len(t.parcels) - 1
	p := t.parcels[last]
	t.parcels[last] = nil
	t.parcels, p.place = t.parcels[:last], -1
	return p
}
