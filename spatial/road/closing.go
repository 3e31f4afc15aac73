package road

import (
	"math"
	"slices"
	"sort"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial/geodesic"
)

// Names are the names of the roads, in both languages, sorted and each once.
func (n *Network) Names() []string {
	var names []string
	for i := range n.edges {
		for _, name := range []string{n.edges[i].name, n.edges[i].english} {
			if name != "" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Named are the edges of the roads of a name, in either language, ascending.
func (n *Network) Named(name string) []int32 {
	var found []int32
	for i := range n.edges {
		if e := &n.edges[i]; name != "" && (e.name == name || e.english == name) {
			found = append(found, int32(i))
		}
	}
	return found
}

// OfRoad are the edges of a feature of the layer of roads, ascending.
func (n *Network) OfRoad(id int64) []int32 {
	var found []int32
	first := sort.Search(len(n.edges), func(i int) bool { return n.edges[i].Road >= id })
	for i := first; i < len(n.edges) && n.edges[i].Road == id; i++ {
		found = append(found, int32(i))
	}
	return found
}

// Meeting are the edges that a drawn line crosses or touches, or that a
// polygon covers in part or touches, ascending; also for the multi kinds. Of
// others there are none. Edges are straight in longitude and latitude here.
// Cost: some µs for each edge near.
func (n *Network) Meeting(drawn orb.Geometry) []int32 {
	var found []int32
	for _, part := range partsOf(drawn) {
		b := part.Bound()
		n.boxes.Search(b.Min, b.Max, func(_, _ [2]float64, edge int32) bool {
			if meets(n.edges[edge].Line, part) {
				found = append(found, edge)
			}
			return true
		})
	}
	return Join(found)
}

// partsOf are the lines and polygons of a drawing.
func partsOf(drawn orb.Geometry) []orb.Geometry {
	var parts []orb.Geometry
	switch g := drawn.(type) {
	case orb.LineString, orb.Polygon:
		parts = append(parts, g)
	case orb.MultiLineString:
		for _, line := range g {
			parts = append(parts, line)
		}
	case orb.MultiPolygon:
		for _, polygon := range g {
			parts = append(parts, polygon)
		}
	}
	return parts
}

func meets(line orb.LineString, part orb.Geometry) bool {
	switch g := part.(type) {
	case orb.LineString:
		return linesMeet(line, g)
	case orb.Polygon:
		for _, ring := range g {
			if linesMeet(line, orb.LineString(ring)) {
				return true
			}
		}
		return planar.PolygonContains(g, line[0])
	}
	return false
}

func linesMeet(a, b orb.LineString) bool {
	for i := 1; i < len(a); i++ {
		for j := 1; j < len(b); j++ {
			if segmentsMeet(a[i-1], a[i], b[j-1], b[j]) {
				return true
			}
		}
	}
	return false
}

// segmentsMeet says whether two segments have a point in common.
func segmentsMeet(a, b, c, d orb.Point) bool {
	if max(a[0], b[0]) < min(c[0], d[0]) || max(c[0], d[0]) < min(a[0], b[0]) ||
		max(a[1], b[1]) < min(c[1], d[1]) || max(c[1], d[1]) < min(a[1], b[1]) {
		return false
	}
	return turning(a, b, c)*turning(a, b, d) <= 0 && turning(c, d, a)*turning(c, d, b) <= 0
}

// turning is on which side of the line from a to b a position lies: 1 left, -1
// right, 0 on it or so near that the rounding of degrees cannot tell.
func turning(a, b, p orb.Point) int {
	const rounding = 0x1p-45 // of a longitude
	dx, dy, px, py := b[0]-a[0], b[1]-a[1], p[0]-a[0], p[1]-a[1]
	cross := dx*py - dy*px
	unsure := rounding * (math.Abs(dx) + math.Abs(dy) + math.Abs(px) + math.Abs(py))
	switch {
	case cross > unsure:
		return 1
	case cross < -unsure:
		return -1
	}
	return 0
}

// Join are the edges of several lists, ascending and each once.
func Join(lists ...[]int32) []int32 {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// LengthOf is how long some edges are together.
func (n *Network) LengthOf(edges []int32) (length geodesic.Meters) {
	for _, i := range edges {
		length += n.edges[i].Length
	}
	return length
}
