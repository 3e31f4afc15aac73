package api

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

func (s *Server) collectionRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/collections", summary: "All layers",
			parameters: []parameter{pageFormat}, media: []string{mediaJSON, mediaHTML}, handle: s.collections},
		{method: http.MethodGet, path: "/collections/{layer}", summary: "One layer: what it is, where, of when, from whom",
			parameters: []parameter{layerParam, pageFormat}, media: []string{mediaJSON, mediaHTML}, handle: s.collection},
		{method: http.MethodGet, path: "/collections/{layer}/schema", summary: "The properties of a layer's features, as JSON Schema",
			parameters: []parameter{layerParam, jsonFormat}, media: []string{mediaSchema}, handle: s.schema},
		{method: http.MethodGet, path: "/collections/{layer}/queryables", summary: "What filter, sortby and datetime can ask a layer for, as JSON Schema",
			parameters: []parameter{layerParam, jsonFormat}, media: []string{mediaSchema}, handle: s.queryables},
	}
}

// collection is a layer as OGC API - Features describes it, with what its
// schema adds.
type collection struct {
	ID          spatial.LayerID      `json:"id"`
	Title       string               `json:"title"`
	Description string               `json:"description,omitempty"`
	ItemType    string               `json:"itemType"`
	Extent      *extent              `json:"extent,omitempty"`
	CRS         []string             `json:"crs"`
	StorageCRS  string               `json:"storageCrs,omitempty"`
	Links       []link               `json:"links"`
	AsOf        string               `json:"as_of"`
	Synthetic   bool                 `json:"synthetic"`
	Version     spatial.Version      `json:"version"` // of the last change to the layer
	Count       *int                 `json:"count"`   // null in lists where only making the layer would tell
	Group       string               `json:"group,omitempty"`
	Geometry    spatial.GeometryKind `json:"geometry"`
	Source      string               `json:"source,omitempty"`
	Licence     string               `json:"license,omitempty"`
	Titles      spatial.Title        `json:"titles"`
	Texts       spatial.Title        `json:"descriptions,omitzero"`
	Note        spatial.Title        `json:"note,omitzero"`
	Code        string               `json:"code_field,omitempty"`
	Label       string               `json:"label_field,omitempty"`
	Fields      []spatial.Field      `json:"fields"`
	Derived     *derivation          `json:"derived,omitempty"`
}

type extent struct {
	Spatial spatialExtent `json:"spatial"`
}

type spatialExtent struct {
	BBox [][4]float64 `json:"bbox"`
	CRS  string       `json:"crs"`
}

func (s *Server) collections(w http.ResponseWriter, r *request) error {
	var all []collection
	var layers []*spatial.Layer
	for layer := range r.snapshot.Layers() {
		layers = append(layers, layer)
		all = append(all, s.describe(r, layer))
	}
	all = append(all, s.describeDerived(r)...)
	from := provenanceOf(r.snapshot, layers...)
	from.head(w.Header())
	if r.as(pageFormat) == "html" {
		return s.collectionsPage(w, r)
	}
	return writeJSON(w, mediaJSON, struct {
		Links []link `json:"links"`
		provenance
		Collections []collection `json:"collections"`
	}{[]link{s.self(r, mediaJSON)}, from, append([]collection{}, all...)})
}

func (s *Server) collection(w http.ResponseWriter, r *request) error {
	layer, err := r.layer()
	if err != nil {
		return err
	}
	provenanceOf(r.snapshot, layer).head(w.Header())
	if r.as(pageFormat) == "html" {
		return s.collectionPage(w, r, layer)
	}
	described := s.describe(r, layer)
	described.Links = append([]link{s.self(r, mediaJSON)}, described.Links...)
	return writeJSON(w, mediaJSON, described)
}

// layer is the layer that the request's path names.
func (r *request) layer() (*spatial.Layer, error) { return r.layerNamed(layerParam.of(r)) }

func (s *Server) describe(r *request, layer *spatial.Layer) collection {
	schema, count := layer.Schema(), layer.Len()
	described := collection{
		ID: schema.ID, Title: both(schema.Title), Description: both(schema.Description), ItemType: "feature",
		Extent: extentOf(layer), CRS: servedURIs(), Links: s.layerLinks(r, layer),
		AsOf: schema.AsOf, Synthetic: schema.Synthetic, Version: layer.Version(), Count: &count,
		Group: schema.Group, Geometry: schema.Geometry, Source: schema.Source, Licence: schema.Licence,
		Titles: schema.Title, Texts: schema.Description, Note: schema.Note,
		Code: schema.Code, Label: schema.Label, Fields: append([]spatial.Field{}, schema.Fields...),
	}
	if schema.Geometry != spatial.NoGeometry {
		described.StorageCRS = datum.EPSG4490.URI()
	}
	if d := r.derivedAs(layer.ID()); d != nil {
		described.Derived, described.Version = d.describe(r.snapshot), r.snapshot.Version()
	}
	return described
}

// both joins a text's languages for readers that take only one.
func both(t spatial.Title) string {
	return strings.TrimSpace(t.ZH + " " + t.EN)
}

func extentOf(layer *spatial.Layer) *extent {
	b, ok := layer.Bound()
	if !ok {
		return nil
	}
	return &extent{spatialExtent{BBox: [][4]float64{corners(b)}, CRS: crs84}}
}

func corners(b orb.Bound) [4]float64 { return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} }

func (s *Server) layerLinks(r *request, layer *spatial.Layer) []link {
	base := s.base(r.Request)
	at := base + "/collections/" + string(layer.ID())
	links := []link{
		{Href: at + "/items", Rel: "items", Type: mediaGeoJSON, Title: "the features"},
		{Href: at + "/schema", Rel: "describedby", Type: mediaSchema, Title: "the properties"},
		{Href: at + "/queryables", Rel: relQueryables, Type: mediaSchema, Title: "what can be asked for"},
	}
	if layer.Schema().Geometry == spatial.NoGeometry {
		return links
	}
	tiles := base + "/tiles/" + string(layer.ID())
	return append(links,
		link{Href: tiles + "/{z}/{x}/{y}.mvt", Rel: "tiles", Type: mediaTile, Title: "vector tiles", Templated: true},
		link{Href: at + "/tiles", Rel: "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector", Type: mediaJSON, Title: "tilesets, in several tile matrix sets"},
		link{Href: tiles + ".json", Rel: "tilejson", Type: mediaJSON, Title: "TileJSON"},
	)
}

const relQueryables = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

// schema describes a layer's properties.
func (s *Server) schema(w http.ResponseWriter, r *request) error {
	return s.writeSchema(w, r, jsonSchema{})
}

// queryables describes what a layer can be asked for: all its properties,
// and no others.
func (s *Server) queryables(w http.ResponseWriter, r *request) error {
	return s.writeSchema(w, r, jsonSchema{"additionalProperties": false})
}

// writeSchema adds a layer's properties to a JSON Schema (2020-12), the roles as OGC API - Features - Part 5 names them.
func (s *Server) writeSchema(w http.ResponseWriter, r *request, document jsonSchema) error {
	layer, err := r.layer()
	if err != nil {
		return err
	}
	provenanceOf(r.snapshot, layer).head(w.Header())
	schema := layer.Schema()
	maps.Copy(document, jsonSchema{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": s.self(r, mediaSchema).Href,
		"type": "object", "title": both(schema.Title), "description": both(schema.Description), "properties": propertySchemas(schema),
	})
	return writeJSON(w, mediaSchema, document)
}

func propertySchemas(schema *spatial.Schema) map[string]jsonSchema {
	properties := map[string]jsonSchema{}
	if schema.Geometry != spatial.NoGeometry {
		properties["geometry"] = jsonSchema{"x-ogc-role": "primary-geometry", "format": geometryFormat(schema.Geometry)}
	}
	for i := range schema.Fields {
		field := fieldSchema(&schema.Fields[i])
		switch {
		case schema.Fields[i].Name == schema.Code:
			field["x-ogc-role"] = "id"
		case i == primaryInstant(schema):
			field["x-ogc-role"] = "primary-instant"
		case schema.Fields[i].References != "":
			field["x-ogc-role"] = "reference"
			field["x-ogc-collectionId"] = schema.Fields[i].References
		}
		field["x-ogc-propertySeq"] = i + 1
		properties[schema.Fields[i].Name] = field
	}
	return properties
}

// geometryFormat names the geometry as OGC API - Features - Part 5 does.
func geometryFormat(kind spatial.GeometryKind) string {
	switch kind {
	case spatial.Points:
		return "geometry-point-or-multipoint"
	case spatial.Lines:
		return "geometry-linestring-or-multilinestring"
	case spatial.Polygons:
		return "geometry-polygon-or-multipolygon"
	}
	return "geometry-any"
}

var jsonTypes = map[spatial.Type]jsonSchema{
	spatial.TypeText:  {"type": "string"},
	spatial.TypeInt:   {"type": "integer"},
	spatial.TypeFloat: {"type": "number"},
	spatial.TypeBool:  {"type": "boolean"},
	spatial.TypeDate:  {"type": "string", "format": "date"},
	spatial.TypeTime:  {"type": "string", "format": "date-time"},
}

func fieldSchema(f *spatial.Field) jsonSchema {
	schema := jsonSchema{"title": both(f.Title)}
	for key, value := range jsonTypes[f.Type] {
		schema[key] = value
	}
	if !f.Required {
		schema["type"] = []any{schema["type"], "null"}
	}
	if f.Min != nil {
		schema["minimum"] = *f.Min
	}
	if f.Unit != "" {
		schema["x-ogc-unit"] = f.Unit
	}
	if f.Digits > 0 {
		schema["pattern"] = fmt.Sprintf("^[0-9]{%d}$", f.Digits)
	}
	if values := allowedValues(f); len(values) > 0 {
		schema["enum"], schema["oneOf"] = values, titledValues(f)
	}
	return schema
}

// allowedValues is the closed set of a field's values as JSON has them.
func allowedValues(f *spatial.Field) []any {
	var values []any
	for _, label := range f.Values {
		if v, err := spatial.ParseValue(f.Type, label.Value); err == nil {
			values = append(values, v.Any())
		}
	}
	if len(values) > 0 && !f.Required {
		values = append(values, nil)
	}
	return values
}

// titledValues is the same set with what each value is called.
func titledValues(f *spatial.Field) []jsonSchema {
	var values []jsonSchema
	for _, label := range f.Values {
		if v, err := spatial.ParseValue(f.Type, label.Value); err == nil {
			values = append(values, jsonSchema{"const": v.Any(), "title": cmp.Or(both(label.Title), label.Value)})
		}
	}
	if !f.Required {
		values = append(values, jsonSchema{"const": nil, "title": "无 none"})
	}
	return values
}
