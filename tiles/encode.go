package tiles

import (
	"fmt"
	"iter"
	"slices"
	"sync"

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
	e := encoders.Get().(*encoder)
	defer e.release()
	aggregated, err := e.encode(v, id)
	return Content{slices.Clone(e.tile), aggregated}, err
}

// encoder builds a tile. All it has is scratch that the next tile reuses.
type encoder struct {
	layer  layerEncoder
	tile   []byte
	packed []byte // in a coding
}

var encoders = sync.Pool{New: func() any { return &encoder{} }}

// release gives the encoder back, holding on to nothing it has encoded and to
// no more memory than most tiles take.
func (e *encoder) release() {
	const large = 4 << 20
	if cap(e.tile) > large {
		return
	}
	e.layer.forget()
	encoders.Put(e)
}

// encode fills e.tile, and says which layers stand in clusters.
func (e *encoder) encode(v View, id ID) (aggregated []spatial.LayerID, err error) {
	e.tile = e.tile[:0]
	for i, layer := range v.Layers {
		e.layer.begin(v, i, id)
		crowded, err := e.layer.encode()
		if err != nil {
			e.tile = e.tile[:0]
			return nil, err
		}
		if crowded {
			aggregated = append(aggregated, layer.ID())
		}
		if len(e.layer.features) > 0 {
			e.tile = appendBytes(e.tile, tileLayer, e.layer.message())
		}
	}
	return aggregated, nil
}

// layerEncoder builds one layer message of a tile.
type layerEncoder struct {
	layer    *spatial.Layer
	where    Condition // nil: all features
	id       ID
	shaper   shaper
	finder   spatial.Finder
	near     []spatial.Feature // those that may be in the tile
	fields   []int             // indices of the fields shown
	keys     []string          // names of tags, those of the fields first
	values   dictionary
	tags     []byte
	features []byte
	whole    []byte // the message
}

func (e *layerEncoder) forget() {
	e.layer, e.where, e.near = nil, nil, nil
	e.finder.Release()
	e.values.reset(0)
}

func (e *layerEncoder) begin(v View, i int, id ID) {
	e.layer, e.where, e.id, e.shaper.frame = v.Layers[i], nil, id, v.matrix().frame(id, v.Datum)
	if v.Where != nil {
		e.where = v.Where[i]
	}
	schema := e.layer.Schema()
	e.fields = v.appendFields(e.fields[:0], schema, int(v.matrix().level(id.Z)))
	e.keys = e.keys[:0]
	for _, field := range e.fields {
		e.keys = append(e.keys, schema.Fields[field].Name)
	}
	e.values.reset(len(e.fields))
	e.features = e.features[:0]
}

// encode adds what is in the tile, and says whether it stands in clusters.
func (e *layerEncoder) encode() (aggregated bool, err error) {
	always := clustered(e.layer, e.shaper.frame.matrix.level(e.id.Z))
	if !always {
		e.near = e.finder.Meeting(e.layer, e.shaper.frame.reach())
	}
	if always || len(e.near) > mostInTile {
		if c, err := e.crowd(always); c != nil || err != nil {
			if err == nil {
				e.addCrowd(c)
			}
			return true, err
		}
	}
	e.shaper.begin(e.near)
	for i, err := range e.selected() {
		if err != nil {
			return false, err
		}
		e.add(i)
	}
	return false, nil
}

// maxWork bounds what a condition may cost in one tile, in comparisons: some
// tenths of a second.
const maxWork = 50_000_000

// selected yields the indices in e.near of the features that meet the
// condition.
func (e *layerEncoder) selected() iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		work := 0
		for i, f := range e.near {
			if e.where != nil {
				if work += max(e.where.Cost(), 1); work > maxWork {
					yield(0, e.tooCostly())
					return
				}
				if !e.where.Holds(f) {
					continue
				}
			}
			if !yield(i, nil) {
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

// appendFields appends the indices of the fields that tags are made of at a
// zoom.
func (v View) appendFields(shown []int, schema *spatial.Schema, z int) []int {
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if v.Properties == nil && !f.Detail && z >= f.FromZoom || slices.Contains(v.Properties, f.Name) {
			shown = append(shown, i)
		}
	}
	return shown
}

func (e *layerEncoder) message() []byte {
	m := appendUint(e.whole[:0], layerVersion, 2)
	m = appendBytes(m, layerName, string(e.layer.ID()))
	m = append(m, e.features...)
	for _, key := range e.keys {
		m = appendBytes(m, layerKeys, key)
	}
	m = append(m, e.values.encoded...)
	e.whole = appendUint(m, layerExtent, Extent)
	return e.whole
}

// add appends the i-th feature near the tile if it is in it.
func (e *layerEncoder) add(i int) {
	f := e.near[i]
	if kind := e.shaper.shape(f, i); kind != 0 {
		e.tag(f)
		e.finish(uint64(f.ID()), kind)
	}
}

// finish appends a feature of the tags and commands that are ready.
func (e *layerEncoder) finish(id uint64, kind int) {
	size := 1 + sizeOfVarint(id) + 2 + sizeOfBytes(len(e.shaper.commands))
	if len(e.tags) > 0 {
		size += sizeOfBytes(len(e.tags))
	}
	e.features = appendVarint(appendTag(e.features, layerFeatures, wireBytes), uint64(size))
	e.features = appendUint(e.features, featureID, id)
	if len(e.tags) > 0 {
		e.features = appendBytes(e.features, featureTags, e.tags)
	}
	e.features = appendUint(e.features, featureType, uint64(kind))
	e.features = appendBytes(e.features, featureGeometry, e.shaper.commands)
}

// sizeOfBytes is the size of a field of so many bytes.
func sizeOfBytes(n int) int { return 1 + sizeOfVarint(uint64(n)) + n }

// tag fills e.tags with pairs of key and value numbers.
func (e *layerEncoder) tag(f spatial.Feature) {
	e.tags = e.tags[:0]
	for key, field := range e.fields {
		if v := f.Value(field); !v.IsNull() {
			e.tags = appendVarint(e.tags, uint64(key))
			e.tags = appendVarint(e.tags, e.values.codeIn(key, v))
		}
	}
}
