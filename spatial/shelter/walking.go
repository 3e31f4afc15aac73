package shelter

import (
	"fmt"
	"iter"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
)

// nearRoad is how far from a place every road is tried, not only the nearest.
const nearRoad geodesic.Meters = 100

// Walking is the reach on foot: a facility is within reach of a demand if the
// way to it along roads takes no longer than the limit. The straight ways from
// the demand to the road and from the road to the facility are added, at the
// graph's speed on roads of no special class; of all roads within 100 m, or
// else the nearest, those are taken by which the whole way is shortest. An area
// is entered by way of any vertex of its outline, and whoever stands in it has
// no way to go. The error is [spatial.InvalidError]. Cost: some 10 µs a demand
// for its roads, and for each facility that of a search of the graph, on all
// processors.
func Walking(g *road.Graph, demands []Demand, facilities []Facility, limit road.Millis) (*Reach, error) {
	return WalkingWithout(g, func(int32) bool { return false }, demands, facilities, limit)
}

// WalkingWithout is the reach on foot with edges closed. Places keep the roads
// that they have without closures: a closure only takes ways away, so that it
// brings nobody nearer to anything.
func WalkingWithout(g *road.Graph, closed func(edge int32) bool, demands []Demand, facilities []Facility, limit road.Millis) (*Reach, error) {
	if limit < 0 || limit == road.Unreachable {
		return nil, &spatial.InvalidError{Rule: "walking_range", Where: "walking", Detail: fmt.Sprintf("a walk of %v s has no end or is less than none", limit.Seconds())}
	}
	places, err := placesOf(demands)
	if err != nil {
		return nil, err
	}
	w := &walking{whole: g, towards: g.Without(closed).Reverse(), limit: limit, raster: newRaster(places)}
	if err := w.speeds(g.ProfileName()); err != nil {
		return nil, err
	}
	w.snap(places)
	return newReach(w, places, facilities, nil)
}

// walking measures on foot.
type walking struct {
	whole   *road.Graph // without closures
	towards *road.Graph // with them, reversed: times to the starts
	limit   road.Millis
	raster  *raster
	speed   float64        // off the road, km/h
	fastest float64        // on any, km/h
	access  [][]road.Start // by demand
}

func (w *walking) byTime() bool { return true }

func (w *walking) limitCost() float64 { return float64(w.limit) }

func (w *walking) speeds(profile string) error {
	p, err := road.ProfileNamed(profile)
	if err != nil {
		return err
	}
	w.speed = p.Speeds["*"]
	for _, v := range p.Speeds {
		w.fastest = max(w.fastest, v)
	}
	if !(w.speed > 0) {
		return &spatial.InvalidError{Rule: "walking_profile", Where: "profile " + profile, Detail: "it has no speed for roads of no special class"}
	}
	return nil
}

// starts are where roads are reached from a point, and after how long.
func (w *walking) starts(p orb.Point) []road.Start {
	var all []road.Start
	for _, at := range w.whole.Around(p, nearRoad) {
		s := road.Start{Position: at, After: road.Over(at.Away, w.speed)}
		if s.After <= w.limit && w.towards.Leads(at) {
			all = append(all, s)
		}
	}
	return all
}

func (w *walking) snap(places []orb.Point) {
	const batch = 256
	w.access = make([][]road.Start, len(places))
	each((len(places)+batch-1)/batch, func(b int) {
		for i := b * batch; i < min((b+1)*batch, len(places)); i++ {
			w.access[i] = w.starts(places[i])
		}
	})
}

func (w *walking) off() (demands []int) {
	for i, a := range w.access {
		if len(a) == 0 {
			demands = append(demands, i)
		}
	}
	return demands
}

// column looks at demands that are near enough along a straight line, with 1 %
// for the rounding of times.
func (w *walking) column(f *Facility) (*column, error) {
	c := &column{layer: f.Layer, id: f.ID, place: f.Place}
	starts := w.entrances(f.Place)
	c.off = len(starts) == 0
	times := w.towards.From(starts)
	farthest := geodesic.Meters(w.limit.Seconds()*w.fastest/3.6*1.01 + 1)
	w.raster.within(f.Place, min(farthest, maxRadius), func(demand int32, d geodesic.Meters) {
		if t := w.time(times, demand, d); t <= w.limit {
			c.demand, c.cost = append(c.demand, demand), append(c.cost, int32(t))
		}
	})
	return c, nil
}

// time is how long a demand walks, whose straight line is d.
func (w *walking) time(times *road.Times, demand int32, d geodesic.Meters) road.Millis {
	if d == 0 {
		return 0
	}
	best := road.Unreachable
	for _, from := range w.access[demand] {
		if t, _, ok := times.At(from.Position); ok && t < road.Unreachable-from.After {
			best = min(best, t+from.After)
		}
	}
	return best
}

// entrances are where the road leads into a place, each once.
func (w *walking) entrances(g orb.Geometry) []road.Start {
	var starts []road.Start
	for p := range positions(g) {
		starts = append(starts, w.starts(p)...)
	}
	return starts
}

// positions yields a point, points, or the vertices of outer rings.
func positions(g orb.Geometry) iter.Seq[orb.Point] {
	var all []orb.Point
	switch g := g.(type) {
	case orb.Point:
		all = []orb.Point{g}
	case orb.MultiPoint:
		all = g
	case orb.Polygon:
		all = outline(g)
	case orb.MultiPolygon:
		for _, p := range g {
			all = append(all, outline(p)...)
		}
	}
	return slices.Values(all)
}

func outline(p orb.Polygon) []orb.Point {
	if len(p) == 0 || len(p[0]) == 0 {
		return nil
	}
	return p[0][:len(p[0])-1]
}
