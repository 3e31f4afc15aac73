package postgis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// foreignTable is a table that another program keeps, as the database
// describes it.
type foreignTable struct {
	schema, table, comment string
	columns                []foreignColumn
}

// foreignColumn is one of its columns.
type foreignColumn struct {
	name, comment string
	typ           string // the base type's name in the catalogue: int4, varchar
	modifier      int
	key           bool   // each value stands once and none is null
	primary       bool   // it is the primary key
	srid          int    // of geometry; 0 if none is declared
	shape         string // of geometry, as declared: POINT, MULTIPOLYGONZ, GEOMETRY
}

// lookUp describes a table, by the name given as in SQL or letter for letter.
func lookUp(ctx context.Context, tx pgx.Tx, m Mapping) (*foreignTable, error) {
	f := new(foreignTable)
	schema, table, dotted := strings.Cut(m.Table, ".")
	literally := pgx.Identifier{m.Table}
	if dotted {
		literally = pgx.Identifier{schema, table}
	}
	const query = `SELECT c.oid, nspname, relname, coalesce(obj_description(c.oid, 'pg_class'), ''),
			relkind = 'r' AND NOT relispartition AND NOT EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhrelid, inhparent))
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
		WHERE c.oid = (SELECT to_regclass(given) FROM unnest($1::text[]) AS given WHERE to_regclass(given) IS NOT NULL LIMIT 1)`
	var oid uint32
	var ordinary bool
	err := tx.QueryRow(ctx, query, []string{literally.Sanitize(), m.Table}).Scan(&oid, &f.schema, &f.table, &f.comment, &ordinary)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, refuseMapping(m, "mapped_table", "there is no such table in the database, or its schema is closed to the store's user",
			"write it as schema.table")
	case err != nil:
		return nil, err
	case !ordinary:
		return nil, refuseMapping(m, "mapped_table", "it is a view, or made of other tables, whose edits cannot be followed",
			"map an ordinary table")
	}
	f.columns, err = describe(ctx, tx, oid)
	return f, err
}

func describe(ctx context.Context, tx pgx.Tx, oid uint32) ([]foreignColumn, error) {
	const query = `SELECT attname, coalesce(col_description(attrelid, attnum), ''), base.typname, atttypmod,
			attnotnull AND EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisunique AND indisvalid AND indimmediate
				AND indpred IS NULL AND indexprs IS NULL AND indnkeyatts = 1 AND indkey[0] = attnum),
			EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND indnkeyatts = 1 AND indkey[0] = attnum),
			CASE WHEN base.typname IN ('geometry', 'geography') THEN postgis_typmod_srid(atttypmod) ELSE 0 END,
			CASE WHEN base.typname IN ('geometry', 'geography') THEN upper(postgis_typmod_type(atttypmod)) ELSE '' END
		FROM pg_attribute JOIN pg_type AS given ON given.oid = atttypid
			JOIN pg_type AS base ON base.oid = coalesce(nullif(given.typbasetype, 0), given.oid)
		WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`
	rows, err := tx.Query(ctx, query, oid)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c foreignColumn, err error) {
		return c, row.Scan(&c.name, &c.comment, &c.typ, &c.modifier, &c.key, &c.primary, &c.srid, &c.shape)
	})
}

// title is what the table's keeper calls it.
func (f *foreignTable) title() string {
	if f.comment != "" {
		return f.comment
	}
	return f.table
}

func (c foreignColumn) title() string {
	if c.comment != "" {
		return c.comment
	}
	return c.name
}

// id is the column of the ids.
func (f *foreignTable) id(m Mapping) (string, error) {
	fits := func(c foreignColumn) bool { return c.key && slices.Contains([]string{"int2", "int4", "int8"}, c.typ) }
	if m.ID != "" {
		i := slices.IndexFunc(f.columns, func(c foreignColumn) bool { return c.name == m.ID && fits(c) })
		if i < 0 {
			return "", refuseMapping(m, "mapped_id", fmt.Sprintf("no column %q holds whole numbers that are unique and never null", m.ID),
				"give it a NOT NULL and a UNIQUE constraint, or name another")
		}
		return m.ID, nil
	}
	for _, accept := range []func(foreignColumn) bool{func(c foreignColumn) bool { return c.primary && fits(c) }, fits} {
		if i := slices.IndexFunc(f.columns, accept); i >= 0 {
			return f.columns[i].name, nil
		}
	}
	return "", refuseMapping(m, "mapped_id", "no column holds whole numbers that are unique and never null, to know the rows by",
		"ALTER TABLE … ADD COLUMN row_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE")
}

func (c foreignColumn) isGeometry() bool { return c.typ == "geometry" || c.typ == "geography" }

// leftOut says whether a column holds what is no attribute.
func (c foreignColumn) leftOut() bool {
	return c.isGeometry() || slices.Contains([]string{"bytea", "raster", "tsvector", "box2d", "box3d", "topogeometry"}, c.typ)
}

// fieldType is the type that holds the column's values; text holds all.
func (c foreignColumn) fieldType() spatial.Type {
	switch c.typ {
	case "int2", "int4", "int8":
		return spatial.TypeInt
	case "numeric":
		if c.isWhole() {
			return spatial.TypeInt
		}
		return spatial.TypeFloat
	case "float4", "float8":
		return spatial.TypeFloat
	case "bool":
		return spatial.TypeBool
	case "date":
		return spatial.TypeDate
	case "timestamp", "timestamptz":
		return spatial.TypeTime
	}
	return spatial.TypeText
}

// isWhole says whether a numeric is declared to have at most 18 digits and none
// behind the point. Its modifier is 4 + (digits << 16 | digits behind).
func (c foreignColumn) isWhole() bool {
	digits, behind := (c.modifier-4)>>16, (c.modifier-4)&0x7ff
	return c.modifier >= 4 && behind == 0 && digits <= 18
}

// kinds are those that the geometry may be of; known is false where it is of
// none that a layer can hold.
func (c foreignColumn) kinds() (kinds spatial.GeometryKind, known bool) {
	shape := strings.TrimPrefix(strings.TrimRight(c.shape, "ZM"), "MULTI")
	switch shape {
	case "GEOMETRY":
		return spatial.Points | spatial.Lines | spatial.Polygons, true
	case "POINT":
		return spatial.Points, true
	case "LINESTRING":
		return spatial.Lines, true
	case "POLYGON":
		return spatial.Polygons, true
	}
	return spatial.NoGeometry, false
}
