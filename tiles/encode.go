package tiles

import (
	"cmp"
	"iter"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Field numbers of the specification's messages.
const (
	tileLayer = 3

	layerName     = 1
	layerFeatures = 2
	layerKeys     = 3
	layerValues   = 4
	layerExtent   = 5
	layerVersion  = 15

	featureID       = 1
	featureTags     = 2
	featureType     = 3
	featureGeometry = 4

	valueString = 1
	valueDouble = 3
	valueUint   = 5
	valueSint   = 6
	valueBool   = 7
)

// Encode is a tile of a view, without compression. A feature's id is its id in
// the layer; its tags are the fields of the schema that are not
// [spatial.Field.Detail] and that are carried at the zoom, or those the view
// names, in the schema's order, nulls left out: text, dates (2006-01-02) and
// instants (RFC 3339, UTC) as strings, integers as uint or, below zero, sint,
// numbers as double. The cost grows with the features in the tile.
func Encode(v View, id ID) (Content, error) {
	var tile Content
	for i := range v.Layers {
		if message := encodeLayer(v, i, id); message != nil {
			tile.Bytes = appendBytes(tile.Bytes, tileLayer, message)
		}
	}
	return tile, nil
}

// layerEncoder builds one layer message.
type layerEncoder struct {
	shaper   shaper
	fields   []int // indices of the fields shown
	codes    map[spatial.Value]uint64
	values   []byte
	tags     []byte
	feature  []byte
	features []byte
}

// encodeLayer is the message of a layer of a view, nil if it has nothing in
// the tile.
func encodeLayer(v View, i int, id ID) []byte {
	layer := v.Layers[i]
	e := &layerEncoder{
		shaper: shaper{frame: v.matrix().frame(id, v.Datum)},
		fields: v.fields(layer.Schema(), int(id.Z)),
		codes:  map[spatial.Value]uint64{},
	}
	for f := range candidates(layer, e.shaper.frame.reach()) {
		if v.shows(i, f) {
			e.add(f)
		}
	}
	if len(e.features) == 0 {
		return nil
	}
	return e.message(layer.Schema())
}

// fields are the indices of the fields that tags are made of at a zoom.
func (v View) fields(schema *spatial.Schema, z int) []int {
	var shown []int
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if v.Properties == nil && !f.Detail && z >= f.FromZoom || slices.Contains(v.Properties, f.Name) {
			shown = append(shown, i)
		}
	}
	return shown
}

// shows says whether a feature of the i-th layer meets its condition.
func (v View) shows(i int, f spatial.Feature) bool {
	return v.Where == nil || v.Where[i] == nil || v.Where[i].Holds(f)
}

// candidates yields the features whose boxes meet b, in id order.
func candidates(layer *spatial.Layer, b orb.Bound) iter.Seq[spatial.Feature] {
	all, ok := layer.Bound()
	if !ok {
		return func(func(spatial.Feature) bool) {}
	}
	if b.Contains(all.Min) && b.Contains(all.Max) {
		return layer.All()
	}
	found := slices.Collect(layer.Intersecting(b))
	slices.SortFunc(found, func(a, b spatial.Feature) int { return cmp.Compare(a.ID(), b.ID()) })
	return slices.Values(found)
}

func (e *layerEncoder) message(schema *spatial.Schema) []byte {
	size := len(e.features) + len(e.values) + 64*(len(e.fields)+1)
	m := appendUint(make([]byte, 0, size), layerVersion, 2)
	m = appendBytes(m, layerName, string(schema.ID))
	m = append(m, e.features...)
	for _, i := range e.fields {
		m = appendBytes(m, layerKeys, schema.Fields[i].Name)
	}
	m = append(m, e.values...)
	return appendUint(m, layerExtent, Extent)
}

// add appends a feature if it is in the tile.
func (e *layerEncoder) add(f spatial.Feature) {
	kind := e.shaper.shape(f)
	if kind == 0 {
		return
	}
	e.tag(f)
	e.feature = appendUint(e.feature[:0], featureID, uint64(f.ID()))
	if len(e.tags) > 0 {
		e.feature = appendBytes(e.feature, featureTags, e.tags)
	}
	e.feature = appendUint(e.feature, featureType, uint64(kind))
	e.feature = appendBytes(e.feature, featureGeometry, e.shaper.commands)
	e.features = appendBytes(e.features, layerFeatures, e.feature)
}

// tag fills e.tags with pairs of key and value numbers.
func (e *layerEncoder) tag(f spatial.Feature) {
	e.tags = e.tags[:0]
	for key, field := range e.fields {
		if v := f.Value(field); !v.IsNull() {
			e.tags = appendVarint(e.tags, uint64(key))
			e.tags = appendVarint(e.tags, e.code(v))
		}
	}
}

// code is the number of a value in the layer's table, given in the order of
// first use.
func (e *layerEncoder) code(v spatial.Value) uint64 {
	if t := v.Type(); t == spatial.TypeDate || t == spatial.TypeTime {
		v = spatial.Text(v.String())
	}
	code, ok := e.codes[v]
	if !ok {
		code = uint64(len(e.codes))
		e.codes[v] = code
		e.values = appendBytes(e.values, layerValues, appendValue(nil, v))
	}
	return code
}

func appendValue(b []byte, v spatial.Value) []byte {
	switch v.Type() {
	case spatial.TypeInt:
		if i := v.Int(); i < 0 {
			return appendUint(b, valueSint, zigzag(i))
		}
		return appendUint(b, valueUint, uint64(v.Int()))
	case spatial.TypeFloat:
		return appendDouble(b, valueDouble, v.Float())
	case spatial.TypeBool:
		if v.Bool() {
			return appendUint(b, valueBool, 1)
		}
		return appendUint(b, valueBool, 0)
	}
	return appendBytes(b, valueString, v.Text())
}
