package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wangge/tiles"
)

// TestTilesCommand writes the reference tiles to an archive and reads them with
// the format's own reader and with GDAL.
func TestTilesCommand(t *testing.T) {
	packages := npmPackages(t, "testdata/readers")
	store := referenceCopy(t)
	file := filepath.Join(t.TempDir(), "luohu.pmtiles")
	code, out, errOut := wangge(t, "tiles", "--store", store, "--maxzoom", "14", "--layers", "grids,risk_points,buildings", file)
	if code != 0 || !strings.Contains(out, "3 layers, zooms 0 to 14, version 1") || !strings.Contains(errOut, "合成数据") {
		t.Fatalf("code %d, out %q, err %q", code, out, errOut)
	}
	if code, _, errOut := wangge(t, "tiles", "--store", store, file); code != 1 || !strings.Contains(errOut, "--force") {
		t.Errorf("over a file: code %d, %s", code, errOut)
	}
	address := serve(t, store)
	var asked []string
	center := tiles.At([2]float64{114.13, 22.56}, 14)
	for z := uint32(0); z <= 14; z++ {
		x, y := center.X>>(14-z), center.Y>>(14-z)
		asked = append(asked, fmt.Sprintf("%d %d %d", z, x, y))
	}
	const empty = "14 0 0"
	read := readArchive(t, packages, file, append(asked, empty))
	if len(read.Tiles[empty]) > 0 {
		t.Errorf("tile %s has something in it", empty)
	}
	for _, tile := range asked {
		want := get(t, address+"/tiles/grids,risk_points,buildings/"+strings.ReplaceAll(tile, " ", "/")+".mvt")
		if !bytes.Equal(read.Tiles[tile], want) {
			t.Errorf("tile %s: %d bytes in the archive, %d served", tile, len(read.Tiles[tile]), len(want))
		}
	}
	if read.Header.MaxZoom != 14 || len(read.Metadata.VectorLayers) != 3 || !strings.Contains(read.Metadata.Attribution, "合成数据") {
		t.Errorf("header and metadata: %+v %+v", read.Header, read.Metadata)
	}
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		t.Skip("GDAL is not installed")
	}
	tile := filepath.Join(t.TempDir(), "tile.mvt")
	if err := os.WriteFile(tile, read.Tiles[asked[len(asked)-1]], 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", "-so", tile).CombinedOutput()
	if err != nil || !strings.Contains(string(text), "Layer name: buildings") || !strings.Contains(string(text), "Layer name: grids") {
		t.Errorf("GDAL reads a tile of it: %v\n%s", err, text)
	}
}

type archiveRead struct {
	Header struct {
		MaxZoom int `json:"maxZoom"`
	} `json:"header"`
	Metadata struct {
		Attribution  string            `json:"attribution"`
		VectorLayers []json.RawMessage `json:"vector_layers"`
	} `json:"metadata"`
	Tiles map[string][]byte `json:"tiles"`
}

// readArchive reads tiles, "z x y", with the npm package pmtiles.
func readArchive(t *testing.T, packages, file string, asked []string) (read archiveRead) {
	t.Helper()
	script := filepath.Join(filepath.Dir(packages), "pmtiles.mjs")
	text, err := os.ReadFile("testdata/readers/pmtiles.mjs")
	if err == nil {
		err = os.WriteFile(script, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", script, file)
	node.Stdin = strings.NewReader(strings.Join(asked, "\n"))
	node.Stderr = os.Stderr
	out, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestTilesCommandRefuses(t *testing.T) {
	store := referenceCopy(t)
	for fault, args := range map[string][]string{
		"name it .pmtiles":        {"x.mbtiles"},
		"must not be above":       {"--minzoom", "5", "--maxzoom", "4", "x.pmtiles"},
		"at most 20":              {"--maxzoom", "21", "x.pmtiles"},
		"there is no layer grid;": {"--layers", "grid", "x.pmtiles"},
		"wgs84, gcj02 or bd09":    {"--datum", "4547", "x.pmtiles"},
	} {
		code, _, errOut := wangge(t, append([]string{"tiles", "--store", store}, args...)...)
		if code != 1 || !strings.Contains(errOut, fault) {
			t.Errorf("%v: code %d, %q does not say %q", args, code, errOut, fault)
		}
	}
	if _, err := os.Stat("x.pmtiles"); err == nil {
		t.Error("a refused archive is there")
	}
}
