package main

import (
	"cmp"
	"maps"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/tiles"
)

// Limits of a tile, in bytes: what a phone takes in without a pause.
const (
	mostRaw    = 500_000
	mostPacked = 150_000
)

// referenceSnapshot is the snapshot of the reference dataset, as it is generated.
func referenceSnapshot(t testing.TB) *spatial.Snapshot {
	t.Helper()
	if testing.Short() {
		t.Skip("makes the whole reference dataset")
	}
	return luohutest.Snapshot(t)
}

// TestTilesAreSmall makes tiles of all layers together, all over the pyramid,
// and descends where a tile is so large that one below it may be too large.
func TestTilesAreSmall(t *testing.T) {
	s := referenceSnapshot(t)
	view := tiles.View{}
	for layer := range s.Layers() {
		view.Layers = append(view.Layers, layer)
	}
	largest := map[uint32][2]int{}
	level := []tiles.ID{{}}
	for z := uint32(0); z <= tiles.MaxZoom && len(level) > 0; z++ {
		var next []tiles.ID
		for _, id := range level {
			content, err := tiles.Encode(view, id)
			if err != nil {
				t.Fatal(err)
			}
			packed, err := tiles.Compress(content.Bytes, tiles.Gzip)
			if err != nil {
				t.Fatal(err)
			}
			if len(content.Bytes) > mostRaw || len(packed) > mostPacked {
				t.Errorf("tile %v: %d bytes, %d compressed", id, len(content.Bytes), len(packed))
			}
			largest[z] = [2]int{max(largest[z][0], len(content.Bytes)), max(largest[z][1], len(packed))}
			if len(content.Bytes) > 0 && (z < 16 || len(packed) > mostPacked/8) {
				next = append(next, children(id)...)
			}
		}
		level = next
	}
	for z := range uint32(tiles.MaxZoom + 1) {
		t.Logf("zoom %2d: at most %6d bytes, %6d compressed", z, largest[z][0], largest[z][1])
	}
}

func children(id tiles.ID) []tiles.ID {
	var four []tiles.ID
	for i := range uint32(4) {
		four = append(four, tiles.ID{Z: id.Z + 1, X: 2*id.X + i&1, Y: 2*id.Y + i>>1})
	}
	return four
}

// odd holds for every other feature.
type odd struct{}

func (odd) Holds(f spatial.Feature) bool { return f.ID()%2 == 1 }
func (odd) Cost() int                    { return 1 }

// TestClustersLeaveNothingOut adds up what the tiles of each zoom say stands in
// them: all features of a layer, and as many of each rank as there are, each
// once, with a condition and without, in degrees and moved too.
func TestClustersLeaveNothingOut(t *testing.T) {
	s := referenceSnapshot(t)
	for name, c := range map[string]struct {
		layer  spatial.LayerID
		zooms  uint32
		change func(*tiles.View)
	}{
		"risk points": {"risk_points", 15, func(*tiles.View) {}},
		"events":      {"grid_events", 15, func(*tiles.View) {}},
		"buildings":   {"buildings", 14, func(*tiles.View) {}},
		"odd":         {"risk_points", 14, func(v *tiles.View) { v.Where, v.Filter = []tiles.Condition{odd{}}, "odd" }},
		"degrees":     {"risk_points", 13, func(v *tiles.View) { v.Matrix = tiles.CGCS2000Quad }},
		"moved":       {"risk_points", 13, func(v *tiles.View) { v.Datum = datum.GCJ02 }},
	} {
		t.Run(name, func(t *testing.T) {
			view, err := tiles.NewView(s, c.layer)
			if err != nil {
				t.Fatal(err)
			}
			c.change(&view)
			want := byRank{}
			for f := range view.Layers[0].All() {
				if view.Where == nil || view.Where[0].Holds(f) {
					want[f.Attribute(view.Layers[0].Schema().Rank).String()]++
				}
			}
			for z := range c.zooms {
				if got := countsAt(t, view, z); !maps.Equal(got, want) {
					t.Errorf("zoom %d: %v, want %v", z, got, want)
				}
			}
		})
	}
}

// byRank counts features by their rank, "" for those without.
type byRank map[string]int

// countsAt adds up the tiles of a zoom.
func countsAt(t *testing.T, view tiles.View, z uint32) byRank {
	t.Helper()
	matrix := cmp.Or(view.Matrix, tiles.WebMercatorQuad)
	bound, _ := view.Layers[0].Bound()
	bound = bound.Pad(0.01)
	from, to := matrix.At(bound.LeftTop(), z), matrix.At(bound.RightBottom(), z)
	all, seen := byRank{}, map[int64]bool{}
	for x := from.X; x <= to.X; x++ {
		for y := from.Y; y <= to.Y; y++ {
			content, err := tiles.Encode(view, tiles.ID{Z: z, X: x, Y: y})
			if err != nil {
				t.Fatal(err)
			}
			layers, err := mvt.Unmarshal(content.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			for _, layer := range layers {
				for _, f := range layer.Features {
					if id := int64(f.ID.(float64)); seen[id] {
						t.Errorf("zoom %d: feature %d stands twice", z, id)
					} else {
						seen[id] = true
					}
					all.add(t, f, view.Layers[0].Schema().Rank)
				}
			}
		}
	}
	return all
}

// add counts what a feature of a tile stands for.
func (c byRank) add(t *testing.T, f *geojson.Feature, rank string) {
	total := int(f.Properties[tiles.CountTag].(float64))
	if f.ID.(float64) < 1<<52 { // a feature of the layer
		c[f.Properties.MustString(rank, "")] += total
		return
	}
	if rank == "" {
		c[""] += total
		return
	}
	sum := 0
	for name, n := range f.Properties {
		if value, ok := strings.CutPrefix(name, rank+"_"); ok {
			c[strings.Replace(value, "none", "", 1)] += int(n.(float64))
			sum += int(n.(float64))
		}
	}
	if sum != total || f.Geometry.GeoJSONType() != "Point" {
		t.Errorf("a cluster of %d counts %d by rank", total, sum)
	}
}
