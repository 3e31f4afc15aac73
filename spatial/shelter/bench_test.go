package shelter_test

import (
	"fmt"
	"testing"

	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

var radii = []geodesic.Meters{500, 1000, 2500}

// BenchmarkStraightLine finds who reaches which shelter, all anew.
func BenchmarkStraightLine(b *testing.B) {
	demands, all := residents(b), facilities(b, "shelters")
	for _, radius := range radii {
		b.Run(fmt.Sprintf("radius=%v", radius), func(b *testing.B) {
			for b.Loop() {
				r, err := shelter.StraightLine(demands, all, radius)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(r.Ways()), "ways")
			}
		})
	}
}

// BenchmarkCover is coverage by grid, community, street and district without
// an allocation, from a reach that is known.
func BenchmarkCover(b *testing.B) {
	for _, radius := range radii {
		p := problem(b, radius)
		b.Run(fmt.Sprintf("radius=%v", radius), func(b *testing.B) {
			for b.Loop() {
				cover(b, p, nil)
			}
		})
	}
}

func cover(b *testing.B, p *shelter.Problem, a *shelter.Assignment) {
	c, err := p.Cover()
	if err != nil {
		b.Fatal(err)
	}
	for _, digits := range []int{14, 12, 9, 6} {
		p.Units(c, a, shelter.Prefix(digits), nil)
	}
}

// BenchmarkAllocate is the allocation alone, and with coverage by unit.
func BenchmarkAllocate(b *testing.B) {
	for _, radius := range radii {
		p := problem(b, radius)
		b.Run(fmt.Sprintf("radius=%v/alone", radius), func(b *testing.B) {
			for b.Loop() {
				a, err := p.Allocate()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(a.Served), "served")
			}
		})
		b.Run(fmt.Sprintf("radius=%v/with-coverage", radius), func(b *testing.B) {
			for b.Loop() {
				a, err := p.Allocate()
				if err != nil {
					b.Fatal(err)
				}
				cover(b, p, a)
			}
		})
	}
}
