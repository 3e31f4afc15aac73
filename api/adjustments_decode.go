package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// What a proposal may have at most.
const (
	maxSteps     = 200
	maxBuildings = 2000   // in one step
	maxElements  = 50_000 // in one list of coordinates
	maxProposal  = 8 << 20
)

// wanted are the boundaries that a request proposes.
type wanted struct {
	layer spatial.LayerID
	steps []adjustment.Step
	frame frame // of the request's geometries, and of those in the answer
}

// stepMembers are the members of a step, and those of a request for one.
var stepMembers = []string{"from", "to", "area", "line", "buildings", "new_code"}

// readSteps reads a body of steps, or of the members of one step.
func (r *request) readSteps() (*wanted, error) {
	body, err := r.readObject(maxProposal, slices.Concat([]string{"layer", "steps", "datum"}, stepMembers))
	if err != nil {
		return nil, err
	}
	return r.wanted(body)
}

// readObject reads the body of a request as an object with some members.
func (r *request) readObject(most int64, names []string) (node, error) {
	whole := r.Body
	r.Body = http.MaxBytesReader(nil, whole, most)
	members, err := decodeBody(r)
	if errors.As(err, new(*http.MaxBytesError)) {
		_, _ = io.Copy(io.Discard, whole) // who still sends may not hear; what is read at most is bounded
	}
	if err != nil {
		return node{}, err
	}
	return node{members: members}, node{members: members}.only(names)
}

// wanted reads what a body says of layer and steps.
func (r *request) wanted(body node) (*wanted, error) {
	in, err := r.bodyFrame(body)
	if err != nil {
		return nil, err
	}
	layer, err := body.text("layer", maxCode)
	if err != nil {
		return nil, err
	}
	p := &wanted{layer: gridLayer, frame: in}
	if layer != "" {
		p.layer = spatial.LayerID(layer)
	}
	if _, err := r.snapshot.Layer(p.layer); err != nil {
		return nil, &spatial.InvalidError{Rule: "layer_unknown", Where: "layer", Detail: fmt.Sprintf("no layer is called %q", shorten(layer)), Fix: "leave it out for grids"}
	}
	nodes, err := body.stepNodes()
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		step, err := r.step(p, n)
		if err != nil {
			return nil, err
		}
		p.steps = append(p.steps, step)
	}
	return p, nil
}

// bodyFrame is what the body's coordinates are in: as its member datum says,
// or else the parameter.
func (r *request) bodyFrame(body node) (frame, error) {
	name, err := body.text("datum", maxCode)
	if err != nil || name == "" {
		return datumParam.of(r), err
	}
	in, err := parseDatum(name)
	if err != nil {
		return frame{}, body.refuse("datum", "datum", err.Error(), "give wgs84, gcj02 or bd09")
	}
	return in, nil
}

// stepNodes are the steps of a body, or the body as its only one.
func (n node) stepNodes() ([]node, error) {
	if !n.has("steps") {
		if !slices.ContainsFunc(stepMembers, n.has) {
			return nil, n.refuse("steps", "steps_missing", "it is missing", `send {"steps":[{"from":…,"to":…,"area":…}]}`)
		}
		return []node{n}, nil
	}
	if i := slices.IndexFunc(stepMembers, n.has); i >= 0 {
		return nil, n.refuse(stepMembers[i], "steps_twice", "it stands beside steps", "put it into a step")
	}
	list, err := n.list("steps", maxSteps)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, n.refuse("steps", "steps_missing", "it is empty", "give at least one step")
	}
	var nodes []node
	for i, raw := range list {
		step, err := parseNode(raw, fmt.Sprintf("%s[%d]", n.place("steps"), i), stepMembers)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, step)
	}
	return nodes, nil
}

// step reads one step. Areas that earlier ones split off may be named.
func (r *request) step(p *wanted, n node) (step adjustment.Step, err error) {
	if step.From, err = r.areaCode(p, n, "from"); err != nil {
		return step, err
	}
	if step.To, err = r.areaCode(p, n, "to"); err != nil {
		return step, err
	}
	if step.NewCode, err = n.text("new_code", maxCode); err != nil {
		return step, err
	}
	if step.NewCode, err = r.code(p.layer, n, "new_code", step.NewCode); err != nil {
		return step, err
	}
	if step.Buildings, err = n.texts("buildings", maxBuildings); err != nil {
		return step, err
	}
	if step.Area, err = n.drawing("area", p.frame, spatial.Polygons); err != nil {
		return step, err
	}
	line, err := n.drawing("line", p.frame, spatial.Lines)
	if line != nil {
		step.Line = line.(orb.LineString)
	}
	return step, err
}

// areaCode reads the code of an area in any spelling.
func (r *request) areaCode(p *wanted, n node, name string) (string, error) {
	text, err := n.text(name, maxCode)
	if err != nil || text == "" {
		return "", err
	}
	code, err := r.code(p.layer, n, name, text)
	if err != nil {
		return "", err
	}
	layer, err := r.snapshot.Layer(p.layer)
	if err != nil {
		return "", err
	}
	splits := func(s adjustment.Step) bool { return s.To == "" && s.Line != nil }
	if _, err := layer.ByCode(code); err != nil && !slices.ContainsFunc(p.steps, splits) {
		return "", n.refuse(name, "code_unknown", fmt.Sprintf("no feature of %s has the code %q", p.layer, shorten(text)), "give it like 44030300200718, 440303002007-18 or 新秀社区18网格")
	}
	return code, nil
}

// code is a code as it is stored.
func (r *request) code(layer spatial.LayerID, n node, name, text string) (string, error) {
	if layer != gridLayer {
		return text, nil
	}
	code, err := gridCode(r.snapshot, strings.TrimSpace(text))
	var invalid *spatial.InvalidError
	switch {
	case err == nil:
		return code, nil
	case errors.As(err, &invalid):
		return "", n.refuse(name, invalid.Rule, invalid.Detail, invalid.Fix)
	}
	return "", n.refuse(name, "code_unknown", err.Error(), "give it like 44030300200718")
}

// drawing reads a geometry of one kind, its parts included; nil if there is
// none. A feature is read as its geometry.
func (n node) drawing(name string, in frame, kind spatial.GeometryKind) (orb.Geometry, error) {
	if !n.has(name) {
		return nil, nil
	}
	g, err := parseGeometry(n.members[name], n.place(name))
	if err != nil {
		return nil, err
	}
	g = single(g, kind)
	if spatial.KindOf(g) != kind || kind == spatial.Lines && g.GeoJSONType() != "LineString" {
		return nil, n.refuse(name, "drawing_kind", fmt.Sprintf("it is a %s", g.GeoJSONType()), map[spatial.GeometryKind]string{
			spatial.Polygons: "draw a Polygon or MultiPolygon", spatial.Lines: "draw a LineString"}[kind])
	}
	if err := spatial.ValidateGeometry(g); err != nil {
		return nil, placed(n.place(name), err)
	}
	return g, placed(n.place(name), in.toDegrees(&g))
}

// toDegrees turns a geometry of these coordinates into degrees on the lattice
// that is stored.
func (f frame) toDegrees(g *orb.Geometry) (err error) {
	*g, err = f.toLL(*g)
	return err
}

// single is the line of a multiline that has one.
func single(g orb.Geometry, kind spatial.GeometryKind) orb.Geometry {
	if lines, ok := g.(orb.MultiLineString); ok && kind == spatial.Lines && len(lines) == 1 {
		return lines[0]
	}
	return g
}

// placed puts a place before that of an error.
func placed(where string, err error) error {
	var invalid *spatial.InvalidError
	if err == nil || !errors.As(err, &invalid) {
		return err
	}
	moved := *invalid
	if moved.Where = where; invalid.Where != "" {
		moved.Where += ", " + invalid.Where
	}
	return &moved
}

// parseGeometry reads a GeoJSON geometry, or that of a feature.
func parseGeometry(raw json.RawMessage, where string) (orb.Geometry, error) {
	n, err := parseNode(raw, where, []string{"type", "coordinates", "bbox", "geometry", "properties", "id"})
	if err != nil {
		return nil, err
	}
	kind, err := n.text("type", maxCode)
	if err != nil {
		return nil, err
	}
	if kind == "Feature" && n.has("geometry") {
		if n, err = parseNode(n.members["geometry"], n.place("geometry"), []string{"type", "coordinates", "bbox"}); err != nil {
			return nil, err
		}
		if kind, err = n.text("type", maxCode); err != nil {
			return nil, err
		}
	}
	if !n.has("coordinates") {
		return nil, n.refuse("coordinates", "coordinates", "it is missing", "give a GeoJSON geometry")
	}
	return parseCoordinates(kind, n.members["coordinates"], n)
}

// parseCoordinates reads the coordinates of lines and polygons.
func parseCoordinates(kind string, raw json.RawMessage, n node) (orb.Geometry, error) {
	at := n.place("coordinates")
	switch kind {
	case "LineString":
		line, err := parsePositions(raw, at)
		return orb.LineString(line), err
	case "MultiLineString":
		return parseList(raw, at, func(raw json.RawMessage, at string) (orb.LineString, error) { return parsePositions(raw, at) }, func(l []orb.LineString) orb.Geometry { return orb.MultiLineString(l) })
	case "Polygon":
		rings, err := parseRings(raw, at)
		return rings, err
	case "MultiPolygon":
		return parseList(raw, at, parseRings, func(p []orb.Polygon) orb.Geometry { return orb.MultiPolygon(p) })
	}
	return nil, n.refuse("type", "drawing_kind", fmt.Sprintf("%q is no kind of drawing", shorten(kind)), "draw a Polygon, MultiPolygon or LineString")
}

func parseRings(raw json.RawMessage, at string) (orb.Polygon, error) {
	parse := func(raw json.RawMessage, at string) (orb.Ring, error) {
		ring, err := parsePositions(raw, at)
		return ring, err
	}
	rings, err := parseEach(raw, at, parse)
	return rings, err
}

func parsePositions(raw json.RawMessage, at string) ([]orb.Point, error) {
	return parseEach(raw, at, func(raw json.RawMessage, at string) (orb.Point, error) {
		p, err := parsePosition(raw)
		if err == nil {
			return p, nil
		}
		if invalid := (*spatial.InvalidError)(nil); errors.As(err, &invalid) {
			return p, placed(at, err)
		}
		return p, &spatial.InvalidError{Rule: "position", Where: at, Detail: err.Error(), Fix: "give [longitude, latitude] in degrees"}
	})
}

func parseList[T any](raw json.RawMessage, at string, parse func(json.RawMessage, string) (T, error), whole func([]T) orb.Geometry) (orb.Geometry, error) {
	list, err := parseEach(raw, at, parse)
	if err != nil {
		return nil, err
	}
	return whole(list), nil
}

// parseEach reads a list, element by element.
func parseEach[T any](raw json.RawMessage, at string, parse func(json.RawMessage, string) (T, error)) ([]T, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil || elements == nil {
		return nil, &spatial.InvalidError{Rule: "coordinates", Where: at, Detail: "it is not a list", Fix: "give a GeoJSON geometry"}
	}
	if len(elements) > maxElements {
		return nil, &spatial.InvalidError{Rule: "drawing_size", Where: at, Detail: fmt.Sprintf("it has %d elements, more than %d", len(elements), maxElements), Fix: "simplify it"}
	}
	list := make([]T, len(elements))
	for i, element := range elements {
		var err error
		if list[i], err = parse(element, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// maxCode is longer than any code or keyword.
const maxCode = 100

// node is an object in a body, with the place where it stands.
type node struct {
	where   string
	members map[string]json.RawMessage
}

// parseNode reads an object that may have some members, each once.
func parseNode(raw json.RawMessage, where string, names []string) (node, error) {
	members, err := decodeMembers(json.NewDecoder(bytes.NewReader(raw)))
	n := node{where, members}
	switch {
	case err == nil:
		return n, n.only(names)
	case errors.As(err, new(*spatial.InvalidError)):
		return n, placed(where, err)
	}
	return n, &spatial.InvalidError{Rule: "body_object", Where: where, Detail: "it is not an object"}
}

// only refuses members of other names.
func (n node) only(names []string) error {
	for name := range n.members {
		if !slices.Contains(names, name) {
			return n.refuse(shorten(name), "member_unknown", "no member has this name here", "use "+strings.Join(names, ", "))
		}
	}
	return nil
}

// has says whether a member is there, and not null.
func (n node) has(name string) bool {
	raw, ok := n.members[name]
	return ok && string(raw) != "null"
}

func (n node) place(name string) string {
	if n.where == "" {
		return name
	}
	return n.where + "." + name
}

func (n node) refuse(name, rule, detail, fix string) error {
	return &spatial.InvalidError{Rule: rule, Where: n.place(name), Detail: detail, Fix: fix}
}

// text is a member's text of so many bytes at most; "" if there is none.
func (n node) text(name string, most int) (string, error) {
	if !n.has(name) {
		return "", nil
	}
	text, err := parseText(n.members[name], most)
	if err != nil {
		return "", n.refuse(name, "member_text", err.Error(), `give text in quotation marks`)
	}
	return text, nil
}

func parseText(raw json.RawMessage, most int) (text string, err error) {
	switch {
	case json.Unmarshal(raw, &text) != nil:
		return "", errors.New("it is not a text")
	case !utf8.Valid(raw):
		return "", errors.New("it is not UTF-8")
	case strings.ContainsRune(text, 0):
		return "", errors.New("it holds a zero character")
	case len(text) > most:
		return "", fmt.Errorf("it is longer than %d bytes", most)
	}
	return text, nil
}

// list are the elements of a member.
func (n node) list(name string, most int) ([]json.RawMessage, error) {
	var list []json.RawMessage
	switch err := json.Unmarshal(n.members[name], &list); {
	case err != nil:
		return nil, n.refuse(name, "member_list", "it is not a list", "give a list in [ ]")
	case len(list) > most:
		return nil, n.refuse(name, "member_list", fmt.Sprintf("it has more than %d elements", most), "send them in parts")
	}
	return list, nil
}

// texts are the short texts of a list; nil if there is none.
func (n node) texts(name string, most int) ([]string, error) {
	if !n.has(name) {
		return nil, nil
	}
	list, err := n.list(name, most)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(list))
	for i, raw := range list {
		if texts[i], err = parseText(raw, maxCode); err != nil {
			return nil, n.refuse(fmt.Sprintf("%s[%d]", name, i), "member_text", err.Error(), "give codes in quotation marks: they are longer than numbers may be")
		}
	}
	return texts, nil
}
