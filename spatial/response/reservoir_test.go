package response

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// acrossWater is how many metres of a straight line lie on the water, sampled.
func acrossWater(water orb.Polygon, a, b orb.Point) geodesic.Meters {
	if !water.Bound().Intersects(orb.LineString{a, b}.Bound()) {
		return 0
	}
	const samples = 40
	wet := 0
	for i := range samples {
		t := (float64(i) + 0.5) / samples
		if planar.PolygonContains(water, orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}) {
			wet++
		}
	}
	return geodesic.Distance(a, b) * geodesic.Meters(wet) / samples
}

// TestReservoir: straight lines cross the reservoir, crews do not. Of the risk
// points whose nearest station by straight line lies across the water, those that
// another station reaches first by road, without water between.
func TestReservoir(t *testing.T) {
	s, v := luohuService(t)
	reservoir, err := layerIn(t, s, "water").Feature(1)
	if err != nil || reservoir.Label() != "深圳水库" {
		t.Fatal(reservoir.Label(), err)
	}
	water := reservoir.Geometry().(orb.Polygon)
	stations, err := IndexOf(s, "response_points")
	if err != nil {
		t.Fatal(err)
	}
	risks := placesOf(t, s, "risk_points")
	ranking := v.Rank(risks, 1, nil)
	var points []orb.Point
	for i := range risks.Len() {
		points = append(points, risks.Point(i))
	}
	type case_ struct {
		place, straight, byRoad spatial.Feature
		wet                     geodesic.Meters
	}
	var cases []case_
	for i, nearest := range stations.Each(points, 1) {
		straight := nearest[0]
		wet := acrossWater(water, points[i], straight.At)
		if wet < 100 {
			continue
		}
		soonest := ranking.At(i).Arrivals[0].Feature
		if soonest.ID() != straight.Feature.ID() && acrossWater(water, points[i], soonest.Geometry().(orb.Point)) == 0 {
			cases = append(cases, case_{risks.Feature(i), straight.Feature, soonest, wet})
		}
	}
	named := false
	for _, c := range cases {
		if c.place.ID() == 26687 && c.straight.Label() == "东民应急管理服务站" && c.byRoad.Label() == "布心应急管理服务站" {
			named = true
		}
	}
	if !named {
		t.Errorf("risk point 26687, by the north-western shore, is not among %d", len(cases))
	}
	for _, c := range cases[:min(3, len(cases))] {
		t.Logf("risk point %d %v: nearest in a straight line %s, over %.0f m of water; first by road %s", c.place.ID(), c.place.Geometry(), c.straight.Label(), c.wet, c.byRoad.Label())
	}
	t.Logf("%d such risk points", len(cases))
}

// BenchmarkByRoad: the batch of all risk points of the reference dataset after
// snapping, with all roads open and with one in fifty closed; a service after a
// closure with its table; one place; snapping; and the straight line.
func BenchmarkByRoad(b *testing.B) {
	s, v := luohuService(b)
	risks := placesOf(b, s, "risk_points")
	var closed []int32
	for i := int32(0); int(i) < v.Network().Edges(); i += 50 {
		closed = append(closed, i)
	}
	with, err := On(s, Query{"response_points", "driving", Defaults(), closed})
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, do func(i int)) {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				do(i)
			}
		})
	}
	run("42336/k=1", func(int) { v.Rank(risks, 1, nil) })
	run("42336/k=1/closures", func(int) { with.Rank(risks, 1, nil) })
	run("42336/k=5", func(int) { v.Rank(risks, 5, nil) })
	run("42336/k=1/route_each_of_100", func(int) {
		for i := range 100 {
			soonestByRoutes(v, risks.Point(i*400), nil)
		}
	})
	run("closure", func(i int) {
		again, err := On(s, Query{"response_points", "driving", Defaults(), append(closed[:0:0], append(closed, int32(i%40)+1)...)})
		if err != nil {
			b.Fatal(err)
		}
		again.table()
	})
	run("one", func(i int) { v.Nearest(risks.Point(i%risks.Len()), 3, nil) })
	run("snap_42336", func(int) { v.Places(risks.points) })
	x, err := IndexOf(s, "response_points")
	if err != nil {
		b.Fatal(err)
	}
	run("straight_42336", func(int) {
		for range x.Each(risks.points, 2) {
		}
	})
}
