package data

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/history"
	"wangge/spatial/partition"
)

// candidate is a state of the store that is not published yet.
type candidate struct {
	base   *spatial.Snapshot // the proved one it follows; nil if all is to be looked at
	from   *spatial.Snapshot // the published one it follows; nil if what happened since is not known
	state  *spatial.Snapshot
	change spatial.Change // from there to state
	record record
}

// loaded is the record of a state that was loaded as a whole.
func loaded(s *spatial.Snapshot) record { return record{to: s.Version(), all: true} }

// admit publishes a state if it keeps the rules. What breaks them stays
// unpublished for as long as there is a sound state before it.
func (l *Live) admit(ctx context.Context, c candidate) error {
	moved := c.offLattice()
	next, err := onLattice(c.state, moved, c.state.Version())
	if err != nil {
		l.unreadable(ctx, err)
		return err
	}
	if faults := c.faults(next); len(faults) > 0 {
		return l.keepBack(c, faults)
	}
	if next, err = l.writeBack(ctx, c, moved); err != nil {
		return l.notWritten(ctx, c, err)
	}
	c.record.to = next.Version()
	l.publish(next, c.record, nil)
	return nil
}

// keepBack makes a broken state the fault; it is published only if what it
// would replace is broken, too.
func (l *Live) keepBack(c candidate, faults []*spatial.InvalidError) error {
	broken := &BrokenError{Version: c.state.Version(), Published: !l.sound, Faults: faults}
	if !l.sound {
		l.publish(c.state, c.record, broken)
		return nil
	}
	l.setFault(broken)
	return broken
}

// writeBack commits the rows that were put on the lattice, and what another
// program replaced without keeping it. Of several that try only one succeeds.
func (l *Live) writeBack(ctx context.Context, c candidate, moved []spatial.LayerChange) (*spatial.Snapshot, error) {
	change, err := c.missing(l.now())
	if err != nil {
		return nil, err
	}
	kept := len(change.Layers)
	change.Layers = append(change.Layers, moved...)
	if len(change.Layers) == 0 {
		return c.state, nil
	}
	if len(moved) > 0 {
		change.Note = "put on the lattice of 10⁻⁹ degree"
	}
	version, err := l.store.Commit(ctx, change)
	if err != nil {
		return nil, fmt.Errorf("write back what another program left undone: %w", err)
	}
	l.log.Info("wrote back what another program left undone", "version", version, "off_lattice", len(moved) > 0, "not_kept", kept > 0)
	return c.state.Apply(change, version)
}

// missing is what the history lacks.
func (c candidate) missing(now time.Time) (spatial.Change, error) {
	if c.from == nil {
		return spatial.Change{Base: c.state.Version()}, nil
	}
	return history.Missing(c.from, c.state, c.change, now)
}

// notWritten makes what hindered a write-back the fault. A conflict is none:
// somebody else committed first.
func (l *Live) notWritten(ctx context.Context, c candidate, err error) error {
	var invalid *spatial.InvalidError
	switch {
	case errors.As(err, &invalid):
		return l.keepBack(c, []*spatial.InvalidError{invalid})
	case !errors.Is(err, spatial.ErrConflict):
		l.unreadable(ctx, err)
	}
	return err
}

func onLattice(s *spatial.Snapshot, moved []spatial.LayerChange, version spatial.Version) (*spatial.Snapshot, error) {
	if len(moved) == 0 {
		return s, nil
	}
	return s.Apply(spatial.Change{Base: s.Version(), Layers: moved}, version)
}

// offLattice are the rows of partitions that have vertices off the lattice,
// put on it.
func (c candidate) offLattice() []spatial.LayerChange {
	var moved []spatial.LayerChange
	for layer := range c.state.Layers() {
		if !layer.Schema().Partition {
			continue
		}
		change := spatial.LayerChange{Layer: layer.ID()}
		for f := range c.features(layer) {
			geometry := f.Geometry()
			if snapped := partition.Snap(geometry); !orb.Equal(snapped, geometry) {
				row := f.Row()
				row.Geometry = snapped
				change.Put = append(change.Put, row)
			}
		}
		if len(change.Put) > 0 {
			moved = append(moved, change)
		}
	}
	return moved
}

// features yields those of a layer that the change put, or all.
func (c candidate) features(layer *spatial.Layer) func(yield func(spatial.Feature) bool) {
	if c.base == nil {
		return layer.All()
	}
	return func(yield func(spatial.Feature) bool) {
		for _, change := range c.change.Layers {
			if change.Layer != layer.ID() {
				continue
			}
			for i := range change.Put {
				if f, err := layer.Feature(change.Put[i].ID); err == nil && !yield(f) {
					return
				}
			}
		}
	}
}

// faults are the rules that a state breaks: its rows' own, and those of its
// partitions. Only what changed is looked at if what was before is proved.
func (c candidate) faults(next *spatial.Snapshot) []*spatial.InvalidError {
	if c.base == nil {
		return allFaults(next)
	}
	r := &Report{}
	for layer := range next.Layers() {
		for f := range c.features(layer) {
			r.row(f)
		}
	}
	if len(r.Faults) > 0 {
		return r.Faults
	}
	return partitionFaults(c.base, next, c.change)
}
