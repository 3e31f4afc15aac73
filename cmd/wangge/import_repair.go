package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/paulmach/orb/geojson"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// fit puts the rows of a partition on the lattice, mends them within the
// tolerance that the user gave, and tells every gap and overlap that they
// came with.
func (i *importing) fit(rows []spatial.Row) error {
	if i.Repair == "" && i.Slivers == "" {
		i.snap(rows)
		return nil
	}
	areas := i.areas(rows)
	slivers := partition.Slivers(areas)
	gaps, pairs := 0, map[string]bool{}
	for _, s := range slivers {
		if s.Rule == "gap" {
			gaps++
		} else {
			pairs[strings.Join(s.Codes, " ")] = true
		}
	}
	if len(slivers) == 0 {
		fmt.Fprintln(i.out, "The polygons come with no gap and no overlap.")
	} else {
		fmt.Fprintf(i.out, "The polygons come with %d gaps, and %d overlaps between %d pairs.\n", gaps, len(slivers)-gaps, len(pairs))
	}
	if i.Slivers != "" {
		if err := writeSlivers(i.Slivers, slivers); err != nil {
			return fmt.Errorf("--slivers: %w", err)
		}
	}
	if i.Repair == "" {
		i.snap(rows)
		return nil
	}
	return i.mend(rows, areas)
}

// snap puts rows on the lattice that partitions live on.
func (i *importing) snap(rows []spatial.Row) {
	for k := range rows {
		rows[k].Geometry = partition.Snap(rows[k].Geometry)
	}
	fmt.Fprintln(i.out, "note: positions of a partition are kept to 10⁻⁹ degree, about 0.1 mm")
}

func (i *importing) mend(rows []spatial.Row, areas []partition.Area) error {
	tolerance, err := parseTolerance(i.Repair)
	if err != nil {
		return err
	}
	mended, err := partition.Repair(areas, tolerance)
	if err != nil {
		return err
	}
	for k := range rows {
		rows[k].Geometry = mended.Areas[k].Geometry
	}
	fmt.Fprintf(i.out, "Repaired within %s: no vertex moved by more than %.2g m; %d wider gaps and overlaps are left.\n", i.Repair, float64(mended.Moved), len(mended.Left))
	return nil
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
	line := []byte(`{"type":"FeatureCollection","features":[`)
	for k, s := range slivers {
		if k > 0 {
			line = append(line, ',')
		}
		line = append(line, "\n{\"type\":\"Feature\",\"geometry\":"...)
		shape, err := geojson.NewGeometry(s.Polygon).MarshalJSON() // unrounded: they are narrower than 0.1 mm
		if err != nil {
			return errors.Join(err, file.Close())
		}
		line = append(line, shape...)
		line = append(line, `,"properties":{"rule":`...)
		line = format.AppendString(line, s.Rule)
		line = append(line, `,"between":`...)
		line = format.AppendString(line, strings.Join(s.Codes, " "))
		line = fmt.Appendf(line, `,"area_m2":%g,"width_m":%g}}`, float64(s.Area), float64(s.Width))
		if _, err := out.Write(line); err != nil {
			return errors.Join(err, file.Close())
		}
		line = line[:0]
	}
	_, err = out.Write(append(line, "\n]}\n"...))
	return errors.Join(err, out.Flush(), file.Close())
}
