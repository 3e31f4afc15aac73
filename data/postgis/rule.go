package postgis

import (
	"fmt"
	"strings"

	"wangge/spatial"
)

// rule is one invariant of a layer as a constraint of its table.
type rule struct {
	name       string // as errors name it: <layer>_<field>_<rule>
	stored     string // as the constraint is called
	definition string // what follows ADD CONSTRAINT <name>
	where      string // "field code", "geometry"
	faults     string // query of the rows that break it: id, value, other, place
	detail     string // format of a fault, taking value and other; "" for plain words
	fix        string
}

// rules are those of a table. References need the layers they refer to.
func (t table) rules(layers catalogue) []rule {
	rules := []rule{t.check("id", "positive", "id > 0")}
	rules = append(rules, t.geometryRules()...)
	for i := range t.Fields {
		f := &t.Fields[i]
		rules = append(rules, t.valueRules(f)...)
		rules = append(rules, t.rowRules(f)...)
		if f.Unique {
			rules = append(rules, t.unique(f))
		}
		if f.References != "" {
			rules = append(rules, t.references(f, layers))
		}
	}
	return rules
}

// rule is a constraint on a field.
func (t table) rule(field, name, definition string) rule {
	return rule{
		name:       t.Constraint(field, name),
		stored:     t.shortened(field + "_" + name),
		definition: definition,
		where:      "field " + field,
	}
}

// check is a rule that a row keeps or breaks by itself.
func (t table) check(field, name, condition string) rule {
	r := t.rule(field, name, "CHECK ("+condition+")")
	r.faults = fmt.Sprintf("SELECT id, %s::text AS value, '' AS other, %s AS place FROM %s WHERE NOT (%s) ORDER BY id",
		quote(column(field)), t.place(), t.name(), condition)
	return r
}

// place is a point of a row's geometry.
func (t table) place() string {
	if t.Geometry == spatial.NoGeometry {
		return "NULL::geometry"
	}
	return "ST_PointOnSurface(geom)"
}

var geometryNames = map[spatial.GeometryKind]string{spatial.Points: "POINT", spatial.Lines: "LINESTRING", spatial.Polygons: "POLYGON"}

func (t table) geometryRules() []rule {
	if t.Geometry == spatial.NoGeometry {
		return nil
	}
	var names []string
	for _, kind := range []spatial.GeometryKind{spatial.Points, spatial.Lines, spatial.Polygons} {
		if t.Geometry&kind != 0 {
			names = append(names, geometryNames[kind])
		}
	}
	rules := []rule{
		// A pattern, as the view geometry_columns takes the first of several
		// compared types for the type of the column.
		t.check("geom", "kind", "GeometryType(geom) ~ '^(MULTI)?("+strings.Join(names, "|")+")$'"),
		// Comparisons with NaN fail too; those with an empty geometry's are null.
		t.check("geom", "on_earth", "NOT ST_IsEmpty(geom) AND ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90"),
	}
	if t.Geometry&spatial.Polygons != 0 {
		rules = append(rules, t.valid())
	}
	return rules
}

// valid is the rule that polygons do not cross themselves.
func (t table) valid() rule {
	r := t.check("geom", "valid", "ST_IsValid(geom)")
	r.where = "geometry"
	r.faults = fmt.Sprintf("SELECT id, '' AS value, reason(ST_IsValidDetail(geom)) AS other, location(ST_IsValidDetail(geom)) AS place FROM %s WHERE NOT ST_IsValid(geom) ORDER BY id", t.name())
	r.detail = "the outline crosses or touches itself%.0s (%s)"
	r.fix = "move or remove the corner there"
	return r
}

// valueRules are those of a single value; null passes all but required.
func (t table) valueRules(f *spatial.Field) []rule {
	var rules []rule
	name := quote(column(f.Name))
	if f.Required {
		rules = append(rules, t.check(f.Name, "required", name+" IS NOT NULL"))
	}
	if f.Digits > 0 && f.Type == spatial.TypeText {
		rules = append(rules, t.check(f.Name, "digits", fmt.Sprintf("%s ~ '^[0-9]{%d}$'", name, f.Digits)))
	}
	if f.Min != nil && (f.Type == spatial.TypeInt || f.Type == spatial.TypeFloat) {
		rules = append(rules, t.check(f.Name, "min", fmt.Sprintf("%s >= '%v'::double precision", name, *f.Min)))
	}
	if len(f.Values) > 0 {
		var values []string
		for i := range f.Values {
			values = append(values, literal(f.Values[i].Value)+"::"+columnTypes[f.Type])
		}
		rules = append(rules, t.check(f.Name, "values", name+" IN ("+strings.Join(values, ", ")+")"))
	}
	return rules
}

// rowRules are those that compare a value with others of its row.
func (t table) rowRules(f *spatial.Field) []rule {
	var rules []rule
	name := quote(column(f.Name))
	if i := t.FieldIndex(f.Prefix); i >= 0 && f.Type == spatial.TypeText && t.Fields[i].Type == spatial.TypeText {
		rules = append(rules, t.check(f.Name, "prefix", fmt.Sprintf("starts_with(%s, %s)", name, quote(column(f.Prefix)))))
	}
	if len(f.SumOf) > 0 {
		var parts []string
		for _, part := range f.SumOf {
			parts = append(parts, "coalesce("+quote(column(part))+", 0)")
		}
		rules = append(rules, t.check(f.Name, "sum", name+" = "+strings.Join(parts, " + ")))
	}
	return rules
}

// unique is the rule that no two rows have one value.
func (t table) unique(f *spatial.Field) rule {
	name := quote(column(f.Name))
	r := t.rule(f.Name, "unique", "UNIQUE ("+name+")")
	r.faults = fmt.Sprintf("SELECT id, %s::text AS value, twin::text AS other, %s AS place FROM %s JOIN "+
		"(SELECT max(id) AS id, min(id) AS twin FROM %s WHERE %s IS NOT NULL GROUP BY %s HAVING count(*) > 1) AS twins USING (id) ORDER BY id",
		name, t.place(), t.name(), t.name(), name, name)
	r.detail = "%q is already that of " + string(t.ID) + " %s"
	r.fix = "give each its own"
	return r
}

// references is the rule that a value is the code of a row of another layer.
func (t table) references(f *spatial.Field, layers catalogue) rule {
	to, _ := layers.find(f.References)
	name, code := quote(column(f.Name)), quote(column(to.Code))
	r := t.rule(f.Name, "references", fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s (%s) DEFERRABLE INITIALLY DEFERRED", name, to.name(), code))
	r.faults = fmt.Sprintf("SELECT id, %s::text AS value, '' AS other, %s AS place FROM %s AS referring WHERE %s IS NOT NULL "+
		"AND NOT EXISTS (SELECT FROM %s AS target WHERE target.%s = referring.%s) ORDER BY id",
		name, t.place(), t.name(), name, to.name(), code, name)
	r.detail = "%q is the code of no feature of " + string(f.References) + "%.0s"
	r.fix = "add that feature, or give the code of one that is there"
	return r
}

// literal is a text as an SQL literal.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
