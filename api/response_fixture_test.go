package api

import (
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// roadTown is the town with roads and two stations. Coordinates are hundredths
// of a degree, about a kilometre, as for [spot]:
//
//	0.9   +-----------北环路-----------+
//	      |西街       |中街       东街|
//	0.45  +--西站-+--沿河路--+--东站---+-----+  外路, outside the town
//	     0.1    0.6,1.4   2        3.9   4.8
//
// Lanes meet 沿河路 at 0.6 and 1.4. A bridge goes over 沿河路 at 1 and does not meet it; an island of a road lies
// at 1 in the south.
func roadTown(t testing.TB, synthetic bool) *spatial.Snapshot {
	t.Helper()
	var layers []*spatial.Layer
	for l := range town(t, synthetic).Layers() {
		layers = append(layers, l)
	}
	return spatial.New(7, append(layers, townRoads(t), townStations(t))...)
}

func townRoads(t testing.TB) *spatial.Layer {
	road := func(id int64, name string, oneway bool, at ...orb.Point) spatial.Row {
		return spatial.Row{ID: id, Geometry: orb.LineString(at), Values: []spatial.Value{text(name), text("local"), spatial.Bool(oneway)}}
	}
	return layer(t, &spatial.Schema{ID: "roads", Title: spatial.Title{ZH: "道路", EN: "Roads"}, Geometry: spatial.Lines, Group: "base", Label: "name", AsOf: "2024-12-30", Synthetic: true,
		Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}, {Name: "class", Type: spatial.TypeText}, {Name: "oneway", Type: spatial.TypeBool}}},
		road(1, "沿河路", false, spot(0.1, 0.45), spot(0.6, 0.45), spot(1.4, 0.45), spot(2, 0.45), spot(3.9, 0.45)),
		road(2, "北环路", false, spot(0.1, 0.9), spot(2, 0.9), spot(3.9, 0.9)),
		road(3, "西街", false, spot(0.1, 0.45), spot(0.1, 0.9)),
		road(4, "中街", false, spot(2, 0.45), spot(2, 0.9)),
		road(5, "东街", false, spot(3.9, 0.45), spot(3.9, 0.9)),
		road(6, "外路", false, spot(3.9, 0.45), spot(4.8, 0.45)),
		road(7, "高架桥", false, spot(1, 0.6), spot(1, 0.3)),
		road(8, "孤岛路", false, spot(1, 0.1), spot(1.2, 0.1)),
		road(9, "界外路", false, spot(4.5, 0.3), spot(4.8, 0.3)),
		road(10, "短巷", false, spot(0.6, 0.45), spot(0.6, 0.4)),
		road(11, "短巷", false, spot(1.4, 0.45), spot(1.4, 0.4)))
}

func townStations(t testing.TB) *spatial.Layer {
	station := func(id int64, x float64, name, kind, skills string, turnout int64, available bool) spatial.Row {
		return spatial.Row{ID: id, Geometry: spot(x, 0.46), Values: []spatial.Value{text(name), text(kind), text(skills), spatial.Int(turnout), spatial.Bool(available)}}
	}
	return layer(t, &spatial.Schema{ID: "response_points", Title: spatial.Title{ZH: "应急管理服务站", EN: "Response points"}, Geometry: spatial.Points, Group: "response", Label: "name", AsOf: "2024-11-21", Synthetic: true,
		Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}, {Name: "kind", Type: spatial.TypeText, Values: []spatial.Label{{Value: "service_station"}, {Value: "fire_station"}}},
			{Name: "skills", Type: spatial.TypeText}, {Name: "turnout", Type: spatial.TypeInt}, {Name: "available", Type: spatial.TypeBool}}},
		station(1, 0.3, "西站", "service_station", "抢险、排水", 60, true), station(2, 3.7, "东站", "fire_station", "灭火", 120, true), station(3, 1.9, "中站", "fire_station", "灭火,抢险", 60, false))
}
