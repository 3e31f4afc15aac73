package format

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/format/osmtest"
	"wangge/spatial"
	"wangge/spatial/road"
)

type tags = map[string]string

// node n stands at 114.1° + n/1000 and 22.5° + n/1000.
func nodesUpTo(n int64) []osmtest.Node {
	var nodes []osmtest.Node
	for i := int64(1); i <= n; i++ {
		nodes = append(nodes, osmtest.Node{ID: i, Lon: 114.1 + float64(i)/1000, Lat: 22.5 + float64(i)/1000})
	}
	return nodes
}

func place(n int64) orb.Point {
	return orb.Point{latticed(114.1 + float64(n)/1000), latticed(22.5 + float64(n)/1000)}
}

func streetOf(id int64, nodes ...int64) osmtest.Way {
	return osmtest.Way{ID: id, Nodes: nodes, Tags: tags{"highway": "residential"}}
}

func inRole(kind osmtest.Kind, id int64, role string) osmtest.Member {
	return osmtest.Member{Kind: kind, ID: id, Role: role}
}

// roadOf reads an extract of one way with tags, over nodes 1 and 2.
func roadOf(t *testing.T, tags tags) (row *spatial.Row, left map[string]int) {
	t.Helper()
	e := osmtest.Extract{Nodes: nodesUpTo(4), Ways: []osmtest.Way{{ID: 7, Nodes: []int64{1, 2}, Tags: tags}, {ID: 8, Nodes: []int64{3, 4}, Tags: map[string]string{"highway": "service"}}}}
	read, err := readOSM(bytes.NewReader(e.PBF()))
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Roads) == 2 {
		row = &read.Roads[0]
	}
	return row, read.Left
}

func valuesOf(row *spatial.Row) map[string]string {
	values := map[string]string{}
	for i, f := range road.Schema().Fields {
		if v := row.Values[i]; !v.IsNull() && f.Name != "length" {
			values[f.Name] = v.String()
		}
	}
	return values
}

func TestOSMTags(t *testing.T) {
	usual := tags{"class": "local", "oneway": "false", "bridge": "false", "tunnel": "false", "closed": "false", "layer": "0", "way": "7"}
	with := func(more tags) tags {
		all := maps.Clone(usual)
		maps.Copy(all, more)
		return all
	}
	tests := map[string]struct {
		tags     tags
		want     tags // nil: left out
		backward bool
		left     string
	}{
		"a street":                     {tags{"highway": "residential"}, usual, false, ""},
		"names in three languages":     {tags{"highway": "residential", "name": "Shennan Rd", "name:zh": "深南路", "name:en": "Shennan Road"}, with(tags{"name": "深南路", "name_en": "Shennan Road"}), false, ""},
		"a number for a name":          {tags{"highway": "trunk", "ref": "G205"}, with(tags{"class": "expressway", "name": "G205"}), false, ""},
		"one-way":                      {tags{"highway": "residential", "oneway": "yes"}, with(tags{"oneway": "true"}), false, ""},
		"one-way against its line":     {tags{"highway": "residential", "oneway": "-1"}, with(tags{"oneway": "true"}), true, ""},
		"a roundabout":                 {tags{"highway": "primary", "junction": "roundabout"}, with(tags{"class": "arterial", "oneway": "true"}), false, ""},
		"a roundabout both ways":       {tags{"highway": "primary", "junction": "roundabout", "oneway": "no"}, with(tags{"class": "arterial"}), false, ""},
		"a motorway is one-way":        {tags{"highway": "motorway"}, with(tags{"class": "expressway", "oneway": "true"}), false, ""},
		"a tidal street":               {tags{"highway": "residential", "oneway": "reversible"}, with(tags{"access": "no"}), false, "direction changes"},
		"a limit":                      {tags{"highway": "residential", "maxspeed": "40"}, with(tags{"speed": "40"}), false, ""},
		"a limit with its unit":        {tags{"highway": "residential", "maxspeed": "40 km/h"}, with(tags{"speed": "40"}), false, ""},
		"a limit in miles":             {tags{"highway": "residential", "maxspeed": "30 mph"}, with(tags{"speed": "48"}), false, ""},
		"a limit in miles, no space":   {tags{"highway": "residential", "maxspeed": "30mph"}, with(tags{"speed": "48"}), false, ""},
		"a limit in knots":             {tags{"highway": "residential", "maxspeed": "5 knots"}, usual, false, "speed limits in words"},
		"a limit in words":             {tags{"highway": "residential", "maxspeed": "CN:urban"}, usual, false, "speed limits in words"},
		"no limit":                     {tags{"highway": "motorway", "maxspeed": "none"}, with(tags{"class": "expressway", "oneway": "true"}), false, ""},
		"walking pace":                 {tags{"highway": "living_street", "maxspeed": "walk"}, with(tags{"class": "lane", "speed": "5"}), false, ""},
		"a bridge":                     {tags{"highway": "residential", "bridge": "viaduct", "layer": "2"}, with(tags{"bridge": "true", "layer": "2"}), false, ""},
		"a tunnel":                     {tags{"highway": "residential", "tunnel": "yes", "layer": "-1"}, with(tags{"tunnel": "true", "layer": "-1"}), false, ""},
		"no bridge":                    {tags{"highway": "residential", "bridge": "no"}, usual, false, ""},
		"private":                      {tags{"highway": "service", "access": "private"}, with(tags{"class": "lane", "access": "private"}), false, ""},
		"private, but for emergencies": {tags{"highway": "service", "access": "private", "emergency": "yes"}, with(tags{"class": "lane", "access": "vehicles"}), false, ""},
		"no cars":                      {tags{"highway": "service", "motor_vehicle": "no"}, with(tags{"class": "lane", "access": "foot"}), false, ""},
		"cars after all":               {tags{"highway": "service", "access": "no", "motor_vehicle": "yes"}, with(tags{"class": "lane", "access": "vehicles"}), false, ""},
		"nobody":                       {tags{"highway": "service", "access": "no"}, with(tags{"class": "lane", "access": "no"}), false, ""},
		"customers":                    {tags{"highway": "service", "access": "customers"}, with(tags{"class": "lane"}), false, ""},
		"a footway":                    {tags{"highway": "footway", "oneway": "yes"}, with(tags{"class": "footway"}), false, ""},
		"a private footway":            {tags{"highway": "footway", "access": "private"}, with(tags{"class": "footway", "access": "private"}), false, ""},
		"a square":                     {tags{"highway": "pedestrian", "area": "yes"}, nil, false, "ways around an area"},
		"not built yet":                {tags{"highway": "construction"}, nil, false, "ways of highway=construction"},
		"a river":                      {tags{"waterway": "river"}, nil, false, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			row, left := roadOf(t, test.tags)
			if test.want == nil && row != nil || test.want != nil && row == nil {
				t.Fatalf("row %v", row)
			}
			if row != nil {
				if got := valuesOf(row); !maps.Equal(got, test.want) {
					t.Errorf("%v\nwant %v", got, test.want)
				}
				if got := row.Geometry.(orb.LineString)[0] == place(2); got != test.backward {
					t.Errorf("runs backward: %v", got)
				}
			}
			if fmt.Sprint(left) == "map[]" != (test.left == "") || !strings.Contains(fmt.Sprint(left), test.left) {
				t.Errorf("left %v, want %q", left, test.left)
			}
		})
	}
}

// TestOSMTurns: a crossing of ways 1 (nodes 1 2 3) and 2 (nodes 4 2 5), and way 3
// (nodes 2 6) that ends there.
func TestOSMTurns(t *testing.T) {
	from, to, via := inRole(osmtest.OfWay, 3, "from"), inRole(osmtest.OfWay, 4, "to"), inRole(osmtest.OfNode, 2, "via")
	simple := []osmtest.Member{from, via, to}
	tests := map[string]struct {
		tags    tags
		members []osmtest.Member
		want    string // kind; "" if it is left out
		left    string
	}{
		"no left turn":            {tags{"restriction": "no_left_turn"}, simple, "no", ""},
		"only straight on":        {tags{"restriction": "only_straight_on"}, simple, "only", ""},
		"for cars":                {tags{"restriction:motorcar": "no_left_turn"}, simple, "no", ""},
		"for lorries":             {tags{"restriction:hgv": "no_left_turn"}, simple, "", "another kind"},
		"at night":                {tags{"restriction:conditional": "no_left_turn @ (22:00-06:00)"}, simple, "", "another kind"},
		"not for fire engines":    {tags{"restriction": "no_left_turn", "except": "bus; emergency"}, simple, "", "emergency"},
		"over a way":              {tags{"restriction": "no_u_turn"}, []osmtest.Member{from, inRole(osmtest.OfWay, 1, "via"), to}, "", "over a way"},
		"from several":            {tags{"restriction": "no_entry"}, []osmtest.Member{from, inRole(osmtest.OfWay, 1, "from"), via, to}, "", "several ways"},
		"from a way that goes on": {tags{"restriction": "no_left_turn"}, []osmtest.Member{inRole(osmtest.OfWay, 1, "from"), via, to}, "", "which side"},
		"to a way that is none":   {tags{"restriction": "no_left_turn"}, []osmtest.Member{from, via, inRole(osmtest.OfWay, 99, "to")}, "", "no roads"},
		"back where one came":     {tags{"restriction": "no_u_turn"}, []osmtest.Member{from, via, inRole(osmtest.OfWay, 3, "to")}, "no", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			street := streetOf
			all := tags{"type": "restriction"}
			maps.Copy(all, test.tags)
			e := osmtest.Extract{Nodes: nodesUpTo(7), Ways: []osmtest.Way{street(1, 1, 2, 3), street(2, 4, 2, 5), street(3, 2, 6), street(4, 7, 2)},
				Relations: []osmtest.Relation{{ID: 11, Members: test.members, Tags: all}}}
			read, err := readOSM(bytes.NewReader(e.PBF()))
			if err != nil {
				t.Fatal(err)
			}
			if (len(read.Turns) == 1) != (test.want != "") || fmt.Sprint(read.Left) == "map[]" != (test.left == "") || !strings.Contains(fmt.Sprint(read.Left), test.left) {
				t.Fatalf("turns %v, left %v", read.Turns, read.Left)
			}
			if test.want == "" {
				return
			}
			turn := read.Turns[0]
			last := place(7)
			if name == "back where one came" {
				last = place(6)
			}
			want := fmt.Sprint(test.want, place(6), place(2), last)
			v := turn.Values
			if got := fmt.Sprint(v[0].Text(), orb.Point{v[1].Float(), v[2].Float()}, turn.Geometry, orb.Point{v[3].Float(), v[4].Float()}); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// TestOSMNetwork: what is read becomes a network whose roads meet at shared nodes
// only, and which obeys its restrictions.
func TestOSMNetwork(t *testing.T) {
	nodes := []osmtest.Node{{ID: 1, Lon: 114.1, Lat: 22.5}, {ID: 2, Lon: 114.101, Lat: 22.5}, {ID: 3, Lon: 114.102, Lat: 22.5}, {ID: 4, Lon: 114.101, Lat: 22.499}, {ID: 5, Lon: 114.101, Lat: 22.501},
		{ID: 6, Lon: 114.1015, Lat: 22.499}, {ID: 7, Lon: 114.1015, Lat: 22.5}, {ID: 8, Lon: 114.1015, Lat: 22.501}, {ID: 9, Lon: 114.101, Lat: 22.5, Tags: tags{"barrier": "bollard"}}, {ID: 10, Lon: 114.1, Lat: 22.499}}
	street := func(id int64, nodes ...int64) osmtest.Way {
		return osmtest.Way{ID: id, Nodes: nodes, Tags: tags{"highway": "residential"}}
	}
	bridge := osmtest.Way{ID: 3, Nodes: []int64{6, 8}, Tags: tags{"highway": "residential", "bridge": "yes", "layer": "1"}}
	e := osmtest.Extract{Nodes: nodes, Seconds: 1_600_000_000,
		Ways: []osmtest.Way{street(1, 1, 2), street(2, 2, 7, 3), street(4, 4, 2, 5), bridge, street(5, 9, 10), street(6, 1, 77, 2)},
		Relations: []osmtest.Relation{{ID: 11, Tags: tags{"type": "restriction", "restriction": "no_straight_on"},
			Members: []osmtest.Member{inRole(osmtest.OfWay, 1, "from"), inRole(osmtest.OfNode, 2, "via"), inRole(osmtest.OfWay, 2, "to")}}}}
	path := filepath.Join(t.TempDir(), "town.osm.pbf")
	if err := os.WriteFile(path, e.PBF(), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := ReadOSM(path)
	if err != nil {
		t.Fatal(err)
	}
	if read.AsOf != "2020-09-13" || read.Ways != 6 || len(read.Turns) != 1 {
		t.Errorf("%+v", read)
	}
	want := tags{"nodes at the position of another, moved 0.1 mm apart": "1", "gates, bollards and the like on roads, which are not obeyed": "1", "ways of fewer than two nodes in the extract": "1"}
	for reason, n := range read.Left {
		if want[reason] != fmt.Sprint(n) {
			t.Errorf("%d %s", n, reason)
		}
	}
	roads, turns := rowsIn(t, road.Schema(), read.Roads), rowsIn(t, road.TurnSchema(), read.Turns)
	n, err := road.New(roads, turns)
	if err != nil {
		t.Fatal(err)
	}
	g, err := n.Profile("driving")
	if err != nil {
		t.Fatal(err)
	}
	at := func(lon, lat float64) road.Position { p, _ := g.Snap(orb.Point{lon, lat}); return p }
	west, east, north := at(114.1002, 22.5), at(114.1019, 22.5), at(114.101, 22.5008)
	for name, test := range map[string]struct {
		from, to road.Position
		ok       bool
		around   bool // through a side street and back
	}{
		"straight on":      {west, east, true, true},
		"back":             {east, west, true, false},
		"to the left":      {west, north, true, false},
		"up to the bridge": {east, at(114.1015, 22.5009), false, false},
		"to the twin node": {west, at(114.1003, 22.4993), false, false},
	} {
		route, ok := g.Route(test.from, test.to)
		if ok != test.ok || ok && (route.Length > 300) != test.around {
			t.Errorf("%s: a way of %g m %v, want %v, around %v", name, route.Length, ok, test.ok, test.around)
		}
	}
}

func rowsIn(t *testing.T, schema *spatial.Schema, rows []spatial.Row) *spatial.Layer {
	t.Helper()
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func TestReadOSMRefuses(t *testing.T) {
	whole := osmtest.Extract{Nodes: nodesUpTo(2), Ways: []osmtest.Way{streetOf(1, 1, 2)}}.PBF()
	for name, test := range map[string]struct {
		bytes []byte
		want  string
	}{
		"nothing":        {nil, "file_empty"},
		"no roads":       {osmtest.Extract{Nodes: nodesUpTo(2)}.PBF(), "file_empty"},
		"not an extract": {[]byte("PK\x03\x04 and something else"), "osm_pbf"},
		"cut short":      {whole[:len(whole)-9], "osm_pbf"},
		"XML":            {[]byte(`<?xml version="1.0"?><osm version="0.6"></osm>`), "osm_pbf"},
	} {
		if _, err := readOSM(bytes.NewReader(test.bytes)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// FuzzReadOSM: whatever the bytes, there is an answer or an error.
func FuzzReadOSM(f *testing.F) {
	f.Add(osmtest.Extract{Nodes: nodesUpTo(3), Ways: []osmtest.Way{streetOf(1, 1, 2, 3)}}.PBF())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		_, _ = readOSM(bytes.NewReader(b))
	})
}
