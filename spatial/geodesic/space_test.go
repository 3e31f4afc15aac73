package geodesic

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// TestDistanceLiesBetweenChordAndLongest: over all the earth, and near.
func TestDistanceLiesBetweenChordAndLongest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := orb.Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-90, 90).Draw(t, "lat")}
		b := orb.Point{rapid.Float64Range(-180, 180).Draw(t, "other lon"), rapid.Float64Range(-90, 90).Draw(t, "other lat")}
		if rapid.Bool().Draw(t, "near") {
			b = Destination(a, b[0], Meters(math.Abs(b[1])*rapid.Float64Range(0, 1000).Draw(t, "scale")))
		}
		chord := math.Sqrt(InSpace(a).Chord2(InSpace(b)))
		if d := Distance(a, b); float64(d) < chord-0.001 || d > Longest(chord) {
			t.Fatalf("%v to %v: %.6f m, not from %.6f to %.6f", a, b, d, chord, Longest(chord))
		}
	})
}
