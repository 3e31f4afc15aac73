package api

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"wangge/spatial"
)

// said is all that an answer says, but for the request's own name.
func said(w *httptest.ResponseRecorder) string {
	h := w.Header().Clone()
	h.Del("X-Request-Id")
	h.Set("Vary", strings.Join(h.Values("Vary"), ", "))
	var b strings.Builder
	fmt.Fprintln(&b, w.Code)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintln(&b, name, h[name])
	}
	return b.String() + w.Body.String()
}

// TestWarmAnswersAreTheSame asks a server again and again, and one that has
// never seen the question: both say the same, while the state moves on.
func TestWarmAnswersAreTheSame(t *testing.T) {
	state := &fixed{snapshot: district(t)}
	s, random := server(t, state, Config{}), rand.New(rand.NewPCG(7, 7))
	one := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	var tags []string
	for range 3000 {
		if random.IntN(200) == 0 {
			state.snapshot = renamed(t, state.snapshot)
		}
		target := one(inTown, nowhere, inTown+"?properties=code", inTown+"?filter=code>'4'", "/tiles/statistics/0/0/0.mvt", "/tiles/grids/3/8/0.mvt",
			"/collections/grids/tiles/CGCS2000Quad/11/768/3345", "/tiles/grids/12/3345/1785.mvt?x=1", "/collections/grids")
		headers := []string{"Accept-Encoding", one("", "gzip", "zstd, gzip", "gzip;q=0")}
		if random.IntN(3) == 0 {
			headers = append(headers, "Origin", one("http://a.example", "http://b.example"))
		}
		if random.IntN(3) == 0 {
			headers = append(headers, "X-Forwarded-For", one("192.0.2.1", "192.0.2.2"))
		}
		if random.IntN(3) == 0 && len(tags) > 0 {
			headers = append(headers, "If-None-Match", one("*", `"other"`, "W/"+one(tags...), one(tags...)))
		}
		if random.IntN(400) == 0 {
			headers = append(headers, "Authorization", "Bearer nonsense")
		}
		method := one(http.MethodGet, http.MethodGet, http.MethodHead)
		got := askOf(s, method, target, "", headers...)
		fresh := server(t, state, Config{})
		fresh.boot = s.boot // ETags of documents tell one run from another
		if want := askOf(fresh, method, target, "", headers...); said(got) != said(want) {
			t.Fatalf("%s %s %q:\n%.600s\nwant\n%.600s", method, target, headers, said(got), said(want))
		}
		if tag := got.Header().Get("ETag"); tag != "" {
			tags = append(tags, tag)
		}
	}
	if s.warm.hits.Load() < 300 {
		t.Errorf("only %d of 3,000 answers were at hand", s.warm.hits.Load())
	}
}

// renamed is the next state, in which a grid has another code.
func renamed(t *testing.T, s *spatial.Snapshot) *spatial.Snapshot {
	t.Helper()
	grids, err := s.Layer("grids")
	if err != nil {
		t.Fatal(err)
	}
	f, err := grids.Feature(11)
	if err != nil {
		t.Fatal(err)
	}
	row := f.Row()
	row.Values[0] = text(fmt.Sprintf("440303002%05d", s.Version()))
	next, err := s.Apply(spatial.Change{Base: s.Version(), Layers: []spatial.LayerChange{{Layer: grids.ID(), Put: []spatial.Row{row}}}}, s.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	return next
}
