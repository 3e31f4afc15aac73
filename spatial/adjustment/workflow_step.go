package adjustment

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/spatial"
)

// written is a step as JSON has it: drawings are GeoJSON geometries.
type written struct {
	From      string          `json:"from,omitempty"`
	To        string          `json:"to,omitempty"`
	Area      json.RawMessage `json:"area,omitempty"`
	Line      json.RawMessage `json:"line,omitempty"`
	Buildings []string        `json:"buildings,omitempty"`
	NewCode   string          `json:"new_code,omitempty"`
}

// MarshalJSON writes a step; its drawings come back bit for bit.
func (s Step) MarshalJSON() ([]byte, error) {
	w := written{From: s.From, To: s.To, Buildings: s.Buildings, NewCode: s.NewCode}
	var err error
	if s.Area != nil {
		if w.Area, err = geojson.NewGeometry(s.Area).MarshalJSON(); err != nil {
			return nil, fmt.Errorf("area: %w", err)
		}
	}
	if s.Line != nil {
		if w.Line, err = geojson.NewGeometry(s.Line).MarshalJSON(); err != nil {
			return nil, fmt.Errorf("line: %w", err)
		}
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads a step and refuses members that it does not know, with
// drawings as [spatial.ValidateGeometry] takes them.
func (s *Step) UnmarshalJSON(text []byte) error {
	var w written
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&w); err != nil {
		return fmt.Errorf("step: %w", err)
	}
	*s = Step{From: w.From, To: w.To, Buildings: w.Buildings, NewCode: w.NewCode}
	area, err := readDrawing("area", w.Area, spatial.Polygons)
	if err != nil {
		return err
	}
	line, err := readDrawing("line", w.Line, spatial.Lines)
	if err != nil {
		return err
	}
	s.Area = area
	if line == nil {
		return nil
	}
	var single bool
	if s.Line, single = line.(orb.LineString); !single {
		return &spatial.InvalidError{Rule: "drawing_kind", Where: "line", Detail: "it is in several parts", Fix: "draw one line"}
	}
	return nil
}

func readDrawing(where string, text json.RawMessage, kind spatial.GeometryKind) (orb.Geometry, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	g, err := geojson.UnmarshalGeometry(text)
	if err != nil || bytes.Contains(text, []byte("null")) || g.Coordinates == nil {
		return nil, &spatial.InvalidError{Rule: "drawing_kind", Where: where, Detail: "it is no GeoJSON geometry"}
	}
	drawn := g.Geometry()
	if spatial.KindOf(drawn) != kind {
		return nil, &spatial.InvalidError{Rule: "drawing_kind", Where: where, Detail: fmt.Sprintf("it is a %s", drawn.GeoJSONType()), Fix: fmt.Sprintf("draw a %s", kind)}
	}
	return drawn, spatial.ValidateGeometry(drawn)
}
