package luohu

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

//go:embed plan/lines.csv
var lineSource []byte

//go:embed plan/areas.csv
var areaSource []byte

//go:embed plan/communities.csv
var communitySource []byte

//go:embed source/names.csv
var nameSource []byte

// class tells what runs along an edge of the subdivision, greatest first.
type class uint8

const (
	noRoad class = iota
	alley
	local
	secondary
	arterial
	expressway
	hillRoad
	river
	rail
	ridge
	shore
)

// road reports whether vehicles use the edge.
func (c class) road() bool { return c >= alley && c <= hillRoad }

var classNames = map[string]class{
	"expressway": expressway, "arterial": arterial, "secondary": secondary,
	"hill": hillRoad, "river": river, "rail": rail, "ridge": ridge,
}

// planLine is a hand-drawn course: a main road, river, railway or ridge.
type planLine struct {
	class class
	name  string
	nameE string
	line  []vec
}

// planArea is a hand-drawn area: forest, town in it, water, lake or park.
type planArea struct {
	kind  string
	name  string
	nameE string
	edge  bool // its outline also bounds grids
	ring  []vec
}

// community is one of the 109, with the points it grows from.
type community struct {
	code    string
	name    string
	kind    string // what is mostly built there: estate village tower commercial industry villa
	density float64
	seeds   []vec
}

type plan struct {
	lines       []planLine
	areas       []planArea
	communities []community
	streets     []named
}

type named struct{ code, name string }

// loadPlan reads the hand-drawn plan and the names.
func loadPlan(r *rand.Rand) (*plan, error) {
	p := &plan{}
	for _, load := range []func(*rand.Rand) error{p.loadLines, p.loadAreas, p.loadCommunities} {
		if err := load(r); err != nil {
			return nil, fmt.Errorf("read plan: %w", err)
		}
	}
	return p, nil
}

func records(b []byte) ([][]string, error) {
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, err
	}
	return rows[1:], nil
}

func (p *plan) loadLines(r *rand.Rand) error {
	rows, err := records(lineSource)
	if err != nil {
		return err
	}
	for _, row := range rows {
		control, err := parseCourse(row[3])
		if err != nil {
			return fmt.Errorf("%s: %w", row[1], err)
		}
		c := classNames[row[0]]
		wander := 2.0
		if c == ridge || c == hillRoad {
			wander = 45
		}
		if c == river {
			wander = 10
		}
		line := wiggle(r, curve(overshoot(control, 45), 42), wander)
		p.lines = append(p.lines, planLine{class: c, name: row[1], nameE: row[2], line: line})
	}
	return nil
}

func (p *plan) loadAreas(r *rand.Rand) error {
	rows, err := records(areaSource)
	if err != nil {
		return err
	}
	for _, row := range rows {
		control, err := parseCourse(row[4])
		if err != nil {
			return fmt.Errorf("%s: %w", row[1], err)
		}
		wander := map[string]float64{"forest": 22, "water": 26, "town": 14}[row[0]]
		n := len(control)
		around := append([]vec{control[n-1]}, append(control, control[0], control[1])...)
		line := curveBetween(around, 40)
		ring := wiggle(r, append(line, line[0]), wander)
		p.areas = append(p.areas, planArea{kind: row[0], name: row[1], nameE: row[2], edge: row[3] == "yes", ring: ring[:len(ring)-1]})
	}
	return nil
}

func (p *plan) loadCommunities(*rand.Rand) error {
	names := map[string]string{}
	rows, err := records(nameSource)
	if err != nil {
		return err
	}
	for _, row := range rows {
		names[row[0]] = strings.TrimSuffix(row[1], "居民委员会")
		if len(row[0]) == 9 {
			p.streets = append(p.streets, named{row[0], row[1]})
		}
	}
	if rows, err = records(communitySource); err != nil {
		return err
	}
	for _, row := range rows {
		density, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return err
		}
		seeds, err := parseCourse(row[3])
		if err != nil {
			return err
		}
		p.communities = append(p.communities, community{row[0], names[row[0]], row[1], density, seeds})
	}
	return nil
}

// parseCourse reads "lon lat|lon lat|…" where both are short of 114 and 22
// degrees.
func parseCourse(s string) ([]vec, error) {
	var line []vec
	for part := range strings.SplitSeq(s, "|") {
		var lon, lat float64
		if _, err := fmt.Sscan(part, &lon, &lat); err != nil {
			return nil, fmt.Errorf("position %q: %w", part, err)
		}
		line = append(line, vecOf(114+lon, 22+lat))
	}
	return line, nil
}

// overshoot lengthens both ends of a line, so that it surely reaches the line
// it is to join; the stub beyond the junction is pruned later.
func overshoot(line []vec, by float64) []vec {
	n := len(line)
	out := make([]vec, 0, n+2)
	out = append(out, line[0].add(line[0].sub(line[1]).unit().mul(by)))
	out = append(out, line...)
	return append(out, line[n-1].add(line[n-1].sub(line[n-2]).unit().mul(by)))
}

// curve draws a smooth line through control points, with a vertex each step.
func curve(control []vec, step float64) []vec {
	n := len(control)
	around := append([]vec{control[0].mul(2).sub(control[1])}, control...)
	around = append(around, control[n-1].mul(2).sub(control[n-2]))
	return append(curveBetween(around, step), control[n-1])
}

// curveBetween is a centripetal-like Catmull-Rom spline between the second
// and the last but one point, its end left out.
func curveBetween(p []vec, step float64) []vec {
	var out []vec
	for i := 1; i+2 < len(p); i++ {
		d := p[i+1].sub(p[i]).len()
		tension := func(a, b vec) vec {
			return b.sub(a).unit().mul(min(d, b.sub(a).len()/2) * 0.9)
		}
		m0, m1 := tension(p[i-1], p[i+1]), tension(p[i], p[i+2])
		n := max(1, int(math.Round(d/step)))
		for k := range n {
			t := float64(k) / float64(n)
			t2, t3 := t*t, t*t*t
			out = append(out, p[i].mul(2*t3-3*t2+1).add(m0.mul(t3-2*t2+t)).add(p[i+1].mul(3*t2-2*t3)).add(m1.mul(t3-t2)))
		}
	}
	return out
}

// wiggle moves the inner vertices of a line sideways by smooth noise of the
// given size in metres.
func wiggle(r *rand.Rand, line []vec, size float64) []vec {
	waves := make([]float64, 8)
	for i := range waves {
		waves[i] = r.Float64() * 2 * math.Pi
	}
	out := append([]vec(nil), line...)
	for i := 1; i+1 < len(line); i++ {
		t := float64(i)
		noise := 0.5*math.Sin(t*0.31+waves[0]) + 0.35*math.Sin(t*0.83+waves[1]) + 0.25*math.Sin(t*1.7+waves[2]) + 0.15*math.Sin(t*2.9+waves[3])
		side := line[i+1].sub(line[i-1]).unit().left()
		out[i] = line[i].add(side.mul(noise * size))
	}
	return out
}
