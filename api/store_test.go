package api

import (
	"io"
	"iter"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/spatial"
)

// copied is a snapshot as a source of rows.
type copied struct{ *spatial.Snapshot }

func (c copied) Schemas() []*spatial.Schema {
	var schemas []*spatial.Schema
	for l := range c.Layers() {
		schemas = append(schemas, l.Schema())
	}
	return schemas
}

func (c copied) Rows(id spatial.LayerID) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		l, err := c.Layer(id)
		if err != nil {
			yield(spatial.Row{}, err)
			return
		}
		for f := range l.All() {
			if !yield(f.Row(), nil) {
				return
			}
		}
	}
}

// TestAnswersFromAStore fills a file with the fixture district and compares
// what is answered from it with what is answered from memory; then an edit
// shows in the next answer.
func TestAnswersFromAStore(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	store, err := geopackage.Open(t.Context(), filepath.Join(t.TempDir(), "district.gpkg"), log)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	memory := district(t)
	if err := store.Fill(t.Context(), copied{memory}, nil); err != nil {
		t.Fatal(err)
	}
	live, err := data.Open(t.Context(), store, log)
	if err != nil {
		t.Fatal(err)
	}
	stored, fixture := server(t, live, Config{}), server(t, fixed{snapshot: memory}, Config{})
	for l := range memory.Layers() {
		target := "/collections/" + string(l.ID()) + "/items"
		want := features(askOf(fixture, http.MethodGet, target, "").Body.String())
		if got := features(askOf(stored, http.MethodGet, target, "").Body.String()); got != want {
			t.Errorf("%s from the store:\n%s\nwant\n%s", target, got, want)
		}
	}

	_, err = live.Edit(t.Context(), func(s *spatial.Snapshot) (spatial.Change, error) {
		return spatial.Change{Base: s.Version(), Layers: []spatial.LayerChange{{Layer: "statistics", Delete: []int64{1}}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := decoded(t, askOf(stored, http.MethodGet, "/collections/statistics/items", ""), http.StatusOK)
	if answer["numberMatched"] != 0.0 {
		t.Errorf("after the edit: %v", answer)
	}
}

// features is a page without its head, which names version and time.
func features(page string) string {
	_, list, _ := strings.Cut(page, `"features":[`)
	return list
}
