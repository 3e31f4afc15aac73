package tiles

import (
	"context"
	"sync"
	"time"
)

// flights holds the renders that are waited for, one for each key.
type flights struct {
	mutex  sync.Mutex
	flying map[string]*flight
	most   int // that may be waited for at a time
	crew   chan func()
}

// idle is how long a goroutine waits for another flight to make: its stack has
// grown to what a tile takes, which would take a new one some microseconds.
const idle = time.Second

// begin makes a flight, by a goroutine that is at hand or by a new one.
func (all *flights) begin(fly func()) {
	select {
	case all.crew <- fly:
	default:
		go all.work(fly)
	}
}

func (all *flights) work(fly func()) {
	wait := time.NewTimer(idle)
	defer wait.Stop()
	for {
		fly()
		wait.Reset(idle)
		select {
		case fly = <-all.crew:
		case <-wait.C:
			return
		}
	}
}

// flight is one render: several wait for it, and when the last of them has
// left it is called off if it has not begun.
type flight struct {
	waiting   int           // guarded by flights.mutex
	abandoned chan struct{} // closed when nobody waits any more
	landed    chan struct{} // closed when tile and err are set
	tile      *Tile
	err       error
}

// wait is the tile of a key, made by fly unless a flight is under way. If
// ctx ends first its error is returned; it is [ErrBusy] where there would be
// too many flights.
func (all *flights) wait(ctx context.Context, key string, fly func(abandoned <-chan struct{}) (*Tile, error)) (*Tile, error) {
	f := all.join(key, fly)
	if f == nil {
		return nil, ErrBusy
	}
	select {
	case <-f.landed:
		return f.tile, f.err
	case <-ctx.Done():
		all.leave(key, f)
		return nil, ctx.Err()
	}
}

// join is the flight of a key, nil where there are too many others.
func (all *flights) join(key string, fly func(abandoned <-chan struct{}) (*Tile, error)) *flight {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	f := all.flying[key]
	if f == nil && len(all.flying) >= all.most {
		return nil
	}
	if f == nil {
		f = &flight{abandoned: make(chan struct{}), landed: make(chan struct{})}
		all.flying[key] = f
		all.begin(func() {
			f.tile, f.err = fly(f.abandoned)
			all.remove(key, f)
			close(f.landed)
		})
	}
	f.waiting++
	return f
}

// leave calls a flight off when nobody waits for it; who comes later starts
// another.
func (all *flights) leave(key string, f *flight) {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	close(f.abandoned)
	if all.flying[key] == f {
		delete(all.flying, key)
	}
}

func (all *flights) remove(key string, f *flight) {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	if all.flying[key] == f {
		delete(all.flying, key)
	}
}
