// Package closure says which roads are closed, and when. Closures are rows of a
// layer like any other, so whoever edits the store can close a road. It knows
// nothing of who may, and has no clock: it is told the time.
//
// Invariant: of the same rows, the same moments have the same closures in force,
// and between two moments at which none begins or ends nothing differs.
package closure

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Layer is the layer of closures.
const Layer spatial.LayerID = "closures"

// What traffic a closure is for.
const (
	All     = "all"
	Driving = "driving"
	Walking = "walking"
)

// The fields of the layer.
const (
	FieldName    = "name"
	FieldReason  = "reason"
	FieldSince   = "since"
	FieldUntil   = "until"
	FieldTraffic = "traffic"
	FieldRoads   = "roads"
)

// Schema describes the layer of closures.
func Schema() *spatial.Schema {
	title := func(zh, en string) spatial.Title { return spatial.Title{ZH: zh, EN: en} }
	return &spatial.Schema{ID: Layer, Title: title("道路封闭", "road closures"), Group: "response", Geometry: spatial.Lines | spatial.Polygons, Label: FieldName,
		Description: title("在期限内按图形或路名封闭道路：线或面所及的路段；填写路名而无图形则封闭全路；两者都有则只封闭所及的该路路段",
			"Closed for a period: the stretches of road that the line or area meets; with names and no shape, the named roads whole; with both, only stretches of the named roads that the shape meets"),
		Fields: []spatial.Field{
			{Name: FieldName, Type: spatial.TypeText, Title: title("名称", "name")},
			{Name: FieldReason, Type: spatial.TypeText, Title: title("原因", "reason")},
			{Name: FieldSince, Type: spatial.TypeTime, Title: title("开始时间（空为已开始）", "since (empty: already)")},
			{Name: FieldUntil, Type: spatial.TypeTime, Title: title("结束时间（空为未定）", "until (empty: not known)")},
			{Name: FieldTraffic, Type: spatial.TypeText, Title: title("适用（空为全部）", "for which traffic (empty: all)"), Values: []spatial.Label{
				{Value: All, Title: title("全部", "all")}, {Value: Driving, Title: title("车行", "driving")}, {Value: Walking, Title: title("步行", "walking")}}},
			{Name: FieldRoads, Type: spatial.TypeText, Title: title("路名（以顿号分隔）", "names of roads, commas between")},
		}}
}

// Closure is a row of the layer.
type Closure struct {
	ID           int64
	Name, Reason string
	Since, Until time.Time // zero: open; it is in force from Since on, and not at Until
	Traffic      string    // All, Driving or Walking; "" is All
	Roads        []string
	Geometry     orb.Geometry // line or polygon, or nil
}

// Of reads a feature of a layer of closures. Fields that the layer does not
// have count as empty.
func Of(f spatial.Feature) Closure {
	return Closure{ID: f.ID(), Name: f.Attribute(FieldName).Text(), Reason: f.Attribute(FieldReason).Text(), Since: f.Attribute(FieldSince).Time(), Until: f.Attribute(FieldUntil).Time(),
		Traffic: f.Attribute(FieldTraffic).Text(), Roads: Names(f.Attribute(FieldRoads).Text()), Geometry: f.Geometry()}
}

// Names are the names in a list.
func Names(list string) []string {
	var names []string
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("、，,；;\n", r) }) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Row is the closure as a row of the layer of [Schema].
func (c Closure) Row() spatial.Row {
	text := func(s string) spatial.Value {
		if s == "" {
			return spatial.Null
		}
		return spatial.Text(s)
	}
	instant := func(t time.Time) spatial.Value {
		if t.IsZero() {
			return spatial.Null
		}
		return spatial.Time(t)
	}
	return spatial.Row{ID: c.ID, Geometry: c.Geometry, Values: []spatial.Value{text(c.Name), text(c.Reason), instant(c.Since), instant(c.Until), text(c.Traffic), text(strings.Join(c.Roads, "、"))}}
}

// In says whether the closure is in force at a time.
func (c Closure) In(t time.Time) bool {
	return !c.Since.After(t) && (c.Until.IsZero() || t.Before(c.Until))
}

// Concerns says whether a profile of traffic must obey the closure.
func (c Closure) Concerns(profile string) bool {
	return c.Traffic == "" || c.Traffic == All || c.Traffic == profile
}

// Schedule is which closures are in force when.
type Schedule struct {
	all  []Closure // in order of id
	cuts []time.Time
	sets []func() *Set // before, between and after the cuts
}

// Set are the closures in force at a time.
type Set struct {
	Closures []Closure // in order of id
	Next     time.Time // when another set is in force; zero: never
	name     string
}

// Name tells sets of the same rows apart.
func (s *Set) Name() string { return s.name }

// None is the set without closures.
func None() *Set { return &Set{} }

// Plan is the schedule of closures, in order of id.
func Plan(all []Closure) *Schedule {
	s := &Schedule{all: all}
	for _, c := range all {
		for _, t := range []time.Time{c.Since, c.Until} {
			if !t.IsZero() {
				s.cuts = append(s.cuts, t)
			}
		}
	}
	slices.SortFunc(s.cuts, time.Time.Compare)
	s.cuts = slices.CompactFunc(s.cuts, time.Time.Equal)
	for i := range len(s.cuts) + 1 {
		s.sets = append(s.sets, sync.OnceValue(func() *Set { return s.set(i) }))
	}
	return s
}

// Scheduled is the schedule of a snapshot's closures; without the layer there
// are none.
func Scheduled(s *spatial.Snapshot) *Schedule {
	plan, err := spatial.Derive(s, []spatial.LayerID{Layer}, func(s *spatial.Snapshot) (*Schedule, error) {
		layer, err := s.Layer(Layer)
		if err != nil {
			return nil, err
		}
		return Plan(Read(layer)), nil
	})
	if err != nil {
		return Plan(nil)
	}
	return plan
}

// Read reads a layer of closures in order of id.
func Read(layer *spatial.Layer) []Closure {
	var all []Closure
	for f := range layer.All() {
		all = append(all, Of(f))
	}
	return all
}

// All are all closures, in order of id; read-only.
func (s *Schedule) All() []Closure { return s.all }

// At is the set in force at a time. It costs a binary search.
func (s *Schedule) At(t time.Time) *Set {
	i, exact := slices.BinarySearchFunc(s.cuts, t, time.Time.Compare)
	if exact {
		i++
	}
	return s.sets[i]()
}

// set is that between the cuts i-1 and i. Before the first cut it is that of
// the zero time, as open beginnings are before any cut.
func (s *Schedule) set(i int) *Set {
	moment, next := time.Time{}, time.Time{}
	if i > 0 {
		moment = s.cuts[i-1]
	}
	if i < len(s.cuts) {
		next = s.cuts[i]
	}
	in := slices.DeleteFunc(slices.Clone(s.all), func(c Closure) bool { return !c.In(moment) })
	return &Set{Closures: in, Next: next, name: name(in)}
}

func name(closures []Closure) string {
	ids := make([]string, len(closures))
	for i, c := range closures {
		ids[i] = strconv.FormatInt(c.ID, 10)
	}
	return strings.Join(ids, ",")
}
