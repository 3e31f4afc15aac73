package tiles_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"wangge/spatial"
	"wangge/tiles"
)

var benchmarked = []spatial.LayerID{"grids", "buildings", "roads", "risk_points"}

// BenchmarkEncode makes one tile from the snapshot, without compression.
func BenchmarkEncode(b *testing.B) {
	layers := layersOf(b, fixture(b), benchmarked...)
	for _, z := range []uint32{10, 13, 16} {
		id := tiles.At(town.Center(), z)
		b.Run(fmt.Sprintf("z%d", z), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(encode(b, layers, id))))
			}
		})
	}
}

// BenchmarkOrb makes the same tile by orb: copy, project, clip, encode.
func BenchmarkOrb(b *testing.B) {
	layers := layersOf(b, fixture(b), benchmarked...)
	for _, z := range []uint32{10, 13, 16} {
		id := tiles.At(town.Center(), z)
		b.Run(fmt.Sprintf("z%d", z), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				raw, err := orbTile(layers, id)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(raw)))
			}
		})
	}
}

func orbTile(layers []*spatial.Layer, id tiles.ID) ([]byte, error) {
	var all mvt.Layers
	for _, l := range layers {
		collection := geojson.NewFeatureCollection()
		for f := range l.Intersecting(id.Bound().Pad(id.Bound().Right() / 1e5)) {
			feature := geojson.NewFeature(orb.Clone(f.Geometry()))
			feature.ID = f.ID()
			for i, field := range l.Schema().Fields {
				if v := f.Value(i); !v.IsNull() && !field.Detail {
					feature.Properties[field.Name] = v.String()
				}
			}
			collection.Append(feature)
		}
		all = append(all, mvt.NewLayer(string(l.ID()), collection))
	}
	all.ProjectToTile(maptile.New(id.X, id.Y, maptile.Zoom(id.Z)))
	all.Clip(mvt.MapboxGLDefaultExtentBound)
	all.RemoveEmpty(0, 0)
	return mvt.Marshal(all)
}

// BenchmarkMemo asks for a tile that is there.
func BenchmarkMemo(b *testing.B) {
	s, r := fixture(b), tiles.NewRenderer(8<<20, 2)
	id := tiles.At(town.Center(), 13)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(context.Background(), view(b, s, benchmarked...), id, tiles.Gzip); err != nil {
			b.Fatal(err)
		}
	}
}
