package tiles

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/peterstace/simplefeatures/geom"
)

// polygonsOf puts rings together to polygons as polygon does.
func polygonsOf(rings [][]px) geom.Geometry {
	var shells, holes [][]px
	for _, ring := range rings {
		if doubleArea(ring) > 0 {
			shells = append(shells, ring)
		} else {
			holes = append(holes, ring)
		}
	}
	var polygons []geom.Polygon
	for _, shell := range shells {
		lines := []geom.LineString{lineOf(shell)}
		holes = slices.DeleteFunc(holes, func(hole []px) bool {
			within := encloses(shell, hole)
			if within {
				lines = append(lines, lineOf(hole))
			}
			return within
		})
		polygons = append(polygons, geom.NewPolygon(lines))
	}
	if len(holes) > 0 {
		panic("a hole without a shell")
	}
	return geom.NewMultiPolygon(polygons).AsGeometry()
}

func lineOf(ring []px) geom.LineString {
	var flat []float64
	for _, p := range append(slices.Clone(ring), ring[0]) {
		flat = append(flat, float64(p[0]), float64(p[1]))
	}
	return geom.NewLineString(geom.NewSequence(flat, geom.DimXY))
}

// winding is how often rings wind around a position, in the sense of a shell,
// and how far the nearest edge is.
func winding(rings [][]px, x, y float64) (n int, gap float64) {
	gap = math.Inf(1)
	for _, e := range appendEdges(nil, rings) {
		ax, ay, bx, by := float64(e.from[0]), float64(e.from[1]), float64(e.to[0]), float64(e.to[1])
		if (ay > y) != (by > y) && ax+(bx-ax)*(y-ay)/(by-ay) > x {
			if by > ay {
				n++
			} else {
				n--
			}
		}
		t := 0.0
		if length := (bx-ax)*(bx-ax) + (by-ay)*(by-ay); length > 0 {
			t = min(max(((x-ax)*(bx-ax)+(y-ay)*(by-ay))/length, 0), 1)
		}
		gap = min(gap, math.Hypot(ax+t*(bx-ax)-x, ay+t*(by-ay)-y))
	}
	return n, gap
}

// TestRedrawnRings draws random tangles anew: the result is valid by another
// library's rules, and away from the edges the same is inside.
func TestRedrawnRings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tangled := 0
	for range 3000 {
		side := 4 + r.Int64N(30)
		var rings [][]px
		for range 1 + r.IntN(3) {
			var ring []px
			for range 3 + r.IntN(12) {
				ring = append(ring, px{r.Int64N(side), r.Int64N(side)})
			}
			if ring = tidyRing(ring); len(ring) > 0 {
				rings = append(rings, ring)
			}
		}
		if !new(sweep).simple(rings) {
			tangled++
		}
		drawn := redrawn(rings)
		if err := polygonsOf(drawn).Validate(); err != nil {
			t.Fatalf("%v become %v: %v", rings, drawn, err)
		}
		for range 40 {
			x, y := r.Float64()*float64(side), r.Float64()*float64(side)
			want, gap := winding(rings, x, y)
			if got, _ := winding(drawn, x, y); gap > 0.75 && (got == 1) != (want > 0) || got < 0 || got > 1 {
				t.Fatalf("%v become %v, which wind %d times around %g %g, not %d", rings, drawn, got, x, y, want)
			}
		}
	}
	if tangled < 2000 {
		t.Errorf("only %d of 3000 are tangled", tangled)
	}
}

// TestSimple compares with the library's rules: what is called simple is valid.
func TestSimple(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 20000 {
		var ring []px
		for range 3 + r.IntN(14) {
			ring = append(ring, px{r.Int64N(12), r.Int64N(12)})
		}
		if ring = tidyRing(ring); len(ring) == 0 {
			continue
		}
		valid := geom.NewPolygon([]geom.LineString{lineOf(ring)}).Validate() == nil
		if got := new(sweep).simple([][]px{ring}); got != valid {
			t.Fatalf("%v: simple %v, valid %v", ring, got, valid)
		}
		if valid {
			found++
		}
	}
	if found < 1000 {
		t.Errorf("only %d are simple", found)
	}
}
