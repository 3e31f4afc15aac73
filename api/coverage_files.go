package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
)

// writeGeoJSON answers with the units as features.
func (f *covering) writeGeoJSON(w http.ResponseWriter, r *request, head analysis) error {
	start, err := encode(struct {
		Type string `json:"type"`
		analysis
		Rule   toldRule   `json:"rule"`
		Demand toldDemand `json:"demand"`
		Totals jsonUnit   `json:"totals"`
	}{"FeatureCollection", head, f.side.rule.tell(r.snapshot), f.side.tellDemand(), jsonUnit{f.list, &f.totals}})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaGeoJSON)
	out := stream{to: w, buf: append(open(start), `,"features":[`...)}
	for i := range f.units {
		if i > 0 {
			out.buf = append(out.buf, ',')
		}
		out.buf = f.appendFeature(append(out.buf, '\n'), r, &f.units[i])
		if err := out.drain(); err != nil {
			return err
		}
	}
	out.buf = append(out.buf, "\n]}\n"...)
	return out.flush()
}

func (f *covering) appendFeature(dst []byte, r *request, u *shownUnit) []byte {
	shape, err := datumParam.of(r).fromLL(f.shape(r.snapshot, u.Code))
	dst = append(dst, `{"type":"Feature","geometry":`...)
	if shape == nil || err != nil {
		dst = append(dst, "null"...)
	} else {
		dst = format.AppendGeometry(dst, shape)
	}
	dst = append(dst, `,"properties":{"level":`...)
	dst = format.AppendString(dst, levelNames[u.level])
	dst = format.AppendString(append(dst, `,"code":`...), u.Code)
	dst = format.AppendString(append(dst, `,"name":`...), u.name)
	for i := range f.list {
		dst = append(append(append(dst, `,"`...), f.list[i].name...), `":`...)
		dst = appendNumber(dst, f.list[i].figureOf(u))
		if u.change != nil {
			dst = append(append(append(dst, `,"delta_`...), f.list[i].name...), `":`...)
			dst = appendNumber(dst, rounded(u.change[i], 4))
		}
	}
	for k, n := range u.AtLeast {
		dst = strconv.AppendInt(fmt.Appendf(dst, `,"reach_%d":`, k+1), n, 10)
	}
	return append(dst, "}}"...)
}

// shape is the outline of a unit, as a draft has it if there is one.
func (f *covering) shape(s *spatial.Snapshot, code string) orb.Geometry {
	if f.side.drawn != nil {
		if g, ok := f.side.drawn.shapes[f.level][code]; ok {
			return g
		}
	}
	layer, err := s.Layer(f.level)
	if err != nil {
		return nil
	}
	unit, err := layer.ByCode(code)
	if err != nil {
		return nil
	}
	return unit.Geometry()
}

// fields are the columns of a file with these figures.
func fieldsOf(list []measure, withChange bool) []spatial.Field {
	fields := []spatial.Field{{Name: "code", Type: spatial.TypeText, Title: spatial.Title{ZH: "编码", EN: "code"}}, {Name: "name", Type: spatial.TypeText, Title: spatial.Title{ZH: "名称", EN: "name"}}}
	add := func(prefix string, zh, en string) {
		for i := range list {
			field := spatial.Field{Name: prefix + list[i].name, Type: spatial.TypeFloat, Unit: list[i].unit, Title: spatial.Title{ZH: zh + list[i].title.ZH, EN: en + list[i].title.EN}}
			if list[i].whole {
				field.Type = spatial.TypeInt
			}
			fields = append(fields, field)
		}
	}
	add("", "", "")
	for k := range 4 {
		fields = append(fields, spatial.Field{Name: fmt.Sprintf("reach_%d", k+1), Type: spatial.TypeInt, Unit: "persons",
			Title: spatial.Title{ZH: fmt.Sprintf("可达%d处及以上的人数", k+1), EN: fmt.Sprintf("people who reach %d or more", k+1)}})
	}
	if withChange {
		add("delta_", "变化：", "change of ")
	}
	return fields
}

// valuesOf are the values of a unit in the order of the fields.
func valuesOf(list []measure, u *shownUnit) []spatial.Value {
	values := []spatial.Value{spatial.Text(u.Code), spatial.Text(u.name)}
	for i := range list {
		values = append(values, list[i].value(list[i].figureOf(u)))
	}
	for _, n := range u.AtLeast {
		values = append(values, spatial.Int(n))
	}
	for i := range u.change {
		values = append(values, list[i].value(rounded(u.change[i], 4)))
	}
	return values
}

// value is a figure as a value; null where it does not apply.
func (f *measure) value(v float64) spatial.Value {
	switch {
	case math.IsNaN(v):
		return spatial.Null
	case f.whole:
		return spatial.Int(int64(v))
	}
	return spatial.Float(v)
}

// writeCoverageFile answers with the units as a table.
func (s *Server) writeCoverageFile(w http.ResponseWriter, r *request, f *covering, as string) error {
	head := f.analysis(r)
	schema := &spatial.Schema{ID: "coverage", Title: spatial.Title{ZH: "避难覆盖", EN: "shelter coverage"}, Synthetic: head.Synthetic, Fields: fieldsOf(f.list, f.today != nil),
		Source: fmt.Sprintf("%s, %s, %s, version %d", f.side.rule.Code, f.hazard, f.population, head.Version), Note: spatial.Title{ZH: f.side.rule.Note.ZH, EN: f.side.rule.Note.EN}}
	for _, date := range head.AsOf {
		schema.AsOf = max(schema.AsOf, date)
	}
	layer, err := spatial.NewLayer(schema, head.Version, func(yield func(spatial.Row, error) bool) {
		for i := range f.units {
			if !yield(spatial.Row{ID: int64(i + 1), Values: valuesOf(f.list, &f.units[i])}, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return s.writeTable(w, layer, "避难覆盖", as)
}

// writeTable answers with a layer as a file for people.
func (s *Server) writeTable(w http.ResponseWriter, layer *spatial.Layer, name, as string) error {
	w.Header().Set("Content-Disposition", attachment(name+"."+as))
	write := format.WriteCSV
	w.Header().Set("Content-Type", mediaCSV+"; charset=utf-8; header=present")
	if as == "xlsx" {
		write = s.spooled
		w.Header().Set("Content-Type", mediaXLSX)
	}
	return write(w, format.Selection{Layer: layer, Fields: allFields(layer.Schema()), Features: layer.All(), Titled: true})
}
