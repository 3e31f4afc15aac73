package api

import (
	"net/http"
	"strings"
)

const mediaOpenAPI = "application/vnd.oai.openapi+json;version=3.1"

func (s *Server) definitionRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/openapi.json", summary: "This definition (OpenAPI 3.1)",
			parameters: []parameter{jsonFormat}, media: []string{mediaOpenAPI, mediaJSON}, handle: s.definition},
	}
}

// definition writes the API definition from the declarations of the routes.
func (s *Server) definition(w http.ResponseWriter, r *request) error {
	paths := map[string]map[string]any{}
	for i := range s.routes {
		route := &s.routes[i]
		if paths[route.path] == nil {
			paths[route.path] = map[string]any{}
		}
		paths[route.path][strings.ToLower(route.method)] = route.operation()
	}
	return writeJSON(w, definitionMedia(r), map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": "wangge", "version": "1", "description": "A district's spatial layers: features, vector tiles and analyses. Degrees, longitude before latitude."},
		"servers": []any{map[string]string{"url": s.base(r.Request)}},
		"paths":   paths,
		"components": map[string]any{
			"schemas":    map[string]any{"Problem": problemSchema},
			"parameters": map[string]any{"limit": limitParam.object()}, // where QGIS looks for the size of its pages
		},
	})
}

// definitionMedia is plain JSON for readers that ask for it: GDAL 3.6 knows no
// OpenAPI after 3.0, but is content with JSON.
func definitionMedia(r *request) string {
	if accept := r.Header.Get("Accept"); strings.Contains(accept, mediaJSON) && !strings.Contains(accept, mediaOpenAPI) {
		return mediaJSON
	}
	return mediaOpenAPI
}

var problemSchema = jsonSchema{
	"type": "object", "description": "an error (RFC 9457)", "required": []string{"type", "title", "status", "detail"},
	"properties": map[string]jsonSchema{
		"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
		"where": {"type": "string"}, "rule": {"type": "string"}, "fix": {"type": "string"}, "instance": {"type": "string"},
		"at": {"type": "array", "items": jsonSchema{"type": "number"}, "minItems": 2, "maxItems": 2},
	},
}

var behindHeader = map[string]any{
	"description": "true while answers come from an older state than the store's, as that cannot be read or breaks a rule; else absent",
	"schema":      jsonSchema{"type": "string", "enum": []string{"true"}},
}

// operation is a route as OpenAPI describes it.
func (route *route) operation() map[string]any {
	answer := map[string]any{}
	for _, media := range route.media {
		answer[media] = map[string]any{}
	}
	operation := map[string]any{
		"summary":     route.summary,
		"operationId": route.operationID(),
		"parameters":  route.parameterObjects(),
		"responses": map[string]any{
			"200": map[string]any{"description": "the answer", "content": answer, "headers": map[string]any{headerBehind: behindHeader}},
			"default": map[string]any{"description": "an error", "content": map[string]any{
				mediaProblem: map[string]any{"schema": jsonSchema{"$ref": "#/components/schemas/Problem"}}}},
		},
	}
	if route.body != "" {
		operation["requestBody"] = map[string]any{"required": true, "content": map[string]any{route.body: map[string]any{}}}
	}
	return operation
}

// operationID makes "get_collections_layer_items" of a method and a path.
func (route *route) operationID() string {
	words := strings.FieldsFunc(route.path, func(r rune) bool { return !('a' <= r && r <= 'z') })
	return strings.Join(append([]string{strings.ToLower(route.method)}, words...), "_")
}

func (route *route) parameterObjects() []any {
	list := []any{}
	for _, p := range route.parameters {
		list = append(list, p.declared().object())
	}
	if route.filters {
		list = append(list, map[string]any{
			"name": "filters", "in": inQuery, "style": "form", "explode": true,
			"description": "one parameter for each property of the layer: only features with this value of it; an empty value means none",
			"schema":      jsonSchema{"type": "object", "additionalProperties": jsonSchema{"type": "string"}},
		})
	}
	return list
}

func (d *declaration) object() map[string]any {
	object := map[string]any{"name": d.name, "in": d.in, "required": d.required, "schema": d.schema,
		"description": d.description + "; for instance " + d.example}
	if d.schema["type"] == "array" {
		object["style"], object["explode"] = "form", false
	}
	return object
}
