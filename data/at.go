package data

import (
	"slices"
	"sync"
	"time"

	"wangge/spatial"
	"wangge/spatial/history"
)

// pastStates is how many states of other times are kept.
const pastStates = 8

// past are the states of other times that were asked for last, newest first.
type past struct {
	mu    sync.Mutex
	known []pastState
}

type pastState struct {
	of           *spatial.Snapshot
	valid, known time.Time
	make         func() (*spatial.Snapshot, error) // makes it once
}

// At is, by a snapshot, the state that held at a time, as it was believed at
// another; zero times stand for now. A few such states are kept, and those who ask for one
// together wait for one making. It costs a load of the layers that differ
// where none is. See [history.At] for the versions of its layers.
func (l *Live) At(s *spatial.Snapshot, valid, known time.Time) (*spatial.Snapshot, error) {
	if valid.IsZero() && known.IsZero() {
		return s, nil
	}
	return l.past.find(s, valid, known).make()
}

func (p *past) find(s *spatial.Snapshot, valid, known time.Time) pastState {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := func(k pastState) bool { return k.of == s && k.valid.Equal(valid) && k.known.Equal(known) }
	state := pastState{s, valid, known, sync.OnceValues(func() (*spatial.Snapshot, error) { return history.At(s, valid, known) })}
	if i := slices.IndexFunc(p.known, asked); i >= 0 {
		state = p.known[i]
		p.known = slices.Delete(p.known, i, i+1)
	}
	p.known = slices.Insert(p.known, 0, state)
	p.known = slices.Delete(p.known, min(len(p.known), pastStates), len(p.known))
	return state
}
