package relate

import (
	"slices"

	"github.com/paulmach/orb"
)

// Intersects says whether two shapes have a point in common, borders
// included.
func Intersects(a, b *Shape) bool {
	return a.reaches(b) || b.reaches(a) || edgesTouch(a, b)
}

// reaches says whether a point of a, or one vertex of each of its paths, is
// on b. Where no edges touch, that decides for the whole path.
func (s *Shape) reaches(b *Shape) bool {
	if slices.ContainsFunc(s.points, b.covers) {
		return true
	}
	return b.area() && slices.ContainsFunc(s.paths, func(path []orb.Point) bool {
		return len(path) > 0 && b.covers(path[0])
	})
}

// covers says whether p is on the shape, border included.
func (s *Shape) covers(p orb.Point) bool {
	switch {
	case s.area():
		return s.locate(p) != outside
	case s.lines():
		for e := range s.near(orb.Bound{Min: p, Max: p}) {
			if e.on(p) {
				return true
			}
		}
		return false
	}
	return slices.Contains(s.points, p)
}

func edgesTouch(a, b *Shape) bool {
	if a.tree != nil {
		a, b = b, a // the index of b is used
	}
	for e := range a.segments() {
		for f := range b.near(e.bound()) {
			if e.touch(f) {
				return true
			}
		}
	}
	return false
}

// Within says whether a lies in b: no point of a is outside b, and not all
// are on its border (the OGC's "within"). The border of a line is its ends.
func Within(a, b *Shape) bool {
	switch {
	case a.points != nil:
		return a.pointsWithin(b)
	case a.lines():
		return a.linesWithin(b)
	case a.area():
		return b.area() && a.areaWithin(b)
	}
	return false
}

func (s *Shape) pointsWithin(b *Shape) bool {
	within := false
	for _, p := range s.points {
		if !b.covers(p) {
			return false
		}
		within = within || !b.borders(p)
	}
	return within
}

// borders says whether p, which is on the shape, is on its border.
func (s *Shape) borders(p orb.Point) bool {
	switch {
	case s.area():
		return s.locate(p) == along
	case s.lines():
		odd := false
		for _, path := range s.paths {
			odd = odd != (path[0] == p) != (path[len(path)-1] == p)
		}
		return odd
	}
	return false
}

func (s *Shape) linesWithin(b *Shape) bool {
	if !b.area() {
		return b.lines() && s.along(b)
	}
	var all side
	for e := range s.segments() {
		if all |= b.sides(e); all&outside != 0 {
			return false
		}
	}
	return all&inside != 0
}

// along says whether every edge is covered by the lines of b.
func (s *Shape) along(b *Shape) bool {
	for e := range s.segments() {
		if !b.carries(e) {
			return false
		}
	}
	return true
}

// carries says whether edges on the line of e hold all of it.
func (s *Shape) carries(e segment) bool {
	var level []segment
	cuts := []orb.Point{e.a, e.b}
	for f := range s.near(e.bound()) {
		if turn(e.a, e.b, f.a) != 0 || turn(e.a, e.b, f.b) != 0 {
			continue
		}
		level = append(level, f)
		for _, p := range []orb.Point{f.a, f.b} {
			if e.holds(p) {
				cuts = append(cuts, p)
			}
		}
	}
	cuts = inOrder(cuts)
	for i := 1; i < len(cuts); i++ {
		whole := func(f segment) bool { return f.holds(cuts[i-1]) && f.holds(cuts[i]) }
		if !slices.ContainsFunc(level, whole) {
			return false
		}
	}
	return true
}

// areaWithin: no part of a's border is outside b; then what of b's outside
// were in a would be bordered by edges of b inside a, or be all of a polygon.
func (s *Shape) areaWithin(b *Shape) bool {
	for e := range s.segments() {
		if b.sides(e)&outside != 0 {
			return false
		}
	}
	for _, path := range s.paths {
		bound := orb.LineString(path).Bound()
		for f := range b.near(bound) {
			if s.sides(f)&inside != 0 {
				return false
			}
		}
	}
	return !slices.ContainsFunc(s.polygons, func(p orb.Polygon) bool {
		at, ok := interior(p)
		return ok && b.locateExact(at) == outside
	})
}
