package luohu

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial/datum"
)

//go:embed source/outline.geojson
var outlineSource []byte

// outlineArea is the measured area of the district in m², EPSG:4547.
const outlineArea = 78.98e6

// loadOutline returns the district's ring, counter-clockwise: un-shifted,
// without spikes and loops, smoothed, and scaled to [outlineArea].
func loadOutline() ([]vec, error) {
	var f struct {
		Geometry struct {
			Coordinates [][]orb.Point `json:"coordinates"`
		} `json:"geometry"`
	}
	if err := json.Unmarshal(outlineSource, &f); err != nil {
		return nil, fmt.Errorf("read outline: %w", err)
	}
	var ring []vec
	for _, p := range f.Geometry.Coordinates[0] {
		q := datum.ToLL(datum.GCJ02, p)
		ring = append(ring, vecOf(q[0], q[1]))
	}
	ring = smoothRing(withoutLoops(ring[:len(ring)-1]), 2)
	if area(ring) < 0 {
		reverse(ring)
	}
	return scaled(ring, math.Sqrt(outlineArea/area(ring))), nil
}

// withoutLoops cuts off short detours: a later vertex that comes back within
// about a quantum and a half of an earlier one, at most a dozen vertices on,
// ends the loop.
func withoutLoops(ring []vec) []vec {
	const window, near = 12, 165.0
	var out []vec
	for i := 0; i < len(ring); i++ {
		out = append(out, ring[i])
		for j := min(len(ring)-1, i+window); j > i+1; j-- {
			if ring[j].sub(ring[i]).len() < near {
				i = j
				break
			}
		}
	}
	return out
}

// smoothRing averages positions spaced evenly along a ring, which takes the
// steps of the quantisation out of it.
func smoothRing(ring []vec, rounds int) []vec {
	ring = resample(append(ring, ring[0]), 55)
	ring = ring[:len(ring)-1]
	for range rounds {
		next := make([]vec, len(ring))
		for i := range ring {
			n := len(ring)
			next[i] = ring[(i+n-1)%n].add(ring[(i+1)%n]).mul(0.25).add(ring[i].mul(0.5))
		}
		ring = next
	}
	return ring
}

// resample returns positions at even steps of about the given length along a line.
func resample(line []vec, step float64) []vec {
	total := 0.0
	for i := 1; i < len(line); i++ {
		total += line[i].sub(line[i-1]).len()
	}
	n := max(1, int(math.Round(total/step)))
	out := []vec{line[0]}
	walked, next := 0.0, total/float64(n)
	for i := 1; i < len(line); i++ {
		d := line[i].sub(line[i-1]).len()
		for walked+d >= next && len(out) < n {
			out = append(out, line[i-1].lerp(line[i], (next-walked)/d))
			next += total / float64(n)
		}
		walked += d
	}
	return append(out, line[len(line)-1])
}

func scaled(ring []vec, s float64) []vec {
	c := centroid(ring)
	out := make([]vec, len(ring))
	for i, p := range ring {
		out[i] = c.add(p.sub(c).mul(s))
	}
	return out
}

func reverse(ring []vec) {
	for i, j := 0, len(ring)-1; i < j; i, j = i+1, j-1 {
		ring[i], ring[j] = ring[j], ring[i]
	}
}
