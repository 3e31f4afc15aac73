package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// route is one operation: where it is, what it is for, everything it accepts,
// and what answers it.
type route struct {
	method, path string // path as chi writes it
	summary      string
	parameters   []parameter
	filters      bool              // the fields of {layer} are query parameters too
	body         string            // media type of the request body; "" for none
	media        []string          // media types of the answer, the usual one first
	volatile     bool              // the answer depends on more than the snapshot and the request
	long         bool              // it may take long: only some are worked on at once
	roles        []adjustment.Role // who may ask; none for everyone
	handle       handler
}

// handler answers a decoded request, or returns why not.
type handler func(w http.ResponseWriter, r *request) error

// request is an HTTP request with its parameters decoded and the one
// snapshot that the whole answer is made from.
type request struct {
	*http.Request
	snapshot *spatial.Snapshot // as the asker may see it
	whole    *spatial.Snapshot // with internal layers and small counts: for decisions, not for answers
	actor    adjustment.Actor  // who asks; no role for anonymous readers
	query    url.Values        // well-formed, each name once
	values   map[string]any
	filters  url.Values // query parameters that are fields of the layer
	when     when       // the time that the snapshot is of, if not now
	moment   time.Time  // when it is asked: what is in force is in force then
	derived  []*derivedLayer
	worked   bool // a derived layer is read
}

// table lists every operation of the service.
func (s *Server) table() []route {
	return slices.Concat(
		s.landingRoutes(),
		s.pageRoutes(),
		s.collectionRoutes(),
		s.itemRoutes(),
		s.nearestRoutes(),
		s.closureRoutes(),
		s.previewRoutes(),
		s.responseRoutes(),
		s.coverageRoutes(),
		s.exposureRoutes(),
		s.scenarioRoutes(),
		s.sitingRoutes(),
		s.gridRoutes(),
		s.signInRoutes(),
		s.historyRoutes(),
		s.adjustmentRoutes(),
		s.tileRoutes(),
		s.styleRoutes(),
		s.eventRoutes(),
		s.searchRoutes(),
		s.definitionRoutes(),
		s.healthRoutes(),
		s.metricsRoutes(),
	)
}

// endpoint decodes requests by the route's declaration, answers repeated ones
// with 304, and turns errors into problems.
func (s *Server) endpoint(route *route) http.HandlerFunc {
	return s.plain(func(w http.ResponseWriter, raw *http.Request) error {
		answerOf(raw).route = route.path
		s.admit(w)
		r, err := s.begin(w, raw)
		if err != nil {
			return err
		}
		if err := route.permits(r.actor); err != nil {
			return err
		}
		if err := r.decode(route); err != nil {
			return err
		}
		if route.method == http.MethodGet && !route.volatile && s.unchanged(w, r) {
			return nil
		}
		if route.long {
			if err := r.gather(); err != nil {
				return err
			}
			leave, err := s.turn(r, s.long)
			if err != nil {
				return err
			}
			defer leave()
			answerOf(raw).begun = leave // who reads slowly holds nobody up
		}
		return route.handle(w, r)
	})
}

// gather reads the body, or as much of it as any question may have, before the
// request takes a place that others wait for.
func (r *request) gather() error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(io.LimitReader(r.Body, max(maxProposal, maxQuestion)+1)); err != nil {
		return err
	}
	r.Body = gathered{io.MultiReader(&body, r.Body), r.Body}
	return nil
}

// gathered is a body of which much has been read.
type gathered struct {
	io.Reader
	io.Closer
}

// decode reads the request's parameters into r.
func (r *request) decode(route *route) (err error) {
	if r.query, err = parseQuery(r.URL.RawQuery); err != nil {
		return err
	}
	for _, p := range route.parameters {
		if err := r.read(p); err != nil {
			return err
		}
	}
	known := route.queryNames()
	for _, d := range r.derivedNamed() {
		for _, p := range d.parameters {
			if err := r.read(p); err != nil {
				return err
			}
			known = append(known, p.declared().name)
		}
	}
	return r.sortOut(route, known)
}

// parseQuery refuses queries that are malformed, not UTF-8, or repeat a name.
func parseQuery(raw string) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, &spatial.InvalidError{Rule: "query_syntax", Where: "query", Detail: err.Error(),
			Fix: "percent-encode names and values and join them with &"}
	}
	for name, texts := range query {
		if !utf8.ValidString(name) || !utf8.ValidString(texts[0]) {
			return nil, &spatial.InvalidError{Rule: "query_utf8", Where: fmt.Sprintf("query parameter %+q", name),
				Detail: "it is not UTF-8", Fix: "percent-encode the bytes of UTF-8"}
		}
		if len(texts) > 1 {
			return nil, &spatial.InvalidError{Rule: "parameter_repeated", Where: "query parameter " + name,
				Detail: fmt.Sprintf("it is given %d times", len(texts)), Fix: "give it once"}
		}
	}
	return query, nil
}

func (r *request) read(p parameter) error {
	d := p.declared()
	text, given := d.text(r)
	if !given {
		text = d.initial
	}
	if text == "" && !given {
		if d.required {
			return d.refuse("it is missing")
		}
		return nil
	}
	if !utf8.ValidString(text) {
		return d.refuse("it is not UTF-8")
	}
	value, err := p.read(text)
	if err != nil {
		return err
	}
	r.values[d.name] = value
	return nil
}

// sortOut sets aside the filters among the query parameters and refuses what
// neither the route nor a derived layer knows.
func (r *request) sortOut(route *route, known []string) error {
	var schema *spatial.Schema
	if route.filters {
		var err error
		if schema, err = r.schemaNamed(layerParam.of(r)); err != nil {
			return err
		}
	}
	r.filters = url.Values{}
	for name, texts := range r.query {
		switch {
		case slices.Contains(known, name):
		case schema != nil && schema.FieldIndex(name) >= 0:
			r.filters[name] = texts
		default:
			return unknownParameter(name, known, schema)
		}
	}
	return nil
}

func (route *route) queryNames() []string {
	var names []string
	for _, p := range route.parameters {
		if d := p.declared(); d.in == inQuery {
			names = append(names, d.name)
		}
	}
	return names
}

func unknownParameter(name string, known []string, schema *spatial.Schema) error {
	fix := "this address takes no parameters"
	if len(known) > 0 {
		fix = "use " + strings.Join(known, ", ")
	}
	if schema != nil {
		fix += fmt.Sprintf("; or a field of %s: %s", schema.ID, fieldNames(schema))
	}
	return &spatial.InvalidError{Rule: "parameter_unknown", Where: fmt.Sprintf("query parameter %q", shorten(name)),
		Detail: "no parameter has this name here", Fix: fix}
}

// maxURL is the longest address that is read.
const maxURL = 8 << 10

func (s *Server) unknownPath(_ http.ResponseWriter, r *http.Request) error {
	return &problem{Status: http.StatusNotFound, Kind: "unknown-path",
		Detail: fmt.Sprintf("there is nothing at %q", shorten(r.URL.Path)), Fix: "follow the links of the landing page, /?f=json"}
}

func (s *Server) wrongMethod(mux *chi.Mux) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if !mux.Match(chi.NewRouteContext(), method, r.URL.Path) {
				continue
			}
			if allowed = append(allowed, method); method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
		list := strings.Join(allowed, ", ")
		w.Header().Set("Allow", list)
		return &problem{Status: http.StatusMethodNotAllowed, Kind: "method",
			Detail: fmt.Sprintf("%s is not possible here", shorten(r.Method)), Fix: "use " + list}
	}
}
