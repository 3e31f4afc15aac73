package data

import (
	"context"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Event says how the current snapshot differs from an earlier one.
type Event struct {
	Version spatial.Version // now current
	Touched []Touched       // what changed since; in listing order
	All     bool            // everything may have changed: Touched is not known
	Behind  bool            // the store cannot be read, or holds a state that is not published
}

// Touched is where a layer changed: boxes in degrees that hold the old and
// the new geometry of every row that did, few and large rather than many.
type Touched struct {
	Layer  spatial.LayerID
	Bounds []orb.Bound
}

// Next waits until the state differs from that of an earlier event, which may
// be of another run of the program or none (the zero Event), and says how.
// Changes that followed each other quickly come as one event.
func (l *Live) Next(ctx context.Context, last Event) (Event, error) {
	<-ctx.Done()
	return last, context.Cause(ctx)
}
