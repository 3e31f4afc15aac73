package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/spatial/partition"
)

// maxDrawing is more bytes than a drawing of as many positions as are planned
// has in any format.
const maxDrawing = 20 << 20

var (
	drawingCRSParam = &param[*datum.CRS]{
		declaration{name: "crs", in: inQuery, example: "EPSG:4547", schema: jsonSchema{"type": "string"},
			description: "coordinate system of the file, x before y, or gcj02 or bd09; without it as the file says, or as the size of the coordinates tells"},
		func(text string) (*datum.CRS, error) {
			crs, err := datum.Parse(text)
			if err != nil {
				err = fmt.Errorf("%q is no coordinate system that is known here", shorten(text))
			}
			return &crs, err
		},
	}
	nameParam = &param[string]{
		declaration{name: "name", in: inQuery, example: "界线.zip", schema: jsonSchema{"type": "string"},
			description: "name of the file, whose ending tells its kind; without it the first bytes do"},
		func(text string) (string, error) { return shorten(text), nil },
	}
)

// drawing reads a file with a drawn area or line.
func (s *Server) drawing(w http.ResponseWriter, r *request) error {
	path, err := r.saved()
	if err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(path))
	drawn, err := format.ReadDrawing(path, format.Source{}, drawingCRSParam.of(r), outlineOf(r.snapshot))
	if err != nil {
		return unreadable(err, path)
	}
	if err := spatial.ValidateGeometry(drawn.Geometry); err != nil {
		return placed("body", err)
	}
	answer := struct {
		Type     string         `json:"type"`
		Geometry any            `json:"geometry"`
		About    map[string]any `json:"properties"`
		CRS      string         `json:"crs"`    // that the file was taken to be in
		Member   string         `json:"member"` // of a step, that the geometry fits
		Notes    []string       `json:"notes"`  // how the file was read
		Doubts   []doubt        `json:"doubts"` // why the coordinates may be meant otherwise
	}{"Feature", shapeOf(drawn.Geometry), map[string]any{}, drawn.CRS.String(), "area", emptyNotNull(drawn.Notes), doubtsAbout(r.snapshot, drawn)}
	if _, isLine := drawn.Geometry.(orb.LineString); isLine {
		answer.Member = "line"
	}
	return writeJSON(w, mediaGeoJSON, answer)
}

// saved is a file with the request's body, alone in a folder of its own.
func (r *request) saved() (path string, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxDrawing))
	if err != nil {
		return "", err
	}
	if len(body) == 0 {
		return "", invalidBody("body_file", "it is empty", "send the file's bytes as the body")
	}
	folder, err := os.MkdirTemp("", "wangge-drawing-*")
	if err != nil {
		return "", fmt.Errorf("keep a drawing: %w", err)
	}
	path = filepath.Join(folder, "drawing"+extension(nameParam.of(r), body))
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return "", errors.Join(fmt.Errorf("keep a drawing: %w", err), os.RemoveAll(folder))
	}
	return path, nil
}

// drawingKinds are the endings of files that are read as drawings. A
// Shapefile is several files, so it comes zipped.
var drawingKinds = []string{".geojson", ".json", ".zip", ".gpkg", ".csv", ".xlsx"}

// extension tells the kind of a file by its name, or else by its first bytes.
func extension(name string, body []byte) string {
	ending := strings.ToLower(filepath.Ext(name))
	for _, kind := range drawingKinds {
		if ending == kind {
			return kind
		}
	}
	switch {
	case ending != "":
		return ".unknown"
	case bytes.HasPrefix(body, []byte("PK\x03\x04")):
		return ".zip"
	case bytes.HasPrefix(body, []byte("SQLite format 3\x00")):
		return ".gpkg"
	case bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n\ufeff"), []byte("{")):
		return ".geojson"
	}
	return ".csv"
}

// unreadable says why a file cannot be read, without naming where it was kept.
// What a reader says is about the file.
func unreadable(err error, path string) error {
	var invalid *spatial.InvalidError
	switch {
	case errors.As(err, &invalid):
		told, name := *invalid, filepath.Base(path)
		told.Where, told.Detail = strings.ReplaceAll(told.Where, path, name), strings.ReplaceAll(told.Detail, path, name)
		return placed("body", &told)
	case errors.As(err, new(*os.PathError)):
		return err
	}
	return invalidBody("body_file", "it cannot be read as the kind of file that it seems to be", "send GeoJSON, a zipped Shapefile, a GeoPackage, or CSV with a column of WKT")
}

// outlineOf is the area of all grids' districts; nil if there is none.
func outlineOf(s *spatial.Snapshot) orb.Geometry {
	layer, err := s.Layer("districts")
	if err != nil {
		return nil
	}
	var areas []orb.Geometry
	for f := range layer.All() {
		areas = append(areas, f.Geometry())
	}
	if len(areas) == 0 {
		return nil
	}
	return partition.Dissolve(areas)
}

// doubtsAbout says why a drawing may not lie where it was meant to.
func doubtsAbout(s *spatial.Snapshot, drawn *format.Drawing) []doubt {
	doubts := []doubt{}
	if drawn.Doubt != "" {
		doubts = append(doubts, doubt{"other_crs", drawn.Doubt})
	}
	if !drawn.CRS.SurveyGrade() {
		doubts = append(doubts, metresOnly)
	}
	if grids, err := s.Layer(gridLayer); err == nil {
		if all, ok := grids.Bound(); ok && !all.Intersects(drawn.Geometry.Bound()) {
			doubts = append(doubts, inNoGrid)
		}
	}
	return doubts
}
