package tiles

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// TestNearIsCutAlike cuts many rings and lines around a tile with what is far
// from it left out and with all of it: the lines' pieces are the same, and the
// rings' have the same area and wind alike around every position.
func TestNearIsCutAlike(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var s shaper
	s.frame = WebMercatorQuad.frame(ID{16, 53535, 28546}, datum.CRS84)
	left := 0
	for round := range 4000 {
		path := wandering(random, s.frame, 3+random.IntN(60), 1+random.IntN(4))
		var all, near arena
		s.place(&all, path)
		s.placeNear(&near, path)
		left += len(all) - len(near)
		if got, want := pieces(s.cutter.cutLine(near)), pieces(s.cutter.cutLine(all)); !slices.EqualFunc(got, want, slices.Equal[[]px]) {
			t.Fatalf("round %d: the line has pieces %v, whole %v", round, got, want)
		}
		got, want := pieces(s.cutter.cutRings([][]px{near}, boxOf(near))), pieces(s.cutter.cutRings([][]px{all}, boxOf(all)))
		if areas(got) != areas(want) {
			t.Fatalf("round %d: the ring has area %d, whole %d", round, areas(got), areas(want))
		}
		for range 20 {
			x, y := low+random.Float64()*(high-low), low+random.Float64()*(high-low)
			n, gap := winding(got, x, y)
			if m, other := winding(want, x, y); n != m && min(gap, other) > 1e-6 {
				t.Fatalf("round %d: rings wind %d times around %v,%v, whole %d", round, n, x, y, m)
			}
		}
	}
	if left == 0 {
		t.Error("nothing was far")
	}
}

// wandering is a path of some positions that wanders around a tile, as far as some
// times its side.
func wandering(random *rand.Rand, f frame, n, far int) []spatial.World {
	path, angle := make([]spatial.World, n), 0.0
	middle := int64(Extent/2) << f.shift
	for i := range path {
		angle += random.NormFloat64()
		away := random.Float64() * float64(far) * float64(middle)
		path[i] = spatial.World{int32(f.origin[0] + middle + int64(away*math.Cos(angle))), int32(f.origin[1] + middle + int64(away*math.Sin(angle)))}
	}
	return path
}

func pieces(paths [][]px) (copied [][]px) {
	for _, path := range paths {
		copied = append(copied, slices.Clone(path))
	}
	return copied
}

func areas(rings [][]px) (sum int64) {
	for _, ring := range rings {
		if len(ring) > 0 {
			sum += doubleArea(ring)
		}
	}
	return sum
}
