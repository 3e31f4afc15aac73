package tiles_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/encoding/mvt/vectortile"
	"github.com/paulmach/orb/planar"

	"wangge/spatial"
	"wangge/tiles"
)

// chain counts how often each shortest lattice step is walked, less how often
// it is walked back. A segment is made of such steps whatever vertices it
// has, so equal chains are equal lines.
type chain map[[2]px]int

func (c chain) add(ring path, times int) {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		n := gcd(abs(b[0]-a[0]), abs(b[1]-a[1]))
		step := px{(b[0] - a[0]) / n, (b[1] - a[1]) / n}
		for range n {
			next := px{a[0] + step[0], a[1] + step[1]}
			c.walk(a, next, times)
			a = next
		}
	}
}

func (c chain) walk(a, b px, times int) {
	if a[0] > b[0] || a[0] == b[0] && a[1] > b[1] {
		a, b, times = b, a, -times
	}
	if c[[2]px{a, b}] += times; c[[2]px{a, b}] == 0 {
		delete(c, [2]px{a, b})
	}
}

func abs(v int64) int64 { return max(v, -v) }

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// TestNeighboursDoNotGape holds that in every tile the edges of all cells
// together, each shared one walked to and fro, are shells that do not cross:
// nowhere is a gap, and nothing is covered twice. Where outlines are not
// simplified they are exactly the district's.
func TestNeighboursDoNotGape(t *testing.T) {
	grids, district := layersOf(t, fixture(t), "grids"), layersOf(t, fixture(t), "districts")
	for z := uint32(8); z <= 18; z++ {
		steps := 0
		for _, id := range some(z, 40) {
			c := chain{}
			steps += c.addTile(t, encode(t, grids, id), 1)
			if fault := c.fault(0); fault != "" {
				t.Errorf("tile %v: %s", id, fault)
			}
			if z < 13 {
				continue
			}
			c.addTile(t, encode(t, district, id), -1)
			if len(c) > 0 {
				t.Errorf("tile %v: %d lattice steps are not shared by two cells or by a cell and the outline", id, len(c))
			}
		}
		if steps == 0 {
			t.Errorf("zoom %d: nothing was compared", z)
		}
	}
}

// TestReferenceGridsDoNotGape does the same with the grids of the reference
// dataset, everywhere (beyond zoom 13 in each fifth tile, unless WANGGE_SOAK=1). Where rounding entangles an outline with itself, as the
// smallest grids' at zoom 8, half a unit may be left free when it is redrawn: a
// hundredth of a pixel.
func TestReferenceGridsDoNotGape(t *testing.T) {
	v := view(t, referenceSnapshot(t), "grids")
	bound, _ := v.Layers[0].Bound()
	for z := uint32(8); z <= 16; z++ {
		from, to := tiles.At(bound.LeftTop(), z), tiles.At(bound.RightBottom(), z)
		positions := 0
		for x := from.X; x <= to.X; x++ {
			for y := from.Y; y <= to.Y; y++ {
				if z > 13 && (x+2*y)%5 != 0 && os.Getenv("WANGGE_SOAK") != "1" {
					continue
				}
				id, c := tiles.ID{Z: z, X: x, Y: y}, chain{}
				positions += c.addTile(t, encode(t, v.Layers, id), 1)
				if fault := c.fault(1); fault != "" {
					t.Errorf("tile %v: %s", id, fault)
				}
			}
		}
		if t.Logf("zoom %d: %d positions", z, positions); positions == 0 {
			t.Errorf("zoom %d: nothing was compared", z)
		}
	}
}

// addTile adds the rings of a tile, and says how many positions they have.
func (c chain) addTile(t *testing.T, raw []byte, times int) (n int) {
	t.Helper()
	for _, l := range parseTile(t, raw).Layers {
		for _, f := range l.Features {
			for _, ring := range decoded(t, f).paths {
				c.add(ring, times)
				n += len(ring)
			}
		}
	}
	return n
}

// fault says where a chain is something other than shells that do not cross,
// with gaps of at most so many half units.
func (c chain) fault(gap int64) string {
	next := map[px][]px{}
	for step, times := range c {
		if times < 0 {
			step[0], step[1] = step[1], step[0]
		}
		if abs(int64(times)) != 1 {
			return fmt.Sprintf("the step %v is walked %d times", step, times)
		}
		next[step[0]] = append(next[step[0]], step[1])
	}
	starts := slices.SortedFunc(maps.Keys(next), func(a, b px) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	var edges [][2]px
	for _, start := range starts {
		for len(next[start]) > 0 {
			loop := takeLoop(next, start)
			if area := twiceArea(loop); area < -gap || gap == 0 && area == 0 {
				return fmt.Sprintf("there is a gap: %v", loop)
			}
			edges = appendStraight(edges, loop)
		}
	}
	return crossing(edges)
}

// appendStraight appends the edges of a ring, of each straight stretch one.
func appendStraight(edges [][2]px, ring path) [][2]px {
	var corners path
	for i, p := range ring {
		if turn(ring[(i+len(ring)-1)%len(ring)], p, ring[(i+1)%len(ring)]) != 0 {
			corners = append(corners, p)
		}
	}
	for i, p := range corners {
		edges = append(edges, [2]px{p, corners[(i+1)%len(corners)]})
	}
	return edges
}

// crossing says which edges cross, if any do.
func crossing(edges [][2]px) string {
	west, east := func(e [2]px) int64 { return min(e[0][0], e[1][0]) }, func(e [2]px) int64 { return max(e[0][0], e[1][0]) }
	slices.SortFunc(edges, func(a, b [2]px) int { return cmp.Compare(west(a), west(b)) })
	for i, a := range edges {
		for _, b := range edges[i+1:] {
			if west(b) >= east(a) {
				break
			}
			if turn(a[0], a[1], b[0])*turn(a[0], a[1], b[1]) < 0 && turn(b[0], b[1], a[0])*turn(b[0], b[1], a[1]) < 0 {
				return fmt.Sprintf("the edges %v and %v cross", a, b)
			}
		}
	}
	return ""
}

// turn says to which side of the way from a to b a position lies.
func turn(a, b, p px) int {
	return cmp.Compare((b[0]-a[0])*(p[1]-b[1])-(b[1]-a[1])*(p[0]-b[0]), 0)
}

// takeLoop takes steps away that lead from a position back to one that was
// passed, and to none twice.
func takeLoop(next map[px][]px, at px) path {
	var walked path
	seen := map[px]int{}
	for {
		if i, ok := seen[at]; ok {
			for k := range i { // the way there stays
				next[walked[k]] = append(next[walked[k]], walked[k+1])
			}
			return walked[i:]
		}
		seen[at], walked = len(walked), append(walked, at)
		ways := next[at]
		if len(ways) == 0 {
			return nil
		}
		next[at], at = ways[1:], ways[0]
	}
}

func twiceArea(ring path) (sum int64) {
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		sum += p[0]*q[1] - q[0]*p[1]
	}
	return sum
}

func decoded(t testing.TB, f *vectortile.Tile_Feature) geometry {
	t.Helper()
	g, err := decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// inTile gives a geometry in tile units, unrounded: an oracle that shares
// nothing with the encoder but [spatial.WorldOf].
func inTile(g orb.Geometry, id tiles.ID) orb.Geometry {
	scale := math.Ldexp(1, int(id.Z)-tiles.MaxZoom)
	place := func(p orb.Point) orb.Point {
		w := spatial.WorldOf(p)
		return orb.Point{
			(float64(w[0])+(1<<31))*scale - float64(id.X)*tiles.Extent,
			(float64(w[1])+(1<<31))*scale - float64(id.Y)*tiles.Extent,
		}
	}
	g = orb.Clone(g)
	eachPoint(g, func(p *orb.Point) { *p = place(*p) })
	if p, ok := g.(orb.Point); ok {
		return place(p)
	}
	return g
}

func eachPoint(g orb.Geometry, do func(*orb.Point)) {
	all := func(points []orb.Point) {
		for i := range points {
			do(&points[i])
		}
	}
	switch g := g.(type) {
	case orb.MultiPoint:
		all(g)
	case orb.LineString:
		all(g)
	case orb.MultiLineString:
		for _, l := range g {
			all(l)
		}
	case orb.Polygon:
		for _, r := range g {
			all(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			eachPoint(p, do)
		}
	}
}

func square(margin float64) orb.Bound {
	return orb.Bound{Min: orb.Point{-margin, -margin}, Max: orb.Point{tiles.Extent + margin, tiles.Extent + margin}}
}

// meets says by brute force whether a geometry meets a box.
func meets(g orb.Geometry, b orb.Bound) bool {
	switch g := g.(type) {
	case orb.Point:
		return b.Contains(g)
	case orb.MultiPoint:
		return len(clip.MultiPoint(b, g)) > 0
	case orb.LineString:
		return len(clip.LineString(b, g)) > 0
	case orb.MultiLineString:
		return len(clip.MultiLineString(b, g)) > 0
	case orb.Polygon:
		for _, r := range g {
			if len(clip.LineString(b, orb.LineString(r))) > 0 {
				return true
			}
		}
		return planar.PolygonContains(g, b.Center())
	case orb.MultiPolygon:
		for _, p := range g {
			if meets(p, b) {
				return true
			}
		}
	}
	return false
}

// TestMembership holds tiles against brute force: every feature that meets
// the tile's square is in the tile, and none that stays clear of the buffer.
func TestMembership(t *testing.T) {
	s := fixture(t)
	for z := uint32(6); z <= 18; z += 2 {
		for _, id := range some(z, 25) {
			shown := map[string]map[uint64]bool{}
			for _, l := range parseTile(t, encode(t, layersOf(t, s, everything()...), id)).Layers {
				shown[l.GetName()] = map[uint64]bool{}
				for _, f := range l.Features {
					shown[l.GetName()][f.GetId()] = true
				}
			}
			for l := range s.Layers() {
				for f := range l.All() {
					g := inTile(f.Geometry(), id)
					in := shown[string(l.ID())][uint64(f.ID())]
					if !in && meets(g, square(0)) {
						t.Errorf("tile %v: %s %d is missing", id, l.ID(), f.ID())
					}
					if in && !meets(g, square(tiles.Buffer+1)) {
						t.Errorf("tile %v: %s %d does not belong here", id, l.ID(), f.ID())
					}
				}
			}
		}
	}
}

// TestClippedArea compares polygons with what an independent clipper leaves
// of the unrounded geometry; rounding may cost half a unit along each edge.
func TestClippedArea(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		id := tiles.ID{Z: 14, X: 13383, Y: 7142}
		polygon := star(r, id)
		raw := encode(t, []*spatial.Layer{shapes(t, polygon)}, id)
		checkTile(t, raw)
		got := 0.0
		for _, l := range parseTile(t, raw).Layers {
			for _, ring := range decoded(t, l.Features[0]).paths {
				got += float64(area(ring)) / 2
			}
		}
		exact := inTile(polygon, id).(orb.Polygon)
		want, slack := 0.0, 2.0
		for i, ring := range exact {
			part := clip.Ring(square(tiles.Buffer), ring.Clone())
			slack += planar.Length(orb.LineString(part))
			want += math.Abs(planar.Area(part)) * float64(1-2*min(i, 1))
		}
		if math.Abs(got-want) > slack {
			t.Errorf("seed %d: area %v, want %v ± %v", seed, got, want, slack)
		}
	}
}

// star is a star-shaped polygon around somewhere near a tile, often larger
// than it, with a smaller copy of itself as a hole.
func star(r *rand.Rand, id tiles.ID) orb.Polygon {
	b := id.Bound()
	width := b.Right() - b.Left()
	middle := orb.Point{b.Left() + (3*r.Float64()-1)*width, b.Bottom() + (3*r.Float64()-1)*width}
	size := width * math.Exp(4*r.Float64()-3)
	var shell, hole orb.Ring
	n := 3 + r.IntN(40)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		far := size * (0.3 + r.Float64())
		shell = append(shell, orb.Point{middle[0] + far*cos, middle[1] + far*sin})
		hole = append(hole, orb.Point{middle[0] + far*cos/2, middle[1] + far*sin/2})
	}
	return orb.Polygon{append(shell, shell[0]), append(hole, hole[0])}
}

// shapes is a layer of geometries, numbered from 1.
func shapes(t testing.TB, geometries ...orb.Geometry) *spatial.Layer {
	var rows []spatial.Row
	for i, g := range geometries {
		rows = append(rows, spatial.Row{ID: int64(i + 1), Geometry: g})
	}
	return layer(t, 1, schema("shapes", spatial.Points|spatial.Lines|spatial.Polygons), rows)
}

// geometryOf encodes one geometry, given in units of tile 3/4/4.
func geometryOf(t *testing.T, g orb.Geometry) geometry {
	t.Helper()
	g = orb.Clone(g)
	eachPoint(g, func(p *orb.Point) { *p = unit(*p) })
	if p, ok := g.(orb.Point); ok {
		g = unit(p)
	}
	raw := encode(t, []*spatial.Layer{shapes(t, g)}, tiles.ID{Z: 3, X: 4, Y: 4})
	checkTile(t, raw)
	parsed := parseTile(t, raw)
	if len(parsed.Layers) == 0 {
		return geometry{}
	}
	return decoded(t, parsed.Layers[0].Features[0])
}

// unit is the position in degrees of a position in units of tile 3/4/4.
func unit(p orb.Point) orb.Point {
	return spatial.World{int32(p[0] * (1 << 17)), int32(p[1] * (1 << 17))}.LL()
}

func TestShapes(t *testing.T) {
	ring := func(p ...orb.Point) orb.Ring { return append(orb.Ring(p), p[0]) }
	const lo, hi = -tiles.Buffer, tiles.Extent + tiles.Buffer
	cases := []struct {
		name string
		in   orb.Geometry
		want []path
	}{
		{"point", orb.Point{5, 6}, []path{{{5, 6}}}},
		{"point in the buffer", orb.Point{hi, 6}, []path{{{hi, 6}}}},
		{"point beyond the buffer", orb.Point{hi + 1, 6}, nil},
		{"points", orb.MultiPoint{{1, 2}, {hi + 5, 3}, {4, 5}}, []path{{{1, 2}, {4, 5}}}},
		{"line with a vertex on the way", orb.LineString{{0, 0}, {5, 5}, {10, 10}, {10, 0}}, []path{{{0, 0}, {10, 10}, {10, 0}}}},
		{"line that turns back", orb.LineString{{0, 0}, {10, 0}, {5, 0}}, []path{{{0, 0}, {10, 0}, {5, 0}}}},
		{"line in two pieces", orb.LineString{{4000, 10}, {4260, 10}, {4260, 20}, {4000, 20}}, []path{{{4000, 10}, {hi, 10}}, {{hi, 20}, {4000, 20}}}},
		{"line through", orb.LineString{{-100, 50}, {5000, 50}}, []path{{{lo, 50}, {hi, 50}}}},
		{"line too short", orb.LineString{{7, 7}, {7.2, 7.2}}, []path{{{7, 7}, {8, 7}}}},
		{"line that touches the border", orb.LineString{{4200, 10}, {hi, 20}, {4200, 30}}, nil},
		{"ring wound either way", orb.Polygon{ring(orb.Point{0, 0}, orb.Point{0, 9}, orb.Point{9, 9}, orb.Point{9, 0})},
			[]path{{{9, 0}, {9, 9}, {0, 9}, {0, 0}}}},
		{"hole wound like its shell", orb.Polygon{
			ring(orb.Point{0, 0}, orb.Point{9, 0}, orb.Point{9, 9}, orb.Point{0, 9}), ring(orb.Point{3, 3}, orb.Point{6, 3}, orb.Point{6, 6}, orb.Point{3, 6})},
			[]path{{{0, 0}, {9, 0}, {9, 9}, {0, 9}}, {{3, 6}, {6, 6}, {6, 3}, {3, 3}}}},
		{"polygon too small", orb.Polygon{ring(orb.Point{5, 5}, orb.Point{5.2, 5}, orb.Point{5.2, 5.3})}, []path{{{5, 5}, {6, 5}, {6, 6}, {5, 6}}}},
		{"polygon thinner than a unit", orb.Polygon{ring(orb.Point{5, 5}, orb.Point{90, 5}, orb.Point{90, 5.2}, orb.Point{5, 5.2})}, []path{{{5, 5}, {6, 5}, {6, 6}, {5, 6}}}},
		{"spike", orb.Polygon{ring(orb.Point{0, 0}, orb.Point{9, 0}, orb.Point{20, 0}, orb.Point{9, 0}, orb.Point{9, 9})}, []path{{{0, 0}, {9, 0}, {9, 9}}}},
		{"polygon around the tile", orb.Polygon{ring(orb.Point{-900, -900}, orb.Point{9000, -900}, orb.Point{9000, 9000}, orb.Point{-900, 9000})},
			[]path{{{hi, hi}, {lo, hi}, {lo, lo}, {hi, lo}}}},
		{"tile in a hole", orb.Polygon{
			ring(orb.Point{-900, -900}, orb.Point{9000, -900}, orb.Point{9000, 9000}, orb.Point{-900, 9000}),
			ring(orb.Point{-200, -200}, orb.Point{8000, -200}, orb.Point{8000, 8000}, orb.Point{-200, 8000})}, nil},
		{"U open to the west, cut in two", orb.Polygon{ring(orb.Point{-300, 0}, orb.Point{50, 0}, orb.Point{50, 10}, orb.Point{-200, 10}, orb.Point{-200, 20},
			orb.Point{50, 20}, orb.Point{50, 30}, orb.Point{-300, 30})},
			[]path{{{lo, 0}, {50, 0}, {50, 10}, {lo, 10}}, {{lo, 20}, {50, 20}, {50, 30}, {lo, 30}}}},
		{"hole through the border", orb.Polygon{
			ring(orb.Point{-300, 0}, orb.Point{90, 0}, orb.Point{90, 90}, orb.Point{-300, 90}), ring(orb.Point{-200, 30}, orb.Point{50, 30}, orb.Point{50, 60}, orb.Point{-200, 60})},
			[]path{{{lo, 0}, {90, 0}, {90, 90}, {lo, 90}, {lo, 60}, {50, 60}, {50, 30}, {lo, 30}}}},
		{"hole stays with its piece", orb.Polygon{
			ring(orb.Point{-300, 0}, orb.Point{50, 0}, orb.Point{50, 10}, orb.Point{-200, 10}, orb.Point{-200, 20}, orb.Point{50, 20}, orb.Point{50, 30}, orb.Point{-300, 30}),
			ring(orb.Point{10, 22}, orb.Point{20, 22}, orb.Point{20, 28})},
			[]path{{{lo, 0}, {50, 0}, {50, 10}, {lo, 10}}, {{lo, 20}, {50, 20}, {50, 30}, {lo, 30}}, {{20, 28}, {20, 22}, {10, 22}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := geometryOf(t, c.in).paths
			if !samePaths(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
}

// TestPartsAreApart holds that polygons of one feature that nearly touch, or lie
// in each other's holes, are valid together and cover what they should.
func TestPartsAreApart(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 300 {
		var parts orb.MultiPolygon
		side := func(x, y, w, h float64) orb.Ring {
			return orb.Ring{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}
		}
		pitch := 1 + 9*random.Float64()
		for i := range 36 {
			if random.IntN(4) == 0 {
				continue
			}
			x, y := 2000+float64(i%6)*pitch, 4120+float64(i/6)*pitch
			w, h := pitch*(0.3+0.69*random.Float64()), pitch*(0.3+0.69*random.Float64())
			part := orb.Polygon{side(x, y, w, h)}
			if random.IntN(2) == 0 {
				part = append(part, side(x+0.2*w, y+0.2*h, 0.6*w, 0.6*h))
				parts = append(parts, orb.Polygon{side(x+0.3*w, y+0.3*h, 0.4*w, 0.4*h)})
			}
			parts = append(parts, part)
		}
		if len(parts) == 0 {
			continue
		}
		covered := int64(0)
		for _, p := range geometryOf(t, parts).paths {
			covered += area(p)
		}
		want, slack := 2*planar.Area(parts), 2*planar.Length(parts)
		if square(tiles.Buffer).Contains(parts.Bound().Max) && math.Abs(float64(covered)-want) > slack {
			t.Errorf("%v: twice the area is %d, not %v", parts, covered, want)
		}
		if t.Failed() {
			return
		}
	}
}

// samePaths compares paths; rings may start anywhere.
func samePaths(a, b []path) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !sameRing(a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameRing(a, b path) bool {
	if len(a) != len(b) {
		return false
	}
	for shift := range a {
		same := true
		for i := range a {
			same = same && a[(i+shift)%len(a)] == b[i]
		}
		if same {
			return true
		}
	}
	return len(a) == 0
}

// FuzzEncode feeds arbitrary positions, joined into every kind of geometry,
// at arbitrary tiles: whatever comes out is a valid tile.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"), uint8(3), uint16(40))
	f.Add([]byte("\x00\x00\xff\x00\xff\xff\x00\xff\x40\x40\x60\x40\x60\x60"), uint8(0), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, zoom uint8, place uint16) {
		z := uint32(zoom) % (tiles.MaxZoom + 1)
		id := tiles.ID{Z: z, X: uint32(place) % (1 << z), Y: uint32(place) * 7 % (1 << z)}
		geometries := arbitrary(data, id)
		if len(geometries) == 0 {
			return
		}
		checkTile(t, encode(t, []*spatial.Layer{shapes(t, geometries...)}, id))
	})
}

// arbitrary makes geometries of pairs of bytes, on a coarse lattice about
// four tiles wide, so that much of it coincides with the buffer's border.
func arbitrary(data []byte, id tiles.ID) []orb.Geometry {
	b := id.Bound()
	var points []orb.Point
	for i := 0; i+1 < len(data); i += 2 {
		points = append(points, orb.Point{
			min(max(b.Left()+(float64(data[i])/64-1)*(b.Right()-b.Left()), -180), 180),
			min(max(b.Bottom()+(float64(data[i+1])/64-1)*(b.Top()-b.Bottom()), -90), 90),
		})
	}
	if len(points) < 3 {
		return nil
	}
	closed := func(p []orb.Point) orb.Ring { return append(append(orb.Ring{}, p...), p[0]) }
	all := []orb.Geometry{points[0], orb.MultiPoint(points), orb.LineString(points), orb.Polygon{closed(points)}}
	if half := len(points) / 2; half >= 3 {
		all = append(all, orb.Polygon{closed(points[:half]), closed(points[half:])}, orb.MultiPolygon{{closed(points[:half])}, {closed(points[half:])}},
			orb.MultiLineString{points[:half], points[half:]})
	}
	return all
}
