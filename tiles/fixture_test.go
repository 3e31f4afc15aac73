package tiles_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/tiles"
)

// The fixture is a small town on the lattice of 10⁻⁹ degrees: a partition
// with winding shared edges and its outline, buildings with and without
// courtyards, roads, points, zones of two kinds, and a table.

var town = orb.Bound{Min: orb.Point{114.08, 22.53}, Max: orb.Point{114.20, 22.61}}

const (
	columns = 12
	lines   = 9
)

func lattice(v float64) float64 { return float64(int64(math.Round(v*1e9))) / 1e9 }

func at(x, y float64) orb.Point {
	return orb.Point{
		lattice(town.Min[0] + x/columns*(town.Max[0]-town.Min[0])),
		lattice(town.Min[1] + y/lines*(town.Max[1]-town.Min[1])),
	}
}

// node is a corner of cells, moved from its place by a random part of a cell.
func node(i, j int) orb.Point {
	r := rand.New(rand.NewPCG(uint64(i), uint64(j)))
	x, y := float64(i), float64(j)
	if i > 0 && i < columns {
		x += 0.5*r.Float64() - 0.25
	}
	if j > 0 && j < lines {
		y += 0.5*r.Float64() - 0.25
	}
	return at(x, y)
}

// edge winds from a to b; the same in both directions.
func edge(a, b orb.Point) []orb.Point {
	if a[0] > b[0] || a[0] == b[0] && a[1] > b[1] {
		path := edge(b, a)
		back := make([]orb.Point, len(path))
		for i, p := range path {
			back[len(path)-1-i] = p
		}
		return back
	}
	r := rand.New(rand.NewPCG(math.Float64bits(a[0]), math.Float64bits(b[1])))
	return bend(r, a, b, 5)
}

func bend(r *rand.Rand, a, b orb.Point, depth int) []orb.Point {
	if depth == 0 {
		return []orb.Point{a, b}
	}
	shift := 0.2 * (r.Float64() - 0.5)
	middle := orb.Point{
		lattice((a[0]+b[0])/2 - shift*(b[1]-a[1])),
		lattice((a[1]+b[1])/2 + shift*(b[0]-a[0])),
	}
	return append(bend(r, a, middle, depth-1), bend(r, middle, b, depth-1)[1:]...)
}

func ring(corners ...orb.Point) orb.Ring {
	closed := orb.Ring{corners[0]}
	for i, a := range corners {
		closed = append(closed, edge(a, corners[(i+1)%len(corners)])[1:]...)
	}
	return closed
}

func cells() []spatial.Row {
	var rows []spatial.Row
	for j := range lines {
		for i := range columns {
			id := int64(len(rows) + 1)
			cell := orb.Polygon{ring(node(i, j), node(i+1, j), node(i+1, j+1), node(i, j+1))}
			rows = append(rows, spatial.Row{ID: id, Geometry: cell, Values: []spatial.Value{
				spatial.Text(fmt.Sprintf("44030300%06d", id)), spatial.Int(id*37%2000 - 50)}})
		}
	}
	return rows
}

func outline() []spatial.Row {
	var corners []orb.Point
	for i := range columns {
		corners = append(corners, node(i, 0))
	}
	for j := range lines {
		corners = append(corners, node(columns, j))
	}
	for i := range columns {
		corners = append(corners, node(columns-i, lines))
	}
	for j := range lines {
		corners = append(corners, node(0, lines-j))
	}
	return []spatial.Row{{ID: 1, Geometry: orb.Polygon{ring(corners...)}, Values: []spatial.Value{spatial.Text("罗湖区")}}}
}

func box(low orb.Point, width, height float64) orb.Ring {
	x, y := lattice(low[0]+width), lattice(low[1]+height)
	return orb.Ring{low, {x, low[1]}, {x, y}, {low[0], y}, low}
}

func buildings() []spatial.Row {
	r := rand.New(rand.NewPCG(1, 2))
	var rows []spatial.Row
	for id := int64(1); id <= 400; id++ {
		corner := at(r.Float64()*columns, r.Float64()*lines)
		shape := orb.Polygon{box(corner, 0.0004, 0.0003)}
		if id%3 == 0 {
			yard := box(orb.Point{lattice(corner[0] + 0.0001), lattice(corner[1] + 0.0001)}, 0.0002, 0.0001)
			shape = append(shape, yard) // wound like the shell, as many files have it
		}
		var geometry orb.Geometry = shape
		if id%10 == 0 {
			geometry = orb.MultiPolygon{shape, {box(orb.Point{lattice(corner[0] + 0.001), corner[1]}, 0.0002, 0.0002)}}
		}
		rows = append(rows, spatial.Row{ID: id * 2, Geometry: geometry, Values: buildingValues(id)})
	}
	return rows
}

func buildingValues(id int64) []spatial.Value {
	values := []spatial.Value{
		spatial.Text(fmt.Sprintf("楼%d", id%7)), spatial.Int(id % 33), spatial.Float(float64(id) / 4),
		spatial.Bool(id%2 == 0), spatial.Date(time.Date(2000, 1, int(id), 0, 0, 0, 0, time.UTC)),
		spatial.Time(time.Date(2024, 11, 4, 8, int(id), 0, 0, time.UTC)), spatial.Text("detail"),
	}
	if id%5 == 0 {
		values[id%6] = spatial.Null
	}
	return values
}

func roads() []spatial.Row {
	r := rand.New(rand.NewPCG(3, 4))
	var rows []spatial.Row
	for id := int64(1); id <= 60; id++ {
		road := func() orb.LineString {
			return edge(at(r.Float64()*columns, r.Float64()*lines), at(r.Float64()*columns, r.Float64()*lines))
		}
		row := spatial.Row{ID: id, Geometry: road(), Values: []spatial.Value{spatial.Text(fmt.Sprintf("路%d", id))}}
		if id%6 == 0 {
			row.Geometry = orb.MultiLineString{road(), road()}
		}
		rows = append(rows, row)
	}
	return rows
}

func points() []spatial.Row {
	r := rand.New(rand.NewPCG(5, 6))
	var rows []spatial.Row
	for id := int64(1); id <= 1500; id++ {
		p := at(r.Float64()*columns, r.Float64()*lines)
		row := spatial.Row{ID: id, Geometry: p, Values: []spatial.Value{spatial.Text([]string{"低", "一般", "较大"}[id%3]), spatial.Null}}
		switch {
		case id%100 == 0:
			row.Geometry = nil
		case id%50 == 0:
			row.Geometry = orb.MultiPoint{p, at(r.Float64()*columns, r.Float64()*lines)}
		}
		rows = append(rows, row)
	}
	return rows
}

func zones() []spatial.Row {
	return []spatial.Row{
		{ID: 1, Geometry: orb.Polygon{box(at(3, 3), 0.01, 0.01)}},
		{ID: 2, Geometry: at(4, 4)},
		{ID: 3, Geometry: orb.LineString(edge(at(1, 1), at(9, 8)))},
	}
}

func schema(id spatial.LayerID, kind spatial.GeometryKind, fields ...spatial.Field) *spatial.Schema {
	return &spatial.Schema{ID: id, Title: spatial.Title{ZH: "图层", EN: "Layer " + string(id)}, Geometry: kind, Fields: fields, Synthetic: true, AsOf: "2024-11-04"}
}

func layer(t testing.TB, version spatial.Version, schema *spatial.Schema, rows []spatial.Row) *spatial.Layer {
	t.Helper()
	if err := schema.Validate(); err != nil {
		t.Fatal(err)
	}
	made, err := spatial.NewLayer(schema, version, func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if err := schema.ValidateRow(row); err != nil {
				t.Fatal(err)
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func text(name string) spatial.Field { return spatial.Field{Name: name, Type: spatial.TypeText} }

func typed(name string, typ spatial.Type) spatial.Field {
	return spatial.Field{Name: name, Type: typ}
}

// fixture is the town at version 1.
func fixture(t testing.TB) *spatial.Snapshot {
	t.Helper()
	secret := text("secret")
	secret.Detail = true
	residents := spatial.Field{Name: "residents", Type: spatial.TypeInt, Title: spatial.Title{ZH: "居民", EN: "Residents"}, Unit: "persons"}
	return spatial.New(1,
		layer(t, 1, schema("districts", spatial.Polygons, text("name")), outline()),
		layer(t, 1, schema("grids", spatial.Polygons, text("code"), residents), cells()),
		layer(t, 1, schema("buildings", spatial.Polygons, text("name"), typed("storeys", spatial.TypeInt), typed("height", spatial.TypeFloat),
			typed("lift", spatial.TypeBool), typed("built", spatial.TypeDate), typed("seen", spatial.TypeTime), secret), buildings()),
		layer(t, 1, schema("roads", spatial.Lines, text("name")), roads()),
		layer(t, 1, schema("risk_points", spatial.Points, text("level"), text("nothing")), points()),
		layer(t, 1, schema("zones", spatial.Points|spatial.Lines|spatial.Polygons), zones()),
		layer(t, 1, schema("statistics", spatial.NoGeometry, text("name")), []spatial.Row{{ID: 1, Values: []spatial.Value{spatial.Text("人口")}}}),
	)
}

// layersOf finds layers of a snapshot.
func layersOf(t testing.TB, s *spatial.Snapshot, ids ...spatial.LayerID) []*spatial.Layer {
	t.Helper()
	layers := make([]*spatial.Layer, len(ids))
	for i, id := range ids {
		var err error
		if layers[i], err = s.Layer(id); err != nil {
			t.Fatal(err)
		}
	}
	return layers
}

// everything lists the fixture's layers.
func everything() []spatial.LayerID {
	return []spatial.LayerID{"districts", "grids", "buildings", "roads", "risk_points", "zones", "statistics"}
}

// encode is a tile of layers as they are shown to who asks for nothing special.
func encode(t testing.TB, layers []*spatial.Layer, id tiles.ID) []byte {
	t.Helper()
	content, err := tiles.Encode(tiles.View{Layers: layers}, id)
	if err != nil {
		t.Fatal(err)
	}
	return content.Bytes
}

// view shows layers of a snapshot.
func view(t testing.TB, s *spatial.Snapshot, layers ...spatial.LayerID) tiles.View {
	t.Helper()
	v, err := tiles.NewView(s, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
