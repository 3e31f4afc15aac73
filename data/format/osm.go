package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
)

// OSM is the road network of an OpenStreetMap extract: rows of the layers that
// [road.Schema] and [road.TurnSchema] describe, with ids from 1, and what was left
// out of the file, by reason.
type OSM struct {
	Roads []spatial.Row
	Turns []spatial.Row
	Ways  int            // with a tag highway
	Left  map[string]int // ways, restrictions and others that were left out or not obeyed
	AsOf  string         // date of the extract, 2006-01-02; "" if it does not say
	Bound orb.Bound      // around the roads
}

// IsOSM says whether a file is an OpenStreetMap extract, by its name.
func IsOSM(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".pbf") }

// ReadOSM reads an extract (.osm.pbf). Two nodes of one position are kept apart by
// 10⁻⁹ degree, as ways that share no node do not meet. The error is
// [*spatial.InvalidError] if it is not one or has no roads. Memory holds the ways
// that are roads and their nodes.
func ReadOSM(path string) (*OSM, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	read, err := readOSM(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return read, nil
}

func readOSM(file io.ReadSeeker) (*OSM, error) {
	r := &osmReader{OSM: OSM{Left: map[string]int{}}, wanted: map[osm.NodeID]bool{}, nodes: map[osm.NodeID]orb.Point{}, ends: map[osm.WayID][]osm.NodeID{}}
	err := scanOSM(file, func(s *osmpbf.Scanner) { s.SkipNodes = true }, func(s *osmpbf.Scanner, o osm.Object) {
		switch o := o.(type) {
		case *osm.Way:
			r.takeWay(o)
		case *osm.Relation:
			r.takeRelation(o)
		}
		if header, err := s.Header(); err == nil && !header.ReplicationTimestamp.IsZero() {
			r.AsOf = header.ReplicationTimestamp.UTC().Format("2006-01-02")
		}
	})
	if err != nil {
		return nil, err
	}
	wanted := func(s *osmpbf.Scanner) {
		s.SkipWays, s.SkipRelations = true, true
		s.FilterNode = func(n *osm.Node) bool { return r.wanted[n.ID] } // asked by several goroutines
	}
	if err := scanOSM(file, wanted, func(_ *osmpbf.Scanner, o osm.Object) { r.takeNode(o.(*osm.Node)) }); err != nil {
		return nil, err
	}
	r.finish()
	if len(r.Roads) == 0 {
		return nil, &spatial.InvalidError{Rule: "file_empty", Detail: "the extract has no roads: no way with a tag highway that is one"}
	}
	return &r.OSM, nil
}

func scanOSM(file io.ReadSeeker, choose func(*osmpbf.Scanner), see func(*osmpbf.Scanner, osm.Object)) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := osmpbf.New(context.Background(), file, runtime.GOMAXPROCS(0))
	choose(s)
	for s.Scan() {
		see(s, s.Object())
	}
	if err := errors.Join(s.Err(), s.Close()); err != nil {
		return &spatial.InvalidError{Rule: "osm_pbf", Detail: fmt.Sprintf("it is not an extract of OpenStreetMap in .pbf, or is damaged: %v", err), Fix: "download it again"}
	}
	return nil
}

// osmReader gathers ways, restrictions, and then their nodes.
type osmReader struct {
	OSM
	ways      []osmWay
	relations []osmTurn
	wanted    map[osm.NodeID]bool        // nodes of these ways
	nodes     map[osm.NodeID]orb.Point   // those of them that the extract has
	ends      map[osm.WayID][]osm.NodeID // nodes of the ways that are roads
}

// osmWay is a way that is a road, its nodes in the direction of travel.
type osmWay struct {
	id     osm.WayID
	nodes  []osm.NodeID
	values []spatial.Value
}

// osmTurn is a restriction.
type osmTurn struct {
	id       osm.RelationID
	only     bool
	from, to osm.WayID
	via      osm.NodeID
}

func (r *osmReader) takeWay(w *osm.Way) {
	if !w.Tags.HasTag("highway") {
		return
	}
	r.Ways++
	tags, reason := roadTagsOf(w.Tags)
	if reason != "" {
		r.Left[reason]++
		return
	}
	for _, doubt := range tags.doubts {
		r.Left[doubt]++
	}
	way := osmWay{id: w.ID, nodes: make([]osm.NodeID, len(w.Nodes)), values: tags.values(int64(w.ID))}
	for i, n := range w.Nodes {
		way.nodes[i] = n.ID
		r.wanted[n.ID] = true
	}
	if tags.backward {
		slices.Reverse(way.nodes)
	}
	r.ways = append(r.ways, way)
	r.ends[w.ID] = way.nodes
}

// takeRelation takes a restriction from one way over a node to another.
func (r *osmReader) takeRelation(rel *osm.Relation) {
	if rel.Tags.Find("type") != "restriction" {
		return
	}
	kind := rel.Tags.Find("restriction")
	if kind == "" {
		kind = rel.Tags.Find("restriction:motorcar")
	}
	t := osmTurn{id: rel.ID, only: strings.HasPrefix(kind, "only_")}
	if !t.only && !strings.HasPrefix(kind, "no_") {
		r.Left["turn restrictions of another kind, such as at certain hours or for certain vehicles"]++
		return
	}
	if slices.Contains(strings.Split(strings.ReplaceAll(rel.Tags.Find("except"), " ", ""), ";"), "emergency") {
		r.Left["turn restrictions that are not for emergency vehicles"]++
		return
	}
	roles := map[string]int{}
	for _, m := range rel.Members {
		roles[m.Role]++
		switch {
		case m.Role == "from" && m.Type == osm.TypeWay:
			t.from = osm.WayID(m.Ref)
		case m.Role == "to" && m.Type == osm.TypeWay:
			t.to = osm.WayID(m.Ref)
		case m.Role == "via" && m.Type == osm.TypeNode:
			t.via = osm.NodeID(m.Ref)
		}
	}
	if roles["from"] != 1 || roles["to"] != 1 || roles["via"] != 1 || t.via == 0 || t.from == 0 || t.to == 0 {
		r.Left["turn restrictions over a way, or with several ways"]++
		return
	}
	r.relations = append(r.relations, t)
}

func (r *osmReader) takeNode(n *osm.Node) {
	r.nodes[n.ID] = orb.Point{latticed(n.Lon), latticed(n.Lat)}
	switch n.Tags.Find("barrier") {
	case "bollard", "gate", "block", "lift_gate", "swing_gate", "chain", "jersey_barrier":
		r.Left["gates, bollards and the like on roads, which are not obeyed"]++
	}
}

// latticed puts a coordinate on the lattice of stored degrees.
func latticed(degrees float64) float64 { return math.Round(degrees*1e9) / 1e9 }

// finish makes rows.
func (r *osmReader) finish() {
	slices.SortFunc(r.ways, func(a, b osmWay) int { return int(a.id - b.id) })
	slices.SortFunc(r.relations, func(a, b osmTurn) int { return int(a.id - b.id) })
	r.keepApart()
	lengthAt := road.Schema().FieldIndex("length")
	for _, w := range r.ways {
		for _, line := range r.linesOf(w) {
			values := slices.Clone(w.values)
			values[lengthAt] = spatial.Float(float64(geodesic.Length(line)))
			if len(r.Roads) == 0 {
				r.Bound = line.Bound()
			}
			r.Bound = r.Bound.Union(line.Bound())
			r.Roads = append(r.Roads, spatial.Row{ID: int64(len(r.Roads) + 1), Geometry: line, Values: values})
		}
	}
	for _, t := range r.relations {
		r.takeTurn(t)
	}
}

// keepApart moves nodes that have the position of another one.
func (r *osmReader) keepApart() {
	taken := map[orb.Point]bool{}
	for _, id := range slices.Sorted(maps.Keys(r.nodes)) {
		p := r.nodes[id]
		if taken[p] {
			r.Left["nodes at the position of another, moved 0.1 mm apart"]++
		}
		for taken[p] {
			p[0] = latticed(p[0] + 1e-9)
		}
		taken[p] = true
		r.nodes[id] = p
	}
}

// linesOf are the stretches of a way whose nodes the extract has.
func (r *osmReader) linesOf(w osmWay) []orb.LineString {
	var lines []orb.LineString
	var line orb.LineString
	end := func() {
		if len(line) > 1 {
			lines = append(lines, line)
		}
		line = nil
	}
	cut := false
	for _, id := range w.nodes {
		p, there := r.nodes[id]
		if !there {
			cut = true
			end()
			continue
		}
		if n := len(line); n == 0 || line[n-1] != p {
			line = append(line, p)
		}
	}
	end()
	switch {
	case len(lines) == 0:
		r.Left["ways of fewer than two nodes in the extract"]++
	case cut:
		r.Left["ways that the extract has in part"]++
	}
	return lines
}

// takeTurn finds the nodes before and after that of a restriction.
func (r *osmReader) takeTurn(t osmTurn) {
	from, before := r.beside(t.from, t.via)
	to, after := r.beside(t.to, t.via)
	switch {
	case r.ends[t.from] == nil || r.ends[t.to] == nil:
		r.Left["turn restrictions of ways that are no roads or not in the extract"]++
	case before != 1 || after != 1:
		r.Left["turn restrictions that do not say from which side"]++
	default:
		kind := "no"
		if t.only {
			kind = "only"
		}
		r.Turns = append(r.Turns, spatial.Row{ID: int64(len(r.Turns) + 1), Geometry: r.nodes[t.via], Values: []spatial.Value{spatial.Text(kind),
			spatial.Float(from[0]), spatial.Float(from[1]), spatial.Float(to[0]), spatial.Float(to[1]), spatial.Int(int64(t.id))}})
	}
}

// beside is the node next to another on a way, and how many there are; none if
// the extract has not both of them.
func (r *osmReader) beside(way osm.WayID, node osm.NodeID) (at orb.Point, count int) {
	nodes := r.ends[way]
	_, there := r.nodes[node]
	for i, id := range nodes {
		if id != node || !there {
			continue
		}
		for _, j := range []int{i - 1, i + 1} {
			if j < 0 || j >= len(nodes) {
				continue
			}
			if p, there := r.nodes[nodes[j]]; there {
				at, count = p, count+1
			}
		}
	}
	return at, count
}
