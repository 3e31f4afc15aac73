package adjustment

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/history"
	"wangge/spatial/partition"
)

// Undo plans the inverse of an adjustment of the areas of a layer from what
// it ended: geometry, codes and references as they were, bit for bit; areas
// that it made go, and those that it absorbed come back under their ids. What
// has come since stands where it falls, and totals are those of today. It is
// refused where an area or what stood in it has changed again since. Outlines
// of levels above that have changed elsewhere are dissolved anew.
func (r Rules) Undo(s *spatial.Snapshot, layer spatial.LayerID, id int64) (*Plan, error) {
	p, err := r.planner(s, layer)
	if err != nil {
		return nil, err
	}
	u := &undoing{id: id, former: map[spatial.LayerID]map[int64]spatial.Row{}, outlines: map[spatial.LayerID]map[string]orb.Geometry{}}
	p.undoing = u
	ended := history.By(s, id)
	if len(ended) == 0 {
		p.refuse(&spatial.InvalidError{Rule: "nothing_to_revert", Where: fmt.Sprintf("adjustment %d", id), Detail: "nothing is kept of what it changed"})
	}
	var redrawn []partition.Redrawn
	for _, e := range ended {
		if area, ok := p.bringBack(e); ok {
			redrawn = append(redrawn, area)
		}
	}
	if p.plan.Refused() {
		return p.plan, nil
	}
	if err := p.restore(redrawn); err != nil {
		return nil, err
	}
	p.levels(redrawn)
	p.reckon()
	return p.plan, nil
}

// undoing is what a plan brings back.
type undoing struct {
	id       int64
	former   map[spatial.LayerID]map[int64]spatial.Row   // rows as they were, by layer and id
	outlines map[spatial.LayerID]map[string]orb.Geometry // of areas of levels above, by code
	absorbed []spatial.Row                               // areas that come back
	restored *spatial.Layer                              // those, as features
}

// bringBack takes in what the adjustment ended; ok is false if that is no area
// of the lowest level.
func (p *planner) bringBack(e history.Entry) (area partition.Redrawn, ok bool) {
	layer, err := p.snapshot.Layer(e.Layer)
	if err != nil {
		return area, false
	}
	since, superseded := p.since(e)
	switch {
	case layer == p.areas:
		if superseded {
			p.refuseSuperseded(layer, e, since)
			return area, false
		}
		return p.areaBack(e)
	case layer.Schema().Partition:
		if !superseded && e.Row != nil {
			put(p.undoing.outlines, e.Layer, e.Row.Values[layer.Schema().FieldIndex(layer.Schema().Code)].Text(), e.Row.Geometry)
		}
	case superseded:
		p.refuseSuperseded(layer, e, since)
	case e.Row != nil:
		put(p.undoing.former, e.Layer, e.Feature, *e.Row)
	}
	return area, false
}

func put[K comparable, V any](in map[spatial.LayerID]map[K]V, layer spatial.LayerID, key K, value V) {
	if in[layer] == nil {
		in[layer] = map[K]V{}
	}
	in[layer][key] = value
}

// since is what ended next what the adjustment made of a feature, unless the
// feature is as the adjustment made it again.
func (p *planner) since(e history.Entry) (next history.Entry, superseded bool) {
	seen := false
	for _, state := range history.Of(p.snapshot, e.Layer, e.Feature) {
		if seen {
			return state, !p.stands(state)
		}
		seen = state.Adjustment == e.Adjustment
	}
	return next, false
}

// stands says whether a feature is, in what is kept of it, as it was.
func (p *planner) stands(was history.Entry) bool {
	layer, err := p.snapshot.Layer(was.Layer)
	if err != nil {
		return false
	}
	f, err := layer.Feature(was.Feature)
	if err != nil || was.Row == nil {
		return err != nil && was.Row == nil
	}
	schema, is := layer.Schema(), f.Row()
	for i := range schema.Fields {
		if (schema.Fields[i].References != "" || schema.Fields[i].Name == schema.Code) && is.Values[i] != was.Row.Values[i] {
			return false
		}
	}
	return !schema.Partition || orb.Equal(is.Geometry, was.Row.Geometry)
}

func (p *planner) refuseSuperseded(layer *spatial.Layer, e, since history.Entry) {
	refusal := &spatial.InvalidError{Rule: "superseded", Where: fmt.Sprintf("%s %d", e.Layer, e.Feature),
		Detail: fmt.Sprintf("adjustment %d has changed it again", since.Adjustment), Fix: fmt.Sprintf("revert adjustment %d first, or propose a new one", since.Adjustment)}
	if since.Adjustment == 0 {
		refusal.Detail, refusal.Fix = "it was edited again, recorded at "+since.RecordedTo.UTC().Format(time.RFC3339), "propose a new adjustment"
	}
	if f, err := layer.Feature(e.Feature); err == nil {
		refusal.Where = fmt.Sprintf("%s %s", e.Layer, nameOf(f))
		if f.HasGeometry() {
			refusal.At = placeOn(f.Geometry())
		}
	}
	p.refuse(refusal)
}

// areaBack is an area as it was: nil if the adjustment made it.
func (p *planner) areaBack(e history.Entry) (area partition.Redrawn, ok bool) {
	now, missing := p.areas.Feature(e.Feature)
	if e.Row == nil {
		if missing != nil {
			return area, false
		}
		return partition.Redrawn{Code: now.Code()}, true
	}
	area = partition.Redrawn{Code: e.Row.Values[p.areas.Schema().FieldIndex(p.areas.Schema().Code)].Text(), Geometry: e.Row.Geometry}
	if missing == nil {
		return area, true
	}
	if _, err := p.areas.ByCode(area.Code); err == nil {
		p.refuse(&spatial.InvalidError{Rule: "code_taken", Where: area.Code, Detail: "another area has the code of one that would come back"})
		return area, false
	}
	p.undoing.absorbed = append(p.undoing.absorbed, *e.Row)
	return area, true
}

// restore readies the planner for areas that come back, as if they were split
// off, and for those that go.
func (p *planner) restore(redrawn []partition.Redrawn) (err error) {
	p.undoing.restored, err = spatial.NewLayer(p.areas.Schema(), p.snapshot.Version(), func(yield func(spatial.Row, error) bool) {
		for _, row := range p.undoing.absorbed {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("areas that come back: %w", err)
	}
	for f := range p.undoing.restored.All() {
		p.splitFrom[f.Code()] = "" // of none that is there
	}
	p.plan.Pieces = p.exchanged(redrawn)
	for _, r := range redrawn {
		if r.Geometry == nil {
			p.mergedInto[r.Code] = p.heir(r.Code)
		}
	}
	return nil
}

// heir is who gets most of an area that goes.
func (p *planner) heir(code string) (heir string) {
	largest := 0.0
	for _, piece := range p.plan.Pieces {
		if size := float64(geodesic.Area(piece.Geometry)); piece.From == code && size > largest {
			heir, largest = piece.To, size
		}
	}
	return heir
}

// exchanged are the pieces that change hands when areas become what they were.
func (p *planner) exchanged(redrawn []partition.Redrawn) (pieces []partition.Piece) {
	for _, from := range redrawn {
		now, err := p.areas.ByCode(from.Code)
		if err != nil {
			continue
		}
		for _, to := range redrawn {
			if to.Code == from.Code || to.Geometry == nil || !to.Geometry.Bound().Intersects(now.Geometry().Bound()) {
				continue
			}
			rest := partition.Subtract(now.Geometry(), to.Geometry)
			if rest == nil {
				pieces = append(pieces, partition.Piece{From: from.Code, To: to.Code, Geometry: now.Geometry()})
			} else if piece := partition.Subtract(now.Geometry(), rest); piece != nil {
				pieces = append(pieces, partition.Piece{From: from.Code, To: to.Code, Geometry: piece})
			}
		}
	}
	return pieces
}

// back is the row of an area that comes back, with nothing counted yet.
func (u *undoing) back(code string) (spatial.Row, bool) {
	if u == nil || u.restored == nil {
		return spatial.Row{}, false
	}
	f, err := u.restored.ByCode(code)
	if err != nil {
		return spatial.Row{}, false
	}
	row := f.Row()
	for i := range u.restored.Schema().Fields {
		if field := &u.restored.Schema().Fields[i]; field.SumOver != "" || field.CountOf != "" || len(field.SumOf) > 0 {
			row.Values[i] = spatial.Int(0)
		}
	}
	return row, true
}

// verbatim puts outlines as they were in place of those dissolved anew.
func (u *undoing) verbatim(level spatial.LayerID, redrawn []partition.Redrawn) {
	if u == nil {
		return
	}
	for i := range redrawn {
		if outline, kept := u.outlines[level][redrawn[i].Code]; kept {
			redrawn[i].Geometry = outline
		}
	}
}

// reattach gives what changed hands its former area and code.
func (p *planner) reattach(level *spatial.Layer) {
	if p.undoing == nil {
		return
	}
	for layer := range p.snapshot.Layers() {
		field := references(layer.Schema(), level.ID())
		if field < 0 || layer.Schema().Partition {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(p.undoing.former[layer.ID()])) {
			f, err := layer.Feature(id)
			if err != nil {
				continue
			}
			if was, is := f.Value(field).Text(), p.undoing.former[layer.ID()][id].Values[field].Text(); was != is {
				p.move(f, field, was, is)
			}
		}
	}
}

// formerCode is the code that a feature had; ok is false if it had none.
func (p *planner) formerCode(f spatial.Feature) (code string, ok bool) {
	if p.undoing == nil {
		return "", false
	}
	row, ok := p.undoing.former[f.Layer().ID()][f.ID()]
	if !ok {
		return "", false
	}
	code = row.Values[f.Layer().Schema().FieldIndex(f.Layer().Schema().Code)].Text()
	if other, err := f.Layer().ByCode(code); err == nil && other.ID() != f.ID() {
		p.refuse(&spatial.InvalidError{Rule: "code_taken", Where: code, Detail: fmt.Sprintf("%s has the former code of %s", nameOf(other), nameOf(f))})
	}
	return code, true
}

// reattached is the former area of a feature that has it again; ok is false
// for any other.
func (p *planner) reattached(f spatial.Feature, field int) (area string, ok bool) {
	if p.undoing == nil {
		return "", false
	}
	row, former := p.undoing.former[f.Layer().ID()][f.ID()]
	if _, moved := p.rows[f.Layer().ID()][f.ID()]; !former || !moved {
		return "", false
	}
	return row.Values[field].Text(), true
}
