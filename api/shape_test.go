package api

import (
	"fmt"
	"net/http"
	"testing"
)

// shape is a JSON value as documented: "string", "number", "bool", "any",
// a list of one shape, or an object of shapes. A name with ? may be missing.
// Members beyond it are allowed.
type shape any

type object map[string]shape

var (
	linkShape       = object{"href": "string", "rel": "string", "type?": "string", "title?": "string"}
	titleShape      = object{"zh?": "string", "en?": "string"}
	provenanceShape = object{"version": "number", "as_of": "any", "synthetic": "bool"}
	problemShape    = object{"type": "string", "title": "string", "status": "number", "detail": "string",
		"rule?": "string", "where?": "string", "fix?": "string", "at?": []shape{"number"}}
	featureShape    = object{"type": "string", "id": "number", "geometry": "any", "properties": "any"}
	collectionShape = object{"id": "string", "title": "string", "itemType": "string", "crs": []shape{"string"}, "links": []shape{linkShape},
		"extent?": object{"spatial": object{"bbox": []shape{[]shape{"number"}}, "crs": "string"}},
		"as_of":   "string", "synthetic": "bool", "version": "number", "count": "number", "geometry": "string", "titles": titleShape,
		"fields": []shape{object{"name": "string", "type": "string"}}}
	analysisShape = with(provenanceShape, object{"method": "string", "crs": "string", "parameters": "any", "excluded": "any"})
	candidate     = object{"id": "number", "layer": "string", "name": "any", "kind": "any", "available": "any", "distance": "number",
		"at": []shape{"number"}, "reason": "string"}
	unitShape = object{"id": "number", "layer": "string", "code": "string", "name": "string"}
)

func with(parts ...object) object {
	all := object{}
	for _, part := range parts {
		for name, s := range part {
			all[name] = s
		}
	}
	return all
}

// TestAnswersHaveTheirDocumentedShape asks every route.
func TestAnswersHaveTheirDocumentedShape(t *testing.T) {
	links := object{"links": []shape{linkShape}}
	tests := map[string]struct {
		target, body, media string
		want                shape
	}{
		"landing page": {"/", "", mediaJSON, with(provenanceShape, links, object{"title": "string", "description": "string"})},
		"conformance":  {"/conformance", "", mediaJSON, object{"conformsTo": []shape{"string"}}},
		"definition":   {"/openapi.json", "", mediaOpenAPI, object{"openapi": "string", "info": "any", "paths": "any"}},
		"collections":  {"/collections", "", mediaJSON, with(provenanceShape, links, object{"collections": []shape{collectionShape}})},
		"collection":   {"/collections/risk_points", "", mediaJSON, collectionShape},
		"a table":      {"/collections/statistics", "", mediaJSON, collectionShape},
		"schema":       {"/collections/risk_points/schema", "", mediaSchema, object{"$schema": "string", "$id": "string", "type": "string", "properties": "any"}},
		"items": {"/collections/risk_points/items", "", mediaGeoJSON, with(provenanceShape, links, object{"type": "string",
			"numberMatched": "number", "numberReturned": "number", "timeStamp": "string", "features": []shape{featureShape}})},
		"item":     {"/collections/grids/items/12", "", mediaGeoJSON, with(featureShape, provenanceShape, links)},
		"nearest":  {"/nearest?lon=114.01&lat=22.5&k=2", "", mediaJSON, with(analysisShape, object{"candidates": []shape{candidate}})},
		"no one":   {"/nearest?lon=114.01&lat=22.5&kind=", "", mediaJSON, with(analysisShape, object{"candidates": []shape{}})},
		"a batch":  {"/nearest", `{"layer":"grids"}`, mediaJSON, with(analysisShape, object{"results": []shape{object{"id": "number", "candidates": []shape{candidate}}}})},
		"no batch": {"/nearest", `{"features":[]}`, mediaJSON, with(analysisShape, object{"results": []shape{}})},
		"grid": {"/grids/at?lon=114.005&lat=22.505", "", mediaGeoJSON, with(featureShape, analysisShape,
			object{"community": unitShape, "street": unitShape, "district": unitShape})},
		"health": {"/healthz", "", mediaJSON, object{"status": "string"}},
		"ready":  {"/readyz", "", mediaJSON, with(provenanceShape, object{"status": "string"})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			method := http.MethodGet
			if test.body != "" {
				method = http.MethodPost
			}
			w := ask(t, method, test.target, test.body)
			checkShape(t, test.want, decoded(t, w, http.StatusOK))
			if got := w.Header().Get("Content-Type"); got != test.media {
				t.Errorf("Content-Type %q, want %q", got, test.media)
			}
		})
	}
}

func checkShape(t *testing.T, want shape, value any) {
	t.Helper()
	for _, fault := range misfits("", want, value) {
		t.Error(fault)
	}
}

// misfits says where a value does not have a shape.
func misfits(at string, want shape, value any) []string {
	switch want := want.(type) {
	case object:
		return objectMisfits(at, want, value)
	case []shape:
		return listMisfits(at, want, value)
	}
	kind := "any"
	switch value.(type) {
	case string:
		kind = "string"
	case float64:
		kind = "number"
	case bool:
		kind = "bool"
	}
	if want == "any" || want == kind {
		return nil
	}
	return []string{fmt.Sprintf("%s: %v is not a %v", at, value, want)}
}

func objectMisfits(at string, want object, value any) (faults []string) {
	members, ok := value.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: %v is not an object", at, value)}
	}
	for name, s := range want {
		optional := name[len(name)-1] == '?'
		if optional {
			name = name[:len(name)-1]
		}
		member, there := members[name]
		switch {
		case there:
			faults = append(faults, misfits(at+"/"+name, s, member)...)
		case !optional:
			faults = append(faults, fmt.Sprintf("%s: no %s", at, name))
		}
	}
	return faults
}

// listMisfits: an empty shape wants an empty list, any other at least one
// element.
func listMisfits(at string, want []shape, value any) (faults []string) {
	list, ok := value.([]any)
	if !ok || (len(list) == 0) != (len(want) == 0) {
		return []string{fmt.Sprintf("%s: %v is not a list as wanted", at, value)}
	}
	for i, element := range list {
		faults = append(faults, misfits(fmt.Sprintf("%s/%d", at, i), want[0], element)...)
	}
	return faults
}

// TestDefinitionNamesEveryRoute holds the API definition against the routes,
// and every parameter against its own example.
func TestDefinitionNamesEveryRoute(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	paths := get(t, "/openapi.json")["paths"].(map[string]any)
	names := map[any]bool{}
	for _, route := range s.routes {
		operations, _ := paths[route.path].(map[string]any)
		if len(operations) == 0 {
			t.Errorf("%s is not in the definition", route.path)
		}
		if names[route.operationID()] {
			t.Errorf("operation %s stands twice", route.operationID())
		}
		names[route.operationID()] = true
		if route.summary == "" || len(route.media) == 0 || route.handle == nil {
			t.Errorf("%s is not fully declared", route.path)
		}
		for _, p := range route.parameters {
			if d := p.declared(); d.description == "" || d.example == "" || d.schema == nil {
				t.Errorf("%s: parameter %s is not fully declared", route.path, d.name)
			} else if _, err := p.read(d.example); err != nil {
				t.Errorf("%s: the example of %s: %v", route.path, d.name, err)
			}
		}
	}
}
