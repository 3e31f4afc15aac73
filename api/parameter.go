package api

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"wangge/spatial"
)

// parameter is a declared parameter of a route.
type parameter interface {
	declared() *declaration
	read(text string) (any, error)
}

// place is where a parameter stands in a request.
type place string

const (
	inPath   place = "path"
	inQuery  place = "query"
	inHeader place = "header"
)

// declaration is what is said of a parameter, to people and in the API
// definition.
type declaration struct {
	name        string
	in          place
	description string
	example     string
	schema      jsonSchema
	required    bool
	initial     string // the text read when the request has none
}

// jsonSchema is a JSON Schema of a parameter's value.
type jsonSchema map[string]any

// param is a parameter that reads as a T.
type param[T any] struct {
	declaration
	parse func(text string) (T, error)
}

func (p *param[T]) declared() *declaration { return &p.declaration }

func (p *param[T]) read(text string) (any, error) {
	value, err := p.parse(text)
	var told *problem
	var invalid *spatial.InvalidError
	switch {
	case err == nil || errors.As(err, &told):
		return value, err
	case errors.As(err, &invalid):
		return nil, p.refuse(invalid.Detail)
	}
	return nil, p.refuse(err.Error())
}

// of is the parameter's value in a request; the zero T if it has none.
func (p *param[T]) of(r *request) T {
	value, _ := r.values[p.name].(T)
	return value
}

// given says whether the request has a value of the parameter.
func (p *param[T]) given(r *request) bool {
	_, ok := r.values[p.name]
	return ok
}

// text is the parameter as it stands in a request.
func (d *declaration) text(r *request) (text string, given bool) {
	switch d.in {
	case inPath:
		return pathText(r, d.name), true
	case inHeader:
		return r.Header.Get(d.name), len(r.Header.Values(d.name)) > 0
	}
	return r.query.Get(d.name), r.query.Has(d.name)
}

// pathText undoes the escapes that the router leaves when the address has
// unusual ones.
func pathText(r *request, name string) string {
	text := chi.URLParam(r.Request, name)
	if r.URL.RawPath == "" {
		return text
	}
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// refuse is the error of an unusable value.
func (d *declaration) refuse(detail string) error {
	fix := "give it like " + d.example
	if d.in == inQuery {
		fix = "give it like " + d.name + "=" + d.example
	}
	return &spatial.InvalidError{Rule: "parameter_" + d.name, Where: fmt.Sprintf("%s parameter %s", d.in, d.name), Detail: detail, Fix: fix}
}

// layerParam names the layer in a path.
var layerParam = &param[spatial.LayerID]{
	declaration{name: "layer", in: inPath, description: "id of a layer, as listed by /collections", example: "grids",
		schema: jsonSchema{"type": "string"}, required: true},
	parseLayer,
}

// parseLayer reads a layer's id. What is longer than any id stays none, and
// short enough for a message.
func parseLayer(text string) (spatial.LayerID, error) { return spatial.LayerID(shorten(text)), nil }

// parseFinite reads a finite decimal number.
func parseFinite(text string) (float64, error) {
	v, err := spatial.ParseValue(spatial.TypeFloat, text)
	if err != nil || v.IsNull() {
		return 0, fmt.Errorf("%q is not a finite number", shorten(text))
	}
	return v.Float(), nil
}

// parseWithin reads a number from low to high.
func parseWithin(low, high float64) func(string) (float64, error) {
	return func(text string) (float64, error) {
		f, err := parseFinite(text)
		if err == nil && (f < low || f > high) {
			err = fmt.Errorf("%s is not between %v and %v", shorten(text), low, high)
		}
		return f, err
	}
}

// parseCount reads a whole number from 1 to most.
func parseCount(most int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			return 0, fmt.Errorf("%q is not a whole number from 1 to %d", shorten(text), most)
		}
		return n, nil
	}
}

// shorten cuts a foreign text to what fits into a message.
func shorten(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
