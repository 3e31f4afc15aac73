package spatial

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func least(f float64) *float64 { return &f }

// everything is a schema with each type and each rule.
func everything() *Schema {
	return &Schema{ID: "things", Geometry: Points | Lines | Polygons, Code: "code", Label: "name", AsOf: "2024-12-30", Fields: []Field{
		{Name: "code", Type: TypeText, Required: true, Unique: true, Digits: 4},
		{Name: "name", Type: TypeText},
		{Name: "level", Type: TypeText, Values: []Label{{Value: "high"}, {Value: "low"}}},
		{Name: "rooms", Type: TypeInt, Min: least(0), SumOf: []string{"small", "large"}},
		{Name: "small", Type: TypeInt},
		{Name: "large", Type: TypeInt},
		{Name: "height", Type: TypeFloat},
		{Name: "open", Type: TypeBool},
		{Name: "built", Type: TypeDate},
		{Name: "seen", Type: TypeTime},
		{Name: "full_code", Type: TypeText, Prefix: "code"},
	}}
}

func drawValue(t *rapid.T, f Field) Value {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return Null
	}
	switch f.Type {
	case TypeText:
		return Text(rapid.SampledFrom([]string{"", "新秀社区", "a", "ß", "长长的名字"}).Draw(t, f.Name))
	case TypeInt:
		return Int(rapid.Int64().Draw(t, f.Name))
	case TypeFloat:
		return Float(rapid.Float64().Draw(t, f.Name))
	case TypeBool:
		return Bool(rapid.Bool().Draw(t, f.Name))
	case TypeDate:
		return Date(time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, f.Name), 0).UTC())
	}
	return Time(time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, f.Name)))
}

func drawPositions(t *rapid.T, least int) []orb.Point {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) orb.Point {
		return orb.Point{rapid.Float64Range(114, 114.2).Draw(t, "lon"), rapid.Float64Range(22.5, 22.6).Draw(t, "lat")}
	}), least, least+4).Draw(t, "positions")
}

func drawRing(t *rapid.T) orb.Ring {
	p := drawPositions(t, 3)
	return append(p, p[0])
}

func drawGeometry(t *rapid.T) orb.Geometry {
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return drawPositions(t, 1)[0]
	case 2:
		return orb.MultiPoint(drawPositions(t, 1))
	case 3:
		return orb.LineString(drawPositions(t, 2))
	case 4:
		return orb.MultiLineString{drawPositions(t, 2), drawPositions(t, 2)}
	case 5:
		return drawPolygon(t)
	}
	return orb.MultiPolygon{{drawRing(t)}, drawPolygon(t)}
}

// drawPolygon has a hole that is its shell's size, so that the shell's box
// is the polygon's.
func drawPolygon(t *rapid.T) orb.Polygon {
	shell := drawRing(t)
	return orb.Polygon{shell, shell.Clone()}
}

func drawRow(t *rapid.T, s *Schema, id int64) Row {
	row := Row{ID: id, Geometry: drawGeometry(t)}
	for _, f := range s.Fields {
		row.Values = append(row.Values, drawValue(t, f))
	}
	return row
}

// model is what a layer should be: rows by id.
type model map[int64]Row

func (m model) rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(m)) {
			if !yield(m[id], nil) {
				return
			}
		}
	}
}

func (m model) compare(t *rapid.T, l *Layer) {
	if l.Len() != len(m) {
		t.Fatalf("%d features, want %d", l.Len(), len(m))
	}
	ids := slices.Sorted(maps.Keys(m))
	i := 0
	for f := range l.All() {
		if have, want := f.Row(), m[ids[i]]; !reflect.DeepEqual(have, want) {
			t.Fatalf("feature %d is %v, want %v", i, have, want)
		}
		i++
	}
	m.compareTree(t, l)
}

func (m model) compareTree(t *rapid.T, l *Layer) {
	p := drawPositions(t, 2)
	window := orb.Bound{Min: p[0], Max: p[0]}.Extend(p[1])
	var want []int64
	for id, row := range m {
		if row.Geometry != nil && row.Geometry.Bound().Intersects(window) {
			want = append(want, id)
		}
	}
	var have []int64
	for f := range l.Intersecting(window) {
		have = append(have, f.ID())
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Fatalf("in %v: %v, want %v", window, have, want)
	}
}

// TestApplyAgainstModel makes random changes and holds every snapshot of the
// chain against the rows it must have, the old ones too.
func TestApplyAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schema := everything()
		m := model{}
		for id := range rapid.Int64Range(0, 30).Draw(t, "rows") {
			m[3*id+1] = drawRow(t, schema, 3*id+1)
		}
		layer, err := NewLayer(schema, 1, m.rows())
		if err != nil {
			t.Fatal(err)
		}
		s := New(1, layer)
		old, oldModel := s, maps.Clone(m)
		for version := Version(2); version < 6; version++ {
			s = applyRandom(t, s, m, version)
			l, _ := s.Layer("things")
			m.compare(t, l)
		}
		l, _ := old.Layer("things")
		oldModel.compare(t, l)
	})
}

func applyRandom(t *rapid.T, s *Snapshot, m model, version Version) *Snapshot {
	change := LayerChange{Layer: "things"}
	for _, id := range rapid.SliceOfDistinct(rapid.Int64Range(1, 120), func(i int64) int64 { return i }).Draw(t, "ids") {
		if _, there := m[id]; there && rapid.Bool().Draw(t, "delete") {
			change.Delete = append(change.Delete, id)
			delete(m, id)
			continue
		}
		m[id] = drawRow(t, everything(), id)
		change.Put = append(change.Put, m[id])
	}
	next, err := s.Apply(Change{Base: s.Version(), Layers: []LayerChange{change}}, version)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// points is a layer of n points along a line, in several chunks.
func points(t testing.TB, n int) *Layer {
	t.Helper()
	schema := &Schema{ID: "points", Geometry: Points, Code: "code", Fields: []Field{{Name: "code", Type: TypeText}}}
	l, err := NewLayer(schema, 1, func(yield func(Row, error) bool) {
		for i := range n {
			if !yield(Row{ID: int64(i + 1), Geometry: orb.Point{114 + float64(i)*1e-5, 22.5}, Values: []Value{Text(fmt.Sprint("P", i+1))}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLayerLookups(t *testing.T) {
	l := points(t, 3*chunkRows+7)
	for _, id := range []int64{1, chunkRows, chunkRows + 1, 3*chunkRows + 7} {
		f, err := l.ByCode(fmt.Sprint("P", id))
		if err != nil || f.ID() != id {
			t.Errorf("code P%d: %v %v", id, f, err)
		}
	}
	for _, id := range []int64{0, -1, 3*chunkRows + 8} {
		if _, err := l.Feature(id); !errors.Is(err, ErrNotFound) {
			t.Errorf("feature %d: %v", id, err)
		}
	}
	next := int64(chunkRows - 1)
	for f := range l.After(next) {
		if next++; f.ID() != next {
			t.Fatalf("after: %d, want %d", f.ID(), next)
		}
	}
	if next != int64(l.Len()) {
		t.Errorf("after ended at %d", next)
	}
}

func TestNearbyAscends(t *testing.T) {
	l := points(t, 3000)
	from := orb.Point{114.0123, 22.5}
	below := func(b orb.Bound) float64 { return max(0, b.Min[0]-from[0], from[0]-b.Max[0]) }
	of := func(f Feature) float64 { return math.Abs(f.Geometry().(orb.Point)[0] - from[0]) }
	last, n := -1.0, 0
	for _, d := range l.Nearby(below, of) {
		if d < last {
			t.Fatalf("%v after %v", d, last)
		}
		last, n = d, n+1
	}
	if n != l.Len() {
		t.Errorf("%d features", n)
	}
}

func TestApplyRefuses(t *testing.T) {
	s := New(4, points(t, 5))
	tests := map[string]struct {
		change Change
		kind   error
	}{
		"a stale base":         {Change{Base: 3}, ErrConflict},
		"an unknown layer":     {Change{Base: 4, Layers: []LayerChange{{Layer: "nowhere"}}}, ErrNotFound},
		"an unknown row":       {Change{Base: 4, Layers: []LayerChange{{Layer: "points", Delete: []int64{9}}}}, ErrNotFound},
		"dropping nothing":     {Change{Base: 4, Drop: []LayerID{"nowhere"}}, ErrNotFound},
		"creating a duplicate": {Change{Base: 4, Create: []*Schema{{ID: "points"}}}, ErrConflict},
	}
	for name, tt := range tests {
		if _, err := s.Apply(tt.change, 5); !errors.Is(err, tt.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDeriveOnce: many askers get one build; an untouched layer's derivation
// is handed on, a touched one's is not.
func TestDeriveOnce(t *testing.T) {
	s := New(1, points(t, 10), mustLayer(t, everything()))
	builds := map[LayerID]int{}
	count := func(s *Snapshot, id LayerID) int {
		n, err := Derive(s, []LayerID{id}, func(s *Snapshot) (int, error) {
			builds[id]++
			l, err := s.Layer(id)
			return l.Len(), err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() { count(s, "points") })
	}
	wait.Wait()
	count(s, "things")
	next, err := s.Apply(Change{Base: 1, Layers: []LayerChange{{Layer: "points", Delete: []int64{3}}}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(next, "points"); n != 9 {
		t.Errorf("derived %d points, want 9", n)
	}
	count(next, "things")
	count(s, "points")
	if builds["points"] != 2 || builds["things"] != 1 {
		t.Errorf("builds: %v", builds)
	}
	if _, err := Derive(s, []LayerID{"nowhere"}, func(*Snapshot) (int, error) { return 0, nil }); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown layer: %v", err)
	}
}

// TestDeriveTellsTypesApart: two types of one name are two derivations.
func TestDeriveTellsTypesApart(t *testing.T) {
	s := New(1, points(t, 10))
	first := func() (int, error) {
		type index struct{ n int }
		i, err := Derive(s, []LayerID{"points"}, func(*Snapshot) (*index, error) { return &index{1}, nil })
		return i.n, err
	}
	second := func() (int, error) {
		type index struct{ n int }
		i, err := Derive(s, []LayerID{"points"}, func(*Snapshot) (*index, error) { return &index{2}, nil })
		return i.n, err
	}
	for want, derive := range map[int]func() (int, error){1: first, 2: second} {
		if n, err := derive(); n != want || err != nil {
			t.Errorf("derived %d %v, want %d", n, err, want)
		}
	}
}

// TestDeriveKeepsPanics: nobody gets the zero value of a build that panicked.
func TestDeriveKeepsPanics(t *testing.T) {
	s := New(1, points(t, 10))
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			n, err := Derive(s, []LayerID{"points"}, func(*Snapshot) (int, error) { panic("a fault of the program") })
			t.Errorf("derived %d %v", n, err)
		}()
	}
}

func mustLayer(t *testing.T, s *Schema) *Layer {
	t.Helper()
	l, err := NewLayer(s, 1, func(func(Row, error) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNewLayerRefuses(t *testing.T) {
	row := func(id int64, g orb.Geometry) Row { return Row{ID: id, Geometry: g, Values: []Value{Null}} }
	tests := map[string][]Row{
		"ids out of order": {row(2, nil), row(1, nil)},
		"an id twice":      {row(1, nil), row(1, nil)},
		"a collection":     {row(1, orb.Collection{})},
		"missing values":   {{ID: 1}},
	}
	for name, rows := range tests {
		_, err := NewLayer(&Schema{ID: "x", Fields: []Field{{Name: "a", Type: TypeInt}}}, 1, func(yield func(Row, error) bool) {
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
		})
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestChangeValidate(t *testing.T) {
	row := Row{ID: 3, Values: []Value{Null}}
	tests := map[string][]LayerChange{
		"layer_once": {{Layer: "points"}, {Layer: "points"}},
		"row_once":   {{Layer: "points", Put: []Row{row}, Delete: []int64{3}}},
	}
	for rule, layers := range tests {
		_, err := New(1, points(t, 5)).Apply(Change{Base: 1, Layers: layers}, 2)
		var invalid *InvalidError
		if !errors.As(err, &invalid) || invalid.Rule != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func BenchmarkApplyOneRow(b *testing.B) {
	for _, n := range []int{42_336, 423_360} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := New(1, points(b, n))
			row := Row{ID: int64(n / 2), Geometry: orb.Point{114.1, 22.55}, Values: []Value{Text("moved")}}
			for b.Loop() {
				next, err := s.Apply(Change{Base: s.Version(), Layers: []LayerChange{{Layer: "points", Put: []Row{row}}}}, s.Version()+1)
				if err != nil {
					b.Fatal(err)
				}
				s = next
			}
		})
	}
}
