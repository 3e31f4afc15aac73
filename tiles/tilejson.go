package tiles

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// TileJSON describes tiles to clients (TileJSON 3.0.0). Boxes and positions
// are degrees, longitude first.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	Name         string        `json:"name"`
	Attribution  string        `json:"attribution,omitempty"` // HTML
	Scheme       string        `json:"scheme"`
	Tiles        []string      `json:"tiles"`
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"` // clients magnify tiles beyond it
	Bounds       [4]float64    `json:"bounds"`  // west, south, east, north
	Center       [3]float64    `json:"center"`  // lon, lat, zoom
	VectorLayers []VectorLayer `json:"vector_layers"`
}

// VectorLayer describes one layer of the tiles.
type VectorLayer struct {
	ID          spatial.LayerID   `json:"id"`
	Description string            `json:"description"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"` // name of a tag to its description
	// AggregatedBelow is the zoom below which features stand in clusters, 0 if
	// they stand for themselves wherever a tile can hold them.
	AggregatedBelow int `json:"aggregated_below,omitempty"`
	// AggregatedAbove is how many features a tile can hold: where there are more
	// they stand in clusters at any zoom. 0 if there never are.
	AggregatedAbove int `json:"aggregated_above,omitempty"`
}

// NewTileJSON describes the tiles of a view in WebMercatorQuad. base is the
// address of the service without a slash at its end. Layers that hold no
// geometry are left out, as they are of tiles.
func NewTileJSON(v View, base string) *TileJSON {
	j := &TileJSON{TileJSON: "3.0.0", Scheme: "xyz", MaxZoom: MaxZoom, VectorLayers: []VectorLayer{}}
	var names, ids []string
	var credits []string
	var bound *orb.Bound
	for _, layer := range v.Layers {
		schema := layer.Schema()
		ids = append(ids, string(schema.ID))
		if schema.Geometry == spatial.NoGeometry {
			continue
		}
		j.VectorLayers = append(j.VectorLayers, v.describe(layer))
		names = append(names, both(schema.Title))
		credits = append(credits, credit(schema)...)
		bound = v.widen(bound, layer)
	}
	j.Name = strings.Join(names, ", ")
	if v.Datum != datum.CRS84 {
		credits = append(credits, v.Datum.Name()+" 推算 derived, good to metres")
	}
	j.Attribution = html.EscapeString(strings.Join(unique(credits), "; "))
	j.Tiles = []string{base + "/tiles/" + strings.Join(ids, ",") + "/{z}/{x}/{y}.mvt"}
	j.frame(bound)
	return j
}

func (v View) describe(layer *spatial.Layer) VectorLayer {
	schema := layer.Schema()
	d := VectorLayer{ID: schema.ID, Description: both(schema.Title), MaxZoom: int(v.matrix().MaxZoom), Fields: map[string]string{}, AggregatedBelow: v.AggregatedBelow(layer), AggregatedAbove: ClusteredAbove(layer)}
	if about := both(schema.Description); about != "" {
		d.Description += ": " + about
	}
	for _, i := range v.appendFields(nil, schema, MaxZoom) {
		d.Fields[schema.Fields[i].Name] = v.describeField(&schema.Fields[i])
	}
	switch {
	case d.AggregatedBelow > 0:
		d.Fields[CountTag] = fmt.Sprintf("要素数 features that a cluster stands for, below zoom %d (int)", d.AggregatedBelow)
	case d.AggregatedAbove > 0:
		d.Fields[CountTag] = fmt.Sprintf("要素数 features that a cluster stands for, in tiles of more than %d (int)", d.AggregatedAbove)
	}
	if rank := schema.FieldIndex(schema.Rank); rank >= 0 && d.Fields[schema.Rank] != "" && d.Fields[CountTag] != "" {
		for _, value := range schema.Fields[rank].Values {
			d.Fields[schema.Rank+"_"+value.Value] = "其中" + both(value.Title) + " of a cluster's features (int)"
		}
		d.Fields[schema.Rank+"_none"] = "其中未定 without a value, of a cluster's features (int)"
	}
	return d
}

// AggregatedBelow is [ClusteredBelow] in zooms of the view's matrix.
func (v View) AggregatedBelow(layer *spatial.Layer) int {
	return max(0, ClusteredBelow(layer)-int(MaxZoom-v.matrix().MaxZoom))
}

// describeField gives a field's words, unit, type and first zoom.
func (v View) describeField(f *spatial.Field) string {
	text := both(f.Title)
	if f.Unit != "" {
		text += " [" + f.Unit + "]"
	}
	text += " (" + f.Type.String() + ")"
	if v.Properties == nil && f.FromZoom > 0 {
		text += fmt.Sprintf(", 自%d级起 from zoom %d", f.FromZoom, f.FromZoom)
	}
	return strings.TrimSpace(text)
}

// both joins a text's languages.
func both(t spatial.Title) string { return strings.TrimSpace(t.ZH + " " + t.EN) }

// credit names who a layer is from; generated data says so.
func credit(schema *spatial.Schema) []string {
	var credits []string
	if schema.Synthetic {
		credits = append(credits, "合成数据 synthetic data")
	}
	if schema.Source == "" {
		return credits
	}
	source := schema.Source
	if schema.Licence != "" {
		source += " (" + schema.Licence + ")"
	}
	return append(credits, source)
}

// unique drops repetitions and keeps the order.
func unique(texts []string) []string {
	var kept []string
	for _, t := range texts {
		if !slices.Contains(kept, t) {
			kept = append(kept, t)
		}
	}
	return kept
}

// Bound is the box of a layer in degrees, as the view's datum has them; ok is
// false if nothing stands anywhere. With a datum that moves positions the box is
// a little larger than it need be.
func (v View) Bound(layer *spatial.Layer) (b orb.Bound, ok bool) {
	b, ok = layer.Bound()
	if !ok || v.Datum == datum.CRS84 {
		return b, ok
	}
	const steps, unsmooth = 16, 2e-5 // how far a datum goes up and down between two steps of a district
	moved := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for i := range steps + 1 {
		for k := range steps + 1 {
			moved = moved.Extend(datum.FromLL(v.Datum, orb.Point{b.Left() + float64(i)*(b.Right()-b.Left())/steps, b.Bottom() + float64(k)*(b.Top()-b.Bottom())/steps}))
		}
	}
	return moved.Pad(unsmooth + 0.01*max(b.Right()-b.Left(), b.Top()-b.Bottom())/steps), true
}

func (v View) widen(bound *orb.Bound, layer *spatial.Layer) *orb.Bound {
	b, ok := v.Bound(layer)
	if !ok {
		return bound
	}
	if bound != nil {
		b = b.Union(*bound)
	}
	return &b
}

// frame sets bounds and centre; without any geometry they are the world's.
func (j *TileJSON) frame(bound *orb.Bound) {
	world := ID{}.Bound()
	if bound == nil {
		bound = &world
	}
	center := bound.Center()
	j.Bounds = [4]float64{bound.Left(), bound.Bottom(), bound.Right(), bound.Top()}
	j.Center = [3]float64{center[0], center[1], fitting(*bound)}
}

// fitting is the deepest zoom at which a box is at most two tiles wide and
// high.
func fitting(b orb.Bound) float64 {
	west, east := spatial.WorldOf(b.LeftTop()), spatial.WorldOf(b.RightBottom())
	side := max(int64(east[0])-int64(west[0]), int64(east[1])-int64(west[1]), 1)
	zoom := math.Floor(33 - math.Log2(float64(side)))
	return min(max(zoom, 0), MaxZoom)
}
