package geopackage

import (
	"fmt"
	"strconv"
	"strings"

	"wangge/spatial"
)

// format numbers the layout of the bookkeeping tables.
const format = 2

// editLimit is how many edits the log holds; older ones go.
const editLimit = 200_000

// createGeoPackage makes an empty database a GeoPackage without layers.
const createGeoPackage = `
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (
	srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
	organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
	('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
	('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
	('WGS 84', 4326, 'EPSG', 4326, '` + wkt4326 + `', 'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid'),
	('CGCS2000', 4490, 'EPSG', 4490, '` + wkt4490 + `', 'longitude/latitude coordinates in decimal degrees, China Geodetic Coordinate System 2000');
CREATE TABLE gpkg_contents (
	table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
	last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
	min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
	CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
	table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
	srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
	CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
	CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
	CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
	table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
	CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (
	table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,
	CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
	constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
	max NUMERIC, max_is_inclusive BOOLEAN, description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
INSERT INTO gpkg_extensions VALUES
	('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write'),
	('gpkg_data_column_constraints', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write');`

// createStore makes a GeoPackage without layers a store. The last extension
// is GDAL's word that tables outside gpkg_contents are no layers.
const createStore = `
CREATE TABLE wangge_store (id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, version INTEGER NOT NULL,
	committing INTEGER NOT NULL DEFAULT 0, logged_from INTEGER NOT NULL DEFAULT 0);
CREATE TABLE wangge_layer (
	id TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL UNIQUE, version INTEGER NOT NULL, schema TEXT NOT NULL);
CREATE TABLE wangge_change (
	version INTEGER PRIMARY KEY AUTOINCREMENT, at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), note TEXT NOT NULL, layers TEXT NOT NULL);
INSERT INTO wangge_store (id, format, version) VALUES (1, ?, 0);
INSERT INTO gpkg_extensions VALUES
	('wangge_store', NULL, 'wangge_store', 'bookkeeping of the wangge service: version of the store', 'write-only'),
	('wangge_layer', NULL, 'wangge_store', 'bookkeeping of the wangge service: layers and their schemas', 'write-only'),
	('wangge_change', NULL, 'wangge_store', 'bookkeeping of the wangge service: log of changes', 'write-only'),
	(NULL, NULL, 'gdal_aspatial', 'http://gdal.org/geopackage_aspatial.html', 'read-write');` + createEdits

// createEdits makes the log of edits, whoever made them: which row of which
// layer, and the first 72 bytes of its geometry before and after, which are
// the header with the extent, or all of a point. The number n is the order of
// the edits, and so of the commits, since SQLite has one writer at a time.
const createEdits = `
CREATE TABLE wangge_edit (
	n INTEGER PRIMARY KEY, version INTEGER NOT NULL, layer TEXT NOT NULL, row INTEGER NOT NULL, before BLOB, after BLOB);
CREATE INDEX wangge_edit_version ON wangge_edit (version);
INSERT INTO gpkg_extensions VALUES
	('wangge_edit', NULL, 'wangge_store', 'bookkeeping of the wangge service: log of edited rows', 'write-only');`

// quote makes a name of our own, which has no quotes in it, an SQL name.
func quote(name string) string { return `"` + name + `"` }

// literal makes a value an SQL expression.
func literal(v spatial.Value) string {
	switch v.Type() {
	case spatial.TypeInt, spatial.TypeFloat:
		return v.String()
	case spatial.TypeBool:
		return strconv.FormatInt(storedBool(v), 10)
	}
	return "'" + strings.ReplaceAll(v.String(), "'", "''") + "'"
}

func storedBool(v spatial.Value) int64 {
	if v.Bool() {
		return 1
	}
	return 0
}

// columnTypes are the GeoPackage types of attributes.
var columnTypes = map[spatial.Type]string{
	spatial.TypeText: "TEXT", spatial.TypeInt: "INTEGER", spatial.TypeFloat: "DOUBLE",
	spatial.TypeBool: "BOOLEAN", spatial.TypeDate: "DATE", spatial.TypeTime: "DATETIME",
}

// typeChecks hold a column %s to its type, which SQLite itself does not.
var typeChecks = map[spatial.Type]string{
	spatial.TypeText: "typeof(%s) IN ('text', 'null')", spatial.TypeInt: "typeof(%s) IN ('integer', 'null')",
	spatial.TypeFloat: "typeof(%s) IN ('real', 'null')", spatial.TypeBool: "%s IS NULL OR %[1]s IN (0, 1)",
	spatial.TypeDate: "%s IS date(%[1]s)", spatial.TypeTime: "%s IS NULL OR datetime(%[1]s) NOT NULL",
}

// createTable is the statement that makes a layer's table. parents finds the
// schemas of the layers it refers to.
func createTable(s *spatial.Schema, parents func(spatial.LayerID) *spatial.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CONSTRAINT id_positive CHECK (id > 0)", quote(string(s.ID)))
	if s.Geometry != spatial.NoGeometry {
		fmt.Fprintf(&b, ", geom %s", geometryType(s.Geometry))
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		fmt.Fprintf(&b, ", %s %s", quote(f.Name), columnTypes[f.Type])
		if f.Required {
			fmt.Fprintf(&b, " CONSTRAINT %s NOT NULL", quote(s.Constraint(f.Name, "required")))
		}
		for _, c := range checks(s, f) {
			fmt.Fprintf(&b, " CONSTRAINT %s CHECK (%s)", quote(s.Constraint(f.Name, c.rule)), c.condition)
		}
		if f.References != "" {
			fmt.Fprintf(&b, " CONSTRAINT %s REFERENCES %s (%s) DEFERRABLE INITIALLY DEFERRED", quote(s.Constraint(f.Name, "references")),
				quote(string(f.References)), quote(parents(f.References).Code))
		}
	}
	return b.String() + ")"
}

type check struct{ rule, condition string }

// checks are the rules of a field that concern its row alone.
func checks(s *spatial.Schema, f *spatial.Field) []check {
	name := quote(f.Name)
	all := []check{{"type", fmt.Sprintf(typeChecks[f.Type], name)}}
	if f.Digits > 0 {
		all = append(all, check{"digits", fmt.Sprintf("length(%s) = %d AND %[1]s NOT GLOB '*[^0-9]*'", name, f.Digits)})
	}
	if f.Min != nil {
		all = append(all, check{"min", fmt.Sprintf("%s >= %s", name, literal(spatial.Float(*f.Min)))})
	}
	if values := listed(f); values != "" {
		all = append(all, check{"values", fmt.Sprintf("%s IN (%s)", name, values)})
	}
	if f.Prefix != "" {
		all = append(all, check{"prefix", fmt.Sprintf("substr(%s, 1, length(%s)) = %[2]s", name, quote(f.Prefix))})
	}
	if len(f.SumOf) > 0 {
		all = append(all, check{"sum", name + " = " + sum(f.SumOf)})
	}
	return all
}

func listed(f *spatial.Field) string {
	var values []string
	for _, label := range f.Values {
		if v, err := spatial.ParseValue(f.Type, label.Value); err == nil {
			values = append(values, literal(v))
		}
	}
	return strings.Join(values, ", ")
}

func sum(fields []string) string {
	terms := make([]string, len(fields))
	for i, name := range fields {
		terms[i] = "coalesce(" + quote(name) + ", 0)"
	}
	return strings.Join(terms, " + ")
}

// geometryType is the type of a geometry column until a multi-part geometry
// comes in; then gpkg_geometry_columns says GEOMETRY.
func geometryType(kind spatial.GeometryKind) string {
	switch kind {
	case spatial.Points:
		return "POINT"
	case spatial.Lines:
		return "LINESTRING"
	case spatial.Polygons:
		return "POLYGON"
	}
	return "GEOMETRY"
}

// createUniques are the statements for a layer's unique fields.
func createUniques(s *spatial.Schema) []string {
	var all []string
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Unique {
			all = append(all, fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s)",
				quote(s.Constraint(f.Name, "unique")), quote(string(s.ID)), quote(f.Name)))
		}
	}
	return all
}

// createRest are the statements that follow the first rows of a layer:
// indexes of referring fields, R-tree with its contents and triggers, and the
// triggers that log edits.
func createRest(s *spatial.Schema) []string {
	var all []string
	for i := range s.Fields {
		if f := &s.Fields[i]; f.References != "" {
			all = append(all, fmt.Sprintf("CREATE INDEX %s ON %s (%s)",
				quote(s.Constraint(f.Name, "referring")), quote(string(s.ID)), quote(f.Name)))
		}
	}
	if s.Geometry != spatial.NoGeometry {
		all = append(all, expand(createRTree, s.ID)...)
	}
	return append(all, createTriggers(s)...)
}

func expand(statements []string, id spatial.LayerID) []string {
	all := make([]string, len(statements))
	for i, statement := range statements {
		all[i] = strings.ReplaceAll(statement, "<t>", string(id))
	}
	return all
}

// createRTree is the R-tree extension of OGC 12-128r18 annex F.3 for table
// <t>, word for word but for the name of the tree's rows.
var createRTree = []string{
	`CREATE VIRTUAL TABLE "rtree_<t>_geom" USING rtree(id, minx, maxx, miny, maxy)`,
	`INSERT INTO "rtree_<t>_geom" SELECT id, ST_MinX(geom), ST_MaxX(geom), ST_MinY(geom), ST_MaxY(geom)
		FROM "<t>" WHERE geom NOT NULL AND NOT ST_IsEmpty(geom)`,
	`CREATE TRIGGER "rtree_<t>_geom_insert" AFTER INSERT ON "<t>" WHEN (NEW."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom"))
		BEGIN INSERT OR REPLACE INTO "rtree_<t>_geom" VALUES (NEW."id",
		ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END`,
	`CREATE TRIGGER "rtree_<t>_geom_update1" AFTER UPDATE OF "geom" ON "<t>"
		WHEN OLD."id" = NEW."id" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
		BEGIN INSERT OR REPLACE INTO "rtree_<t>_geom" VALUES (NEW."id",
		ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END`,
	`CREATE TRIGGER "rtree_<t>_geom_update2" AFTER UPDATE OF "geom" ON "<t>"
		WHEN OLD."id" = NEW."id" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
		BEGIN DELETE FROM "rtree_<t>_geom" WHERE id = OLD."id"; END`,
	`CREATE TRIGGER "rtree_<t>_geom_update3" AFTER UPDATE ON "<t>"
		WHEN OLD."id" != NEW."id" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
		BEGIN DELETE FROM "rtree_<t>_geom" WHERE id = OLD."id"; INSERT OR REPLACE INTO "rtree_<t>_geom" VALUES (NEW."id",
		ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END`,
	`CREATE TRIGGER "rtree_<t>_geom_update4" AFTER UPDATE ON "<t>"
		WHEN OLD."id" != NEW."id" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
		BEGIN DELETE FROM "rtree_<t>_geom" WHERE id IN (OLD."id", NEW."id"); END`,
	`CREATE TRIGGER "rtree_<t>_geom_delete" AFTER DELETE ON "<t>" WHEN OLD."geom" NOT NULL
		BEGIN DELETE FROM "rtree_<t>_geom" WHERE id = OLD."id"; END`,
	`INSERT INTO gpkg_extensions VALUES ('<t>', 'geom', 'gpkg_rtree_index',
		'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')`,
}

// dropTable are the statements that remove table <t> and all word of it.
var dropTable = []string{
	`DROP TABLE IF EXISTS "rtree_<t>_geom"`,
	`DROP TABLE "<t>"`,
	`DELETE FROM gpkg_data_column_constraints WHERE constraint_name IN
		(SELECT constraint_name FROM gpkg_data_columns WHERE table_name = '<t>')`,
	`DELETE FROM gpkg_extensions WHERE table_name = '<t>'`,
	`DELETE FROM gpkg_data_columns WHERE table_name = '<t>'`,
	`DELETE FROM gpkg_geometry_columns WHERE table_name = '<t>'`,
	`DELETE FROM gpkg_contents WHERE table_name = '<t>'`,
	`DELETE FROM wangge_layer WHERE id = '<t>'`,
}
