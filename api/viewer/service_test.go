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
	"time"

	"github.com/paulmach/orb"

	"wangge/api"
	"wangge/api/viewer"
	"wangge/data"
	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/history"
)

// state is the state of a service, which tests change.
type state struct {
	mu    sync.Mutex
	now   *spatial.Snapshot
	fault error
	last  data.Event
	news  chan struct{}
}

func newState(now *spatial.Snapshot) *state {
	return &state{now: now, last: data.Event{Version: now.Version()}, news: make(chan struct{})}
}

func (s *state) Current() *spatial.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *state) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

func (*state) At(s *spatial.Snapshot, valid, known time.Time) (*spatial.Snapshot, error) {
	return history.At(s, valid, known)
}

// Next knows only the last event; whoever is further behind reads all.
func (s *state) Next(ctx context.Context, last data.Event) (data.Event, error) {
	for {
		s.mu.Lock()
		now, news := s.last, s.news
		s.mu.Unlock()
		if now.Version != last.Version || now.Behind != last.Behind {
			now.All = now.All || now.Version > last.Version+1
			return now, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return last, context.Cause(ctx)
		}
	}
}

// change makes the next version and tells of it as data.Live does.
func (s *state) change(t *testing.T, c spatial.Change) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Base = s.now.Version()
	next, err := s.now.Apply(c, c.Base+1)
	if err != nil {
		t.Fatal(err)
	}
	before := s.now
	s.now = next
	event := data.Event{Version: next.Version(), All: len(c.Create)+len(c.Drop) > 0}
	for _, l := range c.Layers {
		event.Touched = append(event.Touched, data.Touched{Layer: l.Layer, Bounds: append(boxes(before, l), boxes(next, l)...)})
	}
	s.tell(event)
}

// boxes are where a state has the features that a change touches.
func boxes(s *spatial.Snapshot, l spatial.LayerChange) []orb.Bound {
	var found []orb.Bound
	layer, err := s.Layer(l.Layer)
	if err != nil {
		return nil
	}
	for _, row := range l.Put {
		l.Delete = append(l.Delete, row.ID)
	}
	for _, id := range l.Delete {
		if f, err := layer.Feature(id); err == nil {
			if b, ok := f.Bound(); ok {
				found = append(found, b)
			}
		}
	}
	return found
}

func (s *state) fail(fault error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
	s.tell(data.Event{Version: s.now.Version(), Behind: fault != nil})
}

func (s *state) tell(e data.Event) {
	s.last = e
	close(s.news)
	s.news = make(chan struct{})
}

// imported is a layer such as a user brings along; it stands in the middle of
// the town.
var imported = &spatial.Schema{ID: "my_survey", Title: spatial.Title{ZH: "我的调查", EN: "my survey"}, Group: "user", AsOf: "2025-01-01",
	Geometry: spatial.Polygons, Label: "remark", Fields: []spatial.Field{{Name: "remark", Type: spatial.TypeText}}}

// serve runs the whole service on the reference dataset and an imported
// layer. It returns its address, its state and the layers with geometry, in
// order of their ids. The test fails if the service answers anything with an error.
func serve(t *testing.T) (server string, now *state, layers []string) {
	t.Helper()
	all := slices.Collect(luohutest.Snapshot(t).Layers())
	all = append(all, importedLayer(t))
	for _, layer := range all {
		if layer.Schema().Geometry != spatial.NoGeometry {
			layers = append(layers, string(layer.ID()))
		}
	}
	slices.Sort(layers)
	now = newState(spatial.New(1, all...))
	service := api.New(now, api.Config{Page: viewer.Handler()}, slog.New(slog.DiscardHandler))
	return listen(t, service), now, layers
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
		if answer.code >= http.StatusBadRequest && r.URL.Path != deleted {
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

// Flush is for event streams.
func (s *status) Flush() { _ = http.NewResponseController(s.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
