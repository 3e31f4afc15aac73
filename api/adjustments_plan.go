package api

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/api/auth"
	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

const planMethod = "planned as a whole on the state of this version: shapes exact on a lattice of 10⁻⁹ degree, measures on the ellipsoid, totals by what stands where"

// preview is what a plan does, as clients read it.
type preview struct {
	analysis
	Refused  bool                        `json:"refused"`
	Effects  []effect                    `json:"effects"`
	Moved    map[spatial.LayerID][]moved `json:"moved"`
	Checks   []checked                   `json:"checks"`
	Geometry json.RawMessage             `json:"geometry"` // FeatureCollection
}

// effect is what happens to one area of some level. Before is missing of one
// that is new, after of one that is absorbed.
type effect struct {
	Level  spatial.LayerID `json:"level"`
	Code   string          `json:"code"`
	Name   string          `json:"name"`
	Before *condition      `json:"before"`
	After  *condition      `json:"after"`
	Delta  amounts         `json:"delta"`
}

// condition is an area as it is before or after.
type condition struct {
	amounts
	Compactness float64  // Polsby–Popper: 1 for a circle
	Parts       int      // polygons it is made of
	Neighbours  []string // codes of areas of its level
	Counts      []counted
}

// MarshalJSON writes the amounts beside everything else, in their order.
func (c *condition) MarshalJSON() ([]byte, error) {
	head, err := c.amounts.MarshalJSON()
	if err != nil {
		return nil, err
	}
	rest, err := encode(struct {
		Compactness float64   `json:"compactness"`
		Parts       int       `json:"parts"`
		Neighbours  []string  `json:"neighbours"`
		Counts      []counted `json:"counts"`
	}{rounded(c.Compactness, 4), c.Parts, emptyNotNull(c.Neighbours), emptyNotNull(c.Counts)})
	return append(append(open(head), ','), rest[1:]...), err
}

// counted is how many features of a layer stand in an area: all, or those
// with one value of a field; with null those without a value.
type counted struct {
	Layer spatial.LayerID `json:"layer"`
	Field string          `json:"field,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	Count int             `json:"count"`
}

// amounts are the totals of an area, by field in the order of the schema, and
// its measures in metres.
type amounts struct {
	totals          []total
	area, perimeter float64
}

// total is one figure; without a value it is withheld.
type total struct {
	field *spatial.Field
	value *int64
}

// MarshalJSON writes one object.
func (f amounts) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for _, t := range f.totals {
		out = append(format.AppendString(out, t.field.Name), ':')
		if t.value == nil {
			out = append(out, "null,"...)
			continue
		}
		out = append(format.AppendValue(out, spatial.Int(*t.value)), ',')
	}
	rest, err := encode(struct {
		Area      float64 `json:"area"`
		Perimeter float64 `json:"perimeter"`
	}{rounded(f.area, 2), rounded(f.perimeter, 2)})
	if err != nil {
		return nil, err
	}
	return append(out, rest[1:]...), nil
}

func rounded(x float64, decimals int) float64 {
	unit := math.Pow10(decimals)
	return math.Round(x*unit) / unit
}

func emptyNotNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// moved is a feature that changes hands.
type moved struct {
	ID      int64  `json:"id"`
	Code    string `json:"code,omitempty"`
	NewCode string `json:"new_code,omitempty"`
	Name    string `json:"name"`
	From    string `json:"from"`
	To      string `json:"to"`
}

// seesAll says whether nothing is withheld from who asks.
func (r *request) seesAll() bool {
	return auth.SeesSmallCounts(r.actor.Role) || !auth.Withholds(r.whole)
}

// planned is a whole state as plans are made on it for who asks: without any
// figure that is withheld, so that no plan can tell it.
func (r *request) planned(whole *spatial.Snapshot) (*spatial.Snapshot, error) {
	if r.seesAll() {
		return whole, nil
	}
	return auth.Masked(whole)
}

// preview describes a plan that was made on a state.
func (r *request) preview(on *spatial.Snapshot, layer spatial.LayerID, plan *adjustment.Plan, in frame) (*preview, error) {
	used := layersOf(on, layer, plan)
	parameters := parametersOf(r)
	parameters["layer"] = layer
	p := &preview{analysis: analysis{provenanceOf(on, used...), planMethod, crs84, parameters, map[string]int{}},
		Refused: plan.Refused(), Moved: map[spatial.LayerID][]moved{}, Effects: []effect{}}
	if !in.plain() {
		p.CRS = in.name()
	}
	var hidden map[string]bool
	if !r.seesAll() {
		plan, hidden = auth.Withhold(on, plan), withheld(on, plan)
	}
	for i := range plan.Units {
		p.Effects = append(p.Effects, effectOf(on, &plan.Units[i], hidden))
	}
	for _, m := range plan.Moved {
		p.Moved[m.Layer] = append(p.Moved[m.Layer], moved{m.ID, m.Code, m.NewCode, m.Name, m.From, m.To})
	}
	checks, err := in.checks(plan.Checks)
	if err != nil {
		return nil, err
	}
	p.Checks = emptyNotNull(checksOf(checks))
	p.Geometry, err = in.shapes(plan)
	return p, err
}

// layersOf are the layers that a plan is about: areas, those above them, and
// what moves.
func layersOf(on *spatial.Snapshot, layer spatial.LayerID, plan *adjustment.Plan) []*spatial.Layer {
	ids := []spatial.LayerID{layer}
	for _, u := range plan.Units {
		ids = append(ids, u.Level)
	}
	for _, m := range plan.Moved {
		ids = append(ids, m.Layer)
	}
	var layers []*spatial.Layer
	for l := range on.Layers() {
		if slices.Contains(ids, l.ID()) {
			layers = append(layers, l)
		}
	}
	return layers
}

// withheld names the fields that something that moves has no value of on a
// state without small counts: nobody is told what these add up to.
func withheld(on *spatial.Snapshot, plan *adjustment.Plan) map[string]bool {
	hidden := map[string]bool{} // not nil: a state without small counts has gaps of its own
	for _, m := range plan.Moved {
		layer, err := on.Layer(m.Layer)
		if err != nil {
			continue
		}
		f, err := layer.Feature(m.ID)
		if err != nil {
			continue
		}
		for i := range layer.Schema().Fields {
			if f.Value(i).IsNull() {
				hidden[layer.Schema().Fields[i].Name] = true
			}
		}
	}
	return hidden
}

func effectOf(on *spatial.Snapshot, u *adjustment.Unit, hidden map[string]bool) effect {
	e := effect{Level: u.Level, Code: u.Code, Name: u.Name}
	layer, err := on.Layer(u.Level)
	if err != nil {
		return e
	}
	unknown := map[string]bool{} // what is withheld of the area as it is
	if f, err := layer.ByCode(u.Code); err == nil && hidden != nil {
		for i := range layer.Schema().Fields {
			unknown[layer.Schema().Fields[i].Name] = f.Value(i).IsNull()
		}
	}
	either := func(name string) bool { return hidden[name] || unknown[name] }
	e.Before = conditionOf(layer.Schema(), u.Before, func(name string) bool { return unknown[name] })
	e.After = conditionOf(layer.Schema(), u.After, either)
	e.Delta = difference(layer.Schema(), e.Before, e.After)
	return e
}

// conditionOf tells a state, but not the totals that are hidden.
func conditionOf(schema *spatial.Schema, s *adjustment.State, hidden func(string) bool) *condition {
	if s == nil {
		return nil
	}
	c := &condition{amounts: amounts{nil, float64(s.Area), float64(s.Perimeter)}, Compactness: s.Compactness, Parts: s.Parts, Neighbours: s.Neighbours}
	for i := range schema.Fields {
		field := &schema.Fields[i]
		if field.SumOver == "" && field.CountOf == "" {
			continue
		}
		t := total{field: field}
		if n, ok := s.Totals[field.Name]; ok && !hidden(field.Name) {
			t.value = &n
		}
		c.totals = append(c.totals, t)
	}
	for _, n := range s.Counts {
		count := counted{Layer: n.Layer, Field: n.Field, Count: n.N}
		switch {
		case n.Field != "" && n.Value == "":
			count.Value = json.RawMessage("null")
		case n.Field != "":
			count.Value = format.AppendString(nil, n.Value)
		}
		c.Counts = append(c.Counts, count)
	}
	return c
}

// difference is after less before; an area that is not there has nothing.
func difference(schema *spatial.Schema, before, after *condition) amounts {
	var from, to amounts
	if before != nil {
		from = before.amounts
	}
	if after != nil {
		to = after.amounts
	}
	d := amounts{area: to.area - from.area, perimeter: to.perimeter - from.perimeter}
	for i := range schema.Fields {
		name := schema.Fields[i].Name
		was, had := from.total(name)
		is, has := to.total(name)
		if !had && !has {
			continue
		}
		t := total{field: &schema.Fields[i]}
		if n := is.or(has) - was.or(had); is.known(has) && was.known(had) {
			t.value = &n
		}
		d.totals = append(d.totals, t)
	}
	return d
}

func (f amounts) total(name string) (t total, ok bool) {
	i := slices.IndexFunc(f.totals, func(t total) bool { return t.field.Name == name })
	if i < 0 {
		return total{}, false
	}
	return f.totals[i], true
}

// known says whether a figure is told: that of nothing is 0.
func (t total) known(there bool) bool { return !there || t.value != nil }

func (t total) or(there bool) int64 {
	if !there || t.value == nil {
		return 0
	}
	return *t.value
}

// checks are checks with their places in these coordinates.
func (f frame) checks(list []adjustment.Check) ([]adjustment.Check, error) {
	if f.plain() {
		return list, nil
	}
	list = slices.Clone(list)
	for i := range list {
		c := &list[i]
		for _, g := range []*orb.Geometry{&c.Part, &c.Suggest} {
			moved, err := f.fromLL(*g)
			if err != nil {
				return nil, err
			}
			*g = moved
		}
		if c.At == nil {
			continue
		}
		at, err := f.fromLL(*c.At)
		if err != nil {
			return nil, err
		}
		p := at.(orb.Point)
		c.At = &p
	}
	return list, nil
}

// shapes are the areas that a plan redraws, before and after, and the pieces
// that change hands, as a GeoJSON FeatureCollection.
func (f frame) shapes(plan *adjustment.Plan) (json.RawMessage, error) {
	out := shapeWriter{in: f}
	for _, u := range plan.Units {
		if u.Before != nil && u.After != nil && orb.Equal(u.Before.Geometry, u.After.Geometry) {
			continue
		}
		about := shapeAbout{Level: u.Level, Code: u.Code, Name: u.Name}
		if u.Before != nil {
			about.Kind = "before"
			out.add(u.Before.Geometry, about)
		}
		if u.After != nil {
			about.Kind = "after"
			out.add(u.After.Geometry, about)
		}
	}
	for _, p := range plan.Pieces {
		out.add(p.Geometry, shapeAbout{Kind: "piece", From: p.From, To: p.To})
	}
	return out.collection()
}

// shapeAbout is what is said of a shape.
type shapeAbout struct {
	Kind  string          `json:"kind"`
	Level spatial.LayerID `json:"level,omitempty"`
	Code  string          `json:"code,omitempty"`
	Name  string          `json:"name,omitempty"`
	From  string          `json:"from,omitempty"`
	To    string          `json:"to,omitempty"`
}

// shapeWriter writes features one after another; the first error stays.
type shapeWriter struct {
	in   frame
	list bytes.Buffer
	err  error
}

func (w *shapeWriter) add(g orb.Geometry, about shapeAbout) {
	if w.err != nil {
		return
	}
	var properties []byte
	if g, w.err = w.in.fromLL(g); w.err == nil {
		properties, w.err = encode(about)
	}
	if w.list.Len() > 0 {
		w.list.WriteByte(',')
	}
	w.list.WriteString(`{"type":"Feature","geometry":`)
	w.list.Write(format.AppendGeometry(nil, g))
	w.list.WriteString(`,"properties":`)
	w.list.Write(properties)
	w.list.WriteByte('}')
}

func (w *shapeWriter) collection() (json.RawMessage, error) {
	return slices.Concat([]byte(`{"type":"FeatureCollection","features":[`), w.list.Bytes(), []byte("]}")), w.err
}
