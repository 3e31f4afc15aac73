package postgis

import (
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/spatial"
)

// mapping is where another program keeps the rows of a layer. Names are as
// the database has them, not quoted.
type mapping struct {
	Schema   string   `json:"schema"`
	Table    string   `json:"table"`
	ID       string   `json:"id"`                 // column
	Geometry string   `json:"geometry,omitempty"` // column, "" for a table
	SRID     int      `json:"srid,omitempty"`
	Columns  []string `json:"columns"` // of the layer's fields
}

func (m *mapping) name() string { return pgx.Identifier{m.Schema, m.Table}.Sanitize() }

// expressions are what to read in place of the columns of a table of ours:
// values of the types of the fields, flat geometry in SRID 4490. An empty
// geometry is none.
func (m *mapping) expressions(s *spatial.Schema) []string {
	list := []string{quote(m.ID) + "::bigint"}
	if m.Geometry != "" {
		list = append(list, m.geometry())
	}
	for i := range s.Fields {
		list = append(list, quote(m.Columns[i])+"::"+columnTypes[s.Fields[i].Type])
	}
	return list
}

func (m *mapping) geometry() string {
	g := "ST_Force2D(" + quote(m.Geometry) + "::geometry)"
	placed := fmt.Sprintf("ST_SetSRID(%s, %d)", g, srid)
	if transformed[m.SRID] {
		placed = fmt.Sprintf("ST_Transform(%s, %d)", g, srid)
	}
	return fmt.Sprintf("CASE WHEN NOT ST_IsEmpty(%s::geometry) THEN %s END", quote(m.Geometry), placed)
}

// transformed are the systems of coordinates that are turned into degrees, and
// asIs those whose degrees are taken as they are: WGS 84 differs from CGCS2000
// by less than a metre.
var (
	transformed = map[int]bool{4547: true, 4526: true, 3857: true}
	asIs        = map[int]bool{4490: true, 4326: true}
)

// keptElsewhere refuses to write to a mapped table.
func (t table) keptElsewhere() error {
	return &spatial.InvalidError{Rule: "layer_mapped", Where: "layer " + string(t.ID), Detail: "the table " + t.name() + " is kept elsewhere",
		Fix: "edit it with the program that keeps it; the layer follows"}
}
