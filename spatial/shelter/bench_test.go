package shelter_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/luohu/luohutest"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
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

// BenchmarkWalking finds who reaches which shelter on foot in ten and thirty
// minutes, all anew.
func BenchmarkWalking(b *testing.B) {
	demands, all := residents(b), facilities(b, "shelters")
	network, err := road.Of(luohutest.Snapshot(b))
	if err != nil {
		b.Fatal(err)
	}
	g, err := network.Profile("walking")
	if err != nil {
		b.Fatal(err)
	}
	for _, minutes := range []road.Millis{10, 30} {
		b.Run(fmt.Sprintf("minutes=%d", minutes), func(b *testing.B) {
			for b.Loop() {
				r, err := shelter.Walking(g, demands, all, minutes*60_000)
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

// BenchmarkSiting is the best 5 of the 14 candidate schools beside the
// shelters that stand.
func BenchmarkSiting(b *testing.B) {
	for _, radius := range radii {
		s := siting(b, radius)
		for _, s.Capacitated = range []bool{false, true} {
			for _, s.Objective = range shelter.Objectives() {
				capacity := map[bool]string{false: "free", true: "capacities"}[s.Capacitated]
				b.Run(fmt.Sprintf("radius=%v/%s/%s", radius, capacity, s.Objective), func(b *testing.B) {
					for b.Loop() {
						sites, err := s.Solve()
						if err != nil || !sites.Exact {
							b.Fatal(sites, err)
						}
						b.ReportMetric(float64(sites.Evaluated), "evaluated")
					}
				})
			}
		}
	}
}

// BenchmarkFront is the best 5 of 14 with the front of all choices of up to 5.
func BenchmarkFront(b *testing.B) {
	for _, radius := range radii {
		s := siting(b, radius)
		s.Objective, s.Front = shelter.Covered, true
		for name, capacitated := range map[string]bool{"free": false, "capacities": true} {
			s.Capacitated = capacitated
			b.Run(fmt.Sprintf("radius=%v/%s", radius, name), func(b *testing.B) {
				for b.Loop() {
					sites, err := s.Solve()
					if err != nil || !sites.FrontComplete {
						b.Fatal(sites, err)
					}
					b.ReportMetric(float64(len(sites.Front)), "points")
				}
			})
		}
	}
}

func siting(b *testing.B, radius geodesic.Meters) *shelter.Siting {
	s := &shelter.Siting{Problem: *problem(b, radius), Choose: 5}
	for _, c := range facilities(b, "shelter_candidates") {
		s.Candidates = append(s.Candidates, len(s.Facilities))
		s.Facilities = append(s.Facilities, c)
	}
	var err error
	if s.Reach, err = s.Reach.With(s.Facilities); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkGrowth is the reach, the coverage by four levels and the allocation
// for districts laid side by side.
func BenchmarkGrowth(b *testing.B) {
	one := problem(b, 500)
	for _, n := range []int{1, 10, 100} {
		p := sideBySide(one, n)
		var err error
		if p.Reach, err = shelter.StraightLine(p.Demands, p.Facilities, 500); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("districts=%d/reach", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := shelter.StraightLine(p.Demands, p.Facilities, 500); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("districts=%d/coverage", n), func(b *testing.B) {
			for b.Loop() {
				cover(b, p, nil)
			}
		})
		b.Run(fmt.Sprintf("districts=%d/allocation", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Allocate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// sideBySide is n times a problem, each to the east of the one before.
func sideBySide(one *shelter.Problem, n int) *shelter.Problem {
	p := &shelter.Problem{PerPerson: one.PerPerson}
	for k := range n {
		east := 0.2 * float64(k)
		for _, d := range one.Demands {
			d.ID, d.Place[0] = d.ID+int64(k)*1_000_000, d.Place[0]+east
			p.Demands = append(p.Demands, d)
		}
		for _, f := range one.Facilities {
			f.ID, f.Place = f.ID+int64(k)*1000, moved(f.Place, east)
			p.Facilities = append(p.Facilities, f)
		}
	}
	return p
}

func moved(g orb.Geometry, east float64) orb.Geometry {
	move := func(p orb.Point) orb.Point { return orb.Point{p[0] + east, p[1]} }
	if p, ok := g.(orb.Point); ok {
		return move(p)
	}
	var polygon orb.Polygon
	for _, ring := range g.(orb.Polygon) {
		var next orb.Ring
		for _, p := range ring {
			next = append(next, move(p))
		}
		polygon = append(polygon, next)
	}
	return polygon
}

// BenchmarkWhatIf is today's answer with one shelter closed, one enlarged and
// one moved: the reach of the moved one anew, coverage by four levels, and the
// allocation.
func BenchmarkWhatIf(b *testing.B) {
	for _, radius := range radii {
		today := problem(b, radius)
		b.Run(fmt.Sprintf("radius=%v", radius), func(b *testing.B) {
			for b.Loop() {
				p := *today
				p.Facilities = slices.Delete(slices.Clone(today.Facilities), 3, 4)
				p.Facilities[10].Area *= 2
				p.Facilities[20].Place = orb.Point{114.13, 22.56}
				var err error
				if p.Reach, err = today.Reach.With(p.Facilities); err != nil {
					b.Fatal(err)
				}
				a, err := p.Allocate()
				if err != nil {
					b.Fatal(err)
				}
				cover(b, &p, a)
			}
		})
	}
}

// BenchmarkSitingOfMany is the best 8 of the 75 shelters, as if none stood:
// too many choices to look at, so that the proof may stay open.
func BenchmarkSitingOfMany(b *testing.B) {
	s := &shelter.Siting{Problem: *problem(b, 1000), Choose: 8}
	for j := range s.Facilities {
		s.Candidates = append(s.Candidates, j)
	}
	for _, s.Objective = range shelter.Objectives() {
		b.Run(string(s.Objective), func(b *testing.B) {
			for b.Loop() {
				sites, err := s.Solve()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(sites.Gap, "gap")
				b.ReportMetric(float64(sites.Evaluated), "evaluated")
			}
		})
	}
}
