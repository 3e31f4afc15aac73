package datum

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// records reads a file of testdata with a header line as one map a row.
func records(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, key := range rows[0] {
			record[key] = row[i]
		}
		out = append(out, record)
	}
	return out
}

func point(t *testing.T, record map[string]string, x, y string) orb.Point {
	t.Helper()
	var p orb.Point
	for i, key := range []string{x, y} {
		v, err := strconv.ParseFloat(record[key], 64)
		if err != nil {
			t.Fatalf("%s of %v: %v", key, record, err)
		}
		p[i] = v
	}
	return p
}

func off(p, q orb.Point) float64 { return max(math.Abs(p[0]-q[0]), math.Abs(p[1]-q[1])) }

// TestAgainstPROJ compares with figures of PROJ 9.1.1, which are rounded to
// 0.1 mm.
func TestAgainstPROJ(t *testing.T) {
	rows := records(t, "proj_vectors.csv")
	if len(rows) < 150 {
		t.Fatalf("only %d figures", len(rows))
	}
	for _, row := range rows {
		ll := point(t, row, "lon", "lat")
		for crs, want := range map[CRS]orb.Point{
			EPSG4547: point(t, row, "e4547", "n4547"),
			EPSG4526: point(t, row, "e4526", "n4526"),
			EPSG3857: point(t, row, "x3857", "y3857"),
		} {
			if got := FromLL(crs, ll); !(off(got, want) <= 0.000051) {
				t.Errorf("%v in %v: %.5f, PROJ %.4f", ll, crs, got, want)
			}
			if back := ToLL(crs, want); !(off(back, ll) <= 1e-9) {
				t.Errorf("%.4f of %v: %.12f, PROJ %v", want, crs, back, ll)
			}
		}
	}
}

func TestReferencePairs(t *testing.T) {
	for _, row := range records(t, "gcj02_reference_pairs.csv") {
		ll, gcj := point(t, row, "wgs_lon", "wgs_lat"), point(t, row, "gcj_lon", "gcj_lat")
		if got := FromLL(GCJ02, ll); !(off(got, gcj) <= 1e-12) {
			t.Errorf("%s: GCJ-02 %v, want %v", row["place"], got, gcj)
		}
		if got := ToLL(GCJ02, gcj); !(off(got, ll) <= 1e-10) {
			t.Errorf("%s: from GCJ-02 %v, want %v", row["place"], got, ll)
		}
	}
}

// TestLuohu: the check point whose WGS 84 position is in Hong Kong, and the size
// and direction of the vendors' shifts.
func TestLuohu(t *testing.T) {
	p := orb.Point{114.119, 22.531}
	plane := FromLL(EPSG4547, p)
	if want := (orb.Point{512241.9297, 2492605.0386}); off(plane, want) > 0.000051 {
		t.Errorf("EPSG:4547 %.5f, want %.4f", plane, want)
	}
	shifted := FromLL(EPSG4547, FromLL(GCJ02, p))
	if east, north := shifted[0]-plane[0], shifted[1]-plane[1]; math.Abs(east-520) > 30 || math.Abs(north+300) > 30 {
		t.Errorf("GCJ-02 moves by %.1f, %.1f m", east, north)
	}
	twice := FromLL(EPSG4547, FromLL(BD09, p))
	if d := math.Hypot(twice[0]-shifted[0], twice[1]-shifted[1]); d < 500 || d > 1100 {
		t.Errorf("BD-09 moves by %.1f m from GCJ-02", d)
	}
}

func TestRoundTrips(t *testing.T) {
	worlds := map[CRS]orb.Bound{
		CRS84:    {Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}},
		EPSG4490: {Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}},
		EPSG4547: {Min: orb.Point{80, -89}, Max: orb.Point{148, 89}},
		EPSG4526: {Min: orb.Point{80, -89}, Max: orb.Point{148, 89}},
		EPSG3857: {Min: orb.Point{-180, -89}, Max: orb.Point{180, 89}},
		GCJ02:    {Min: orb.Point{72.1, 0.9}, Max: orb.Point{137.7, 55.7}},
		BD09:     {Min: orb.Point{72.1, 0.9}, Max: orb.Point{137.7, 55.7}},
	}
	for crs, world := range worlds {
		t.Run(crs.String(), rapid.MakeCheck(func(t *rapid.T) {
			ll := orb.Point{
				rapid.Float64Range(world.Min[0], world.Max[0]).Draw(t, "lon"),
				rapid.Float64Range(world.Min[1], world.Max[1]).Draw(t, "lat"),
			}
			p := FromLL(crs, ll)
			if back := ToLL(crs, p); !(off(back, ll) <= 1e-9) {
				t.Fatalf("%v is %v in %v and %v again", ll, p, crs, back)
			}
		}))
	}
}

// TestChineseBorder: abroad nothing is shifted, and what comes out of a shifted
// system is always finite.
func TestChineseBorder(t *testing.T) {
	for _, ll := range []orb.Point{{-0.1, 51.5}, {151.2, -33.9}, {71, 30}, {138.5, 30}, {114, 0.5}, {114, 56.5}, {180, 90}, {-180, -90}} {
		for _, crs := range []CRS{GCJ02, BD09} {
			if FromLL(crs, ll) != ll || ToLL(crs, ll) != ll {
				t.Errorf("%v moves %v, which is not in China", crs, ll)
			}
		}
	}
	for _, corner := range []orb.Point{{chinaWest, chinaSouth}, {chinaEast, chinaNorth}, {chinaWest, 30}, {chinaEast, 30}, {105, 35}} {
		for _, crs := range []CRS{GCJ02, BD09} {
			if d := off(ToLL(crs, corner), corner); !(d < 0.03) {
				t.Errorf("%v at %v is off by %g degrees", crs, corner, d)
			}
		}
	}
}

func TestOutside(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, crs := range append(all(), CRS(200)) {
		for _, ll := range []orb.Point{{nan, 22}, {114, nan}, {inf, 22}, {114, -inf}, {114, 95}, {181, 22}} {
			if got := FromLL(crs, ll); finite(got) {
				t.Errorf("FromLL(%v, %v) = %v", crs, ll, got)
			}
		}
		for _, p := range []orb.Point{{nan, 1}, {1, nan}, {inf, 1}, {-inf, 1}, {1e9, 1e9}} {
			if got := ToLL(crs, p); finite(got) {
				t.Errorf("ToLL(%v, %v) = %v", crs, p, got)
			}
		}
	}
	if got := ToLL(EPSG4547, orb.Point{38512241, 2492605}); finite(got) {
		t.Errorf("an easting with a zone number passes as EPSG:4547: %v", got)
	}
	if got := ToLL(EPSG4526, orb.Point{512241, 2492605}); finite(got) {
		t.Errorf("an easting without a zone number passes as EPSG:4526: %v", got)
	}
}

var kinds = []orb.Geometry{
	orb.Point{114.1, 22.5},
	orb.MultiPoint{{114.1, 22.5}, {114.2, 22.6}},
	orb.LineString{{114.1, 22.5}, {114.2, 22.6}},
	orb.MultiLineString{{{114.1, 22.5}, {114.2, 22.6}}, {}},
	orb.Ring{{114.1, 22.5}, {114.2, 22.5}, {114.2, 22.6}, {114.1, 22.5}},
	orb.Polygon{{{114.1, 22.5}, {114.2, 22.5}, {114.2, 22.6}, {114.1, 22.5}}},
	orb.MultiPolygon{{{{114.1, 22.5}, {114.2, 22.5}, {114.2, 22.6}, {114.1, 22.5}}}},
	orb.Collection{orb.Point{114.1, 22.5}, orb.LineString{{114.1, 22.5}, {114.2, 22.6}}},
}

func TestTransformKinds(t *testing.T) {
	for _, g := range kinds {
		before := fmt.Sprint(g)
		plane, err := Transform(EPSG4490, EPSG4547, g)
		if err != nil {
			t.Fatalf("%T: %v", g, err)
		}
		if fmt.Sprint(g) != before {
			t.Errorf("%T was changed", g)
		}
		if plane.GeoJSONType() != g.GeoJSONType() || off(plane.Bound().Min, FromLL(EPSG4547, orb.Point{114.1, 22.5})) > 200 {
			t.Errorf("%T became %T %v", g, plane, plane)
		}
		back, err := Transform(EPSG4547, CRS84, plane)
		if err != nil || off(back.Bound().Min, g.Bound().Min) > 1e-12 || off(back.Bound().Max, g.Bound().Max) > 1e-12 {
			t.Errorf("%T came back as %v, %v", g, back, err)
		}
		if same, err := Transform(EPSG4490, CRS84, g); err != nil || !orb.Equal(same, g) {
			t.Errorf("%T is not the same in CRS84: %v, %v", g, same, err)
		}
	}
	if g, err := Transform(EPSG4490, EPSG4547, nil); g != nil || err != nil {
		t.Errorf("nil became %v, %v", g, err)
	}
}

func TestTransformCopies(t *testing.T) {
	line := orb.LineString{{114.1, 22.5}, {114.2, 22.6}}
	same, err := Transform(CRS84, CRS84, line)
	if err != nil {
		t.Fatal(err)
	}
	same.(orb.LineString)[0] = orb.Point{}
	if line[0] != (orb.Point{114.1, 22.5}) {
		t.Error("the result shares memory with its argument")
	}
}

// TestTransformBound: the south side of a box across the central meridian bulges
// below its corners in the plane.
func TestTransformBound(t *testing.T) {
	box := orb.Bound{Min: orb.Point{113, 22}, Max: orb.Point{115, 23}}
	g, err := Transform(CRS84, EPSG4547, box)
	if err != nil {
		t.Fatal(err)
	}
	plane := g.(orb.Bound)
	if south := FromLL(EPSG4547, orb.Point{114, 22}); plane.Min[1] > south[1] {
		t.Errorf("%v leaves out %v", plane, south)
	}
}

func TestTransformNamesThePlace(t *testing.T) {
	for _, test := range []struct {
		from, to CRS
		g        orb.Geometry
		want     string
	}{
		{EPSG4490, EPSG4547, orb.LineString{{114, 22}, {114, 95}}, "[114 95] is outside EPSG:4490"},
		{EPSG4547, EPSG4490, orb.Point{38512241, 2492605}, "is outside EPSG:4547"},
		{CRS84, EPSG3857, orb.Collection{orb.Point{0, 90}, orb.Point{0, 0}}, "[0 90] is outside EPSG:3857"},
		{GCJ02, GCJ02, orb.MultiPoint{{math.NaN(), 1}}, "is outside GCJ-02"},
		{CRS84, EPSG4547, orb.Bound{Min: orb.Point{-10, 0}, Max: orb.Point{10, 1}}, "is outside EPSG:4547"},
		{CRS84, CRS(99), orb.Point{1, 1}, "is outside CRS(99)"},
	} {
		g, err := Transform(test.from, test.to, test.g)
		if g != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v from %v to %v: %v, %v; want %q", test.g, test.from, test.to, g, err, test.want)
		}
	}
}

func ExampleFromLL() {
	xy := FromLL(EPSG4547, orb.Point{114.119, 22.531})
	fmt.Printf("E %.4f N %.4f\n", xy[0], xy[1])
	// Output: E 512241.9297 N 2492605.0386
}

func ExampleToLL() {
	ll := ToLL(GCJ02, orb.Point{114.119, 22.531})
	fmt.Printf("%.6f E %.6f N\n", ll.Lon(), ll.Lat())
	// Output: 114.113894 E 22.533687 N
}

func ExampleTransform() {
	plot := orb.LineString{{114.1, 22.55}, {114.11, 22.55}}
	plane, err := Transform(EPSG4490, EPSG4526, plot)
	fmt.Printf("%.3f %v\n", plane, err)
	// Output: [[38510285.927 2494707.625] [38511314.520 2494708.347]] <nil>
}

func BenchmarkToLL(b *testing.B) {
	for _, crs := range []CRS{EPSG4547, EPSG3857, GCJ02, BD09} {
		p := FromLL(crs, orb.Point{114.119, 22.531})
		b.Run(crs.String(), func(b *testing.B) {
			for b.Loop() {
				ToLL(crs, p)
			}
		})
	}
}

func BenchmarkFromLL(b *testing.B) {
	for _, crs := range []CRS{EPSG4547, EPSG3857, GCJ02, BD09} {
		b.Run(crs.String(), func(b *testing.B) {
			for b.Loop() {
				FromLL(crs, orb.Point{114.119, 22.531})
			}
		})
	}
}
