package viewer_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wangge/api"
	"wangge/api/viewer"
	"wangge/data"
	"wangge/data/luohu"
	"wangge/spatial"
)

// fixed is a state that never moves.
type fixed struct{ *spatial.Snapshot }

func (f fixed) Current() *spatial.Snapshot { return f.Snapshot }
func (f fixed) Fault() error               { return nil }
func (fixed) Next(ctx context.Context, last data.Event) (data.Event, error) {
	<-ctx.Done()
	return last, context.Cause(ctx)
}

// imported is a layer such as a user brings along; it stands in the middle of
// the town.
var imported = &spatial.Schema{ID: "my_survey", Title: spatial.Title{ZH: "我的调查", EN: "my survey"}, Group: "user", AsOf: "2025-01-01",
	Geometry: spatial.Polygons, Label: "remark", Fields: []spatial.Field{{Name: "remark", Type: spatial.TypeText}}}

// serve runs the whole service on the reference dataset and an imported
// layer. It returns its address and the layers with geometry, in order of
// their ids. The test fails if the service answers anything with an error.
func serve(t *testing.T) (server string, layers []string) {
	t.Helper()
	dataset, err := luohu.Generate(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []*spatial.Layer
	for _, schema := range dataset.Schemas() {
		layer, err := spatial.NewLayer(schema, 1, dataset.Rows(schema.ID))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, layer)
	}
	all = append(all, importedLayer(t))
	for _, layer := range all {
		if layer.Schema().Geometry != spatial.NoGeometry {
			layers = append(layers, string(layer.ID()))
		}
	}
	slices.Sort(layers)
	service := api.New(fixed{spatial.New(1, all...)}, api.Config{Page: viewer.Handler()}, slog.New(slog.DiscardHandler))
	return listen(t, service), layers
}

func importedLayer(t *testing.T) *spatial.Layer {
	t.Helper()
	square := orb.Bound{Min: orb.Point{114.128, 22.554}, Max: orb.Point{114.131, 22.557}}.ToPolygon()
	layer, err := spatial.NewLayer(imported, 1, func(yield func(spatial.Row, error) bool) {
		yield(spatial.Row{ID: 1, Geometry: square, Values: []spatial.Value{spatial.Text("看过")}}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// listen serves until the test ends, and fails it for every refused request.
// Requests of the page's workers are seen only here.
func listen(t *testing.T, service http.Handler) string {
	t.Helper()
	var mu sync.Mutex
	var refused []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &status{ResponseWriter: w}
		service.ServeHTTP(answer, r)
		if answer.code >= http.StatusBadRequest {
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, fmt.Sprintf("%d %s", answer.code, r.URL))
		}
	}))
	t.Cleanup(func() {
		server.Close()
		if len(refused) > 0 {
			t.Errorf("the service refused:\n%s", strings.Join(refused, "\n"))
		}
	})
	return server.URL
}

// status remembers the status of an answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
