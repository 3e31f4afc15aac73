package tiles

import (
	"wangge/spatial"
	"wangge/spatial/datum"
)

// View is what tiles show, and how. The zero value of every member but Layers
// is what a client gets that asks for nothing special.
type View struct {
	Layers     []*spatial.Layer // in the order they are to stand
	Matrix     *Matrix          // nil: WebMercatorQuad
	Datum      datum.CRS        // GCJ02 or BD09 move all positions; else they stay as they are
	Where      []Condition      // of each layer, nil for all its features; nil: no conditions
	Filter     string           // tells conditions apart: of the same text they are the same
	Properties []string         // the only tags, as far as a layer has them; nil: those of the zoom, see [spatial.Field]
}

// Condition picks features of a layer, at a bounded cost, in comparisons of a
// value. It reads nothing but the feature.
type Condition interface {
	Holds(spatial.Feature) bool
	Cost() int
}

// Content is a rendered tile: the bytes of a Mapbox Vector Tile, empty if no
// layer has anything there, and what a reader must be told of it.
type Content struct {
	Bytes      []byte
	Aggregated []spatial.LayerID // layers whose features stand in clusters here
}

// NewView is a view of some layers of a snapshot, in the given order. A layer the
// snapshot does not have is [spatial.ErrNotFound].
func NewView(s *spatial.Snapshot, layers ...spatial.LayerID) (View, error) {
	v := View{Layers: make([]*spatial.Layer, len(layers))}
	for i, id := range layers {
		layer, err := s.Layer(id)
		if err != nil {
			return View{}, err
		}
		v.Layers[i] = layer
	}
	return v, nil
}

func (v View) matrix() *Matrix {
	if v.Matrix == nil {
		return WebMercatorQuad
	}
	return v.Matrix
}

// shared says whether everybody may ask for the view, rather than somebody who
// chose conditions or tags, or another time.
func (v View) shared() bool {
	for _, layer := range v.Layers {
		if layer.Version() < 0 {
			return false
		}
	}
	return v.Where == nil && v.Properties == nil
}
