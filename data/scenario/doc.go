// Package scenario keeps what-if scenarios of shelters under names, as rows of
// an internal layer of the same store: shelters added, closed, enlarged, moved,
// another rule, blocked roads, a draft of boundaries. What they lead to is not
// its business.
//
// Invariant: following the scenarios that one builds on comes to an end.
package scenario

import (
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/spatial"
)

// Changes are what is different from today, or from the scenario they build
// on. They are kept as the JSON that requests and answers have, too.
type Changes struct {
	Base       int64    `json:"base,omitempty"` // the scenario they build on, 0 for today
	Rule       string   `json:"rule,omitempty"` // code of the rule in place of the one asked for
	Add        []Site   `json:"add,omitempty"`
	Close      []string `json:"close,omitempty"` // codes or ids of shelters
	Enlarge    []Resize `json:"enlarge,omitempty"`
	Move       []Shift  `json:"move,omitempty"`
	Block      []Block  `json:"block,omitempty"`
	Adjustment int64    `json:"adjustment,omitempty"` // number of a boundary adjustment, 0 for none
}

// Site is a shelter that is not there today.
type Site struct {
	Name    string    `json:"name"`
	At      orb.Point `json:"at"`      // degrees lon, lat
	Area    float64   `json:"area"`    // effective, m²
	Setting string    `json:"setting"` // indoor or outdoor
	Class   string    `json:"class,omitempty"`
	Hazards []string  `json:"hazards,omitempty"` // that it serves; none: those its setting fits
}

// Resize gives a shelter another effective area in m².
type Resize struct {
	Shelter string  `json:"shelter"`
	Area    float64 `json:"area"`
}

// Shift puts a shelter elsewhere.
type Shift struct {
	Shelter string    `json:"shelter"`
	At      orb.Point `json:"at"`
}

// Block closes roads: those that a line meets, those in an area, or one road.
type Block struct {
	Line *geojson.Geometry `json:"line,omitempty"`
	Area *geojson.Geometry `json:"area,omitempty"`
	Road int64             `json:"road,omitempty"` // id of its feature
}

// Empty says whether they change nothing by themselves.
func (c Changes) Empty() bool {
	return c.Rule == "" && len(c.Add)+len(c.Close)+len(c.Enlarge)+len(c.Move)+len(c.Block) == 0 && c.Adjustment == 0
}

// Scenario is one that is kept.
type Scenario struct {
	ID, Revision      int64
	Name, Description string
	Author            string // name of the token it was made with
	Created, Updated  time.Time
	Changes           Changes
}

// Layer is the internal layer of scenarios.
const Layer spatial.LayerID = "coverage_scenarios"

// The fields of the layer, in order.
const (
	fName = iota
	fDescription
	fRevision
	fAuthor
	fCreated
	fUpdated
	fDeleted
	fBase
	fChanges
)

// Schema describes the layer. Rows of deleted scenarios stay, so that their
// numbers are not given again.
func Schema() *spatial.Schema {
	return &spatial.Schema{ID: Layer, Internal: true, Label: "name", Title: spatial.Title{ZH: "避难覆盖情景", EN: "scenarios of shelter coverage"}, Fields: []spatial.Field{
		{Name: "name", Type: spatial.TypeText, Required: true},
		{Name: "description", Type: spatial.TypeText},
		{Name: "revision", Type: spatial.TypeInt, Required: true},
		{Name: "author", Type: spatial.TypeText, Required: true},
		{Name: "created", Type: spatial.TypeTime, Required: true},
		{Name: "updated", Type: spatial.TypeTime, Required: true},
		{Name: "deleted", Type: spatial.TypeTime},
		{Name: "base", Type: spatial.TypeInt},
		{Name: "changes", Type: spatial.TypeText, Required: true},
	}}
}
