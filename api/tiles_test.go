package api

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
)

// inTown is a tile with a part of the fixture, nowhere one without.
const (
	inTown  = "/tiles/grids,risk_points/12/3345/1785.mvt"
	nowhere = "/tiles/grids,risk_points/12/0/0.mvt"
)

func TestTile(t *testing.T) {
	w := ask(t, http.MethodGet, inTown, "", "Origin", "http://example.org")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != mediaTile || w.Header().Get("Content-Encoding") != "" {
		t.Fatalf("status %d, headers %v", w.Code, w.Header())
	}
	layers, err := mvt.Unmarshal(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 2 || layers[0].Name != "grids" || layers[1].Name != "risk_points" || len(layers[0].Features) == 0 {
		t.Errorf("layers %v", layers)
	}
	for name, want := range map[string]string{"Cache-Control": "no-cache", "Content-Length": strconv.Itoa(w.Body.Len()), headerVersion: "7", "Access-Control-Allow-Origin": "*"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if vary := strings.Join(w.Header().Values("Vary"), ","); !strings.Contains(vary, "Accept-Encoding") {
		t.Errorf("Vary: %s", vary)
	}
}

func TestTileAlias(t *testing.T) {
	mvt, pbf := ask(t, http.MethodGet, inTown, ""), ask(t, http.MethodGet, strings.TrimSuffix(inTown, "mvt")+"pbf", "")
	if pbf.Code != http.StatusOK || pbf.Body.String() != mvt.Body.String() || pbf.Header().Get("ETag") != mvt.Header().Get("ETag") {
		t.Errorf("%d, %d bytes, %s; as .mvt %d bytes, %s", pbf.Code, pbf.Body.Len(), pbf.Header().Get("ETag"), mvt.Body.Len(), mvt.Header().Get("ETag"))
	}
}

func TestTileStatus(t *testing.T) {
	cases := []struct {
		target string
		status int
		says   string
	}{
		{nowhere, http.StatusNoContent, ""},
		{"/tiles/statistics/0/0/0.mvt", http.StatusNoContent, ""},
		{"/tiles/grids/21/0/0.mvt", http.StatusNotFound, "outside-matrix"},
		{"/tiles/grids/3/8/0.mvt", http.StatusNotFound, "outside-matrix"},
		{"/tiles/grids/99999999999999999999/0/0.mvt", http.StatusNotFound, "outside-matrix"},
		{"/tiles/grids,nonsense/0/0/0.mvt", http.StatusNotFound, `layer \"nonsense\"`},
		{"/tiles/nonsense/0/0/0.mvt", http.StatusNotFound, "/collections lists the layers"},
		{"/tiles/nonsense.json", http.StatusNotFound, "/collections lists the layers"},
		{"/tiles/grids/1/-1/0.mvt", http.StatusBadRequest, "tile_address"},
		{"/tiles/grids/a/b/c.mvt", http.StatusBadRequest, "tile_address"},
		{"/tiles/grids/1/01/0.mvt", http.StatusBadRequest, "tile_address"},
		{"/tiles/grids,/1/0/0.mvt", http.StatusBadRequest, "a layer id is empty"},
		{"/tiles/,.json", http.StatusBadRequest, "a layer id is empty"},
		{inTown + "?x=1", http.StatusBadRequest, "parameter_unknown"},
		{"/tiles/grids/0/0/0.png", http.StatusNotFound, "unknown-path"},
	}
	for _, c := range cases {
		w := ask(t, http.MethodGet, c.target, "")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s, want %d with %q", c.target, w.Code, w.Body, c.status, c.says)
		}
		if problem := w.Header().Get("Content-Type") == "application/problem+json"; problem != (c.status >= 400) {
			t.Errorf("%s: content type %s", c.target, w.Header().Get("Content-Type"))
		}
		if c.status == http.StatusNoContent && (w.Body.Len() > 0 || w.Header().Get("Content-Type") != "") {
			t.Errorf("%s: an empty tile with a body or its headers: %v", c.target, w.Header())
		}
	}
}

func TestTileCoding(t *testing.T) {
	cases := []struct {
		accept string
		gzip   bool
	}{
		{"", false},
		{"gzip", true},
		{"GZIP", true},
		{"x-gzip", true},
		{"deflate, gzip;q=1.0, br", true},
		{"*", true},
		{"gzip;q=0", false},
		{"gzip; q=0, *", false},
		{"gzip;q=0.5, identity", false},
		{"gzip;q=0.5, identity;q=0.1", true},
		{"identity;q=0, gzip;q=0.1", true},
		{"br, deflate", false},
		{"gzip;q=nonsense", false},
		{"gzip;q=NaN", false},
	}
	s := server(t, fixed{snapshot: district(t)}, Config{})
	plain := askOf(s, http.MethodGet, inTown, "")
	for _, c := range cases {
		w := askOf(s, http.MethodGet, inTown, "", "Accept-Encoding", c.accept)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != c.gzip {
			t.Errorf("Accept-Encoding %q: gzip is %v", c.accept, got)
			continue
		}
		if (w.Header().Get("ETag") == plain.Header().Get("ETag")) == c.gzip {
			t.Errorf("Accept-Encoding %q: ETag %s, that of plain bytes is %s", c.accept, w.Header().Get("ETag"), plain.Header().Get("ETag"))
		}
		if body := unpacked(t, w); body != plain.Body.String() {
			t.Errorf("Accept-Encoding %q: another tile", c.accept)
		}
	}
}

func unpacked(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Header().Get("Content-Encoding") == "" {
		return w.Body.String()
	}
	unzip, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(unzip)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestTileConditions(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	plain := askOf(s, http.MethodGet, inTown, "").Header().Get("ETag")
	zipped := askOf(s, http.MethodGet, inTown, "", "Accept-Encoding", "gzip").Header().Get("ETag")
	empty := askOf(s, http.MethodGet, nowhere, "").Header().Get("ETag")
	cases := []struct {
		target, accept, condition string
		status                    int
	}{
		{inTown, "", plain, http.StatusNotModified},
		{inTown, "", "W/" + plain, http.StatusNotModified},
		{inTown, "", `"other", ` + plain + ` , "more"`, http.StatusNotModified},
		{inTown, "", "*", http.StatusNotModified},
		{inTown, "", `"other"`, http.StatusOK},
		{inTown, "", strings.Trim(plain, `"`), http.StatusOK},
		{inTown, "", zipped, http.StatusOK},
		{inTown, "gzip", zipped, http.StatusNotModified},
		{inTown, "gzip", plain, http.StatusOK},
		{nowhere, "", empty, http.StatusNotModified},
		{nowhere, "gzip", plain, http.StatusNoContent},
	}
	for _, c := range cases {
		w := askOf(s, http.MethodGet, c.target, "", "If-None-Match", c.condition, "Accept-Encoding", c.accept)
		if w.Code != c.status {
			t.Errorf("If-None-Match %s, Accept-Encoding %q: %d, want %d", c.condition, c.accept, w.Code, c.status)
		}
		if w.Code == http.StatusNotModified && (w.Body.Len() > 0 || w.Header().Get("ETag") == "" || w.Header().Get("Vary") == "" || w.Header().Get("Cache-Control") == "") {
			t.Errorf("304 with %d bytes and headers %v", w.Body.Len(), w.Header())
		}
	}
}

// TestTileHead asks over a connection, where net/http decides on the body.
func TestTileHead(t *testing.T) {
	served := httptest.NewServer(server(t, fixed{snapshot: district(t)}, Config{}))
	defer served.Close()
	for _, target := range []string{inTown, nowhere} {
		head, err := http.Head(served.URL + target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := http.Get(served.URL + target) // asks for gzip itself
		if err != nil {
			t.Fatal(err)
		}
		_ = head.Body.Close()
		_ = got.Body.Close()
		if head.StatusCode != got.StatusCode || head.StatusCode == http.StatusOK && head.ContentLength <= 0 {
			t.Errorf("%s: HEAD %d with length %d, GET %d", target, head.StatusCode, head.ContentLength, got.StatusCode)
		}
	}
}

func TestTileJSONAddresses(t *testing.T) {
	answer := get(t, "http://example.org/tiles/grids,risk_points.json")
	tiles, _ := answer["tiles"].([]any)
	if len(tiles) != 1 || tiles[0] != "http://example.org/tiles/grids,risk_points/{z}/{x}/{y}.mvt" {
		t.Errorf("tiles %v", tiles)
	}
	if layers, _ := answer["vector_layers"].([]any); len(layers) != 2 {
		t.Errorf("vector_layers %v", answer["vector_layers"])
	}
}

// TestGDALReadsTiles opens tiles as GDAL's users do, without options.
func TestGDALReadsTiles(t *testing.T) {
	ogrinfo, err := exec.LookPath("ogrinfo")
	if err != nil {
		t.Skip("GDAL is not installed")
	}
	served := httptest.NewServer(server(t, fixed{snapshot: district(t)}, Config{}))
	defer served.Close()
	for layer, want := range map[string]int{"grids": 4, "risk_points": riskPoints} {
		out, err := exec.Command(ogrinfo, "-ro", "-al", "-so", "MVT:"+served.URL+"/tiles/"+layer+"/12").CombinedOutput()
		if err != nil || !strings.Contains(string(out), fmt.Sprintf("Feature Count: %d\n", want)) {
			t.Errorf("%s: %v, want %d features\n%s", layer, err, want, out)
		}
	}
}
