package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"wangge/data/ledger"
	"wangge/data/scenario"
	"wangge/spatial/adjustment"
)

// definition is the API definition as other programs read it.
func definition(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(ask(t, http.MethodGet, "/openapi.json", "").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDefinitionIsValid(t *testing.T) {
	if err := definition(t).Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// inFixture are values of path parameters that the fixture has an answer to,
// where the examples are of the real district.
var inFixture = map[string]string{"{id}": "44030300200718", "{layers}": "grids", "{style}": "district", "{z}": "14", "{x}": "13380", "{y}": "7145"}

// TestExamplesAreAnsweredAsDefined asks each operation with each parameter's
// own example, and holds what comes against the definition: its status, its
// media type, and errors against the schema of problems.
func TestExamplesAreAnsweredAsDefined(t *testing.T) {
	doc := definition(t)
	s := server(t, fixed{snapshot: district(t)}, Config{})
	for _, route := range s.routes {
		if route.method != http.MethodGet || strings.HasSuffix(route.path, "/events") {
			continue
		}
		operation := doc.Paths.Find(route.path).GetOperation(route.method)
		for _, query := range exampleQueries(&route) {
			target := examplePath(&route) + query
			w := askOf(s, http.MethodGet, target, "")
			media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
			response := operation.Responses.Status(w.Code)
			if response == nil {
				response = operation.Responses.Default()
			}
			if w.Code >= 500 || w.Body.Len() > 0 && !hasMedia(response.Value.Content, media) {
				t.Errorf("%s: %d %s is not in the definition", target, w.Code, media)
			}
			if media == mediaProblem {
				checkProblem(t, response.Value.Content[mediaProblem].Schema.Value, w.Body.Bytes())
			}
		}
	}
}

func examplePath(route *route) string {
	path := strings.ReplaceAll(route.path, "{layer}", "grids")
	for name, value := range inFixture {
		path = strings.ReplaceAll(path, name, value)
	}
	return path
}

// exampleQueries are the required parameters alone and with each other one.
func exampleQueries(route *route) []string {
	required := url.Values{}
	for _, p := range route.parameters {
		if d := p.declared(); d.in == inQuery && d.required {
			required.Set(d.name, d.example)
		}
	}
	queries := []string{"?" + required.Encode()}
	for _, p := range route.parameters {
		if d := p.declared(); d.in == inQuery && !d.required {
			queries = append(queries, "?"+required.Encode()+"&"+url.Values{d.name: {d.example}}.Encode())
		}
	}
	return queries
}

func hasMedia(content openapi3.Content, media string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(content)), func(m string) bool {
		name, _, _ := strings.Cut(m, ";")
		return name == media
	})
}

func checkProblem(t *testing.T, schema *openapi3.Schema, body []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	if err := schema.VisitJSON(value); err != nil {
		t.Errorf("%v: %s", err, body)
	}
}

// TestDefinitionSaysWhoMay: operations for some roles take a token, and tell
// which refusals there are.
func TestDefinitionSaysWhoMay(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{Ledger: ledger.New(nil, adjustment.DefaultRules(), time.Now), Scenarios: scenario.New(nil, time.Now)})
	doc, err := openapi3.NewLoader().LoadFromData(askOf(s, http.MethodGet, "/openapi.json", "").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	for _, route := range s.routes {
		operation := doc.Paths.Find(route.path).GetOperation(route.method)
		free := slices.ContainsFunc(*operation.Security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 })
		if free != (len(route.roles) == 0) || operation.Responses.Status(http.StatusUnauthorized) == nil {
			t.Errorf("%s %s: anybody may: %v", route.method, route.path, free)
		}
		for _, status := range []int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity} {
			if told := operation.Responses.Status(status) != nil; told != (!free && route.method != http.MethodGet) {
				t.Errorf("%s %s: %d is told of: %v", route.method, route.path, status, told)
			}
		}
	}
}
