package format

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// nest makes polygons of the rings of one shape by what lies within what: a
// ring within no other, or within an even number of them, is an outer one;
// one within an odd number is a hole of the smallest of these. Which way the
// rings wind in the file does not matter, as many programs get it wrong. The
// result winds as GeoJSON does, outer rings counterclockwise; it aliases
// rings. Cost: R log R in the number of rings, and the vertices of each ring
// for each other one in whose box it lies.
func nest(rings []orb.Ring) orb.Geometry {
	depth, parent := nesting(rings)
	var polygons orb.MultiPolygon
	place := make([]int, len(rings)) // of the polygon that an outer ring begins
	for i, ring := range rings {
		if depth[i]%2 == 0 {
			place[i] = len(polygons)
			polygons = append(polygons, orb.Polygon{wound(ring, true)})
		}
	}
	for i, ring := range rings {
		if depth[i]%2 == 1 {
			outer := place[parent[i]]
			polygons[outer] = append(polygons[outer], wound(ring, false))
		}
	}
	if len(polygons) == 1 {
		return polygons[0]
	}
	return polygons
}

// nesting tells for each ring how many others it lies within, and which is
// the smallest of these.
func nesting(rings []orb.Ring) (depth, parent []int) {
	depth, parent = make([]int, len(rings)), make([]int, len(rings))
	if len(rings) == 1 {
		return depth, parent
	}
	areas := make([]float64, len(rings))
	var boxes rtree.RTreeG[int]
	for i, ring := range rings {
		areas[i] = math.Abs(twiceArea(ring))
		b := ring.Bound()
		boxes.Insert(b.Min, b.Max, i)
	}
	for i, ring := range rings {
		var around []int
		b := ring.Bound()
		boxes.Search(ring[0], ring[0], func(low, high [2]float64, k int) bool {
			larger := areas[k] > areas[i] || areas[k] == areas[i] && k < i
			if k != i && larger && boxWithin(b, low, high) && ringWithin(ring, rings[k]) {
				around = append(around, k)
			}
			return true
		})
		depth[i] = len(around)
		if len(around) > 0 {
			parent[i] = slices.MinFunc(around, func(a, b int) int { return cmp.Or(cmp.Compare(areas[a], areas[b]), cmp.Compare(b, a)) })
		}
	}
	return depth, parent
}

func boxWithin(b orb.Bound, low, high [2]float64) bool {
	return low[0] <= b.Min[0] && low[1] <= b.Min[1] && high[0] >= b.Max[0] && high[1] >= b.Max[1]
}

// ringWithin says whether the smaller of two rings that do not cross lies
// within the larger. Vertices and middles of edges vote, as one that lies on
// the other's edge may fall to either side by rounding; the first lead of
// five decides.
func ringWithin(small, large orb.Ring) bool {
	const enough = 5
	votes := 0
	for i := 1; i < len(small) && votes > -enough && votes < enough; i++ {
		middle := orb.Point{(small[i-1][0] + small[i][0]) / 2, (small[i-1][1] + small[i][1]) / 2}
		votes += ringSide(large, small[i]) + ringSide(large, middle)
	}
	return votes > 0
}

// ringSide is 1 for a point within a ring, -1 outside, 0 on its edge.
func ringSide(ring orb.Ring, p orb.Point) int {
	within := -1
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		if a == p || b == p {
			return 0
		}
		if (a[1] > p[1]) == (b[1] > p[1]) {
			if a[1] == p[1] && b[1] == p[1] && (a[0] < p[0]) != (b[0] < p[0]) {
				return 0
			}
			continue
		}
		turn := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
		if turn == 0 {
			return 0
		}
		if turn > 0 == (b[1] > a[1]) {
			within = -within
		}
	}
	return within
}

// wound is the ring turned, in place, to wind counterclockwise or clockwise.
func wound(r orb.Ring, counterclockwise bool) orb.Ring {
	if twiceArea(r) > 0 != counterclockwise {
		slices.Reverse(r)
	}
	return r
}
