package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/exposure"
	"wangge/spatial/geodesic"
	"wangge/spatial/relate"
	"wangge/spatial/shelter"
)

func (s *Server) exposureRoutes() []route {
	return []route{{method: http.MethodPost, path: "/exposure", summary: "Who and what stands in zones and around them: people, rooms, shelters, schools, underground spaces, by unit and by zone",
		parameters: []parameter{coverByParam, datumParam, coverageFormat}, body: mediaJSON, media: []string{mediaJSON, mediaGeoJSON, mediaCSV, mediaXLSX}, long: true, handle: s.exposure}}
}

// defaultBuffer is how far points and lines reach where a request does not
// say it; areas reach as far as they are drawn.
const defaultBuffer geodesic.Meters = 50

// What a question about zones may have at most.
const (
	maxZones     = 50
	maxBuffer    = 10_000
	maxDrawn     = 5000
	maxHitsShown = 500
)

// zoneAsked is zones that a request names: features of a layer, or drawings,
// with a buffer around them.
type zoneAsked struct {
	layer  spatial.LayerID // "" for drawings
	where  []equality
	buffer *geodesic.Meters // nil: the default of what they are
	drawn  []exposure.Zone
}

// readZones reads the zones whose people a question is about.
func (q *shelterQuestion) readZones(r *request, body node) (err error) {
	if !body.has("exposure") {
		return nil
	}
	if q.zones, err = r.zones(body.members["exposure"], body.place("exposure")); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Compact(&text, body.members["exposure"]); err != nil {
		return err
	}
	q.zonesText, q.zonesIn = text.String(), datumParam.of(r).name()
	return nil
}

// zones reads a zone or a list of them.
func (r *request) zones(raw json.RawMessage, where string) ([]zoneAsked, error) {
	list := []json.RawMessage{raw}
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "[") {
		list = nil
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, &spatial.InvalidError{Rule: "zones", Where: where, Detail: "it is not a list of zones"}
		}
	}
	if len(list) == 0 || len(list) > maxZones {
		return nil, &spatial.InvalidError{Rule: "zones", Where: where, Detail: fmt.Sprintf("it has %d zones", len(list)), Fix: fmt.Sprintf(`give 1 to %d, like "high_risk_zones" or {"layer":"slopes","buffer":50}`, maxZones)}
	}
	var all []zoneAsked
	for i, part := range list {
		at := where
		if len(list) > 1 {
			at = fmt.Sprintf("%s[%d]", where, i)
		}
		z, err := r.zone(part, at)
		if err != nil {
			return nil, err
		}
		all = append(all, z)
	}
	return all, nil
}

func (r *request) zone(raw json.RawMessage, where string) (z zoneAsked, err error) {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		z.layer = spatial.LayerID(shorten(id))
		return z, r.zoneLayer(&z, where, nil)
	}
	n, err := parseNode(raw, where, []string{"layer", "buffer", "where", "area", "name", "features"})
	if err != nil {
		return z, err
	}
	buffer, given, err := n.float("buffer")
	if err != nil {
		return z, err
	}
	if given {
		if buffer < 0 || buffer > maxBuffer {
			return z, n.refuse("buffer", "buffer_range", fmt.Sprintf("%v m is not from 0 to %d", buffer, maxBuffer), "give metres around the zone")
		}
		z.buffer = ref(geodesic.Meters(buffer))
	}
	switch {
	case n.has("layer"):
		id, err := n.text("layer", maxCode)
		if err != nil {
			return z, err
		}
		z.layer = spatial.LayerID(id)
		return z, r.zoneLayer(&z, where, &n)
	case n.has("area"):
		g, err := n.drawing("area", datumParam.of(r), spatial.Polygons)
		if err != nil {
			return z, err
		}
		name, err := n.text("name", maxName)
		if name == "" {
			name = "图上区域 drawn area"
		}
		z.drawn = []exposure.Zone{{ID: 1, Name: name, Geometry: g}}
		return z, err
	case n.has("features"):
		z.drawn, err = drawnZones(n, datumParam.of(r))
		return z, err
	}
	return z, n.refuse("layer", "zone_missing", "it has none of layer, area and features", `give {"layer":"slopes","buffer":50} or {"area":Polygon}`)
}

// zoneLayer reads which features of a layer are zones.
func (r *request) zoneLayer(z *zoneAsked, where string, n *node) error {
	layer, err := r.snapshot.Layer(z.layer)
	if err != nil {
		return &spatial.InvalidError{Rule: "layer_unknown", Where: where, Detail: fmt.Sprintf("no layer is called %q", z.layer), Fix: "/collections lists them"}
	}
	if layer.Schema().Geometry == spatial.NoGeometry {
		return &spatial.InvalidError{Rule: "layer_table", Where: where, Detail: fmt.Sprintf("%s is a table: nothing stands in it", z.layer), Fix: "name a layer with places"}
	}
	if n == nil || !n.has("where") {
		return nil
	}
	picks, err := parseNode(n.members["where"], n.place("where"), schemaNames(layer.Schema()))
	if err != nil {
		return err
	}
	texts := map[string][]string{}
	for name, raw := range picks.members {
		text := scalarText(raw)
		if string(raw) == "null" {
			text = ""
		}
		texts[name] = []string{text}
	}
	z.where, err = parseFilters(layer.Schema(), texts)
	return placed(n.place("where"), err)
}

func schemaNames(schema *spatial.Schema) []string {
	names := make([]string, len(schema.Fields))
	for i := range schema.Fields {
		names[i] = schema.Fields[i].Name
	}
	return names
}

// drawnZones reads the features of a body.
func drawnZones(n node, in frame) ([]exposure.Zone, error) {
	var collection struct {
		Features []json.RawMessage `json:"features"`
	}
	list := n.members["features"]
	if json.Unmarshal(list, &collection) == nil && collection.Features != nil {
		list, _ = json.Marshal(collection.Features)
	}
	var features []json.RawMessage
	if err := json.Unmarshal(list, &features); err != nil || len(features) == 0 || len(features) > maxDrawn {
		return nil, n.refuse("features", "body_features", fmt.Sprintf("it is no list of 1 to %d features", maxDrawn), "send a FeatureCollection")
	}
	var zones []exposure.Zone
	for i, raw := range features {
		where := fmt.Sprintf("%s[%d]", n.place("features"), i)
		g, err := zoneShape(raw, where)
		if err == nil {
			g, err = in.toLL(g)
		}
		if err != nil {
			return nil, err
		}
		var about struct {
			Properties struct {
				Name string `json:"name"`
			} `json:"properties"`
		}
		_ = json.Unmarshal(raw, &about)
		zones = append(zones, exposure.Zone{ID: int64(i + 1), Name: shorten(about.Properties.Name), Geometry: g})
	}
	return zones, nil
}

// zoneShape reads a point, line or area of a feature.
func zoneShape(raw json.RawMessage, where string) (g orb.Geometry, err error) {
	var f point
	if json.Unmarshal(raw, &f) == nil && f.Geometry != nil && f.Geometry.Type == "Point" {
		p, err := parsePosition(f.Geometry.Coordinates)
		if err != nil {
			return nil, &spatial.InvalidError{Rule: "position", Where: where, Detail: err.Error(), Fix: "give [longitude, latitude] in degrees"}
		}
		return p, nil
	}
	if g, err = parseGeometry(raw, where); err != nil {
		return nil, err
	}
	return g, placed(where, spatial.ValidateGeometry(g))
}

// zonesIn are the zones of a snapshot that are asked about, and the layers
// they are of.
func zonesIn(s *spatial.Snapshot, asked []zoneAsked) ([]exposure.Zone, []spatial.LayerID, error) {
	var zones []exposure.Zone
	var layers []spatial.LayerID
	for _, z := range asked {
		for _, drawn := range z.drawn {
			drawn.Within = z.around(spatial.KindOf(drawn.Geometry))
			zones = append(zones, drawn)
		}
		if z.layer == "" {
			continue
		}
		layer, err := s.Layer(z.layer)
		if err != nil {
			return nil, nil, err
		}
		layers = append(layers, z.layer)
		for _, kind := range []spatial.GeometryKind{spatial.Points, spatial.Lines, spatial.Polygons} {
			of, err := exposure.ZonesOf(layer, z.around(kind), func(f spatial.Feature) bool { return f.Kind() == kind && z.picks(f) })
			if err != nil {
				return nil, nil, err
			}
			zones = append(zones, of...)
		}
	}
	return zones, layers, nil
}

// What zones and the features of a layer in their boxes may take: positions of
// zones times features, those that are measured for a buffer some fifty times as
// much as others. It is some seconds.
const (
	maxHeld      = 500_000_000
	measuredCost = 50
)

// affordable refuses zones that would take too long with a layer.
func affordable(zones []exposure.Zone, layer *spatial.Layer) error {
	held := 0
	for i := range zones {
		z := &zones[i]
		cost := relate.New(z.Geometry).Vertices()
		if z.Within > 0 {
			cost *= measuredCost
		}
		box := z.Geometry.Bound()
		for _, corner := range []orb.Point{box.Min, box.Max} {
			box = box.Union(geodesic.BoundAround(corner, z.Within))
		}
		for range layer.Intersecting(box) {
			if held += cost; held > maxHeld {
				return &spatial.InvalidError{Rule: "zones_work", Where: "zones", Detail: fmt.Sprintf("%d zones with their buffers would be held against too many of %s", len(zones), layer.ID()),
					Fix: "give a smaller buffer, fewer zones, or outlines with fewer positions"}
			}
		}
	}
	return nil
}

// around is the buffer around zones of a kind.
func (z *zoneAsked) around(kind spatial.GeometryKind) geodesic.Meters {
	switch {
	case z.buffer != nil:
		return *z.buffer
	case kind == spatial.Polygons:
		return 0
	}
	return defaultBuffer
}

func (z *zoneAsked) picks(f spatial.Feature) bool {
	for _, e := range z.where {
		if f.Value(e.field) != e.value {
			return false
		}
	}
	return true
}

// counting is a kind of things that stand in zones.
type counting struct {
	name   string
	layer  spatial.LayerID
	where  *spatial.Where
	fields []string // that are added up
}

// peopleFields are those of buildings that are added up, as far as they have
// them.
var peopleFields = []string{"residents", "residents_inland", "residents_shenzhen", "residents_hmt", "residents_foreign", "households", "rooms", "legal_persons"}

// countings are the kinds that a request names, with those of other layers.
func (r *request) countings(body node) ([]counting, error) {
	names := []string{"buildings", "shelters", "schools", "underground_spaces"}
	if body.has("count") {
		var err error
		if names, err = body.texts("count", maxZones); err != nil {
			return nil, err
		}
	}
	var all []counting
	for i, name := range names {
		c := counting{name: name, layer: spatial.LayerID(name)}
		if name == "schools" {
			c.layer, c.where = buildingLayer, &spatial.Where{Field: "use", Value: "education"}
		}
		layer, err := r.snapshot.Layer(c.layer)
		if err != nil || c.where != nil && layer.Schema().FieldIndex(c.where.Field) < 0 {
			if !body.has("count") {
				continue // of what a store does not have there is none
			}
			return nil, &spatial.InvalidError{Rule: "layer_unknown", Where: fmt.Sprintf("count[%d]", i), Detail: fmt.Sprintf("no layer is called %q", name), Fix: "name layers, or schools"}
		}
		if name == "buildings" {
			for _, field := range peopleFields {
				if layer.Schema().FieldIndex(field) >= 0 {
					c.fields = append(c.fields, field)
				}
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// exposed is the answer about zones.
type exposed struct {
	analysis
	Totals   map[string]int64        `json:"totals"`
	Zones    []exposedZone           `json:"zones"`
	Units    []exposedUnit           `json:"units"`
	Features map[string]exposedThing `json:"features"`

	level spatial.LayerID
	names []string // of the counts in order
}

type exposedZone struct {
	Layer  spatial.LayerID  `json:"layer,omitempty"`
	ID     int64            `json:"id"`
	Code   string           `json:"code"`
	Name   string           `json:"name"`
	Level  string           `json:"level"`
	Buffer float64          `json:"buffer"`
	Counts map[string]int64 `json:"counts"`
}

type exposedUnit struct {
	Level  string           `json:"level"`
	Code   string           `json:"code"`
	Name   string           `json:"name"`
	Counts map[string]int64 `json:"counts"`
}

type exposedThing struct {
	List []exposedFeature `json:"list"`
	More int              `json:"more"`
}

type exposedFeature struct {
	ID    int64     `json:"id"`
	Code  string    `json:"code"`
	Name  string    `json:"name"`
	At    orb.Point `json:"at"`
	Zones []string  `json:"zones"` // names or codes
}

const exposureMethod = "features that have a point in common with a zone or its buffer, borders included; distances geodesic; totals count each once, zones each by itself"

// exposure answers who and what stands in zones.
func (s *Server) exposure(w http.ResponseWriter, r *request) error {
	body, err := r.readObject(maxQuestion, []string{"zones", "by", "count", "datum"})
	if err != nil {
		return err
	}
	if err := r.members(body, []parameter{coverByParam, datumParam}); err != nil {
		return err
	}
	if !body.has("zones") {
		return body.refuse("zones", "zones_missing", "it is missing", `give {"zones":"high_risk_zones"} or {"zones":{"layer":"slopes","buffer":50}}`)
	}
	asked, err := r.zones(body.members["zones"], body.place("zones"))
	if err != nil {
		return err
	}
	counts, err := r.countings(body)
	if err != nil {
		return err
	}
	e, err := r.exposed(asked, counts)
	if err != nil {
		return err
	}
	e.Parameters["zones"] = body.members["zones"]
	r.tellDatum(e.Parameters)
	e.head(w.Header())
	e.CRS = r.tellCRS(w)
	switch as := r.as(coverageFormat); as {
	case "geojson":
		return e.writeGeoJSON(w, r)
	case "csv", "xlsx":
		return s.writeExposureFile(w, e, as)
	}
	return writeJSON(w, mediaJSON, e)
}

// exposed works the answer out.
func (r *request) exposed(asked []zoneAsked, counts []counting) (*exposed, error) {
	zones, used, err := zonesIn(r.snapshot, asked)
	if err != nil {
		return nil, err
	}
	e := &exposed{level: unitLevels[coverByParam.of(r)], Totals: map[string]int64{"zones": int64(len(zones))}, Features: map[string]exposedThing{}, Units: []exposedUnit{}, Zones: []exposedZone{}}
	names, err := unitNames(r.snapshot, e.level, nil)
	if err != nil {
		return nil, &spatial.InvalidError{Rule: "by_unknown", Where: "by", Detail: fmt.Sprintf("the store has no layer %s", e.level), Fix: "ask by another unit"}
	}
	for _, z := range zones {
		e.Zones = append(e.Zones, exposedZone{z.Layer, z.ID, z.Code, z.Name, z.Level, float64(z.Within), map[string]int64{}})
	}
	units := map[string]map[string]int64{}
	for _, c := range counts {
		used = append(used, c.layer)
		if err := e.count(r, zones, c, units); err != nil {
			return nil, err
		}
	}
	for _, code := range slices.Sorted(maps.Keys(units)) {
		name := names[code]
		if code == "" {
			name = "不在任何网格内 in no grid"
		}
		e.Units = append(e.Units, exposedUnit{levelNames[e.level], code, name, units[code]})
	}
	e.analysis = analysis{provenanceOf(r.snapshot, layersAmong(r.snapshot, unique(append(used, e.level))...)...), exposureMethod, crs84, parametersOf(r), map[string]int{"buildings_withheld": withheldIn(r.snapshot)}}
	return e, nil
}

// withheldIn is how many buildings have no figure of residents.
func withheldIn(s *spatial.Snapshot) int {
	counted, err := peopleOf(s, "residents")
	if err != nil {
		return 0
	}
	return counted.withheld
}

// count adds what stands of one kind in the zones.
func (e *exposed) count(r *request, zones []exposure.Zone, c counting, units map[string]map[string]int64) error {
	layer, err := r.snapshot.Layer(c.layer)
	if err != nil {
		return err
	}
	if err := affordable(zones, layer); err != nil {
		return err
	}
	found, err := exposure.Of(zones, layer, exposure.Touch, c.where.Picks)
	if err != nil {
		return err
	}
	put := func(to map[string]int64, n exposure.Count) {
		to[c.name] = int64(n.Features)
		for i, field := range c.fields {
			to[field] = n.Sums[i]
		}
	}
	e.names = append(append(e.names, c.name), c.fields...)
	put(e.Totals, found.Total(c.fields...))
	for i, n := range found.ByZone(c.fields...) {
		put(e.Zones[i].Counts, n)
	}
	prefix := shelter.Prefix(codeDigits[e.level])
	for _, k := range found.By(func(h exposure.Hit) string { return prefix(h.Feature.Attribute("grid").Text()) }, c.fields...) {
		if units[k.Key] == nil {
			units[k.Key] = map[string]int64{}
		}
		put(units[k.Key], k.Count)
	}
	e.list(r, c, found)
	return nil
}

// list names the features of one kind.
func (e *exposed) list(r *request, c counting, found *exposure.Exposure) {
	thing := exposedThing{List: []exposedFeature{}, More: max(0, len(found.Hits)-maxHitsShown)}
	for _, h := range found.Hits[:len(found.Hits)-thing.More] {
		told := exposedFeature{ID: h.Feature.ID(), Code: h.Feature.Code(), Name: h.Feature.Label(), At: r.shown(geodesic.PointOnSurface(h.Feature.Geometry())), Zones: []string{}}
		for _, z := range h.Zones {
			told.Zones = append(told.Zones, zoneName(&found.Zones[z]))
		}
		thing.List = append(thing.List, told)
	}
	e.Features[c.name] = thing
}

func zoneName(z *exposure.Zone) string {
	switch {
	case z.Name != "":
		return z.Name
	case z.Code != "":
		return z.Code
	}
	return fmt.Sprintf("%s %d", z.Layer, z.ID)
}

// writeGeoJSON answers with the units as features.
func (e *exposed) writeGeoJSON(w http.ResponseWriter, r *request) error {
	layer, err := r.snapshot.Layer(e.level)
	if err != nil {
		return err
	}
	start, err := encode(struct {
		Type string `json:"type"`
		analysis
		Totals map[string]int64 `json:"totals"`
	}{"FeatureCollection", e.analysis, e.Totals})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaGeoJSON)
	out := stream{to: w, buf: append(open(start), `,"features":[`...)}
	for i, u := range e.Units {
		if i > 0 {
			out.buf = append(out.buf, ',')
		}
		out.buf = append(out.buf, "\n"+`{"type":"Feature","geometry":`...)
		if f, err := layer.ByCode(u.Code); err == nil && f.HasGeometry() {
			shape, err := datumParam.of(r).fromLL(f.Geometry())
			if err != nil {
				return err
			}
			out.buf = format.AppendGeometry(out.buf, shape)
		} else {
			out.buf = append(out.buf, "null"...)
		}
		properties := map[string]any{"level": u.Level, "code": u.Code, "name": u.Name}
		for _, name := range e.names {
			properties[name] = u.Counts[name]
		}
		about, err := encode(properties)
		if err != nil {
			return err
		}
		out.buf = append(append(append(out.buf, `,"properties":`...), about...), '}')
		if err := out.drain(); err != nil {
			return err
		}
	}
	out.buf = append(out.buf, "\n]}\n"...)
	return out.flush()
}

// writeExposureFile answers with the units as a table.
func (s *Server) writeExposureFile(w http.ResponseWriter, e *exposed, as string) error {
	schema := &spatial.Schema{ID: "exposure", Title: spatial.Title{ZH: "风险暴露", EN: "exposure"}, Synthetic: e.Synthetic, Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Title: spatial.Title{ZH: "编码", EN: "code"}}, {Name: "name", Type: spatial.TypeText, Title: spatial.Title{ZH: "名称", EN: "name"}}}}
	for _, date := range e.AsOf {
		schema.AsOf = max(schema.AsOf, date)
	}
	for _, name := range e.names {
		schema.Fields = append(schema.Fields, spatial.Field{Name: name, Type: spatial.TypeInt})
	}
	layer, err := spatial.NewLayer(schema, e.Version, func(yield func(spatial.Row, error) bool) {
		for i, u := range e.Units {
			row := spatial.Row{ID: int64(i + 1), Values: []spatial.Value{spatial.Text(u.Code), spatial.Text(u.Name)}}
			for _, name := range e.names {
				row.Values = append(row.Values, spatial.Int(u.Counts[name]))
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return s.writeTable(w, layer, "风险暴露", as)
}
