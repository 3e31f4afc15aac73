package data

import (
	"iter"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/partition"
)

// level is a partition whose polygons make up those of another.
type level struct {
	children *spatial.Layer
	field    string // the children's, with the parent's code
	parents  *spatial.Layer
}

// levels yields the levels of a snapshot.
func levels(s *spatial.Snapshot) iter.Seq[level] {
	return func(yield func(level) bool) {
		for layer := range s.Layers() {
			if !layer.Schema().Partition {
				continue
			}
			for _, f := range layer.Schema().Fields {
				parents, err := s.Layer(f.References)
				if err == nil && parents.Schema().Partition && !yield(level{layer, f.Name, parents}) {
					return
				}
			}
		}
	}
}

// allFaults proves every row and every partition of a snapshot.
func allFaults(s *spatial.Snapshot) []*spatial.InvalidError {
	r := &Report{}
	for layer := range s.Layers() {
		r.rows(layer)
		if layer.Schema().Partition {
			r.partition(layer)
		}
	}
	for v := range levels(s) {
		r.take(v.children, partition.ProveNested(v.children, v.field, v.parents))
	}
	return r.Faults
}

// partitionFaults proves the partitions that a change of a proved snapshot
// touched, and the levels they belong to, at the cost of what changed.
func partitionFaults(before, after *spatial.Snapshot, c spatial.Change) []*spatial.InvalidError {
	r := &Report{}
	moves := movesOf(before, after, c)
	for layer := range after.Layers() {
		switch m := moves[layer.ID()]; {
		case m == nil:
		case m.before == nil:
			r.partition(layer)
		default:
			r.take(layer, partition.ProveChange(m.before, layer, m.shapes()))
		}
	}
	for v := range levels(after) {
		if stillNested(before, v, moves) {
			continue
		}
		codes := map[string]bool{}
		moves[v.children.ID()].names(v.field, codes)
		moves[v.parents.ID()].names(v.parents.Schema().Code, codes)
		if len(codes) > 0 {
			r.take(v.children, partition.ProveNestedIn(v.children, v.field, v.parents, codes))
		}
	}
	return r.Faults
}

// stillNested says whether a level that was sound before is known to be so after
// what moved; false if it has to be looked at.
func stillNested(before *spatial.Snapshot, v level, moves map[spatial.LayerID]*move) bool {
	children, err := before.Layer(v.children.ID())
	parents, missing := before.Layer(v.parents.ID())
	if err != nil || missing != nil || children.Schema() != v.children.Schema() || parents.Schema() != v.parents.Schema() {
		return false
	}
	return partition.ProveNestingChange(partition.Nesting{Children: children, Parents: parents, Field: v.field},
		partition.Nesting{Children: v.children, Parents: v.parents, Field: v.field}, moves[children.ID()].touched(), moves[parents.ID()].touched())
}

// touched are the rows of a move, none of a nil one.
func (m *move) touched() []int64 {
	if m == nil {
		return nil
	}
	return m.ids
}

// move is a change of a partition.
type move struct {
	before, after *spatial.Layer // before is nil if the layer is new
	ids           []int64
}

// movesOf are the changes of partitions in a change.
func movesOf(before, after *spatial.Snapshot, c spatial.Change) map[spatial.LayerID]*move {
	moves := map[spatial.LayerID]*move{}
	for _, schema := range c.Create {
		if layer, err := after.Layer(schema.ID); err == nil && schema.Partition {
			moves[schema.ID] = &move{after: layer}
		}
	}
	for _, change := range c.Layers {
		layer, err := after.Layer(change.Layer)
		if err != nil || !layer.Schema().Partition {
			continue
		}
		if _, made := moves[change.Layer]; !made {
			old, _ := before.Layer(change.Layer)
			moves[change.Layer] = &move{before: old, after: layer}
		}
		moves[change.Layer].ids = idsOf(change)
	}
	return moves
}

// idsOf are the rows that a change touches.
func idsOf(c spatial.LayerChange) []int64 {
	ids := make([]int64, 0, len(c.Put)+len(c.Delete))
	for i := range c.Put {
		ids = append(ids, c.Put[i].ID)
	}
	return append(ids, c.Delete...)
}

// shapes are the rows that came, went or have another outline.
func (m *move) shapes() []int64 {
	var ids []int64
	for _, id := range m.ids {
		if m.reshaped(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (m *move) reshaped(id int64) bool {
	old, there := m.old(id)
	now, err := m.after.Feature(id)
	return !there || err != nil || !orb.Equal(old.Geometry(), now.Geometry())
}

func (m *move) old(id int64) (spatial.Feature, bool) {
	if m.before == nil {
		return spatial.Feature{}, false
	}
	f, err := m.before.Feature(id)
	return f, err == nil
}

// names collects what a field says, before and after, of the rows that have
// another outline or say another thing now.
func (m *move) names(field string, codes map[string]bool) {
	if m == nil {
		return
	}
	for _, id := range m.ids {
		old, there := m.old(id)
		now, err := m.after.Feature(id)
		if !m.reshaped(id) && old.Attribute(field) == now.Attribute(field) {
			continue
		}
		if there {
			codes[old.Attribute(field).Text()] = true
		}
		if err == nil {
			codes[now.Attribute(field).Text()] = true
		}
	}
}
