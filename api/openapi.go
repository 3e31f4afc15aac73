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
			"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer",
				"description": "a token of wangge token create; what anybody may read needs none"}},
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
		"at":      {"type": "array", "items": jsonSchema{"type": "number"}, "minItems": 2, "maxItems": 2},
		"checks":  {"type": "array", "items": checkSchema, "description": "of a plan that is refused: all that is wrong or doubtful"},
		"changes": {"type": "array", "items": jsonSchema{"type": "string"}, "description": "what is different from what was counted on"},
		"allowed": {"type": "array", "items": jsonSchema{"type": "string"}, "description": "actions that are possible"},
		"codes":   {"type": "array", "items": jsonSchema{"type": "string"}, "description": "areas in dispute"},
	},
}

var checkSchema = jsonSchema{
	"type": "object", "required": []string{"rule", "severity", "detail", "step"},
	"properties": map[string]jsonSchema{
		"rule": {"type": "string"}, "severity": {"type": "string", "enum": []string{"refusal", "warning"}}, "where": {"type": "string"},
		"detail": {"type": "string"}, "fix": {"type": "string"}, "step": {"type": "integer"},
		"at":      {"type": "array", "items": jsonSchema{"type": "number"}, "minItems": 2, "maxItems": 2},
		"part":    {"type": "object", "description": "GeoJSON: where it is broken"},
		"suggest": {"type": "object", "description": "GeoJSON: a drawing for the step that breaks no rule"},
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
		"responses":   route.responses(answer),
	}
	if len(route.roles) > 0 {
		operation["security"] = []any{map[string][]string{"token": {}}}
		operation["description"] = "Only with a token of a " + strings.Join(words(route.roles), ", ") + "."
	} else {
		operation["security"] = []any{map[string][]string{}, map[string][]string{"token": {}}}
	}
	if route.body != "" {
		operation["requestBody"] = map[string]any{"required": true, "content": map[string]any{route.body: map[string]any{}}}
	}
	return operation
}

// responses are what may come: the answer, or one of the problems that a
// client can do something about, or another.
func (route *route) responses(answer map[string]any) map[string]any {
	problem := func(description string) map[string]any {
		return map[string]any{"description": description, "content": map[string]any{
			mediaProblem: map[string]any{"schema": jsonSchema{"$ref": "#/components/schemas/Problem"}}}}
	}
	responses := map[string]any{
		"200":     map[string]any{"description": "the answer", "content": answer, "headers": map[string]any{headerBehind: behindHeader}},
		"401":     problem("the token is not known, has expired or was revoked"),
		"default": problem("an error"),
	}
	if len(route.roles) == 0 {
		return responses
	}
	responses["401"] = problem("no token, or one that is not known, has expired or was revoked")
	responses["403"] = problem("the token's role may not do this; rule says why")
	if route.method != http.MethodGet {
		responses["201"] = map[string]any{"description": "what was made", "content": answer}
		responses["409"] = problem("the state of things does not allow it, or is no longer the one that was counted on")
		responses["412"] = problem("the revision of If-Match is no longer the newest")
		responses["422"] = problem("the plan breaks rules: checks has all of them, with places and remedies")
	}
	return responses
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
