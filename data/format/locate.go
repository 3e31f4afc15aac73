package format

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/orb/project"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// located is how a file's coordinates become degrees.
type located struct {
	crs     datum.CRS
	swapped bool // northing before easting
}

// magnitude is where the coordinates of a system lie in China.
type magnitude struct {
	crs  datum.CRS
	x, y [2]float64
}

var magnitudes = []magnitude{
	{datum.CRS84, [2]float64{-180, 180}, [2]float64{-90, 90}},
	{datum.EPSG4526, [2]float64{38_300_000, 38_700_000}, [2]float64{1_000_000, 6_500_000}},
	{datum.EPSG4547, [2]float64{100_000, 900_000}, [2]float64{1_000_000, 6_500_000}},
	{datum.EPSG3857, [2]float64{8_000_000, 15_100_000}, [2]float64{1_800_000, 7_200_000}},
}

func (m magnitude) holds(b orb.Bound) bool {
	return b.Min[0] >= m.x[0] && b.Max[0] <= m.x[1] && b.Min[1] >= m.y[0] && b.Max[1] <= m.y[1]
}

// detectCRS tells the coordinate system by the size of the coordinates. Metres
// whose northing comes first, as surveyors write them, are taken for what they
// are; degrees whose latitude comes first are refused, as is what fits none.
func detectCRS(b orb.Bound) (located, error) {
	turned := orb.Bound{Min: orb.Point{b.Min[1], b.Min[0]}, Max: orb.Point{b.Max[1], b.Max[0]}}
	for _, m := range magnitudes {
		if m.holds(b) {
			return located{crs: m.crs}, nil
		}
		if m.holds(turned) && m.crs.Unit() == datum.Metre {
			return located{crs: m.crs, swapped: true}, nil
		}
	}
	span := fmt.Sprintf("x runs from %s to %s, y from %s to %s", short(b.Min[0]), short(b.Max[0]), short(b.Min[1]), short(b.Max[1]))
	if magnitudes[0].holds(turned) {
		return located{}, &spatial.InvalidError{Rule: "position_on_earth", Where: "coordinates", Detail: span + ": latitude and longitude are exchanged",
			Fix: "give longitude before latitude, or name the columns rightly (经度 114…, 纬度 22…)"}
	}
	if b.Min[0] >= -360 && b.Min[1] >= -360 && b.Max[0] <= 360 && b.Max[1] <= 360 {
		return located{}, nil // degrees, of which some are wrong: the rows will be named
	}
	return located{}, &spatial.InvalidError{Rule: "crs_unknown", Where: "coordinates", Detail: span + ", which tells no one coordinate system",
		Fix: "name it: --srs 4490, 4547, 4526, 3857, gcj02 or bd09"}
}

func short(x float64) string { return string(appendCoordinate(nil, x, 3)) }

// locate decides how coordinates become degrees: by the user's word, the
// file's, or their size.
func (in *Import) locate(f Features, s *survey) (located, error) {
	_, isGeoJSON := f.(*geoJSON)
	declared, ok := f.CRS()
	switch {
	case in.options.CRS != nil:
		if ok && *in.options.CRS != declared {
			in.note("the file says %s, but --srs %s was taken", declared, *in.options.CRS)
		}
		return located{crs: *in.options.CRS}, nil
	case ok:
		in.note("the coordinate system is %s, as the file says", declared)
		return located{crs: declared}, nil
	case !s.placed:
		return located{}, nil
	}
	l, err := detectCRS(s.bound)
	if err != nil {
		return l, err
	}
	if !isGeoJSON || l.crs != datum.CRS84 {
		in.note("the file names no coordinate system; by their size the coordinates are %s", l.name())
	}
	if l.swapped {
		in.note("the northing comes first, as surveyors write it (X 北, Y 东); it was exchanged")
	}
	return l, nil
}

func (l located) name() string {
	if l.crs == datum.CRS84 {
		return "degrees, WGS 84 or CGCS2000"
	}
	return l.crs.String()
}

// degrees turns a geometry of the file into degrees; those that were reckoned
// are rounded to the lattice of 10⁻⁹ degree, 0.1 mm.
func (l located) degrees(g orb.Geometry) (orb.Geometry, error) {
	if g == nil {
		return nil, nil
	}
	if l.swapped {
		g = project.Geometry(orb.Clone(g), func(p orb.Point) orb.Point { return orb.Point{p[1], p[0]} })
	}
	if l.crs == datum.CRS84 || l.crs == datum.EPSG4326 || l.crs == datum.EPSG4490 {
		return g, nil
	}
	moved, err := datum.Transform(l.crs, datum.CRS84, g)
	if err != nil {
		return nil, &spatial.InvalidError{Rule: "position_on_earth", Detail: err.Error(), Fix: "check the coordinate system: --srs"}
	}
	return project.Geometry(moved, onLattice), nil
}

func onLattice(p orb.Point) orb.Point {
	return orb.Point{math.RoundToEven(p[0]*1e9) / 1e9, math.RoundToEven(p[1]*1e9) / 1e9}
}

// suspicion compares where the features lie with the outline of the
// district: as they are, and as they would be if they were shifted
// coordinates.
type suspicion struct {
	outline orb.Geometry
	seen    int
	outside [3]int  // as they are, if GCJ-02, if BD-09
	nearest float64 // metres from the outline's corners, of those outside
}

// suspects is how many features are looked at.
const suspects = 50_000

func (s *suspicion) see(g orb.Geometry) {
	if s.outline == nil || g == nil || s.seen == suspects {
		return
	}
	p := g.Bound().Center()
	s.seen++
	for i, at := range [3]orb.Point{p, datum.ToLL(datum.GCJ02, p), datum.ToLL(datum.BD09, p)} {
		if !within(s.outline, at) {
			s.outside[i]++
		}
	}
	if s.outside[0] == s.seen {
		s.nearest = min(s.nearest, toCorners(s.outline, p))
	}
}

func within(area orb.Geometry, p orb.Point) bool {
	switch a := area.(type) {
	case orb.Polygon:
		return planar.PolygonContains(a, p)
	case orb.MultiPolygon:
		return planar.MultiPolygonContains(a, p)
	}
	return area.Bound().Contains(p)
}

// toCorners is the distance in metres to the nearest corner of an area's
// first rings, on the sphere.
func toCorners(area orb.Geometry, p orb.Point) float64 {
	least := math.Inf(1)
	project.Geometry(orb.Clone(area), func(corner orb.Point) orb.Point {
		least = min(least, geo.Distance(corner, p))
		return corner
	})
	return least
}

// doubt is what to tell the user, "" if nothing. crs is what the
// coordinates were taken for.
func (s *suspicion) doubt(crs datum.CRS) string {
	as, gcj, bd := s.outside[0], s.outside[1], s.outside[2]
	better, name := gcj, "GCJ-02 (高德, 腾讯)"
	if bd < gcj {
		better, name = bd, "BD-09 (百度)"
	}
	switch {
	case as == 0:
		return ""
	case crs.SurveyGrade() && as*50 >= s.seen && better*4 <= as:
		return fmt.Sprintf("%d of %d features lie outside the district's outline, and %d would if the coordinates were %s: they probably are. "+
			"Nothing was moved; if so, say --srs %s", as, s.seen, better, name, map[bool]string{true: "bd09", false: "gcj02"}[bd < gcj])
	case as == s.seen:
		return fmt.Sprintf("all %d features lie outside the district's outline, the nearest %s away: is the coordinate system right (--srs)?", s.seen, distance(s.nearest))
	}
	return ""
}

func distance(metres float64) string {
	if metres < 10_000 {
		return fmt.Sprintf("%.0f m", metres)
	}
	return fmt.Sprintf("%.0f km", metres/1000)
}
