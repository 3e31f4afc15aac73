package tiles

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"

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
// numbers as double. Where a layer has too many features they stand in
// clusters, see [Content.Aggregated]. The cost grows with the features in the
// tile. Conditions that would cost too much are refused with
// *spatial.InvalidError.
func Encode(v View, id ID) (Content, error) {
	var tile Content
	for i, layer := range v.Layers {
		e := newLayerEncoder(v, i, id)
		aggregated, err := e.encode()
		if err != nil {
			return Content{}, err
		}
		if aggregated {
			tile.Aggregated = append(tile.Aggregated, layer.ID())
		}
		if len(e.features) > 0 {
			tile.Bytes = appendBytes(tile.Bytes, tileLayer, e.message())
		}
		e.release()
	}
	return tile, nil
}

// layerEncoder builds one layer message of a tile. All but what it encodes is
// scratch that the next layer reuses.
type layerEncoder struct {
	layer    *spatial.Layer
	where    Condition // nil: all features
	id       ID
	shaper   shaper
	fields   []int    // indices of the fields shown
	keys     []string // names of tags, those of the fields first
	texts    map[string]uint64
	codes    map[spatial.Value]uint64 // of values that are no texts
	values   []byte
	tags     []byte
	feature  []byte
	features []byte
}

var layerEncoders = sync.Pool{New: func() any {
	return &layerEncoder{texts: map[string]uint64{}, codes: map[spatial.Value]uint64{}}
}}

// release gives the encoder back, without what it has encoded and without maps
// so large that to clear them would cost more than to make new ones.
func (e *layerEncoder) release() {
	const large = 4096
	if len(e.texts)+len(e.codes) > large {
		e.texts, e.codes = map[string]uint64{}, map[spatial.Value]uint64{}
	}
	clear(e.texts)
	clear(e.codes)
	e.layer, e.where = nil, nil
	e.keys, e.values, e.features = e.keys[:0], e.values[:0], e.features[:0]
	layerEncoders.Put(e)
}

func newLayerEncoder(v View, i int, id ID) *layerEncoder {
	e := layerEncoders.Get().(*layerEncoder)
	e.layer, e.id, e.shaper.frame = v.Layers[i], id, v.matrix().frame(id, v.Datum)
	if v.Where != nil {
		e.where = v.Where[i]
	}
	schema := e.layer.Schema()
	e.fields = v.fields(schema, int(v.matrix().level(id.Z)))
	for _, field := range e.fields {
		e.keys = append(e.keys, schema.Fields[field].Name)
	}
	return e
}

// encode adds what is in the tile, and says whether it stands in clusters.
func (e *layerEncoder) encode() (aggregated bool, err error) {
	c, err := e.crowd()
	if err != nil {
		return false, err
	}
	if c != nil {
		e.addCrowd(c)
		return true, nil
	}
	for f, err := range e.selected() {
		if err != nil {
			return false, err
		}
		e.add(f)
	}
	return false, nil
}

// maxWork bounds what a condition may cost in one tile, in comparisons: some
// tenths of a second.
const maxWork = 50_000_000

// selected yields the features that may be in the tile and meet the condition,
// in id order.
func (e *layerEncoder) selected() iter.Seq2[spatial.Feature, error] {
	return func(yield func(spatial.Feature, error) bool) {
		work := 0
		for f := range candidates(e.layer, e.shaper.frame.reach()) {
			if e.where != nil {
				if work += max(e.where.Cost(), 1); work > maxWork {
					yield(spatial.Feature{}, e.tooCostly())
					return
				}
				if !e.where.Holds(f) {
					continue
				}
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (e *layerEncoder) tooCostly() error {
	return &spatial.InvalidError{Rule: "filter_cost", Where: fmt.Sprintf("filter, tile %v of %s", e.id, e.layer.ID()),
		Detail: fmt.Sprintf("it takes %d comparisons for each feature, and there are more than %d in the tile", e.where.Cost(), maxWork/max(e.where.Cost(), 1)),
		Fix:    "ask for a deeper zoom, fewer conditions, or simpler shapes"}
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

func (e *layerEncoder) message() []byte {
	size := len(e.features) + len(e.values) + 64*(len(e.keys)+1)
	m := appendUint(make([]byte, 0, size), layerVersion, 2)
	m = appendBytes(m, layerName, string(e.layer.ID()))
	m = append(m, e.features...)
	for _, key := range e.keys {
		m = appendBytes(m, layerKeys, key)
	}
	m = append(m, e.values...)
	return appendUint(m, layerExtent, Extent)
}

// add appends a feature if it is in the tile.
func (e *layerEncoder) add(f spatial.Feature) {
	if kind := e.shaper.shape(f); kind != 0 {
		e.tag(f)
		e.finish(uint64(f.ID()), kind)
	}
}

// finish appends a feature of the tags and commands that are ready.
func (e *layerEncoder) finish(id uint64, kind int) {
	e.feature = appendUint(e.feature[:0], featureID, id)
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
	fresh := uint64(len(e.texts) + len(e.codes))
	switch v.Type() {
	case spatial.TypeText, spatial.TypeDate, spatial.TypeTime:
		text := v.String()
		if code, ok := e.texts[text]; ok {
			return code
		}
		e.texts[text] = fresh
		v = spatial.Text(text)
	default:
		if code, ok := e.codes[v]; ok {
			return code
		}
		e.codes[v] = fresh
	}
	var value [16]byte
	e.values = appendBytes(e.values, layerValues, appendValue(value[:0], v))
	return fresh
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
