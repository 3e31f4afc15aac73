package spatial

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// crowd makes rows whose positions fall on few places, so that boxes touch
// exactly, lie on each other, and share places of the curve; some stand at
// the ends of the earth or nowhere, some share a code or have none.
type crowd struct{ *rand.Rand }

func (c crowd) position() orb.Point {
	if c.IntN(100) == 0 {
		return orb.Point{180 * float64(c.IntN(3)-1), 90 * float64(c.IntN(3)-1)}
	}
	return orb.Point{114 + float64(c.IntN(60))*1e-7, 22.5 + float64(c.IntN(60))/3e6}
}

func (c crowd) geometry() orb.Geometry {
	a, b := c.position(), c.position()
	switch c.IntN(12) {
	case 0:
		return nil
	case 1:
		return orb.LineString{a, b}
	case 2:
		return orb.Polygon{{a, {b[0], a[1]}, b, {a[0], b[1]}, a}, {a, a, b, a}}
	case 3:
		line := make(orb.LineString, c.IntN(200)+2)
		for i := range line {
			line[i] = c.position()
		}
		return line
	}
	return a
}

func (c crowd) row(id int64) Row {
	code := Text(fmt.Sprint("C", c.IntN(4000)))
	if c.IntN(10) == 0 {
		code = Null
	}
	return Row{ID: id, Geometry: c.geometry(), Values: []Value{code, Int(int64(c.Uint64())), Text([]string{"高", "低"}[c.IntN(2)])}}
}

func crowdSchema() *Schema {
	return &Schema{ID: "crowd", Geometry: Points | Lines | Polygons, Code: "code", Fields: []Field{
		{Name: "code", Type: TypeText}, {Name: "number", Type: TypeInt}, {Name: "level", Type: TypeText, Values: []Label{{Value: "高"}}}},
		Rank: "level"}
}

// change draws what is to become of rows from..to: all gone, some gone, a few
// moved, or many new ones between and behind.
func (c crowd) change(m model) LayerChange {
	l := LayerChange{Layer: "crowd"}
	from := c.Int64N(20_000)
	width := []int64{1, 30, 3000, 20_000}[c.IntN(4)]
	kind, share := c.IntN(4), c.IntN(200)+1
	for id := from + 1; id <= from+width; id++ {
		_, there := m[id]
		switch {
		case kind == 0 && there || kind == 1 && there && c.IntN(3) > 0:
			l.Delete = append(l.Delete, id)
			delete(m, id)
		case kind == 2 && there && c.IntN(share) == 0 || kind == 3 && c.IntN(share) == 0:
			m[id] = c.row(id)
			l.Put = append(l.Put, m[id])
		}
	}
	c.Shuffle(len(l.Put), func(i, j int) { l.Put[i], l.Put[j] = l.Put[j], l.Put[i] })
	return l
}

// TestIndexesAgainstRows holds the indexes of every layer in a chain of
// changes against a look at all its rows, the first layer again at the end.
func TestIndexesAgainstRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := crowd{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))}
		m := model{}
		for range c.IntN(2500) {
			id := c.Int64N(20_000) + 1
			m[id] = c.row(id)
		}
		layer, err := NewLayer(crowdSchema(), 1, m.rows())
		if err != nil {
			t.Fatal(err)
		}
		s := New(1, layer)
		first, firstModel := layer, maps.Clone(m)
		var changed changes
		for version := Version(2); version < 7; version++ {
			before := maps.Clone(m)
			change := c.change(m)
			if s, err = s.Apply(Change{Base: s.Version(), Layers: []LayerChange{change}}, version); err != nil {
				t.Fatal(err)
			}
			l, _ := s.Layer("crowd")
			c.compare(t, l, m)
			changed.add(change, before, m, version)
			changed.compare(t, c, l)
		}
		c.compare(t, first, firstModel)
	})
}

func (c crowd) compare(t *rapid.T, l *Layer, m model) {
	if l.Len() != len(m) {
		t.Fatalf("%d features, want %d", l.Len(), len(m))
	}
	checkPages(t, l)
	c.compareBoxes(t, l, m)
	c.compareNearby(t, l, m)
	c.compareCodes(t, l, m)
	c.compareTallies(t, l, m)
}

// checkPages: everything in order, nothing too large, nothing small beside
// what it would fit with, and one box in the tree for each page.
func checkPages(t *rapid.T, l *Layer) {
	sizes := make([]int, len(l.chunks))
	last := int64(0)
	for i, c := range l.chunks {
		sizes[i] = c.rows
		for row := range c.rows {
			if id := c.ids.at(row); id <= last {
				t.Fatalf("id %d after %d", id, last)
			} else {
				last = id
			}
		}
		if last != c.last || c.weight > chunkRows+weightOf(202) {
			t.Fatalf("chunk %d ends at %d, says %d, weighs %d", i, last, c.last, c.weight)
		}
		sizes[i] = c.weight
	}
	checkSizes(t, sizes, chunkRows)
	checkIndex(t, l.boxes.pages, byPlace)
	checkIndex(t, l.codes.pages, byHash)
	if n := l.boxes.tree.Len(); n != len(l.boxes.pages) {
		t.Fatalf("%d boxes of %d pages", n, len(l.boxes.pages))
	}
}

func checkIndex[E any](t *rapid.T, pages []*page[E], order func(a, b E) int) {
	var sizes []int
	var all []E
	for _, p := range pages {
		sizes = append(sizes, len(p.entries))
		all = append(all, p.entries...)
	}
	checkSizes(t, sizes, pageEntries)
	for i := 1; i < len(all); i++ {
		if order(all[i-1], all[i]) >= 0 {
			t.Fatalf("entries out of order: %v, %v", all[i-1], all[i])
		}
	}
}

// checkSizes: no page is below a quarter but the first, which has none before
// it to join, and the last of a layer as it was built.
func checkSizes(t *rapid.T, sizes []int, most int) {
	for i := 1; i < len(sizes)-1; i++ {
		if sizes[i] < most/4 {
			t.Fatalf("page %d of %d has %d", i, len(sizes), sizes[i])
		}
	}
}

func (c crowd) compareBoxes(t *rapid.T, l *Layer, m model) {
	for range 4 {
		a, b := c.position(), c.position()
		window := orb.Bound{Min: a, Max: a}.Extend(b)
		var have, want []int64
		all, placed := orb.Bound{}, false
		for id, row := range m {
			if row.Geometry == nil {
				continue
			}
			box := row.Geometry.Bound()
			if box.Intersects(window) {
				want = append(want, id)
			}
			if !placed {
				all, placed = box, true
			}
			all = all.Union(box)
		}
		for f := range l.Intersecting(window) {
			have = append(have, f.ID())
		}
		slices.Sort(want)
		slices.Sort(have)
		if !slices.Equal(have, want) {
			t.Fatalf("in %v: %v, want %v", window, have, want)
		}
		if b, ok := l.Bound(); b != all || ok != placed {
			t.Fatalf("bound %v %v, want %v %v", b, ok, all, placed)
		}
	}
}

// compareTallies counts in squares of all sizes, around features and anywhere.
func (c crowd) compareTallies(t *rapid.T, l *Layer, m model) {
	for range 8 {
		depth, at := uint32(c.IntN(maxDepth+1)), WorldOf(c.position())
		cell := func(w World) Square {
			return Square{depth, uint32((int64(w[0]) + 1<<31) >> (maxDepth - depth)), uint32((int64(w[1]) + 1<<31) >> (maxDepth - depth))}
		}
		square := cell(at)
		var want Tally
		var high []int64
		for f := range l.All() {
			w, ok := f.Stands()
			if !ok || cell(w) != square {
				continue
			}
			rank := 1
			if f.Attribute("level").Text() == "高" {
				rank = 0
				high = append(high, f.ID())
			}
			want.Features++
			want.Ranks[rank]++
			want.X, want.Y = want.X+int64(w[0]), want.Y+int64(w[1])
		}
		if have := l.Tally(square); have != want {
			t.Fatalf("in %v: %v, want %v", square, have, want)
		}
		var found []int64
		for f := range l.Within(square, 0) {
			found = append(found, f.ID())
		}
		slices.Sort(found)
		if !slices.Equal(found, high) {
			t.Fatalf("of the highest rank in %v: %v, want %v", square, found, high)
		}
	}
}

// changes are the boxes that changed, and when.
type changes []struct {
	box     orb.Bound
	version Version
}

func (all *changes) add(c LayerChange, before, after model, version Version) {
	ids := slices.Clone(c.Delete)
	for _, row := range c.Put {
		ids = append(ids, row.ID)
	}
	for _, id := range ids {
		for _, m := range []model{before, after} {
			if row, ok := m[id]; ok && row.Geometry != nil {
				*all = append(*all, struct {
					box     orb.Bound
					version Version
				}{row.Geometry.Bound(), version})
			}
		}
	}
}

// compare asks where the layer was touched: never less than is true, and not
// far from what changed.
func (all changes) compare(t *rapid.T, c crowd, l *Layer) {
	for range 8 {
		window := orb.Bound{Min: c.position(), Max: c.position()}
		window = window.Min.Bound().Extend(window.Max)
		least, most := Version(1), Version(1)
		for _, change := range all {
			if change.box.Intersects(window) {
				least = max(least, change.version)
			}
			size := max(change.box.Max[0]-change.box.Min[0], change.box.Max[1]-change.box.Min[1])
			if change.box.Pad(max(size/2, 0.0002)).Intersects(window) {
				most = max(most, change.version)
			}
		}
		if have := l.Touched(window); have < least || have > most && len(all) < traced {
			t.Fatalf("touched at %d, want %d to %d", have, least, most)
		}
	}
}

// compareNearby asks for all features and expects each once, in ascending
// order of the distance to its box.
func (c crowd) compareNearby(t *rapid.T, l *Layer, m model) {
	at := c.position()
	below := func(b orb.Bound) float64 {
		return math.Hypot(max(0, b.Min[0]-at[0], at[0]-b.Max[0]), max(0, b.Min[1]-at[1], at[1]-b.Max[1]))
	}
	of := func(f Feature) float64 {
		b, _ := f.Bound()
		return below(b)
	}
	seen := map[int64]bool{}
	last := 0.0
	for f, d := range l.Nearby(below, of) {
		if d < last || d != of(f) || seen[f.ID()] {
			t.Fatalf("%d at %v after %v, seen: %v", f.ID(), d, last, seen[f.ID()])
		}
		last, seen[f.ID()] = d, true
	}
	for id, row := range m {
		if seen[id] != (row.Geometry != nil) {
			t.Fatalf("feature %d, geometry %v, seen: %v", id, row.Geometry, seen[id])
		}
	}
}

func (c crowd) compareCodes(t *rapid.T, l *Layer, m model) {
	want := map[string]int64{}
	for id, row := range m {
		if code := row.Values[0]; !code.IsNull() {
			want[code.Text()] = max(want[code.Text()], id)
		}
	}
	for i := range 4000 {
		code := fmt.Sprint("C", i)
		f, err := l.ByCode(code)
		if id, there := want[code]; there != (err == nil) || there && f.ID() != id || !there && !errors.Is(err, ErrNotFound) {
			t.Fatalf("code %s: %v, want %d %v", code, err, id, there)
		}
	}
	if _, err := l.ByCode(""); err == nil {
		t.Fatal("null is no code")
	}
}

func TestNearbyStops(t *testing.T) {
	l := points(t, 3000)
	looked := 0
	of := func(Feature) float64 { looked++; return 0 }
	for range l.Nearby(func(orb.Bound) float64 { return 0 }, of) {
		break
	}
	if looked > pageEntries {
		t.Errorf("looked at %d features for one", looked)
	}
}

func TestBoxesRoundOutward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64().Draw(t, "x")
		low, high := below32(x), above32(x)
		if float64(low) > x || float64(high) < x || math.Nextafter32(low, high) != high {
			t.Fatalf("%v is between %v and %v", x, low, high)
		}
	})
}

func TestNumbersRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.SampledFrom([]uint64{1, 2, 1 << 8, 1 << 16, 1 << 32, math.MaxUint64}).Draw(t, "span")
		least := rapid.Int64().Draw(t, "least")
		values := rapid.SliceOf(rapid.Custom(func(t *rapid.T) int64 {
			return int64(uint64(least) + rapid.Uint64Range(0, span-1).Draw(t, "above"))
		})).Draw(t, "values")
		packed := packNumbers(values)
		for i, want := range values {
			if have := packed.at(i); have != want {
				t.Fatalf("number %d is %d, want %d", i, have, want)
			}
		}
		wraps := int64(uint64(least)+span-1) < least
		if most := widthOf(span-1) * len(values); !wraps && len(packed.bytes) > most {
			t.Fatalf("%d bytes, want at most %d", len(packed.bytes), most)
		}
	})
}

// TestHilbertIsACurve: each cell of a square lies beside the one before it.
func TestHilbertIsACurve(t *testing.T) {
	const side = 1 << 6
	var path [side * side][2]int
	shift := uint32(hilbertBits - 6)
	for x := range side {
		for y := range side {
			path[hilbert(uint32(x)<<shift, uint32(y)<<shift)>>(2*shift)] = [2]int{x, y}
		}
	}
	for i := 1; i < len(path); i++ {
		dx, dy := path[i][0]-path[i-1][0], path[i][1]-path[i-1][1]
		if dx*dx+dy*dy != 1 {
			t.Fatalf("%v after %v", path[i], path[i-1])
		}
	}
}

// TestApplyInBulk moves every row of a layer at once, and takes almost all
// away again.
func TestApplyInBulk(t *testing.T) {
	const n = 42_336
	s := New(1, points(t, n))
	var move, most LayerChange
	move.Layer, most.Layer = "points", "points"
	for id := int64(1); id <= n; id++ {
		move.Put = append(move.Put, Row{ID: id, Geometry: orb.Point{114.5, 22.5 + float64(id)*1e-6}, Values: []Value{Text(fmt.Sprint("Q", id))}})
		if id%1000 != 0 {
			most.Delete = append(most.Delete, id)
		}
	}
	for _, c := range []LayerChange{move, most} {
		var err error
		if s, err = s.Apply(Change{Base: s.Version(), Layers: []LayerChange{c}}, s.Version()+1); err != nil {
			t.Fatal(err)
		}
	}
	l, _ := s.Layer("points")
	if f, err := l.ByCode("Q3000"); err != nil || f.ID() != 3000 || l.Len() != n/1000 || len(l.chunks) != 1 || len(l.boxes.pages) != 1 {
		t.Errorf("%v %v: %d features in %d chunks, %d pages", f, err, l.Len(), len(l.chunks), len(l.boxes.pages))
	}
}

// TestReadersNeedNotWait reads one layer while changes of it are applied, for
// the race detector to see.
func TestReadersNeedNotWait(t *testing.T) {
	s := New(1, points(t, 3000))
	l, _ := s.Layer("points")
	bound, _ := l.Bound()
	read := func() {
		for range 20 {
			n := 0
			for range l.Intersecting(bound) {
				n++
			}
			for range l.Nearby(func(orb.Bound) float64 { return 0 }, func(Feature) float64 { return 0 }) {
				n--
			}
			if _, err := l.ByCode("P1500"); n != 0 || err != nil {
				t.Errorf("%d more in the box than nearby; %v", n, err)
			}
		}
	}
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(read)
	}
	for id := range int64(100) {
		row := Row{ID: 30*id + 1, Geometry: orb.Point{114, 22}, Values: []Value{Text("P1500")}}
		next, err := s.Apply(Change{Base: s.Version(), Layers: []LayerChange{{Layer: "points", Put: []Row{row}}}}, s.Version()+1)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	readers.Wait()
}

func BenchmarkWorldOf(b *testing.B) {
	p := orb.Point{114.13, 22.55}
	for b.Loop() {
		WorldOf(p)
	}
}

// BenchmarkTouched asks where a layer was touched after many edits.
func BenchmarkTouched(b *testing.B) {
	s := New(1, points(b, 40_000))
	layer, _ := s.Layer("points")
	for version := Version(2); version < 2000; version++ {
		f, _ := layer.Feature(int64(version) * 17)
		var err error
		if s, err = s.Apply(Change{Base: s.Version(), Layers: []LayerChange{{Layer: layer.ID(), Put: []Row{f.Row()}}}}, version); err != nil {
			b.Fatal(err)
		}
		layer, _ = s.Layer(layer.ID())
	}
	all, _ := layer.Bound()
	for _, share := range []float64{1, 0.1, 0.001} {
		window := orb.Bound{Min: all.Center(), Max: all.Center()}.Pad(share * (all.Max[0] - all.Min[0]) / 2)
		b.Run(fmt.Sprint(share), func(b *testing.B) {
			for b.Loop() {
				layer.Touched(window)
			}
		})
	}
}
