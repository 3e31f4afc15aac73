package geopackage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"wangge/spatial"
)

// validate is the gate for rows: the schema's own rules, and that lines and
// polygons are simple as ST_IsValid has it.
func validate(s *spatial.Schema, row spatial.Row) error {
	if err := s.ValidateRow(row); err != nil {
		return err
	}
	err := validShape(row.Geometry)
	if err == nil {
		return nil
	}
	detail, _, _ := strings.Cut(err.Error(), " (at or near ")
	detail = detail[strings.LastIndex(detail, ": ")+1:]
	return &spatial.InvalidError{Rule: string(s.ID) + "_geom_valid", Where: fmt.Sprintf("%s %d, geometry", s.ID, row.ID),
		At: faultPlace(row.Geometry, err), Detail: strings.TrimSpace(detail), Fix: "let no outline cross or touch itself, and no hole leave its outline"}
}

func validShape(g orb.Geometry) error {
	switch g := g.(type) {
	case orb.LineString:
		return lineOf(g).Validate()
	case orb.MultiLineString:
		for _, line := range g {
			if err := lineOf(line).Validate(); err != nil {
				return err
			}
		}
	case orb.Ring:
		return polygonOf(orb.Polygon{g}).Validate()
	case orb.Polygon:
		return polygonOf(g).Validate()
	case orb.MultiPolygon:
		polygons := make([]geom.Polygon, len(g))
		for i := range g {
			polygons[i] = polygonOf(g[i])
		}
		return geom.NewMultiPolygon(polygons).Validate()
	}
	return nil
}

func lineOf(positions []orb.Point) geom.LineString {
	numbers := make([]float64, 0, 2*len(positions))
	for _, p := range positions {
		numbers = append(numbers, p[0], p[1])
	}
	return geom.NewLineString(geom.NewSequence(numbers, geom.DimXY))
}

func polygonOf(p orb.Polygon) geom.Polygon {
	rings := make([]geom.LineString, len(p))
	for i := range p {
		rings[i] = lineOf(p[i])
	}
	return geom.NewPolygon(rings)
}

// faultPlace is where a geometry is not valid: where an outline meets itself,
// or else what the validation says.
func faultPlace(g orb.Geometry, err error) *orb.Point {
	switch g := g.(type) {
	case orb.Ring:
		if p := selfMeeting(g); p != nil {
			return p
		}
	case orb.Polygon:
		for _, ring := range g {
			if p := selfMeeting(ring); p != nil {
				return p
			}
		}
	case orb.MultiPolygon:
		for _, polygon := range g {
			if p := faultPlace(polygon, nil); p != nil {
				return p
			}
		}
	}
	return placeOf(err)
}

// placeOf reads the position that a fault names in its words, the only place
// where it has one. Of a ring that is not simple it names any vertex, which
// is why selfMeeting looks first.
func placeOf(err error) *orb.Point {
	if err == nil {
		return nil
	}
	var p orb.Point
	_, place, found := strings.Cut(err.Error(), "(at or near ")
	if !found {
		return nil
	}
	if _, err := fmt.Sscanf(place, "{%g %g})", &p[0], &p[1]); err != nil {
		return nil
	}
	return &p
}

// side is one side of a ring, with its place in the ring's order.
type side struct {
	a, b  orb.Point
	order int
}

func (s side) west() float64 { return min(s.a[0], s.b[0]) }
func (s side) east() float64 { return max(s.a[0], s.b[0]) }

// selfMeeting is a place where a closed ring crosses or touches itself, nil
// if there is none. It compares the sides in the order of their west ends.
func selfMeeting(r orb.Ring) *orb.Point {
	var sides []side
	for i := 1; i < len(r); i++ {
		if r[i] != r[i-1] {
			sides = append(sides, side{r[i-1], r[i], len(sides)})
		}
	}
	count := len(sides)
	slices.SortFunc(sides, func(s, t side) int {
		switch {
		case s.west() < t.west():
			return -1
		case s.west() > t.west():
			return 1
		}
		return 0
	})
	for i, s := range sides {
		for _, t := range sides[i+1:] {
			if t.west() > s.east() {
				break
			}
			if p, ok := meet(s, t, count); ok {
				return &p
			}
		}
	}
	return nil
}

// meet is where two sides of a ring of so many sides meet, other than where
// one ends and the next begins.
func meet(s, t side, count int) (orb.Point, bool) {
	if (t.order+1)%count == s.order {
		s, t = t, s
	}
	if (s.order+1)%count == t.order {
		back := cross(s.a, s.b, t.b) == 0 && (s.a[0]-s.b[0])*(t.b[0]-s.b[0])+(s.a[1]-s.b[1])*(t.b[1]-s.b[1]) > 0
		return s.b, back
	}
	ta, tb := cross(s.a, s.b, t.a), cross(s.a, s.b, t.b)
	sa, sb := cross(t.a, t.b, s.a), cross(t.a, t.b, s.b)
	switch {
	case ta*tb > 0 || sa*sb > 0:
		return orb.Point{}, false
	case ta == 0 && within(t.a, s):
		return t.a, true
	case tb == 0 && within(t.b, s):
		return t.b, true
	case sa == 0 && within(s.a, t):
		return s.a, true
	case sb == 0 && within(s.b, t):
		return s.b, true
	case ta == tb:
		return orb.Point{}, false
	}
	along := ta / (ta - tb)
	return orb.Point{t.a[0] + along*(t.b[0]-t.a[0]), t.a[1] + along*(t.b[1]-t.a[1])}, true
}

// cross is twice the area of the triangle a, b, p, positive with p to the
// left of a to b.
func cross(a, b, p orb.Point) float64 {
	return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
}

// within says whether p, on the line of a side, is on the side.
func within(p orb.Point, s side) bool {
	return p[0] >= s.west() && p[0] <= s.east() && p[1] >= min(s.a[1], s.b[1]) && p[1] <= max(s.a[1], s.b[1])
}
