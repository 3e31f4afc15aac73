package tiles_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gogo/protobuf/proto"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt/vectortile"
	"github.com/peterstace/simplefeatures/geom"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/tiles"
)

type px [2]int64

// path is a decoded line or ring; rings do not repeat their first position.
type path []px

// geometry is a decoded geometry: the points together, each line, each ring.
type geometry struct {
	kind  vectortile.Tile_GeomType
	paths []path
}

func parseTile(t testing.TB, raw []byte) *vectortile.Tile {
	t.Helper()
	tile := new(vectortile.Tile)
	if err := proto.Unmarshal(raw, tile); err != nil {
		t.Fatal(err)
	}
	return tile
}

// checkTile fails the test for everything the specification forbids or
// advises against in a tile, self-contact of rings aside.
func checkTile(t testing.TB, raw []byte) {
	t.Helper()
	if err := specificationFault(raw); err != nil {
		t.Error(err)
	}
	names := map[string]bool{}
	for _, layer := range parseTile(t, raw).Layers {
		if names[layer.GetName()] || layer.GetName() == "" {
			t.Errorf("layer name %q is empty or stands twice", layer.GetName())
		}
		names[layer.GetName()] = true
		for _, fault := range layerFaults(layer) {
			t.Errorf("layer %s: %s", layer.GetName(), fault)
		}
	}
}

func layerFaults(l *vectortile.Tile_Layer) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if l.GetVersion() != 2 || l.GetExtent() != tiles.Extent || len(l.Features) == 0 {
		fault("version %d, extent %d, %d features", l.GetVersion(), l.GetExtent(), len(l.Features))
	}
	keys := map[string]bool{}
	for _, key := range l.Keys {
		keys[key] = true
	}
	values := map[string]bool{}
	for _, value := range l.Values {
		values[value.String()] = true
	}
	if len(keys) != len(l.Keys) || len(values) != len(l.Values) {
		fault("a key or a value stands twice")
	}
	last := uint64(0)
	for _, f := range l.Features {
		if f.GetId() <= last {
			fault("id %d after %d", f.GetId(), last)
		}
		last = f.GetId()
		if err := tagFault(l, f); err != nil {
			fault("feature %d: %v", f.GetId(), err)
		}
		g, err := decode(f)
		if err == nil {
			err = geometryFault(g)
		}
		if err != nil {
			fault("feature %d: %v", f.GetId(), err)
		}
	}
	return faults
}

func tagFault(l *vectortile.Tile_Layer, f *vectortile.Tile_Feature) error {
	if len(f.Tags)%2 != 0 {
		return fmt.Errorf("%d tags", len(f.Tags))
	}
	seen := map[int]bool{}
	for i := 0; i < len(f.Tags); i += 2 {
		key, value := int(f.Tags[i]), int(f.Tags[i+1])
		if seen[key] || key >= len(l.Keys) || value >= len(l.Values) {
			return fmt.Errorf("tag %d=%d", key, value)
		}
		seen[key] = true
	}
	return nil
}

// decode follows the commands of a feature, strictly.
func decode(f *vectortile.Tile_Feature) (geometry, error) {
	g := geometry{kind: f.GetType()}
	var cursor px
	in := f.Geometry
	for len(in) > 0 {
		id, count := in[0]&7, int(in[0]>>3)
		in = in[1:]
		if id == 7 {
			if count != 1 || g.kind != vectortile.Tile_POLYGON || len(in) > 0 && in[0]&7 != 1 {
				return g, fmt.Errorf("bad ClosePath")
			}
			continue
		}
		if id != 1 && id != 2 || count == 0 || len(in) < 2*count {
			return g, fmt.Errorf("command %d, count %d, %d integers left", id, count, len(in))
		}
		if id == 1 {
			if g.kind != vectortile.Tile_POINT && count != 1 {
				return g, fmt.Errorf("MoveTo of %d", count)
			}
			g.paths = append(g.paths, nil)
		}
		for range count {
			step := px{unzigzag(in[0]), unzigzag(in[1])}
			if id == 2 && step == (px{}) {
				return g, fmt.Errorf("a step of no length")
			}
			cursor = px{cursor[0] + step[0], cursor[1] + step[1]}
			last := len(g.paths) - 1
			g.paths[last] = append(g.paths[last], cursor)
			in = in[2:]
		}
	}
	return g, nil
}

func unzigzag(v uint32) int64 { return int64(int32(v>>1) ^ -int32(v&1)) }

func geometryFault(g geometry) error {
	if len(g.paths) == 0 {
		return fmt.Errorf("no geometry")
	}
	var shell path
	for _, p := range g.paths {
		for _, at := range p {
			if min(at[0], at[1]) < -tiles.Buffer || max(at[0], at[1]) > tiles.Extent+tiles.Buffer {
				return fmt.Errorf("position %v lies beyond the buffer", at)
			}
		}
		switch {
		case g.kind == vectortile.Tile_POINT && len(g.paths) == 1:
		case g.kind == vectortile.Tile_LINESTRING && len(p) >= 2:
		case g.kind == vectortile.Tile_POLYGON && len(p) >= 3:
			if err := ringFault(shell, p); err != nil {
				return err
			}
			if area(p) > 0 {
				shell = p
			}
		default:
			return fmt.Errorf("a path of %d positions in a %v", len(p), g.kind)
		}
	}
	if g.kind == vectortile.Tile_POLYGON {
		return polygonFault(g.paths)
	}
	return nil
}

// polygonFault is what another library finds wrong with the polygons: rings
// that touch themselves or cross, holes that are outside or cut a polygon in
// two, polygons that overlap or share an edge.
func polygonFault(paths []path) error {
	var rings []geom.LineString
	var polygons []geom.Polygon
	for i, p := range paths {
		var flat []float64
		for _, at := range append(slices.Clone(p), p[0]) {
			flat = append(flat, float64(at[0]), float64(at[1]))
		}
		rings = append(rings, geom.NewLineString(geom.NewSequence(flat, geom.DimXY)))
		if i+1 < len(paths) && area(paths[i+1]) < 0 {
			continue
		}
		polygons = append(polygons, geom.NewPolygon(rings))
		rings = nil
	}
	return geom.NewMultiPolygon(polygons).Validate()
}

func ringFault(shell, p path) error {
	for i := range p {
		a, b, c := p[i], p[(i+1)%len(p)], p[(i+2)%len(p)]
		if (b[0]-a[0])*(c[1]-b[1]) == (b[1]-a[1])*(c[0]-b[0]) {
			return fmt.Errorf("positions %v %v %v on one line", a, b, c)
		}
	}
	switch a := area(p); {
	case a == 0:
		return fmt.Errorf("a ring without area")
	case a < 0 && shell == nil:
		return fmt.Errorf("the first ring is wound like a hole")
	case a < 0 && !touches(shell, p):
		return fmt.Errorf("a hole outside its shell")
	}
	return nil
}

// area is twice the signed area.
func area(p path) (sum int64) {
	for i, a := range p {
		b := p[(i+1)%len(p)]
		sum += a[0]*b[1] - a[1]*b[0]
	}
	return sum
}

// touches says whether a position of a hole is inside a shell or on it.
func touches(shell, hole path) bool {
	for _, p := range hole {
		if holds(shell, p) {
			return true
		}
	}
	return false
}

func holds(ring path, p px) bool {
	winding := 0
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		turn := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
		if turn == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) {
			return true
		}
		if a[1] <= p[1] && b[1] > p[1] && turn > 0 {
			winding++
		}
		if a[1] > p[1] && b[1] <= p[1] && turn < 0 {
			winding--
		}
	}
	return winding != 0
}

// over is every tile of a zoom that the town, with a buffer, is in.
func over(z uint32) []tiles.ID {
	from, to := tiles.At(town.LeftTop(), z), tiles.At(town.RightBottom(), z)
	last := uint32(1)<<z - 1
	var ids []tiles.ID
	for x := from.X - min(from.X, 1); x <= min(to.X+1, last); x++ {
		for y := from.Y - min(from.Y, 1); y <= min(to.Y+1, last); y++ {
			ids = append(ids, tiles.ID{Z: z, X: x, Y: y})
		}
	}
	return ids
}

// some are at most n of the tiles of a zoom, evenly chosen.
func some(z uint32, n int) []tiles.ID {
	all := over(z)
	if len(all) <= n {
		return all
	}
	var ids []tiles.ID
	for i := range n {
		ids = append(ids, all[i*len(all)/n])
	}
	return ids
}

func TestTilesAreValid(t *testing.T) {
	layers := layersOf(t, fixture(t), everything()...)
	for z := range uint32(tiles.MaxZoom + 1) {
		for _, id := range some(z, 60) {
			t.Run(id.String(), func(t *testing.T) { checkTile(t, encode(t, layers, id)) })
		}
	}
}

// referenceSnapshot is the reference dataset, for tests that need not be quick.
func referenceSnapshot(t testing.TB) *spatial.Snapshot {
	t.Helper()
	if testing.Short() {
		t.Skip("makes the whole reference dataset")
	}
	return luohutest.Snapshot(t)
}

// TestReferenceTilesAreValid checks each tile of the reference dataset, z0 to
// z16, all layers that have geometry.
func TestReferenceTilesAreValid(t *testing.T) {
	var layers []*spatial.Layer
	around := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for l := range referenceSnapshot(t).Layers() {
		if b, ok := l.Bound(); ok {
			layers, around = append(layers, l), around.Union(b)
		}
	}
	checked := 0
	for z := range uint32(17) {
		r := tiles.WebMercatorQuad.Touching(around, z)
		for x := r.FirstX; x <= r.LastX; x++ {
			for y := r.FirstY; y <= r.LastY; y++ {
				id := tiles.ID{Z: z, X: x, Y: y}
				if raw := encode(t, layers, id); len(raw) > 0 {
					t.Run(id.String(), func(t *testing.T) { checkTile(t, raw) })
					checked++
				}
			}
		}
	}
	if checked < 400 {
		t.Errorf("only %d tiles have something in them", checked)
	}
}

func TestZoomZeroShowsEveryFeature(t *testing.T) {
	for _, l := range layersOf(t, fixture(t), everything()...) {
		want := 0
		for f := range l.All() {
			if f.HasGeometry() {
				want++
			}
		}
		got := 0
		for _, shown := range parseTile(t, encode(t, []*spatial.Layer{l}, tiles.ID{})).Layers {
			got = len(shown.Features)
		}
		if got != want {
			t.Errorf("%s: %d features of %d", l.ID(), got, want)
		}
	}
}
