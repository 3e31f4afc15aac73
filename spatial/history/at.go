package history

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"iter"
	"maps"
	"slices"
	"time"

	"wangge/spatial"
)

// At is the snapshot of the state that held at a time, as it was believed at
// another. Zero times stand for now. It has the version of the snapshot it is
// made from; a layer that is not as it is now has a negative version, which is
// the same for the same state only, so that what is kept by id and version of
// layers is never taken for another state's. Layers that are not tracked are
// as they are now, internal ones too. Totals are added up anew. Where nothing
// was different, the snapshot itself is returned. It costs a load of the
// layers that differ and a look at their history.
func At(s *spatial.Snapshot, valid, known time.Time) (*spatial.Snapshot, error) {
	r := &restorer{s: s, done: map[spatial.LayerID]*spatial.Layer{}, chosen: map[spatial.LayerID]map[int64]spatial.Feature{}}
	for _, id := range Tracked(s) {
		if b, ok := bookOf(s, id); ok {
			if chosen := b.chosen(valid, known); len(chosen) > 0 {
				r.chosen[id] = chosen
			}
		}
	}
	if len(r.chosen) == 0 {
		return s, nil
	}
	r.version = r.stamp()
	var restored []*spatial.Layer
	for layer := range s.Layers() {
		then, err := r.layer(layer)
		if err != nil {
			return nil, err
		}
		if then != layer {
			restored = append(restored, then)
		}
	}
	return s.With(restored...), nil
}

// chosen are the kept states that held at a time, by feature, where it was
// not the current one: as they are in the order of their recording, the first
// that was believed not to have ended.
func (b book) chosen(valid, known time.Time) map[int64]spatial.Feature {
	chosen := map[int64]spatial.Feature{}
	for kept := range b.kept.All() {
		id := b.feature(kept)
		if _, ok := chosen[id]; ok {
			continue
		}
		ended := known.IsZero() || !b.time(kept, fieldRecordedTo).After(known)
		over := valid.IsZero() || !b.time(kept, fieldValidTo).After(valid)
		if !ended || !over {
			chosen[id] = kept
		}
	}
	return chosen
}

// restorer makes the layers of another time.
type restorer struct {
	s       *spatial.Snapshot
	version spatial.Version
	chosen  map[spatial.LayerID]map[int64]spatial.Feature
	done    map[spatial.LayerID]*spatial.Layer
}

// stamp is a version that no layer of the store has, and no other state.
func (r *restorer) stamp() spatial.Version {
	h := fnv.New64a()
	note := func(n int64) { h.Write(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	for layer := range r.s.Layers() {
		if layer.Schema().Internal {
			continue
		}
		note(int64(layer.Version()))
		chosen := r.chosen[layer.ID()]
		note(int64(len(chosen)))
		for _, id := range slices.Sorted(maps.Keys(chosen)) {
			note(chosen[id].ID())
		}
	}
	return -2 - spatial.Version(h.Sum64()>>2)
}

// layer is a layer as it was. What its totals count comes first.
func (r *restorer) layer(now *spatial.Layer) (*spatial.Layer, error) {
	if then, ok := r.done[now.ID()]; ok {
		return then, nil
	}
	r.done[now.ID()] = now // while it is made, for layers that count each other
	totals, err := r.totals(now.Schema())
	if err != nil {
		return nil, err
	}
	if len(r.chosen[now.ID()])+len(totals) == 0 {
		return now, nil
	}
	then, err := spatial.NewLayer(now.Schema(), r.version, r.rows(now, totals))
	if err != nil {
		return nil, err
	}
	r.done[now.ID()] = then
	return then, nil
}

// rows yields those of a layer as they were, in order of id.
func (r *restorer) rows(now *spatial.Layer, totals []total) iter.Seq2[spatial.Row, error] {
	images := r.images(now)
	code := now.Schema().FieldIndex(now.Schema().Code)
	return func(yield func(spatial.Row, error) bool) {
		give := func(row spatial.Row) bool {
			for _, t := range totals {
				if code >= 0 {
					row.Values[t.field] = spatial.Int(t.sums[row.Values[code].Text()])
				}
			}
			return yield(row, nil)
		}
		images := images
		for f := range now.All() {
			for len(images) > 0 && images[0].ID < f.ID() {
				if !give(images[0]) {
					return
				}
				images = images[1:]
			}
			row := f.Row()
			if len(images) > 0 && images[0].ID == f.ID() {
				row, images = images[0], images[1:]
			} else if _, absent := r.chosen[now.ID()][f.ID()]; absent {
				continue
			}
			if !give(row) {
				return
			}
		}
		for _, row := range images {
			if !give(row) {
				return
			}
		}
	}
}

// images are the rows of a layer that were not as they are now, in order of
// id, without features that were not there.
func (r *restorer) images(now *spatial.Layer) []spatial.Row {
	b, ok := bookOf(r.s, now.ID())
	if !ok {
		return nil
	}
	var images []spatial.Row
	for id, kept := range r.chosen[now.ID()] {
		if b.absent(kept) {
			continue
		}
		image := b.image(kept)
		if f, err := now.Feature(id); err == nil && !now.Schema().Partition {
			image = today(f, image)
		}
		images = append(images, image)
	}
	slices.SortFunc(images, func(a, b spatial.Row) int { return cmp.Compare(a.ID, b.ID) })
	return images
}

// today is a feature of today, attached as it was.
func today(f spatial.Feature, image spatial.Row) spatial.Row {
	schema, row := f.Layer().Schema(), f.Row()
	row.Geometry = image.Geometry
	for i, field := range schema.Fields {
		if field.Name == schema.Code || field.References != "" {
			row.Values[i] = image.Values[i]
		}
	}
	return row
}

// total is a field that adds up features that refer to the layer's.
type total struct {
	field int
	sums  map[string]int64 // by code
}

// totals are those of a layer's fields that may have been other than now.
func (r *restorer) totals(schema *spatial.Schema) ([]total, error) {
	var totals []total
	for i, f := range schema.Fields {
		now, err := r.s.Layer(cmp.Or(f.SumOver, f.CountOf))
		if err != nil {
			continue
		}
		parts, err := r.layer(now)
		if err != nil {
			return nil, err
		}
		if parts == now && len(r.chosen[schema.ID]) == 0 {
			continue
		}
		if sums := sumsOf(schema, &schema.Fields[i], parts); sums != nil {
			totals = append(totals, total{i, sums})
		}
	}
	return totals, nil
}

func sumsOf(schema *spatial.Schema, f *spatial.Field, parts *spatial.Layer) map[string]int64 {
	refers := slices.IndexFunc(parts.Schema().Fields, func(p spatial.Field) bool { return p.References == schema.ID })
	measured := parts.Schema().FieldIndex(f.Name)
	if refers < 0 || f.SumOver != "" && measured < 0 {
		return nil
	}
	sums := map[string]int64{}
	for part := range parts.All() {
		code := part.Value(refers).Text()
		switch {
		case f.SumOver != "":
			sums[code] += part.Value(measured).Int()
		case f.Where.Picks(part):
			sums[code]++
		}
	}
	return sums
}
