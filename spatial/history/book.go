package history

import (
	"strconv"
	"time"

	"wangge/spatial"
)

// The fields that a history layer has beside those of the layer whose
// history it keeps. The feature is the code of its rows, so that the last
// row of a feature is found at once; each names the row before it.
const (
	fieldFeature = iota
	fieldPrevious
	fieldAbsent
	fieldValidFrom
	fieldValidTo
	fieldRecordedFrom
	fieldRecordedTo
	fieldPlannedOn
	fieldAdjustment
)

func bookkeeping() []spatial.Field {
	field := func(t spatial.Type, name, zh, en string, required bool) spatial.Field {
		return spatial.Field{Name: name, Type: t, Title: spatial.Title{ZH: zh, EN: en}, Required: required}
	}
	return []spatial.Field{
		fieldFeature:      field(spatial.TypeText, "feature", "要素", "feature id", true),
		fieldPrevious:     field(spatial.TypeInt, "previous", "上一条", "row that was kept of it before", false),
		fieldAbsent:       field(spatial.TypeBool, "absent", "不存在", "did not exist", true),
		fieldValidFrom:    field(spatial.TypeTime, "valid_from", "有效自", "held from", false),
		fieldValidTo:      field(spatial.TypeTime, "valid_to", "有效至", "held until", true),
		fieldRecordedFrom: field(spatial.TypeTime, "recorded_from", "记录自", "believed from", false),
		fieldRecordedTo:   field(spatial.TypeTime, "recorded_to", "记录至", "believed until", true),
		fieldPlannedOn:    field(spatial.TypeInt, "planned_on", "基于版本", "version that the change was planned on", true),
		fieldAdjustment:   field(spatial.TypeInt, "adjustment", "调整", "adjustment that made the change", false),
	}
}

// LayerOf is the id of the layer that keeps another's history.
func LayerOf(id spatial.LayerID) spatial.LayerID { return id + "_history" }

// SchemaOf describes the layer that keeps a layer's history: its fields
// without their rules, and when they held. It is internal.
func SchemaOf(s *spatial.Schema) *spatial.Schema {
	kept := &spatial.Schema{ID: LayerOf(s.ID), Internal: true, Group: s.Group, Geometry: s.Geometry, Code: "feature",
		AsOf: s.AsOf, Synthetic: s.Synthetic, Title: spatial.Title{ZH: s.Title.ZH + "（历史）", EN: s.Title.EN + ", history"}}
	names := namesOf(s)
	for i, f := range s.Fields {
		kept.Fields = append(kept.Fields, spatial.Field{Name: names[i], Type: f.Type, Title: f.Title, Unit: f.Unit, Personal: f.Personal})
	}
	kept.Fields = append(kept.Fields, bookkeeping()...)
	return kept
}

// namesOf are the names of a layer's fields in its history; those that would
// stand twice are marked as the layer's own.
func namesOf(s *spatial.Schema) []string {
	taken := map[string]bool{}
	for _, f := range bookkeeping() {
		taken[f.Name] = true
	}
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
		for taken[names[i]] || names[i] != f.Name && s.FieldIndex(names[i]) >= 0 {
			names[i] = "own_" + names[i]
		}
		taken[names[i]] = true
	}
	return names
}

// book is a layer and its history.
type book struct {
	now  *spatial.Schema
	kept *spatial.Layer
	own  []int // where the fields of now stand in kept, -1 for nowhere
	at   []int // where those of bookkeeping do
}

// bookOf opens the history of a layer; ok is false if there is none.
func bookOf(s *spatial.Snapshot, id spatial.LayerID) (b book, ok bool) {
	now, err := s.Layer(id)
	if err != nil {
		return b, false
	}
	kept, err := s.Layer(LayerOf(id))
	if err != nil || !kept.Schema().Internal {
		return b, false
	}
	return newBook(now.Schema(), kept)
}

// newBook is false if a layer of that name is not a history.
func newBook(now *spatial.Schema, kept *spatial.Layer) (book, bool) {
	b := book{now: now, kept: kept}
	schema := kept.Schema()
	for _, f := range bookkeeping() {
		i := schema.FieldIndex(f.Name)
		if i < 0 || schema.Fields[i].Type != f.Type {
			return b, false
		}
		b.at = append(b.at, i)
	}
	for i, name := range namesOf(now) {
		k := schema.FieldIndex(name)
		if k >= 0 && schema.Fields[k].Type != now.Fields[i].Type {
			k = -1
		}
		b.own = append(b.own, k)
	}
	return b, schema.Code == "feature"
}

// last is the state of a feature that was kept last.
func (b book) last(feature int64) (spatial.Feature, bool) {
	f, err := b.kept.ByCode(strconv.FormatInt(feature, 10))
	return f, err == nil
}

// before is the state that was kept before another of the same feature.
func (b book) before(kept spatial.Feature) (spatial.Feature, bool) {
	previous := kept.Value(b.at[fieldPrevious]).Int()
	if previous >= kept.ID() {
		return spatial.Feature{}, false
	}
	f, err := b.kept.Feature(previous)
	return f, err == nil
}

// end is the row that was kept last of all.
func (b book) end() (last spatial.Feature, ok bool) {
	for f := range b.kept.After(int64(b.kept.Len()) - 1) {
		last, ok = f, true
	}
	return last, ok
}

// ended is when something was recorded last, the zero time if nothing was.
func (b book) ended() time.Time {
	if last, ok := b.end(); ok {
		return b.time(last, fieldRecordedTo)
	}
	return time.Time{}
}

// next is an id above all of the history.
func (b book) next() int64 {
	if last, ok := b.end(); ok {
		return last.ID() + 1
	}
	return 1
}

func (b book) time(kept spatial.Feature, field int) time.Time {
	return kept.Value(b.at[field]).Time()
}

// feature is the id of the feature that a row was kept of, 0 if it is none.
func (b book) feature(kept spatial.Feature) int64 {
	id, _ := strconv.ParseInt(kept.Value(b.at[fieldFeature]).Text(), 10, 64)
	return id
}

func (b book) absent(kept spatial.Feature) bool { return kept.Value(b.at[fieldAbsent]).Bool() }

// image is the row as it was.
func (b book) image(kept spatial.Feature) spatial.Row {
	row := spatial.Row{ID: b.feature(kept), Geometry: kept.Geometry(), Values: make([]spatial.Value, len(b.own))}
	for i, k := range b.own {
		if k >= 0 {
			row.Values[i] = kept.Value(k)
		}
	}
	return row
}

func (b book) entry(kept spatial.Feature) Entry {
	e := Entry{
		Layer: b.now.ID, Feature: b.feature(kept),
		ValidFrom: b.time(kept, fieldValidFrom), ValidTo: b.time(kept, fieldValidTo),
		RecordedFrom: b.time(kept, fieldRecordedFrom), RecordedTo: b.time(kept, fieldRecordedTo),
		Version:    spatial.Version(kept.Value(b.at[fieldPlannedOn]).Int()),
		Adjustment: kept.Value(b.at[fieldAdjustment]).Int(),
	}
	if !b.absent(kept) {
		row := b.image(kept)
		e.Row = &row
	}
	return e
}

// row is an entry as a row of the history layer, after another of the same
// feature if previous is not 0.
func (b book) row(id, previous int64, e Entry) spatial.Row {
	row := spatial.Row{ID: id, Values: make([]spatial.Value, len(b.kept.Schema().Fields))}
	set := func(field int, v spatial.Value) { row.Values[b.at[field]] = v }
	if e.Row != nil {
		row.Geometry = e.Row.Geometry
		for i, k := range b.own {
			if k >= 0 {
				row.Values[k] = e.Row.Values[i]
			}
		}
	}
	set(fieldFeature, spatial.Text(strconv.FormatInt(e.Feature, 10)))
	set(fieldPrevious, number(previous))
	set(fieldAbsent, spatial.Bool(e.Row == nil))
	set(fieldValidFrom, instant(e.ValidFrom))
	set(fieldValidTo, instant(e.ValidTo))
	set(fieldRecordedFrom, instant(e.RecordedFrom))
	set(fieldRecordedTo, instant(e.RecordedTo))
	set(fieldPlannedOn, spatial.Int(int64(e.Version)))
	set(fieldAdjustment, number(e.Adjustment))
	return row
}

// number is null for 0, and instant for the zero time.
func number(n int64) spatial.Value {
	if n == 0 {
		return spatial.Null
	}
	return spatial.Int(n)
}

func instant(t time.Time) spatial.Value {
	if t.IsZero() {
		return spatial.Null
	}
	return spatial.Time(t)
}

// code is where a row of the history has the code, -1 for nowhere.
func (b book) code() int {
	if i := b.now.FieldIndex(b.now.Code); i >= 0 {
		return b.own[i]
	}
	return -1
}
