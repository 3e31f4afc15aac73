package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// scratch is a folder for all tests of the package.
var scratch string

// reference makes a GeoPackage with the reference dataset, once for all
// tests of the package.
var reference = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "luohu.gpkg")
	var said strings.Builder
	if code := run(context.Background(), []string{"init", "--sample", "--store", path}, &said, &said); code != 0 {
		return "", fmt.Errorf("init ended with %d: %s", code, said.String())
	}
	return path, nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wangge")
	if err != nil {
		panic(err)
	}
	scratch = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func referenceStore(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("makes the whole reference dataset")
	}
	path, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// wangge runs the program to its end.
func wangge(t testing.TB, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e strings.Builder
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

var servingAt = regexp.MustCompile(`http://[0-9.]+:\d+`)

// serve runs the service on a free port until the test ends and returns its
// address.
func serve(t testing.TB, store string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--store", store, "--addr", "127.0.0.1:0"}, in, os.Stderr)
		in.Close()
	}()
	t.Cleanup(func() {
		stop()
		select {
		case code := <-ended:
			if code != 0 {
				t.Errorf("serve ended with %d", code)
			}
		case <-time.After(20 * time.Second):
			t.Error("serve did not stop")
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address := servingAt.FindString(lines.Text()); address != "" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return address
		}
	}
	t.Fatal("serve did not say where")
	return ""
}

// get reads an answer; it must be a 200.
func get(t testing.TB, url string) []byte {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %v\n%s", url, answer.Status, err, body)
	}
	return body
}

// counts are what the sources of the district say of it; 0 where they give
// no number and the sample's size is free.
var counts = map[string]int{
	"districts": 1, "streets": 10, "communities": 109, "grids": 1135, "buildings": 18399,
	"high_risk_zones": 88, "risk_points": 42336, "flood_hazards": 235, "major_hazards": 200,
	"slopes": 123, "underground_spaces": 571, "response_points": 43, "shelters": 75,
	"shelter_candidates": 14, "cameras": 22, "cavities": 36, "grid_events": 31263,
	"culture_corridors": 363, "science_venues": 59,
	"dedicated_grids": 0, "civil_defence": 0, "covered_rivers": 0, "hazmat_points": 0, "statistics": 0, "shelter_standards": 0, "roads": 0, "water": 0,
}

// servesCounts asks the running service for the number of features of each
// layer.
func servesCounts(t *testing.T, store string) {
	address := serve(t, store)
	for layer, want := range counts {
		var page struct {
			NumberMatched int  `json:"numberMatched"`
			Synthetic     bool `json:"synthetic"`
		}
		if err := json.Unmarshal(get(t, address+"/collections/"+layer+"/items?limit=1"), &page); err != nil {
			t.Fatal(err)
		}
		if want > 0 && page.NumberMatched != want || page.NumberMatched == 0 {
			t.Errorf("%s: %d features, want %d", layer, page.NumberMatched, want)
		}
		if !page.Synthetic && layer != "statistics" && layer != "shelter_standards" {
			t.Errorf("%s does not say that it is synthetic", layer)
		}
	}
}

// TestWrongUsage: what a user may get wrong ends with words and a code.
func TestWrongUsage(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.gpkg")
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"an unknown command": {[]string{"serv"}, 2, "Try: wangge --help"},
		"an unknown flag":    {[]string{"serve", "--por", "1"}, 2, "--por"},
		"no such store":      {[]string{"check", "--store", missing}, 1, "wangge init --sample --store " + missing},
		"a foreign scheme":   {[]string{"init", "--store", "mysql://x/y"}, 1, "neither postgres"},
		"to be opened":       {[]string{"check", "--store", "mysql://x/y"}, 1, "neither postgres"},
		"no store":           {[]string{"check", "--store", ""}, 1, "neither postgres"},
		"no address":         {[]string{"serve", "--store", missing, "--addr", ""}, 1, "--addr is empty"},
		"a public path":      {[]string{"serve", "--store", missing, "--public-url", "luohu"}, 1, "--public-url"},
		"a taken port":       {[]string{"serve", "--store", missing, "--addr", "127.0.0.1:99999"}, 1, "wangge:"},
		"a negative rate":    {[]string{"serve", "--store", missing, "--rate=-1"}, 1, "--rate -1"},
	}
	for name, tt := range tests {
		code, out, errOut := wangge(t, tt.args...)
		if code != tt.code || !strings.Contains(errOut, tt.says) {
			t.Errorf("%s: code %d, want %d and %q\n%s%s", name, code, tt.code, tt.says, out, errOut)
		}
	}
}
