package adjustment

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial/partition"
)

// mendLine leads the line of a step around what it cuts until the plan is not
// refused: on the shorter side of each thing, or else on the longer.
func (p *planner) mendLine(steps []Step, k int) (orb.Geometry, bool) {
	for _, longer := range []bool{false, true} {
		if line := p.leadAround(steps, k, longer); line != nil {
			return line, true
		}
	}
	return nil, false
}

func (p *planner) leadAround(steps []Step, k int, longer bool) orb.LineString {
	var obstacles []orb.Geometry
	tried := slices.Clone(steps)
	for failed, round := p, 0; round < rounds && len(failed.remedies) == len(failed.plan.Checks); round++ {
		for _, r := range failed.remedies {
			if len(partsOf(r.around)) == 0 {
				return nil
			}
			obstacles = append(obstacles, partition.Buffer(r.around, p.rules.GoAround))
		}
		line := steps[k].Line
		for _, part := range partsOf(partition.Union(obstacles...)) {
			line = detour(line, part[0], longer)
		}
		tried[k].Line = line
		failed, _ = p.rules.planner(p.snapshot, p.areas.ID())
		if failed.try(tried); !failed.plan.Refused() {
			return line
		}
	}
	return nil
}

// crossing is where a line meets a ring: along each, as the number of a
// segment and a part of it.
type crossing struct {
	along, around float64
	at            orb.Point
}

// detour leads a line around a ring from where it first meets it to where it
// last does; a line that does not go through stays.
func detour(line orb.LineString, ring orb.Ring, longer bool) orb.LineString {
	first, last := crossing{along: math.Inf(1)}, crossing{along: -1}
	for i := range len(line) - 1 {
		for k := range len(ring) - 1 {
			s, t, ok := meet(line[i], line[i+1], ring[k], ring[k+1])
			if !ok {
				continue
			}
			at := orb.Point{line[i][0] + s*(line[i+1][0]-line[i][0]), line[i][1] + s*(line[i+1][1]-line[i][1])}
			c := crossing{float64(i) + s, float64(k) + t, partition.VertexOf(at).LL()}
			if c.along < first.along {
				first = c
			}
			if c.along > last.along {
				last = c
			}
		}
	}
	if first.along >= last.along || planar.RingContains(ring, line[0]) || planar.RingContains(ring, line[len(line)-1]) {
		return line
	}
	ways := [2]orb.LineString{arc(ring, first, last), arc(ring, last, first)}
	slices.Reverse(ways[1])
	if (planar.Length(ways[0]) > planar.Length(ways[1])) != longer {
		ways[0] = ways[1]
	}
	led := append(slices.Clone(line[:int(first.along)+1]), ways[0]...)
	return slices.Compact(append(led, line[int(last.along)+1:]...))
}

// arc is the way along a ring, in its direction, from one place to another.
func arc(ring orb.Ring, from, to crossing) orb.LineString {
	way, n := orb.LineString{from.at}, len(ring)-1
	end := int(to.around)
	if to.around < from.around {
		end += n
	}
	for k := int(from.around) + 1; k <= end; k++ {
		way = append(way, ring[k%n])
	}
	return append(way, to.at)
}

// meet is where two segments meet, as parts of each.
func meet(a, b, c, d orb.Point) (s, t float64, ok bool) {
	ux, uy, vx, vy := b[0]-a[0], b[1]-a[1], d[0]-c[0], d[1]-c[1]
	turn := ux*vy - uy*vx
	if turn == 0 {
		return 0, 0, false
	}
	s = ((c[0]-a[0])*vy - (c[1]-a[1])*vx) / turn
	t = ((c[0]-a[0])*uy - (c[1]-a[1])*ux) / turn
	return s, t, 0 <= s && s < 1 && 0 <= t && t < 1
}
