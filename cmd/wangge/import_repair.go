package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// fit puts the rows of a partition on the lattice, tells the gaps and overlaps
// that they come with, and mends those within the tolerance that the user
// gave. What the layer holds beside them is mended with them.
func (i *importing) fit(c *spatial.LayerChange) error {
	rows := i.together(*c)
	areas := i.areas(rows)
	slivers := partition.Slivers(areas)
	fmt.Fprintf(i.out, "The %d polygons come with %s.\n", len(areas), summary(slivers))
	if i.Slivers != "" {
		if err := writeSlivers(i.Slivers, slivers); err != nil {
			return fmt.Errorf("--slivers: %w", err)
		}
	}
	fitted, err := i.mend(areas)
	if err != nil {
		return err
	}
	c.Put = changed(rows, fitted, c.Put)
	return nil
}

// together are all rows of the layer as they would be, in the order of ids.
func (i *importing) together(c spatial.LayerChange) []spatial.Row {
	rows := slices.Clone(c.Put)
	if layer, err := i.state.Layer(c.Layer); err == nil {
		gone := map[int64]bool{}
		for _, id := range c.Delete {
			gone[id] = true
		}
		for k := range c.Put {
			gone[c.Put[k].ID] = true
		}
		for f := range layer.All() {
			if !gone[f.ID()] {
				rows = append(rows, f.Row())
			}
		}
	}
	slices.SortFunc(rows, func(a, b spatial.Row) int { return cmp.Compare(a.ID, b.ID) })
	return rows
}

func (i *importing) mend(areas []partition.Area) ([]partition.Area, error) {
	if i.Repair == "" {
		fmt.Fprintln(i.out, "note: positions of a partition are kept to 10⁻⁹ degree, about 0.1 mm")
		for k := range areas {
			areas[k].Geometry = partition.Snap(areas[k].Geometry)
		}
		return areas, nil
	}
	tolerance, err := parseTolerance(i.Repair)
	if err != nil {
		return nil, err
	}
	mended, err := partition.Repair(areas, tolerance)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(i.out, "Repaired within %s: vertices were moved by up to %.2g m; %s wider than that is left.\n", i.Repair, float64(mended.Moved), summary(mended.Left))
	return mended.Areas, nil
}

// changed are the rows that came and those whose geometry was mended.
func changed(rows []spatial.Row, fitted []partition.Area, came []spatial.Row) []spatial.Row {
	comes := map[int64]bool{}
	for k := range came {
		comes[came[k].ID] = true
	}
	var put []spatial.Row
	for k, row := range rows {
		if comes[row.ID] || !orb.Equal(row.Geometry, fitted[k].Geometry) {
			row.Geometry = fitted[k].Geometry
			put = append(put, row)
		}
	}
	return put
}

// summary counts gaps, and the pairs of areas that overlap.
func summary(slivers []partition.Sliver) string {
	gaps, pairs := 0, map[[2]string]bool{}
	var between, twice geodesic.SquareMeters
	for _, s := range slivers {
		if s.Rule == "gap" {
			gaps++
			between += s.Area
			continue
		}
		twice += s.Area
		for k, a := range s.Codes {
			for _, b := range s.Codes[k+1:] {
				pairs[[2]string{a, b}] = true
			}
		}
	}
	if len(slivers) == 0 {
		return "no gap and no overlap"
	}
	return fmt.Sprintf("%d gaps (%.2g m²) and overlaps of %d pairs (%.2g m²)", gaps, float64(between), len(pairs), float64(twice))
}

// areas are the rows under the names that the user knows them by.
func (i *importing) areas(rows []spatial.Row) []partition.Area {
	areas := make([]partition.Area, len(rows))
	code := i.read.Schema.FieldIndex(i.read.Schema.Code)
	for k, row := range rows {
		name := strconv.FormatInt(row.ID, 10)
		if code >= 0 {
			name = row.Values[code].Text()
		}
		areas[k] = partition.Area{Code: name, Geometry: row.Geometry}
	}
	return areas
}

// parseTolerance reads a length like 0.01m, 10mm or 0.01.
func parseTolerance(text string) (geodesic.Meters, error) {
	number, scale := strings.TrimSuffix(text, "m"), 1.0
	for unit, metres := range map[string]float64{"mm": 1e-3, "cm": 1e-2} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			number, scale = rest, metres
		}
	}
	metres, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return 0, fmt.Errorf("--repair %q is no length: write one like 0.01m or 10mm", text)
	}
	return geodesic.Meters(metres * scale), nil
}

// writeSlivers writes gaps and overlaps as GeoJSON, one a line.
func writeSlivers(path string, slivers []partition.Sliver) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	lead := `{"type":"FeatureCollection","features":[` + "\n"
	for _, s := range slivers {
		f := geojson.NewFeature(s.Polygon)
		f.Properties = geojson.Properties{"rule": s.Rule, "between": strings.Join(s.Codes, " "), "area_m2": float64(s.Area), "width_m": float64(s.Width)}
		line, err := f.MarshalJSON()
		if err != nil {
			return errors.Join(err, file.Close())
		}
		_, _ = out.WriteString(lead) // an error stays with out until it is flushed
		_, _ = out.Write(line)
		lead = ",\n"
	}
	if len(slivers) == 0 {
		_, _ = out.WriteString(lead)
	}
	_, _ = out.WriteString("\n]}\n")
	return errors.Join(out.Flush(), file.Close())
}
