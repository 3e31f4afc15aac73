package luohu

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/spatial/geodesic"
)

// reference is generated once for all tests, which only read it.
var reference *Dataset

func TestMain(m *testing.M) {
	var err error
	if reference, err = Generate(1, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func schemaOf(t *testing.T, layer spatial.LayerID) *spatial.Schema {
	t.Helper()
	for _, s := range reference.Schemas() {
		if s.ID == layer {
			return s
		}
	}
	t.Fatalf("no layer %s", layer)
	return nil
}

// value is an attribute of a row by name.
func value(t *testing.T, s *spatial.Schema, r spatial.Row, name string) spatial.Value {
	t.Helper()
	i := s.FieldIndex(name)
	if i < 0 {
		t.Fatalf("%s has no field %s", s.ID, name)
	}
	return r.Values[i]
}

// tallyOf counts a layer's rows by the text of a field, and by "" for nulls.
func tallyOf(t *testing.T, layer spatial.LayerID, name string) map[string]int {
	t.Helper()
	s := schemaOf(t, layer)
	out := map[string]int{}
	for r := range reference.Rows(layer) {
		out[value(t, s, r, name).String()]++
	}
	return out
}

func sumOf(t *testing.T, layer spatial.LayerID, name string) float64 {
	t.Helper()
	s := schemaOf(t, layer)
	sum := 0.0
	for r := range reference.Rows(layer) {
		sum += value(t, s, r, name).Float()
	}
	return sum
}

func TestCounts(t *testing.T) {
	want := map[spatial.LayerID]int{
		"districts": 1, "streets": 10, "communities": 109, "grids": 1135, "buildings": 18399,
		"high_risk_zones": 88, "risk_points": 42336, "flood_hazards": 235, "major_hazards": 200, "slopes": 123,
		"underground_spaces": 571, "cavities": 36, "grid_events": 31263, "response_points": 43, "shelters": 75,
		"shelter_candidates": 14, "cameras": 22, "culture_corridors": 363, "science_venues": 59,
	}
	for layer, n := range want {
		if got := reference.Len(layer); got != n {
			t.Errorf("%s: %d rows, want %d", layer, got, n)
		}
	}
	for _, s := range reference.Schemas() {
		if reference.Len(s.ID) == 0 {
			t.Errorf("%s is empty", s.ID)
		}
	}
}

func TestSplits(t *testing.T) {
	tests := []struct {
		layer spatial.LayerID
		field string
		want  map[string]int
	}{
		{"risk_points", "level", map[string]int{"larger": 8, "general": 2876, "low": 39404, "": 48}},
		{"flood_hazards", "status", map[string]int{"fixed": 197, "open": 38}},
		{"major_hazards", "status", map[string]int{"closed": 198, "open": 2}},
		{"slopes", "origin", map[string]int{"rain_2024": 104, "historic": 19}},
		{"slopes", "monitored", map[string]int{"true": 26, "false": 97}},
		{"slopes", "treatment", map[string]int{"planned": 38, "none": 85}},
		{"grid_events", "status", map[string]int{"closed": 30617, "open": 646}},
		{"shelters", "setting", map[string]int{"indoor": 32, "outdoor": 43}},
		{"cameras", "status", map[string]int{"planned": 22}},
		{"science_venues", "status", map[string]int{"planned": 59}},
		{"response_points", "kind", map[string]int{"emergency_service_station": 43}},
	}
	for _, tt := range tests {
		got := tallyOf(t, tt.layer, tt.field)
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s by %s: %v, want %v", tt.layer, tt.field, got, tt.want)
		}
	}
	if n := len(tallyOf(t, "flood_hazards", "kind")); n != 7 {
		t.Errorf("flood hazards of %d kinds, want 7", n)
	}
	if n := len(tallyOf(t, "grid_events", "class")); n != 16 {
		t.Errorf("events of %d classes, want 16", n)
	}
	if n := len(tallyOf(t, "grid_events", "item")); n != 124 {
		t.Errorf("events of %d items, want 124", n)
	}
}

func TestTotals(t *testing.T) {
	want := map[string]float64{
		"residents": 1191907, "residents_inland": 664002, "residents_shenzhen": 477226, "residents_hmt": 48362, "residents_foreign": 2317,
		"rooms": 679982, "legal_persons": 61585,
	}
	for _, layer := range []spatial.LayerID{"buildings", "grids", "communities", "streets", "districts"} {
		for name, n := range want {
			if got := sumOf(t, layer, name); got != n {
				t.Errorf("%s of %s: %v, want %v", name, layer, got, n)
			}
		}
	}
	s := schemaOf(t, "shelters")
	outdoor := 0.0
	for r := range reference.Rows("shelters") {
		if value(t, s, r, "setting").Text() == "outdoor" {
			outdoor += value(t, s, r, "effective_area").Float()
		}
	}
	if outdoor != 730000 {
		t.Errorf("outdoor shelters have %v m², want 730000", outdoor)
	}
}

// TestRows checks every row against its schema, the uniqueness of ids and
// codes, their order, references, and the lattice.
func TestRows(t *testing.T) {
	codes := map[spatial.LayerID]map[string]bool{}
	for _, s := range reference.Schemas() {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
		codes[s.ID] = map[string]bool{}
		last := int64(0)
		for r := range reference.Rows(s.ID) {
			if err := s.ValidateRow(r); err != nil {
				t.Fatal(err)
			}
			if r.ID <= last {
				t.Fatalf("%s: id %d after %d", s.ID, r.ID, last)
			}
			last = r.ID
			checkLattice(t, s.ID, r.Geometry)
			checkCodes(t, s, r, codes)
		}
	}
}

func checkCodes(t *testing.T, s *spatial.Schema, r spatial.Row, codes map[spatial.LayerID]map[string]bool) {
	t.Helper()
	if s.Code != "" {
		code := value(t, s, r, s.Code).Text()
		if codes[s.ID][code] {
			t.Fatalf("%s: code %s twice", s.ID, code)
		}
		codes[s.ID][code] = true
	}
	for i, f := range s.Fields {
		if f.References != "" && !codes[f.References][r.Values[i].Text()] {
			t.Fatalf("%s %d: %s refers to %s, which is not there before it", s.ID, r.ID, f.Name, r.Values[i])
		}
	}
}

func checkLattice(t *testing.T, layer spatial.LayerID, g orb.Geometry) {
	t.Helper()
	for _, p := range positions(g) {
		for _, c := range p {
			if float64(math.Round(c*perDegree))/perDegree != c {
				t.Fatalf("%s: %v is off the lattice", layer, c)
			}
		}
	}
}

func positions(g orb.Geometry) []orb.Point {
	var out []orb.Point
	switch g := g.(type) {
	case orb.Point:
		out = append(out, g)
	case orb.LineString:
		out = append(out, g...)
	case orb.Polygon:
		for _, r := range g {
			out = append(out, r...)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			out = append(out, positions(p)...)
		}
	}
	return out
}

func siteOf(p orb.Point) site {
	return site{int64(math.Round(p[0] * perDegree)), int64(math.Round(p[1] * perDegree))}
}

// TestSums checks SumOver and CountOf of every field against the rows.
func TestSums(t *testing.T) {
	for _, s := range reference.Schemas() {
		for i, f := range s.Fields {
			below := f.SumOver + f.CountOf
			if below == "" {
				continue
			}
			sums := map[string]int64{}
			b := schemaOf(t, below)
			ref := slices.IndexFunc(b.Fields, func(f spatial.Field) bool { return f.References == s.ID })
			for r := range reference.Rows(below) {
				n := int64(1)
				switch {
				case f.SumOver != "":
					n = value(t, b, r, f.Name).Int()
				case f.Where != nil && value(t, b, r, f.Where.Field).String() != f.Where.Value:
					n = 0
				}
				sums[r.Values[ref].Text()] += n
			}
			for r := range reference.Rows(s.ID) {
				if code := value(t, s, r, s.Code).Text(); r.Values[i].Int() != sums[code] {
					t.Fatalf("%s %s: %s is %v, the %s make %d", s.ID, code, f.Name, r.Values[i], below, sums[code])
				}
			}
		}
	}
}

func TestRiskPointsByLevel(t *testing.T) {
	s := schemaOf(t, "risk_points")
	got := map[string]int64{}
	for r := range reference.Rows("risk_points") {
		level := value(t, s, r, "level").Text()
		if level == "" {
			level = "unclassified"
		}
		got[value(t, s, r, "grid").Text()+" risk_"+level]++
	}
	g := schemaOf(t, "grids")
	for r := range reference.Rows("grids") {
		for _, name := range []string{"risk_major", "risk_larger", "risk_general", "risk_low", "risk_unclassified"} {
			key := value(t, g, r, "code").Text() + " " + name
			if n := value(t, g, r, name).Int(); n != got[key] {
				t.Fatalf("%s is %d, want %d", key, n, got[key])
			}
		}
	}
}

// ringsOf are the rings of a layer's polygons by code, on the lattice.
func ringsOf(t *testing.T, layer spatial.LayerID) map[string][]site {
	t.Helper()
	s := schemaOf(t, layer)
	out := map[string][]site{}
	for r := range reference.Rows(layer) {
		poly := r.Geometry.(orb.Polygon)
		if len(poly) != 1 {
			t.Errorf("%s %d has %d rings", layer, r.ID, len(poly))
		}
		var ring []site
		for _, p := range poly[0][1:] {
			ring = append(ring, siteOf(p))
		}
		out[value(t, s, r, s.Code).Text()] = ring
	}
	return out
}

// TestPartition pairs half-edges on all four levels: each directed segment
// meets exactly one reverse, but for the district's ring; each unit's boundary
// is that of its grids.
func TestPartition(t *testing.T) {
	grids := ringsOf(t, "grids")
	district := loose(t, ringsOf(t, "districts"))
	for _, level := range []struct {
		layer spatial.LayerID
		width int
	}{{"grids", 14}, {"communities", 12}, {"streets", 9}, {"districts", 6}} {
		rings := ringsOf(t, level.layer)
		outer := loose(t, rings)
		if len(outer) != len(district) {
			t.Errorf("%s: %d unmatched edges, the district has %d", level.layer, len(outer), len(district))
		}
		for e := range outer {
			if !district[e] {
				t.Fatalf("%s: a gap or overlap at %v", level.layer, e.a.point())
			}
		}
		for code, ring := range rings {
			simple(t, code, ring)
		}
		want := byPrefix(t, grids, level.width)
		for code, ring := range rings {
			checkBoundary(t, code, ring, want[code])
		}
	}
}

// loose returns the directed segments without a reverse among rings.
func loose(t *testing.T, rings map[string][]site) map[step]bool {
	t.Helper()
	out := map[step]bool{}
	for code, ring := range rings {
		for i, a := range ring {
			e := step{a, ring[(i+1)%len(ring)]}
			if out[e] {
				t.Fatalf("%s: a segment stands twice at %v", code, a.point())
			}
			out[e] = true
		}
	}
	for e := range out {
		if r := (step{e.b, e.a}); out[r] {
			delete(out, e)
			delete(out, r)
		}
	}
	return out
}

// byPrefix are the boundary segments of the grids grouped by code prefix.
func byPrefix(t *testing.T, grids map[string][]site, width int) map[string]map[step]bool {
	t.Helper()
	groups := map[string]map[string][]site{}
	for code, ring := range grids {
		p := code[:width]
		if groups[p] == nil {
			groups[p] = map[string][]site{}
		}
		groups[p][code] = ring
	}
	out := map[string]map[step]bool{}
	for p, g := range groups {
		out[p] = loose(t, g)
	}
	return out
}

func checkBoundary(t *testing.T, code string, ring []site, want map[step]bool) {
	t.Helper()
	if len(ring) != len(want) {
		t.Errorf("%s has %d edges, its grids' boundary %d", code, len(ring), len(want))
	}
	for i, a := range ring {
		if !want[step{a, ring[(i+1)%len(ring)]}] {
			t.Fatalf("%s: its boundary leaves that of its grids at %v", code, a.point())
		}
	}
}

// simple checks that a ring visits no vertex twice, is counter-clockwise and
// does not cross itself.
func simple(t *testing.T, code string, ring []site) {
	t.Helper()
	seen := map[site]bool{}
	for _, s := range ring {
		if seen[s] {
			t.Fatalf("%s touches itself at %v", code, s.point())
		}
		seen[s] = true
	}
	if area(vecs(ring)) <= 0 {
		t.Errorf("%s is not counter-clockwise", code)
	}
	n := len(ring)
	for i := range ring {
		for j := i + 2; j < n; j++ {
			if (j+1)%n != i && cross(ring[i], ring[i+1], ring[j], ring[(j+1)%n]) {
				t.Fatalf("%s crosses itself at %v", code, ring[j].point())
			}
		}
	}
}

func TestGridShapes(t *testing.T) {
	for code, ring := range ringsOf(t, "grids") {
		if c := compactness(vecs(ring)); c < 0.2 {
			t.Errorf("%s is a sliver: compactness %.2f", code, c)
		}
		if a := area(vecs(ring)); a < 1500 {
			t.Errorf("%s has only %.0f m²", code, a)
		}
	}
	for community, n := range tallyOf(t, "grids", "community") {
		if n > 99 {
			t.Errorf("%s has %d grids", community, n)
		}
	}
}

func TestOutline(t *testing.T) {
	var g orb.Geometry
	for r := range reference.Rows("districts") {
		g = r.Geometry
	}
	projected, err := datum.Transform(datum.CRS84, datum.EPSG4547, orb.Clone(g))
	if err != nil {
		t.Fatal(err)
	}
	a := area(func() (out []vec) {
		for _, p := range positions(projected) {
			out = append(out, vec{p[0], p[1]})
		}
		return out
	}())
	if math.Abs(a-78.98e6) > 0.05e6 {
		t.Errorf("the district measures %.3f km² in EPSG:4547, want about 78.98", a/1e6)
	}
	if e := float64(geodesic.Area(g)); math.Abs(e-a) > 0.01e6 {
		t.Errorf("%.0f m² on the ellipsoid, %.0f projected", e, a)
	}
	want := orb.Bound{Min: orb.Point{114.0611, 22.5296}, Max: orb.Point{114.2151, 22.6192}}
	got := g.Bound()
	for i := range 2 {
		if math.Abs(got.Min[i]-want.Min[i]) > 0.0012 || math.Abs(got.Max[i]-want.Max[i]) > 0.0012 {
			t.Errorf("bound %v, want about %v", got, want)
		}
	}
}

// TestLandmarks checks that known places lie in the street they belong to.
func TestLandmarks(t *testing.T) {
	streets := ringsOf(t, "streets")
	tests := []struct {
		name, street string
		lon, lat     float64
	}{
		{"京基100", "440303001", 114.1017, 22.5455}, {"桂园街道办", "440303001", 114.1076, 22.5473}, {"黄贝街道办", "440303002", 114.1447, 22.5565},
		{"东门", "440303003", 114.118, 22.546}, {"翠竹街道办", "440303004", 114.1249, 22.5728}, {"罗湖口岸", "440303005", 114.113, 22.5325},
		{"笋岗街道办", "440303006", 114.1068, 22.5669}, {"东湖公园", "440303007", 114.147, 22.562}, {"深圳水库", "440303007", 114.150, 22.575},
		{"莲塘街道办", "440303008", 114.1637, 22.5674}, {"仙湖植物园", "440303008", 114.166, 22.578}, {"东晓街道办", "440303009", 114.1162, 22.5827},
		{"洪湖公园", "440303006", 114.117, 22.563}, {"水贝", "440303004", 114.122, 22.572},
	}
	for _, tt := range tests {
		p := vecOf(tt.lon, tt.lat)
		if ring := vecs(streets[tt.street]); !inside(ring, p) && toRing(p, ring) > 300 {
			t.Errorf("%s is %.0f m outside %s", tt.name, toRing(p, ring), tt.street)
		}
	}
}

func TestBuildings(t *testing.T) {
	grids := ringsOf(t, "grids")
	s := schemaOf(t, "buildings")
	byGrid := map[string][][]site{}
	for r := range reference.Rows("buildings") {
		grid := value(t, s, r, "grid").Text()
		ring := siteRing(r.Geometry.(orb.Polygon)[0])
		if !encloses(grids[grid], ring) {
			t.Fatalf("building %d is not inside grid %s", r.ID, grid)
		}
		byGrid[grid] = append(byGrid[grid], ring)
	}
	for grid, rings := range byGrid {
		for i, a := range rings {
			for _, b := range rings[:i] {
				if !apart(a, b) {
					t.Fatalf("two buildings of %s touch at %v", grid, a[0].point())
				}
			}
		}
	}
}

func siteRing(r orb.Ring) []site {
	var out []site
	for _, p := range r[1:] {
		out = append(out, siteOf(p))
	}
	return out
}

// TestPlaces checks that everything that names a grid stands in it.
func TestPlaces(t *testing.T) {
	grids := ringsOf(t, "grids")
	streets := ringsOf(t, "streets")
	for _, s := range reference.Schemas() {
		for i, f := range s.Fields {
			rings := map[spatial.LayerID]map[string][]site{"grids": grids, "streets": streets}[f.References]
			if rings == nil || s.Partition || s.ID == "buildings" {
				continue
			}
			for r := range reference.Rows(s.ID) {
				if !within(rings[r.Values[i].Text()], r.Geometry) {
					t.Fatalf("%s %d is not inside %s", s.ID, r.ID, r.Values[i])
				}
			}
		}
	}
}

func within(ring []site, g orb.Geometry) bool {
	switch g := g.(type) {
	case orb.Point:
		return holds(ring, siteOf(g))
	case orb.Polygon:
		return encloses(ring, siteRing(g[0]))
	}
	return false
}

func TestCase(t *testing.T) {
	s := schemaOf(t, "buildings")
	found := 0
	var centre vec
	for r := range reference.Rows("buildings") {
		if value(t, s, r, "name").Text() != "深水楼" {
			continue
		}
		found++
		if got := value(t, s, r, "grid").Text(); got != "44030300200718" {
			t.Errorf("深水楼 is in %s", got)
		}
		if p, n := value(t, s, r, "residents").Int(), value(t, s, r, "rooms").Int(); p != 1 || n != 5 {
			t.Errorf("深水楼 has %d residents and %d rooms, want 1 and 5", p, n)
		}
		centre = centroid(vecs(siteRing(r.Geometry.(orb.Polygon)[0])))
	}
	if found != 1 {
		t.Fatalf("%d buildings are called 深水楼", found)
	}
	shared, near := 0.0, math.Inf(1)
	grids := ringsOf(t, "grids")
	other := map[step]bool{}
	for i, a := range grids["44030300201713"] {
		other[step{grids["44030300201713"][(i+1)%len(grids["44030300201713"])], a}] = true
	}
	ring := grids["44030300200718"]
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if other[step{a, b}] {
			shared += b.vec().sub(a.vec()).len()
			near = min(near, toSegment(centre, a.vec(), b.vec()))
		}
	}
	if shared < 40 || near > 28 {
		t.Errorf("新秀18 and 新兴13 share %.0f m, 深水楼 stands %.0f m from it", shared, near)
	}
}

func TestRoads(t *testing.T) {
	s := schemaOf(t, "roads")
	var all []road
	var water []orb.Polygon
	ws := schemaOf(t, "water")
	for r := range reference.Rows("water") {
		if value(t, ws, r, "kind").Text() != "river" {
			water = append(water, r.Geometry.(orb.Polygon))
		}
	}
	oneway := 0
	for r := range reference.Rows("roads") {
		rd := road{oneway: value(t, s, r, "oneway").Bool(), class: expressway}
		for _, p := range r.Geometry.(orb.LineString) {
			rd.line = append(rd.line, siteOf(p))
		}
		if rd.oneway {
			oneway++
		}
		all = append(all, rd)
		for _, poly := range water {
			for i := 1; i < len(rd.line) && !value(t, s, r, "bridge").Bool(); i++ {
				if inside(vecs(siteRing(poly[0])), rd.line[i-1].vec().lerp(rd.line[i].vec(), 0.5)) {
					t.Errorf("road %d %s runs through water", r.ID, value(t, s, r, "name"))
				}
			}
		}
	}
	if oneway < 20 {
		t.Errorf("only %d one-way roads", oneway)
	}
	strong := strongest(all)
	for i, rd := range all {
		for _, p := range rd.line {
			if !strong[p] {
				t.Fatalf("road %d cannot be reached or left at %v", i+1, p.point())
			}
		}
	}
}

// digest hashes every row of a source.
func digest(d *Dataset) string {
	h := sha256.New()
	for _, s := range d.Schemas() {
		for r := range d.Rows(s.ID) {
			fmt.Fprintln(h, s.ID, r.ID, r.Values)
			for _, p := range positions(r.Geometry) {
				binary.Write(h, binary.LittleEndian, p)
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestDeterminism(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	again, err := Generate(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if digest(again) != digest(reference) {
		t.Error("the same seed gave other rows")
	}
}

func TestScale(t *testing.T) {
	const n = 5
	scaled := reference.Scale(n)
	for _, s := range scaled.Schemas() {
		last, rows := int64(0), 0
		codes := map[string]bool{}
		for r := range scaled.Rows(s.ID) {
			rows++
			if r.ID <= last {
				t.Fatalf("%s: id %d after %d", s.ID, r.ID, last)
			}
			last = r.ID
			if rows%97 == 0 {
				if err := s.ValidateRow(r); err != nil {
					t.Fatal(err)
				}
				checkLattice(t, s.ID, r.Geometry)
			}
			if s.Code != "" {
				codes[value(t, s, r, s.Code).Text()] = true
			}
		}
		if rows != scaled.Len(s.ID) || s.Code != "" && len(codes) != rows {
			t.Errorf("%s: %d rows, %d codes, want %d", s.ID, rows, len(codes), scaled.Len(s.ID))
		}
	}
	var bounds []orb.Bound
	for r := range scaled.Rows("districts") {
		if k := len(bounds); k > 0 && !strings.HasPrefix(r.Values[0].Text(), fmt.Sprint(990000+k)) {
			t.Errorf("copy %d has code %s", k, r.Values[0])
		}
		for _, b := range bounds {
			if b.Intersects(r.Geometry.Bound()) {
				t.Error("two copies overlap")
			}
		}
		bounds = append(bounds, r.Geometry.Bound())
	}
}

func ExampleDataset_Scale() {
	city := reference.Scale(100)
	fmt.Println(city.Len("grids"), city.Len("buildings"), city.Len("risk_points"))
	// Output: 113500 1839900 4233600
}
