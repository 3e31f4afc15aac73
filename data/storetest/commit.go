package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
)

// set is a row with one value replaced.
func set(row spatial.Row, field int, v spatial.Value) spatial.Row {
	values := append([]spatial.Value(nil), row.Values...)
	values[field] = v
	row.Values = values
	return row
}

// put is a change of one layer on the sample district as filled.
func put(layer spatial.LayerID, rows ...spatial.Row) spatial.Change {
	return spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: layer, Put: rows}}}
}

func (k kind) testCommit(t *testing.T) {
	store := k.filled(t)
	state := load(t, store)
	for i, c := range []spatial.Change{
		{Note: "one new, one replaced, one gone", Layers: []spatial.LayerChange{
			{Layer: "grids", Put: []spatial.Row{gridRow(3, 7, 3), set(gridRow(2, 7, 18), gridTag, spatial.Int(7))}, Delete: []int64{5}}}},
		{Note: "between, before and after", Layers: []spatial.LayerChange{
			{Layer: "zoo", Put: []spatial.Row{zooRow(1000, orb.Point{1, 2}), zooRow(2, nil), zooRow(5, square(1, 2, 3))}}}},
		{Note: "several layers at once", Layers: []spatial.LayerChange{
			{Layer: "figures", Delete: []int64{3, 4}},
			{Layer: "zoo", Delete: []int64{1}},
			{Layer: "grids", Delete: []int64{9}}}},
		{Note: "a referring row and the row it refers to", Layers: []spatial.LayerChange{
			{Layer: "grids", Put: []spatial.Row{gridRow(20, 9, 1)}},
			{Layer: "communities", Put: []spatial.Row{{ID: 9, Values: []spatial.Value{spatial.Text("440303002009"), spatial.Null}}}}}},
		{Note: "both gone again, the one referred to first", Layers: []spatial.LayerChange{
			{Layer: "communities", Delete: []int64{9}},
			{Layer: "grids", Delete: []int64{20}}}},
		{Note: "a layer is touched and nothing in it", Layers: []spatial.LayerChange{{Layer: "zoo"}}},
		{Note: "nothing at all; \"quoted\" 'too' 空"},
	} {
		c.Base = state.Version()
		version := commit(t, store, c)
		if version != spatial.Version(i+2) {
			t.Fatalf("%s: version %d, want %d", c.Note, version, i+2)
		}
		state = apply(t, state, c, version)
		expect(t, store, state)
	}
}

func (k kind) testCreateAndDrop(t *testing.T) {
	store := k.filled(t)
	state := load(t, store)
	second := zooSchema()
	second.ID = "second"
	other := figureSchema()
	other.Fields = other.Fields[:1]
	for _, c := range []spatial.Change{
		{Create: []*spatial.Schema{second}, Layers: []spatial.LayerChange{{Layer: "second", Put: zooRows()}}},
		{Drop: []spatial.LayerID{"zoo"}},
		{Drop: []spatial.LayerID{"communities", "grids"}},
		{Create: []*spatial.Schema{zooSchema(), communitySchema(), gridSchema()}, Layers: []spatial.LayerChange{
			{Layer: "grids", Put: []spatial.Row{gridRow(1, 7, 1)}},
			{Layer: "communities", Put: district().rows["communities"]}}},
		{Drop: []spatial.LayerID{"figures"}, Create: []*spatial.Schema{other}, Layers: []spatial.LayerChange{
			{Layer: "figures", Put: []spatial.Row{{ID: 1, Values: []spatial.Value{spatial.Text("made anew")}}}}}},
		{Drop: []spatial.LayerID{"second", "zoo", "grids", "communities", "figures"}},
		{Create: []*spatial.Schema{figureSchema()}},
	} {
		c.Base = state.Version()
		state = apply(t, state, c, commit(t, store, c))
		expect(t, store, state)
	}
}

// testExchange: two rows take each other's unique value in one change.
func (k kind) testExchange(t *testing.T) {
	store := k.filled(t)
	state := load(t, store)
	c := put("grids", gridRow(1, 7, 18), gridRow(2, 7, 1))
	state = apply(t, state, c, commit(t, store, c))
	expect(t, store, state)
	c = spatial.Change{Base: 2, Layers: []spatial.LayerChange{
		{Layer: "grids", Delete: []int64{2}, Put: []spatial.Row{gridRow(30, 7, 1)}}}}
	state = apply(t, state, c, commit(t, store, c))
	expect(t, store, state)
}

func (k kind) testConflict(t *testing.T) {
	store := k.filled(t)
	for _, base := range []spatial.Version{0, 2, -1} {
		c := put("figures", spatial.Row{ID: 9, Values: make([]spatial.Value, 2)})
		c.Base = base
		if _, err := store.Commit(t.Context(), c); !errors.Is(err, spatial.ErrConflict) {
			t.Errorf("a change on version %d of a store at 1 gave %v, want ErrConflict", base, err)
		}
	}
	expect(t, store, districtSnapshot(t))
}

func wantInvalid(t *testing.T, err error, rule string) {
	t.Helper()
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		t.Errorf("rule %s: got %v, want an InvalidError", rule, err)
		return
	}
	if invalid.Rule != rule {
		t.Errorf("got rule %s (%v), want %s", invalid.Rule, err, rule)
	}
	if invalid.Detail == "" || invalid.Where == "" {
		t.Errorf("rule %s: detail %q and place %q must say something", rule, invalid.Detail, invalid.Where)
	}
}

// withGoodRow adds to a change a row and a removal that no rule is against.
func withGoodRow(c spatial.Change) spatial.Change {
	good := spatial.LayerChange{Layer: "figures", Put: []spatial.Row{{ID: 77, Values: make([]spatial.Value, 2)}}, Delete: []int64{3}}
	i := slices.IndexFunc(c.Layers, func(l spatial.LayerChange) bool { return l.Layer == good.Layer })
	if i >= 0 {
		good.Put = append(good.Put, c.Layers[i].Put...)
		c.Layers = slices.Delete(slices.Clone(c.Layers), i, i+1)
	}
	c.Layers = append([]spatial.LayerChange{good}, c.Layers...)
	return c
}

func (k kind) testRefusedRows(t *testing.T) {
	store := k.filled(t)
	want := districtSnapshot(t)
	for name, c := range refusedRows() {
		t.Run(name, func(t *testing.T) {
			// A good row beside the bad one must vanish with it.
			_, err := store.Commit(t.Context(), withGoodRow(c.change))
			wantInvalid(t, err, c.rule)
			expect(t, store, want)
		})
	}
	commit(t, store, put("grids", gridRow(77, 7, 77)))
}

// testPlaceOfFault: an outline that crosses itself is refused with a
// place on it.
func (k kind) testPlaceOfFault(t *testing.T) {
	store := k.filled(t)
	_, err := store.Commit(t.Context(), put("zoo", zooRow(500, orb.Polygon{bowTie()})))
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) || invalid.At == nil || !bowTie().Bound().Contains(*invalid.At) {
		t.Errorf("got %v, want a place on the outline", err)
	}
}

// bowTie crosses itself at 114.5, 22.5.
func bowTie() orb.Ring {
	return orb.Ring{{114, 22}, {115, 23}, {115, 22}, {114, 23}, {114, 22}}
}

type refused struct {
	rule   string
	change spatial.Change
}

func refusedRows() map[string]refused {
	grid := func(field int, v spatial.Value) spatial.Change { return put("grids", set(gridRow(3, 7, 3), field, v)) }
	open := square(1, 2, 3)
	open[0] = open[0][:4]
	return map[string]refused{
		"missing":         {"grids_code_required", grid(gridCode, spatial.Null)},
		"type":            {"grids_men_type", grid(gridMen, spatial.Text("two"))},
		"digits":          {"grids_code_digits", grid(gridCode, spatial.Text("4403030020073"))},
		"letters":         {"grids_code_digits", grid(gridCode, spatial.Text("44030300200７03"))},
		"not unicode":     {"grids_kind_unicode", grid(gridKind, spatial.Text("\xbb\xf9\xb4\xa1"))},
		"zero byte":       {"zoo_words_unicode", put("zoo", zooRow(500, nil, spatial.Text("a\x00b")))},
		"least":           {"grids_men_min", grid(gridMen, spatial.Int(-1))},
		"values":          {"grids_kind_values", grid(gridKind, spatial.Text("基础 "))},
		"prefix":          {"grids_code_prefix", grid(gridCode, spatial.Text("44030300201703"))},
		"sum":             {"grids_residents_sum", grid(gridResidents, spatial.Int(3))},
		"taken":           {"grids_code_unique", put("grids", gridRow(3, 7, 18))},
		"twice":           {"grids_code_unique", put("grids", gridRow(3, 7, 3), gridRow(4, 7, 3))},
		"number twice":    {"grids_tag_unique", put("grids", set(gridRow(3, 7, 3), gridTag, spatial.Int(1)), set(gridRow(4, 7, 4), gridTag, spatial.Int(1)))},
		"refers nowhere":  {"grids_community_references", put("grids", gridRow(3, 8, 3))},
		"still referred":  {"grids_community_references", spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: "communities", Delete: []int64{2}}}}},
		"renamed beneath": {"grids_community_references", put("communities", spatial.Row{ID: 1, Values: []spatial.Value{spatial.Text("440303002099"), spatial.Null}})},
		"kind":            {"grids_geom_kind", put("grids", spatial.Row{ID: 3, Geometry: orb.Point{1, 2}, Values: gridRow(3, 7, 3).Values})},
		"table":           {"figures_geom_kind", put("figures", spatial.Row{ID: 8, Geometry: orb.Point{1, 2}, Values: make([]spatial.Value, 2)})},
		"collection":      {"zoo_geom_kind", put("zoo", zooRow(500, orb.Collection{orb.Point{1, 2}}))},
		"bow tie":         {"grids_geom_valid", put("grids", spatial.Row{ID: 3, Geometry: orb.Polygon{bowTie()}, Values: gridRow(3, 7, 3).Values})},
		"hole outside":    {"zoo_geom_valid", put("zoo", zooRow(500, orb.MultiPolygon{{square(1, 2, 1)[0], square(3, 4, 1)[0]}}))},
		"open ring":       {"ring_closed", put("zoo", zooRow(500, open))},
		"off the globe":   {"position_on_earth", put("zoo", zooRow(500, orb.Point{12675000, 2570000}))},
		"empty":           {"geometry_empty", put("zoo", zooRow(500, orb.MultiPolygon{}))},
		"id":              {"id_positive", put("zoo", zooRow(0, nil))},
		"width":           {"row_width", put("zoo", spatial.Row{ID: 500, Values: make([]spatial.Value, 5)})},
	}
}

func (k kind) testRefusedChanges(t *testing.T) {
	store := k.filled(t)
	want := districtSnapshot(t)
	named := func(id spatial.LayerID) *spatial.Schema {
		s := figureSchema()
		s.ID = id
		return s
	}
	refers := named("refers")
	refers.Fields = []spatial.Field{{Name: "to", Type: spatial.TypeText, References: "nowhere"}}
	row := spatial.Row{ID: 5, Values: make([]spatial.Value, 2)}
	for name, c := range map[string]spatial.Change{
		"unknown layer":          put("nowhere", row),
		"unknown layer, no rows": put("nowhere"),
		"delete unknown row":     {Layers: []spatial.LayerChange{{Layer: "figures", Delete: []int64{4, 99}}}},
		"delete a row twice":     {Layers: []spatial.LayerChange{{Layer: "figures", Delete: []int64{4, 4}}}},
		"put a row twice":        put("figures", row, row),
		"put and delete":         {Layers: []spatial.LayerChange{{Layer: "figures", Put: []spatial.Row{{ID: 4, Values: row.Values}}, Delete: []int64{4}}}},
		"drop unknown":           {Drop: []spatial.LayerID{"nowhere"}},
		"drop twice":             {Drop: []spatial.LayerID{"zoo", "zoo"}},
		"drop what is in use":    {Drop: []spatial.LayerID{"communities"}},
		"drop and edit":          {Drop: []spatial.LayerID{"figures"}, Layers: put("figures", row).Layers},
		"create again":           {Create: []*spatial.Schema{figureSchema()}},
		"create twice":           {Create: []*spatial.Schema{named("twice"), named("twice")}},
		"bad name":               {Create: []*spatial.Schema{named(`x"; DROP TABLE zoo; --`)}},
		"upper case":             {Create: []*spatial.Schema{named("Upper")}},
		"no name":                {Create: []*spatial.Schema{named("")}},
		"refers to no layer":     {Create: []*spatial.Schema{refers}},
	} {
		t.Run(name, func(t *testing.T) {
			c.Base = 1
			if _, err := store.Commit(t.Context(), c); err == nil {
				t.Error("the change was accepted")
			}
			expect(t, store, want)
		})
	}
	if _, err := store.Commit(t.Context(), spatial.Change{Base: 1, Create: []*spatial.Schema{figureSchema()}}); !errors.Is(err, spatial.ErrConflict) {
		t.Errorf("a layer that exists: got %v, want ErrConflict", err)
	}
	for _, c := range []spatial.Change{put("nowhere", row), {Base: 1, Drop: []spatial.LayerID{"nowhere"}},
		{Base: 1, Layers: []spatial.LayerChange{{Layer: "figures", Delete: []int64{99}}}}} {
		if _, err := store.Commit(t.Context(), c); !errors.Is(err, spatial.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	}
}

// testAwkwardNames: names that are words of a store's own language are names
// like any other.
func (k kind) testAwkwardNames(t *testing.T) {
	store := k.empty(t)
	state := load(t, store)
	long := strings.Repeat("long_name_", 5)[:48]
	for _, names := range [][]string{
		{"select", "from", "order", "table", "user"}, {"index", "group", "xmin", "xmin_", "xmax", "ctid", "oid", "tableoid", "rowid", "cmin", "cmax"},
		{long, long, long[:47] + "x"},
	} {
		c := spatial.Change{Base: state.Version(), Create: []*spatial.Schema{awkward(names[0], names[1:])}}
		row := spatial.Row{ID: 1, Geometry: orb.Point{1, 2}}
		for _, name := range names[1:] {
			row.Values = append(row.Values, spatial.Text(name))
		}
		c.Layers = []spatial.LayerChange{{Layer: spatial.LayerID(names[0]), Put: []spatial.Row{row}}}
		state = apply(t, state, c, commit(t, store, c))
		expect(t, store, state)
		refuseTaken(t, store, c.Create[0], row)
	}
}

func awkward(id string, fields []string) *spatial.Schema {
	s := &spatial.Schema{ID: spatial.LayerID(id), Geometry: spatial.Points, AsOf: "2024-01-01"}
	for _, name := range fields {
		s.Fields = append(s.Fields, spatial.Field{Name: name, Type: spatial.TypeText, Required: true, Unique: true})
	}
	return s
}

// refuseTaken puts a second row that only shares the last field's value.
func refuseTaken(t *testing.T, store data.Store, schema *spatial.Schema, row spatial.Row) {
	t.Helper()
	version, err := store.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last := len(row.Values) - 1
	second := spatial.Row{ID: 2}
	for i := range row.Values {
		second.Values = append(second.Values, spatial.Text(row.Values[i].Text()+" of the second"))
	}
	second.Values[last] = row.Values[last]
	c := put(schema.ID, second)
	c.Base = version
	_, err = store.Commit(t.Context(), c)
	wantInvalid(t, err, schema.Constraint(schema.Fields[last].Name, "unique"))
}
