package data

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

const (
	remembered = 256                   // changes that Next can tell apart
	boxes      = 16                    // of one layer in an event
	together   = 25 * time.Millisecond // for changes that follow each other to come as one event
)

// Event says how the current snapshot differs from an earlier one.
type Event struct {
	Version spatial.Version // now current
	Touched []Touched       // what changed since; in listing order
	All     bool            // everything may have changed: Touched is not known
	Behind  bool            // the store cannot be read, or holds a state that is not published
}

// Touched is where a layer changed: boxes in degrees that hold the old and
// the new geometry of every row that did, few and large rather than many. A
// layer that changed in rows without geometry only has none. Internal layers
// are not told of.
type Touched struct {
	Layer  spatial.LayerID
	Bounds []orb.Bound
}

// Next waits until the state differs from that of an earlier event, which may
// be of another run of the program or none (the zero Event), and says how.
// Changes that followed each other quickly come as one event.
func (l *Live) Next(ctx context.Context, last Event) (Event, error) {
	for {
		now, changed := l.news.since(last)
		if now.Version != last.Version || now.Behind != last.Behind {
			order(now.Touched, l.Current())
			return now, nil
		}
		select {
		case <-ctx.Done():
			return last, context.Cause(ctx)
		case <-changed:
			rest(ctx, together)
		}
	}
}

// order puts layers as they are listed.
func order(touched []Touched, s *spatial.Snapshot) {
	place := map[spatial.LayerID]int{}
	for layer := range s.Layers() {
		place[layer.ID()] = len(place)
	}
	slices.SortFunc(touched, func(a, b Touched) int { return cmp.Compare(place[a.Layer], place[b.Layer]) })
}

// record is one change of the snapshot.
type record struct {
	from, to spatial.Version
	touched  map[spatial.LayerID][]orb.Bound
	all      bool
}

// recordOf says where a change touched the snapshots before and after it.
func recordOf(before, after *spatial.Snapshot, c spatial.Change) record {
	r := record{from: before.Version(), to: after.Version(), touched: map[spatial.LayerID][]orb.Bound{}}
	for _, schema := range c.Create {
		r.all = r.all || !schema.Internal
	}
	for _, id := range c.Drop {
		r.all = r.all || !internal(before, id)
	}
	for _, change := range c.Layers {
		if len(change.Put)+len(change.Delete) > 0 && !internal(after, change.Layer) {
			r.touched[change.Layer] = append(touchedIn(before, change), touchedIn(after, change)...)
			r.touched[change.Layer] = few(r.touched[change.Layer])
		}
	}
	return r
}

func internal(s *spatial.Snapshot, id spatial.LayerID) bool {
	layer, err := s.Layer(id)
	return err == nil && layer.Schema().Internal
}

// touchedIn are boxes around the rows of a change as a snapshot has them.
func touchedIn(s *spatial.Snapshot, c spatial.LayerChange) []orb.Bound {
	layer, err := s.Layer(c.Layer)
	if err != nil {
		return nil
	}
	var bounds []orb.Bound
	for _, id := range idsOf(c) {
		if f, err := layer.Feature(id); err == nil {
			if b, ok := f.Bound(); ok {
				bounds = few(append(bounds, b))
			}
		}
	}
	return bounds
}

// few unites the nearest boxes until few are left.
func few(bounds []orb.Bound) []orb.Bound {
	for len(bounds) > boxes {
		i, k := nearest(bounds)
		bounds[i] = bounds[i].Union(bounds[k])
		bounds = slices.Delete(bounds, k, k+1)
	}
	return bounds
}

// nearest are the two boxes that together make the smallest one, i < k.
func nearest(bounds []orb.Bound) (i, k int) {
	least := -1.0
	for a := range bounds {
		for b := a + 1; b < len(bounds); b++ {
			if size := halfPerimeter(bounds[a].Union(bounds[b])); least < 0 || size < least {
				least, i, k = size, a, b
			}
		}
	}
	return i, k
}

func halfPerimeter(b orb.Bound) float64 { return b.Max[0] - b.Min[0] + b.Max[1] - b.Min[1] }

// news is what the snapshot's readers are told: one version after another,
// and whether the store is ahead.
type news struct {
	mu      sync.Mutex
	changed chan struct{} // closed at the next change
	records []record      // the last ones, oldest first, each from where the one before led
	version spatial.Version
	behind  bool
}

func newNews() *news { return &news{changed: make(chan struct{})} }

func (n *news) add(r record) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.records) == remembered {
		n.records = slices.Delete(n.records, 0, 1)
	}
	n.records = append(n.records, r)
	n.version = r.to
	n.tell()
}

func (n *news) setBehind(behind bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.behind != behind {
		n.behind = behind
		n.tell()
	}
}

func (n *news) tell() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// since is what changed since an earlier event, and the signal of the next
// change.
func (n *news) since(last Event) (Event, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := Event{Version: n.version, Behind: n.behind}
	if last.Version == n.version {
		return now, n.changed
	}
	from := slices.IndexFunc(n.records, func(r record) bool { return r.from == last.Version && !r.all })
	if from < 0 {
		now.All = true
		return now, n.changed
	}
	now.Touched, now.All = merge(n.records[from:])
	return now, n.changed
}

// merge is where several changes touched, together.
func merge(records []record) (_ []Touched, all bool) {
	bounds := map[spatial.LayerID][]orb.Bound{}
	for _, r := range records {
		if r.all {
			return nil, true
		}
		for id, b := range r.touched {
			bounds[id] = few(append(bounds[id], b...))
		}
	}
	touched := make([]Touched, 0, len(bounds))
	for id, b := range bounds {
		touched = append(touched, Touched{Layer: id, Bounds: b})
	}
	return touched, false
}
