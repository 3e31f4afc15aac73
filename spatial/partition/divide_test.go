package partition

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

// TestDivideMakesAPartition: shaken coverages cut another area; the parts are a
// partition of it, and each lies where its region does.
func TestDivideMakesAPartition(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 3))
		regions := make([][]orb.Ring, 5)
		whose := make([]int, 0, side9*side9)
		cells := jittered(seed)
		for _, cell := range cells {
			i := random.IntN(len(regions))
			whose = append(whose, i)
			regions[i] = append(regions[i], anticlockwise(cell[0]))
		}
		area := blob(random)
		parts, rest := Divide(area, regions)
		if rest != nil {
			t.Fatalf("seed %d: %v is left", seed, rest)
		}
		var areas []Area
		sum := 0.0
		for i, part := range parts {
			if part != nil {
				areas = append(areas, Area{fmt.Sprint(i), part})
				sum += shareOf(part, area)
			}
		}
		if faults := ProveAreas(areas); len(faults) > 0 {
			t.Fatalf("seed %d: %v", seed, faults[0])
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("seed %d: the parts have %.9f of the area", seed, sum)
		}
		for i, cell := range cells {
			middle := geodesic.PointOnSurface(cell)
			if _, ok := NewGround(area).Holds(middle); !ok {
				continue
			}
			for who, part := range parts {
				in := false
				if part != nil {
					_, in = NewGround(part).Holds(middle)
				}
				if in != (who == whose[i]) {
					t.Fatalf("seed %d: the middle of cell %d of region %d lies in part %d: %v", seed, i, whose[i], who, in)
				}
			}
		}
	}
}

func anticlockwise(ring orb.Ring) orb.Ring {
	if ring.Orientation() == orb.CW {
		ring = ring.Clone()
		ring.Reverse()
	}
	return ring
}

// blob is a star within the coverage.
func blob(r *rand.Rand) orb.Polygon {
	var ring orb.Ring
	for i := range 40 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 20)
		away := 1_500_000 + 2_000_000*r.Float64()
		ring = append(ring, Vertex{114_004_500_000 + int64(cos*away), 22_504_500_000 + int64(sin*away)}.LL())
	}
	return orb.Polygon{append(ring, ring[0])}
}

func TestDivideTellsTheRest(t *testing.T) {
	square := func(x, y, side int64) orb.Ring {
		at := func(dx, dy int64) orb.Point { return Vertex{114_000_000_000 + x + dx, 22_500_000_000 + y + dy}.LL() }
		return orb.Ring{at(0, 0), at(side, 0), at(side, side), at(0, side), at(0, 0)}
	}
	area := orb.Polygon{square(0, 0, 1000)}
	parts, rest := Divide(area, [][]orb.Ring{{square(-500, -500, 1000)}, {square(-500, -500, 1200)}, {square(5000, 0, 10)}, {{}, {square(0, 0, 1)[0]}}})
	got := []float64{shareOf(parts[0], area), shareOf(parts[1], area), shareOf(rest, area)}
	if parts[2] != nil || parts[3] != nil || math.Abs(got[0]-0.25) > 1e-9 || math.Abs(got[1]-0.24) > 1e-9 || math.Abs(got[2]-0.51) > 1e-9 {
		t.Errorf("shares %v, parts %v", got, parts[2:])
	}
}

// shareOf compares areas in square steps.
func shareOf(part, whole orb.Geometry) float64 {
	size := func(g orb.Geometry) (sum float64) {
		f := knownFace("", g)
		for _, ring := range f.rings {
			twice := twiceArea(ring)
			sum += twice.float()
		}
		return sum
	}
	return size(part) / size(whole)
}
