package data

import (
	"time"

	"wangge/spatial"
	"wangge/spatial/history"
)

// At is the state that held at a time, as it was believed at another; zero
// times stand for now. A few such states are kept. It costs a load of the
// tracked layers where none is.
func (l *Live) At(valid, known time.Time) (*spatial.Snapshot, error) {
	return history.At(l.Current(), valid, known)
}
