package api

import (
	"fmt"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

// house is a building of the town with who lives in it.
type house struct {
	code, name       string
	x, y             float64 // of its corner, in hundredths of a degree as for [square]
	residents, rooms int64
}

// houseSize is the side of a house in hundredths of a degree, some 20 m.
const houseSize = 0.02

func (h house) shape() orb.Polygon {
	return orb.Bound{Min: spot(h.x, h.y), Max: spot(h.x+houseSize, h.y+houseSize)}.ToPolygon()
}

// The town's grids, as in [district]: 新秀01 and 18, 新兴13 and 14, side by side.
const (
	xinxiu01  = "44030300200701"
	xinxiu18  = "44030300200718"
	xinxing13 = "44030300201713"
	xinxing14 = "44030300201714"
)

// houses stand in the grids of the town; 深水楼 is next to the edge.
var houses = []house{
	{xinxiu01 + "00001", "一号楼", 0.5, 0.5, 700, 400},
	{xinxiu18 + "00001", "秀楼", 1.3, 0.5, 800, 390},
	{xinxiu18 + "00002", "深水楼", 1.95, 0.5, 1, 5},
	{xinxing13 + "00001", "兴楼", 2.5, 0.5, 900, 350},
	{xinxing13 + "00002", "小楼", 2.7, 0.2, 3, 2},
	{xinxing14 + "00001", "末楼", 3.5, 0.5, 600, 310},
}

// town is a district of four grids that can be redrawn, with buildings and
// risk points that go with the ground. Its data are real unless synthetic.
func town(t testing.TB, synthetic bool) *spatial.Snapshot {
	t.Helper()
	var layers []*spatial.Layer
	for _, l := range townLayers() {
		l.schema.Synthetic = synthetic
		layers = append(layers, layer(t, l.schema, l.rows...))
	}
	s := spatial.New(7, layers...)
	if faults := data.Check(s).Faults; len(faults) > 0 {
		t.Fatal(faults)
	}
	return s
}

type townLayer struct {
	schema *spatial.Schema
	rows   []spatial.Row
}

func townLayers() []townLayer {
	wide := func(x, width float64) orb.Polygon {
		var above, ring orb.Ring
		for i := 0.0; i <= width; i++ {
			ring, above = append(ring, spot(x+i, 0)), append(above, spot(x+width-i, 1))
		}
		return orb.Polygon{append(append(ring, above...), ring[0])}
	}
	division := []struct {
		layer, above, below spatial.LayerID
		digits              int
		areas               []spatial.Row
	}{
		{"districts", "", "streets", 6, []spatial.Row{area(1, wide(0, 4), "440303", "罗湖区")}},
		{"streets", "districts", "communities", 9, []spatial.Row{area(1, wide(0, 4), "440303002", "黄贝街道", "440303")}},
		{"communities", "streets", "grids", 12, []spatial.Row{area(1, wide(0, 2), "440303002007", "新秀社区", "440303002"), area(2, wide(2, 2), "440303002017", "新兴社区", "440303002")}},
		{"grids", "communities", "buildings", 14, []spatial.Row{
			area(11, square(0, 0), xinxiu01, "新秀社区01网格", "440303002007"), area(12, square(1, 0), xinxiu18, "新秀社区18网格", "440303002007"),
			area(13, square(2, 0), xinxing13, "新兴社区13网格", "440303002017"), area(14, square(3, 0), xinxing14, "新兴社区14网格", "440303002017")}},
	}
	var all []townLayer
	for _, d := range division {
		fields := []spatial.Field{{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: d.digits}, {Name: "name", Type: spatial.TypeText}}
		if d.above != "" {
			fields[0].Prefix = "above_code"
			fields = append(fields, spatial.Field{Name: "above_code", Type: spatial.TypeText, References: d.above})
		}
		if d.layer == "grids" {
			fields = append(fields, spatial.Field{Name: "number", Type: spatial.TypeInt})
		}
		fields = append(fields,
			spatial.Field{Name: "residents", Type: spatial.TypeInt, SumOver: d.below, Personal: true, Title: spatial.Title{ZH: "实有人口"}},
			spatial.Field{Name: "rooms", Type: spatial.TypeInt, SumOver: d.below, Personal: true, Title: spatial.Title{ZH: "房屋间套"}})
		count := spatial.Field{Name: "buildings", Type: spatial.TypeInt, SumOver: d.below, Title: spatial.Title{ZH: "楼栋数"}}
		if d.layer == "grids" {
			count.CountOf, count.SumOver = "buildings", ""
		}
		fields = append(fields, count)
		for i := range d.areas {
			d.areas[i].Values = withTotals(d.layer, d.areas[i].Values)
		}
		all = append(all, townLayer{&spatial.Schema{ID: d.layer, Title: spatial.Title{ZH: "区划", EN: "Division"}, Geometry: spatial.Polygons, Group: "grid", Partition: true,
			Code: "code", Label: "name", AsOf: "2024-12-30", Fields: fields}, d.areas})
	}
	return append(all, townBuildings(), townRisks())
}

// withTotals adds what the houses in an area sum up to.
func withTotals(layer spatial.LayerID, values []spatial.Value) []spatial.Value {
	code := values[0].Text()
	var residents, rooms, count int64
	for _, h := range houses {
		if len(h.code) > len(code) && within(code, h.code) {
			residents, rooms, count = residents+h.residents, rooms+h.rooms, count+1
		}
	}
	if layer == "grids" {
		values = append(values, spatial.Int(int64(10*(code[12]-'0')+code[13]-'0')))
	}
	return append(slices.Clone(values), spatial.Int(residents), spatial.Int(rooms), spatial.Int(count))
}

// within says whether a house stands in an area, by its code.
func within(area, house string) bool { return house[:len(area)] == area }

func townBuildings() townLayer {
	l := townLayer{schema: &spatial.Schema{ID: "buildings", Title: spatial.Title{ZH: "楼栋", EN: "Buildings"}, Geometry: spatial.Polygons, Group: "people", Code: "code", Label: "name", AsOf: "2024-11-21",
		Fields: []spatial.Field{{Name: "code", Type: spatial.TypeText, Required: true, Unique: true, Digits: 19, Prefix: "grid"}, {Name: "name", Type: spatial.TypeText},
			{Name: "grid", Type: spatial.TypeText, References: "grids", Digits: 14}, {Name: "residents", Type: spatial.TypeInt, Personal: true}, {Name: "rooms", Type: spatial.TypeInt, Personal: true}}}}
	for i, h := range houses {
		l.rows = append(l.rows, spatial.Row{ID: int64(i + 1), Geometry: h.shape(),
			Values: []spatial.Value{text(h.code), text(h.name), text(h.code[:14]), spatial.Int(h.residents), spatial.Int(h.rooms)}})
	}
	return l
}

func townRisks() townLayer {
	l := townLayer{schema: &spatial.Schema{ID: "risk_points", Title: spatial.Title{ZH: "风险点位", EN: "Risk points"}, Geometry: spatial.Points, Group: "risk", Label: "name", AsOf: "2024-12-30",
		Fields: []spatial.Field{{Name: "name", Type: spatial.TypeText}, {Name: "grid", Type: spatial.TypeText, References: "grids"},
			{Name: "level", Type: spatial.TypeText, Values: []spatial.Label{{Value: "general", Color: "#fc0"}, {Value: "low", Color: "#06c"}}}}}}
	for i, h := range houses {
		level := text("low")
		if i%2 == 0 {
			level = spatial.Null
		}
		l.rows = append(l.rows, spatial.Row{ID: int64(i + 1), Geometry: spot(h.x, h.y), Values: []spatial.Value{text(fmt.Sprint("风险", i)), text(h.code[:14]), level}})
	}
	return l
}
