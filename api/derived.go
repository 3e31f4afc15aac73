package api

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/format"
	"wangge/spatial"
)

// derivedLayer is a layer that is worked out of others when it is asked for:
// of the request's snapshot, what the address chooses, and what the clock says
// if it is timed. It is served like the layers that a store keeps, as a
// collection, items and tiles, and in no store. A store's own layer of the
// same id hides it.
//
// Its version is made from its content, so tiles and ETags are those of the
// content: neither stale nor made anew where nothing is different.
type derivedLayer struct {
	schema     spatial.Schema                           // as_of and synthetic are those of the layers it is made from
	from       []spatial.LayerID                        // without one of them there is no such layer
	also       []spatial.LayerID                        // are read where they are there
	parameters []parameter                              // of the address, beside those of every layer; nothing else of the request may be read
	timed      bool                                     // the closures in force are read
	adapt      func(*spatial.Snapshot, *spatial.Schema) // fits the schema to what it is made from; nil leaves it
	// rows are its features in ascending order of id, from r.snapshot, the
	// parameters and, if it is timed, r.closures(). They hold against the schema.
	rows func(r *request) ([]spatial.Row, error)
}

// derivedLayers lists them all. Each has an id of its own.
func (s *Server) derivedLayers() []*derivedLayer {
	return slices.Concat(s.responseLayers(), s.coverageLayers())
}

// possible says whether a snapshot has what the layer is made from.
func (d *derivedLayer) possible(s *spatial.Snapshot) bool {
	_, err := s.Layer(d.schema.ID)
	return err != nil && len(present(s, d.from)) == len(d.from)
}

// sources are the layers that it is made from.
func (d *derivedLayer) sources(s *spatial.Snapshot) []*spatial.Layer {
	var layers []*spatial.Layer
	for _, id := range slices.Concat(d.from, d.also) {
		if layer, err := s.Layer(id); err == nil {
			layers = append(layers, layer)
		}
	}
	return layers
}

// schemaFor is the schema of the layer as it is made from a snapshot.
func (d *derivedLayer) schemaFor(s *spatial.Snapshot) *spatial.Schema {
	schema := d.schema
	for _, source := range d.sources(s) {
		schema.AsOf = max(schema.AsOf, source.Schema().AsOf)
		schema.Synthetic = schema.Synthetic || source.Schema().Synthetic
	}
	if d.adapt != nil {
		d.adapt(s, &schema)
	}
	return &schema
}

// layer is the layer as a request asks for it.
func (d *derivedLayer) layer(r *request) (*spatial.Layer, error) {
	if r.when != (when{}) {
		return nil, &spatial.InvalidError{Rule: "derived_now", Where: "query parameter datetime", Detail: fmt.Sprintf("%s is worked out for now only", d.schema.ID), Fix: "leave datetime and known out"}
	}
	name := string(d.schema.ID)
	for _, p := range d.parameters {
		name += fmt.Sprintf("&%s=%v", p.declared().name, r.values[p.declared().name])
	}
	if d.timed {
		name += "@" + r.closures().Name()
	}
	return kept(r.snapshot, slices.Concat(d.from, d.also), name, func() (*spatial.Layer, error) {
		rows, err := d.rows(r)
		if err != nil {
			return nil, err
		}
		return newDerived(d.schemaFor(r.snapshot), rows)
	})
}

// newDerived is a layer whose version tells its content.
func newDerived(schema *spatial.Schema, rows []spatial.Row) (*spatial.Layer, error) {
	for _, row := range rows {
		if err := schema.ValidateRow(row); err != nil {
			return nil, fmt.Errorf("derive %s: %w", schema.ID, err)
		}
	}
	return spatial.NewLayer(schema, contentVersion(schema, rows), func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// contentVersion is the same for the same rows only, but for one chance in
// 10¹⁵, and exact in a float.
func contentVersion(schema *spatial.Schema, rows []spatial.Row) spatial.Version {
	sum := fnv.New64a()
	buf := fmt.Appendf(nil, "%s %s %t", schema.ID, schema.AsOf, schema.Synthetic)
	for _, row := range rows {
		buf = binary.LittleEndian.AppendUint64(buf, uint64(row.ID))
		buf = format.AppendGeometry(buf, row.Geometry)
		for _, v := range row.Values {
			buf = format.AppendValue(append(buf, byte(v.Type())), v)
		}
		_, _ = sum.Write(buf)
		buf = buf[:0]
	}
	_, _ = sum.Write(buf)
	return spatial.Version(1 + sum.Sum64()&(1<<51-1))
}

// derivedNamed are the derived layers that an address names.
func (r *request) derivedNamed() []*derivedLayer {
	ids := append([]spatial.LayerID{layerParam.of(r)}, layersParam.of(r)...)
	var named []*derivedLayer
	for _, d := range r.derived {
		if slices.Contains(ids, d.schema.ID) && d.possible(r.snapshot) {
			named = append(named, d)
		}
	}
	return named
}

// layerNamed is a layer of the answer's snapshot, or one derived from it.
func (r *request) layerNamed(id spatial.LayerID) (*spatial.Layer, error) {
	if d := r.derivedAs(id); d != nil {
		r.worked = true
		return d.layer(r)
	}
	return r.snapshot.Layer(id)
}

// schemaNamed is the schema of such a layer.
func (r *request) schemaNamed(id spatial.LayerID) (*spatial.Schema, error) {
	if d := r.derivedAs(id); d != nil {
		return d.schemaFor(r.snapshot), nil
	}
	layer, err := r.snapshot.Layer(id)
	if err != nil {
		return nil, err
	}
	return layer.Schema(), nil
}

// derivedAs is the derived layer that an id names; nil if none does.
func (r *request) derivedAs(id spatial.LayerID) *derivedLayer {
	for _, d := range r.derived {
		if d.schema.ID == id && d.possible(r.snapshot) {
			return d
		}
	}
	return nil
}

// layersNamed are several of them, in the order they are named in.
func (r *request) layersNamed(ids []spatial.LayerID) ([]*spatial.Layer, error) {
	layers := make([]*spatial.Layer, len(ids))
	for i, id := range ids {
		var err error
		if layers[i], err = r.layerNamed(id); err != nil {
			return nil, err
		}
	}
	return layers, nil
}

// derivation is what a collection says of a layer that is derived.
type derivation struct {
	From       []spatial.LayerID `json:"from"`       // the layers it is made from
	Timed      bool              `json:"timed"`      // it changes with the clock, too: as closures begin and end
	Parameters []chosenParameter `json:"parameters"` // that its addresses take
}

type chosenParameter struct {
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Schema      jsonSchema `json:"schema"`
	Default     string     `json:"default,omitempty"`
}

func (d *derivedLayer) describe(s *spatial.Snapshot) *derivation {
	told := &derivation{From: present(s, slices.Concat(d.from, d.also)), Timed: d.timed, Parameters: []chosenParameter{}}
	for _, p := range d.parameters {
		about := p.declared()
		told.Parameters = append(told.Parameters, chosenParameter{about.name, about.description, about.schema, about.initial})
	}
	return told
}

// describeDerived describes the derived layers for a list: without what only
// making them would tell, their number of features and their extent, which is
// taken to be that of the first layer they are made from.
func (s *Server) describeDerived(r *request) []collection {
	var all []collection
	for _, d := range r.derived {
		if !d.possible(r.snapshot) {
			continue
		}
		schema := d.schemaFor(r.snapshot)
		empty, err := spatial.NewLayer(schema, r.snapshot.Version(), func(func(spatial.Row, error) bool) {})
		if err != nil {
			continue // a schema without rows makes a layer
		}
		told := s.describe(r, empty)
		told.Count, told.Derived = nil, d.describe(r.snapshot)
		if b, ok := bound(d.sources(r.snapshot)); ok {
			told.Extent = &extent{spatialExtent{BBox: [][4]float64{corners(b)}, CRS: crs84}}
		}
		all = append(all, told)
	}
	return all
}

// bound is the box around layers.
func bound(layers []*spatial.Layer) (b orb.Bound, ok bool) {
	b = orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, layer := range layers {
		if within, there := layer.Bound(); there {
			b, ok = b.Union(within), true
		}
	}
	return b, ok
}

// derivedTouched are the derived layers that an event touches: all of each of
// which a source is touched.
func (s *Server) derivedTouched(e data.Event) []data.Touched {
	return s.derivedWhere(func(d *derivedLayer) bool {
		return slices.ContainsFunc(e.Touched, func(at data.Touched) bool {
			return slices.Contains(d.from, at.Layer) || slices.Contains(d.also, at.Layer)
		})
	})
}

// derivedTimed are those that the clock touches.
func (s *Server) derivedTimed() []data.Touched {
	return s.derivedWhere(func(d *derivedLayer) bool { return d.timed })
}

func (s *Server) derivedWhere(touched func(*derivedLayer) bool) []data.Touched {
	current := s.state.Current().Published()
	var list []data.Touched
	for _, d := range s.derived {
		if !touched(d) || !d.possible(current) {
			continue
		}
		if b, ok := bound(d.sources(current)); ok {
			list = append(list, data.Touched{Layer: d.schema.ID, Bounds: []orb.Bound{b}})
		}
	}
	return list
}
