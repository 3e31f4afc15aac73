package postgis

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// table is how a layer is kept: a table with the columns id, geom (unless the
// layer is a table itself) and one for each field.
type table struct {
	*spatial.Schema
}

// name is the quoted name of the table.
func (t table) name() string { return quote(string(t.ID)) }

// systemColumns are names that every table of PostgreSQL has taken.
var systemColumns = map[string]bool{"tableoid": true, "xmin": true, "cmin": true, "xmax": true, "cmax": true, "ctid": true}

// column is the name of a field's column: the field's own. Only those of
// system columns, and these with underscores behind, get one more.
func column(field string) string {
	if systemColumns[strings.TrimRight(field, "_")] {
		return field + "_"
	}
	return field
}

// columns are the names of the table's columns, in the order of rows.
func (t table) columns() []string {
	names := []string{"id"}
	if t.Geometry != spatial.NoGeometry {
		names = append(names, "geom")
	}
	for i := range t.Fields {
		names = append(names, column(t.Fields[i].Name))
	}
	return names
}

// values are a row's, in the order of columns.
func (t table) values(row spatial.Row) []any {
	values := make([]any, 0, 2+len(row.Values))
	values = append(values, row.ID)
	if t.Geometry != spatial.NoGeometry {
		values = append(values, row.Geometry)
	}
	for _, v := range row.Values {
		values = append(values, v.Any())
	}
	return values
}

var columnTypes = map[spatial.Type]string{
	spatial.TypeText: "text", spatial.TypeInt: "bigint", spatial.TypeFloat: "double precision",
	spatial.TypeBool: "boolean", spatial.TypeDate: "date", spatial.TypeTime: "timestamptz",
}

// create makes the table, without its rules but unique ids.
func (t table) create(ctx context.Context, tx pgx.Tx) error {
	lines := []string{fmt.Sprintf("id bigint CONSTRAINT %s PRIMARY KEY", quote(t.shortened("id_unique")))}
	if t.Geometry != spatial.NoGeometry {
		lines = append(lines, fmt.Sprintf("geom geometry(Geometry, %d)", srid))
	}
	for i := range t.Fields {
		lines = append(lines, quote(column(t.Fields[i].Name))+" "+columnTypes[t.Fields[i].Type])
	}
	_, err := tx.Exec(ctx, fmt.Sprintf("CREATE TABLE %s (%s)", t.name(), strings.Join(lines, ", ")))
	return err
}

// addRules adds the constraints, proving those rows that are there.
func (t table) addRules(ctx context.Context, tx pgx.Tx, layers catalogue) error {
	var lines []string
	for _, r := range t.rules(layers) {
		lines = append(lines, "ADD CONSTRAINT "+quote(r.stored)+" "+r.definition)
	}
	_, err := tx.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s", t.name(), strings.Join(lines, ", ")))
	return err
}

// addIndexes adds those that make no rule, and has the planner look at the
// table.
func (t table) addIndexes(ctx context.Context, tx pgx.Tx) error {
	var statements []string
	if t.Geometry != spatial.NoGeometry {
		statements = append(statements, fmt.Sprintf("CREATE INDEX %s ON %s USING gist (geom)", quote(t.shortened("geom_index")), t.name()))
	}
	for i := range t.Fields {
		if f := &t.Fields[i]; f.References != "" {
			statements = append(statements, fmt.Sprintf("CREATE INDEX %s ON %s (%s)",
				quote(t.shortened(f.Name+"_index")), t.name(), quote(column(f.Name))))
		}
	}
	for _, statement := range append(statements, "ANALYZE "+t.name()) {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// longestName is how many bytes of a name PostgreSQL keeps.
const longestName = 63

// shortened is the stored name of something of the table: <layer>_<rest>, or
// if that is too long, its beginning and a hash of the whole.
func (t table) shortened(rest string) string {
	name := string(t.ID) + "_" + rest
	if len(name) <= longestName {
		return name
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf("%s_%08x", name[:longestName-9], h.Sum32())
}

// read is the query of all rows, in the order of ids.
func (t table) read() string {
	var columns []string
	for _, name := range t.columns() {
		columns = append(columns, quote(name))
	}
	return fmt.Sprintf("SELECT %s FROM %s ORDER BY id", strings.Join(columns, ", "), t.name())
}

// scan reads one row of [table.read].
func (t table) scan(rows pgx.Rows, cells []cell, targets []any) (spatial.Row, error) {
	var row spatial.Row
	targets = append(targets[:0], &row.ID)
	if t.Geometry != spatial.NoGeometry {
		targets = append(targets, &row.Geometry)
	}
	for i := range cells {
		cells[i].Value = spatial.Null
		targets = append(targets, &cells[i])
	}
	if err := rows.Scan(targets...); err != nil {
		return row, err
	}
	row.Values = make([]spatial.Value, len(cells))
	for i := range cells {
		row.Values[i] = cells[i].Value
	}
	if row.Geometry != nil {
		return row, spatial.ValidateGeometry(row.Geometry)
	}
	return row, nil
}
