package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/quadtree"
	"github.com/tidwall/rtree"

	"wangge/api"
	"wangge/data/luohu"
	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/partition"
	"wangge/spatial/response"
	"wangge/tiles"
)

// BenchmarkScale measures the service on so many copies of the reference
// district as WANGGE_BENCH_SCALE lists, "1" if it lists none, and prints a
// table with the ratio of each figure to that of the first size. Times are
// medians, beside them the worst. There is no store and no network in it.
func BenchmarkScale(b *testing.B) {
	dataset := luohutest.Dataset(b)
	sizes := strings.Fields(cmp.Or(os.Getenv("WANGGE_BENCH_SCALE"), "1"))
	columns := make([][]figure, len(sizes))
	for b.Loop() {
		for i, size := range sizes {
			n, err := strconv.Atoi(size)
			if err != nil {
				b.Fatalf("WANGGE_BENCH_SCALE: %q is not a number of copies", size)
			}
			d := &bench{B: b, scaled: dataset.Scale(n)}
			d.run()
			columns[i] = d.figures
			debug.FreeOSMemory()
		}
	}
	printFigures(sizes, columns)
}

// figure is a row of the table in one of its columns.
type figure struct {
	name  string
	value float64
	text  string
}

// printFigures writes a line for each figure and a column for each size.
func printFigures(sizes []string, columns [][]figure) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	defer out.Flush()
	fmt.Fprintf(out, "\n\t%s×\n", strings.Join(sizes, "×\t"))
	for i, first := range columns[0] {
		fmt.Fprint(out, first.name)
		for k, column := range columns {
			fmt.Fprintf(out, "\t%s", column[i].text)
			if k > 0 {
				fmt.Fprintf(out, "  (%.3g)", column[i].value/first.value)
			}
		}
		fmt.Fprintln(out)
	}
}

// bench is one column in the making.
type bench struct {
	*testing.B
	scaled   *luohu.Scaled
	snapshot *spatial.Snapshot
	figures  []figure
}

func (d *bench) run() {
	d.load()
	d.alternatives()
	d.boundaries()
	d.edits()
	d.tiles()
	d.answers()
}

func (d *bench) add(name string, value float64, text string) {
	d.figures = append(d.figures, figure{name, value, text})
}

// once takes the time of something long.
func (d *bench) once(name string, do func()) {
	began := time.Now()
	do()
	d.took(name, time.Since(began))
}

func (d *bench) took(name string, t time.Duration) { d.add(name, t.Seconds(), round(t).String()) }

// often takes the median and the worst time of something done n times.
func (d *bench) often(name string, n int, do func(i int)) {
	runtime.GC()
	times := make([]time.Duration, n)
	for i := range times {
		began := time.Now()
		do(i)
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	d.add(name, times[n/2].Seconds(), fmt.Sprintf("%v ≤%v", round(times[n/2]), round(times[n-1])))
}

// round leaves three digits or a little more.
func round(t time.Duration) time.Duration {
	for unit := time.Second; unit > time.Nanosecond; unit /= 10 {
		if t >= 100*unit {
			return t.Round(unit)
		}
	}
	return t
}

func (d *bench) must(err error) {
	if err != nil {
		d.Fatal(err)
	}
}

func (d *bench) layer(id spatial.LayerID) *spatial.Layer {
	layer, err := d.snapshot.Layer(id)
	d.must(err)
	return layer
}

// load makes the layers, and says what making their rows takes and what they
// take of memory.
func (d *bench) load() {
	began := time.Now()
	for _, schema := range d.scaled.Schemas() {
		for _, err := range d.scaled.Rows(schema.ID) {
			d.must(err)
		}
	}
	making, before := time.Since(began), heap()
	began = time.Now()
	var layers []*spatial.Layer
	rows := 0
	for _, schema := range d.scaled.Schemas() {
		layer, err := spatial.NewLayer(schema, 1, d.scaled.Rows(schema.ID))
		d.must(err)
		layers, rows = append(layers, layer), rows+layer.Len()
	}
	loading := time.Since(began)
	d.snapshot = spatial.New(1, layers...)
	size := heap() - before
	d.add("rows", float64(rows), strconv.Itoa(rows))
	d.took("load: layers from rows", max(loading-making, 1))
	d.took("  making the rows, beside it", making)
	d.add("memory of the snapshot", size, fmt.Sprintf("%.0f MB", size/1e6))
	d.add("  a row", size/float64(rows), fmt.Sprintf("%.0f B", size/float64(rows)))
	d.add("most memory of the process so far", float64(peak()), fmt.Sprintf("%.0f MB", float64(peak())/1e6))
}

// heap is how much memory is in use.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// peak is the most memory the process had from the system.
func peak() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}

// alternatives are the usual indexes, filled with the risk points alone.
func (d *bench) alternatives() {
	points := d.layer("risk_points")
	rows := func(yield func(spatial.Row, error) bool) {
		for f := range points.All() {
			if !yield(f.Row(), nil) {
				return
			}
		}
	}
	d.once("risk points into a layer", func() {
		_, err := spatial.NewLayer(points.Schema(), 1, rows)
		d.must(err)
	})
	d.once("  only their boxes into tidwall/rtree", func() {
		var tree rtree.RTreeGN[float64, int64]
		for f := range points.All() {
			b, _ := f.Bound()
			tree.Insert(b.Min, b.Max, f.ID())
		}
	})
	d.once("  only their positions into orb/quadtree", func() {
		b, _ := points.Bound()
		tree := quadtree.New(b)
		for f := range points.All() {
			d.must(tree.Add(f.Geometry().(orb.Point)))
		}
	})
}

// apply makes the next snapshot with some rows of a layer in other places.
func (d *bench) apply(rows []spatial.Row, layer spatial.LayerID) {
	change := spatial.Change{Base: d.snapshot.Version(), Layers: []spatial.LayerChange{{Layer: layer, Put: rows}}}
	next, err := d.snapshot.Apply(change, change.Base+1)
	d.must(err)
	d.snapshot = next
}

// boundaries plans moves of buildings, with the land around them, to a grid
// next door, on a warm snapshot and just after an edit; and takes the time of
// the proof of all grids, and of a drawing that crosses an edge 500 times.
func (d *bench) boundaries() {
	d.often("proof of all grids", 5, func(int) {
		if faults := partition.Prove(d.layer("grids")); len(faults) > 0 {
			d.Fatal(faults[0])
		}
	})
	steps, areas := d.moves(200)
	plan := func(i int) {
		_, err := adjustment.New(d.snapshot, "grids", steps[i:i+1])
		d.must(err)
	}
	d.often("preview of moving an area", len(areas), func(i int) {
		_, err := adjustment.New(d.snapshot, "grids", areas[i:i+1])
		d.must(err)
	})
	d.often("preview of moving a building", len(steps), plan)
	d.often("the same, the first after an edit of a point", 20, func(i int) {
		d.apply(d.after("risk_points", i, 1), "risk_points")
		plan(i)
	})
	grids := d.layer("grids")
	from, to, comb := d.comb(steps[0])
	d.often("a drawing across 500 edges", 20, func(int) {
		if err := partition.NewDraft(grids).Move(from, to, comb); err != nil {
			d.Fatal(err)
		}
	})
}

// moves are n steps with buildings that are not refused, and the same with the
// areas that go along.
func (d *bench) moves(n int) (steps, areas []adjustment.Step) {
	grids := d.layer("grids")
	for f := range d.layer("buildings").Intersecting(orb.Bound{Min: center, Max: center}.Pad(0.02)) {
		home := f.Attribute("grid").Text()
		for near := range grids.Intersecting(f.Geometry().Bound().Pad(2e-4)) {
			step := adjustment.Step{From: home, To: near.Code(), Buildings: []string{f.Code()}}
			if near.Code() == home {
				continue
			}
			plan, err := adjustment.New(d.snapshot, grids.ID(), []adjustment.Step{step})
			d.must(err)
			if !plan.Refused() {
				steps = append(steps, step)
				areas = append(areas, adjustment.Step{From: step.From, To: step.To, Area: plan.Pieces[0].Geometry})
			}
			break
		}
		if len(steps) == n {
			return steps, areas
		}
	}
	d.Fatalf("only %d of %d steps are possible", len(steps), n)
	return nil, nil
}

// comb is a drawing with 250 teeth over the land of two grids.
func (d *bench) comb(step adjustment.Step) (from, to string, area orb.Polygon) {
	plan, err := adjustment.New(d.snapshot, "grids", []adjustment.Step{step})
	d.must(err)
	box := plan.Pieces[0].Geometry.Bound().Pad(1e-4)
	const teeth = 250
	ring := orb.Ring{{box.Min[0], box.Min[1]}}
	width := (box.Max[0] - box.Min[0]) / (2 * teeth)
	for i := range teeth {
		x := box.Min[0] + float64(2*i)*width
		ring = append(ring, orb.Point{x, box.Max[1]}, orb.Point{x + width, box.Max[1]}, orb.Point{x + width, box.Min[1] + width}, orb.Point{x + 2*width, box.Min[1] + width})
	}
	ring = append(ring, orb.Point{box.Max[0], box.Min[1]}, ring[0])
	return step.From, step.To, orb.Polygon{ring}
}

// after are n features of a layer, spread over it by i, as rows moved by a
// little.
func (d *bench) after(layer spatial.LayerID, i, n int) []spatial.Row {
	l := d.layer(layer)
	var rows []spatial.Row
	for f := range l.After(int64(i) * 7919 % int64(l.Len()-n)) {
		rows = append(rows, moved(f.Row()))
		if len(rows) == n {
			break
		}
	}
	return rows
}

func moved(r spatial.Row) spatial.Row {
	shift := func(p orb.Point) orb.Point { return orb.Point{p[0] + 1e-6, p[1]} }
	switch g := orb.Clone(r.Geometry).(type) {
	case orb.Point:
		r.Geometry = shift(g)
	case orb.Polygon:
		for _, ring := range g {
			for i := range ring {
				ring[i] = shift(ring[i])
			}
		}
		r.Geometry = g
	}
	return r
}

func (d *bench) edits() {
	const n = 500
	edited := func(layer spatial.LayerID, rows int) [][]spatial.Row {
		edits := make([][]spatial.Row, n)
		for i := range edits {
			edits[i] = d.after(layer, i, rows)
		}
		return edits
	}
	points, pairs := edited("risk_points", 1), edited("grids", 2)
	d.often("Apply of one grid pair", n, func(i int) { d.apply(pairs[i], "grids") })
	d.often("Apply of one point", n, func(i int) { d.apply(points[i], "risk_points") })
	d.often("the same, then its ByCode", n, func(i int) {
		d.apply(points[i], "risk_points")
		layer := d.layer("risk_points")
		code := points[i][0].Values[layer.Schema().FieldIndex(layer.Schema().Code)].Text()
		_, err := layer.ByCode(code)
		d.must(err)
	})
	bulk := d.after("risk_points", 0, d.layer("risk_points").Len()/(d.scaled.Len("districts"))-1)
	d.once("Apply of a district's risk points", func() { d.apply(bulk, "risk_points") })
}

// center is amid the built-up south of the first copy, degrees.
var center = orb.Point{114.125, 22.555}

func (d *bench) tiles() {
	const side = 8
	renderer := tiles.NewRenderer(64<<20, 2)
	view, err := tiles.NewView(d.snapshot, composite...)
	d.must(err)
	first := tiles.At(center, 16)
	render := func(i int) {
		id := tiles.ID{Z: first.Z, X: first.X + uint32(i%side), Y: first.Y - uint32(i/side%side)}
		_, err := renderer.Render(context.Background(), view, id, tiles.Gzip)
		d.must(err)
	}
	d.often("cold tile, zoom 16, 7 layers", side*side, render)
	d.often("tile in the memo", 5000, render)
	d.coldTiles(view)
	d.freshTiles()
}

// coldTiles makes tiles of zooms 10 to 17 all over the district, compressed,
// each three times, of which the middle counts.
func (d *bench) coldTiles(view tiles.View) {
	var times []time.Duration
	for z := uint32(10); z <= 17; z++ {
		for _, id := range d.sample(z, 50) {
			var each []time.Duration
			for range 3 {
				began := time.Now()
				content, err := tiles.Encode(view, id)
				d.must(err)
				_, err = tiles.Compress(content.Bytes, tiles.Gzip)
				d.must(err)
				each = append(each, time.Since(began))
			}
			times = append(times, middle(each))
		}
	}
	slices.Sort(times)
	p95 := times[len(times)*95/100]
	d.add("cold tiles, zooms 10 to 17, 95th percentile", p95.Seconds(), fmt.Sprintf("%v ≤%v", round(p95), round(times[len(times)-1])))
}

// freshTiles moves a risk point and makes a tile that shows it.
func (d *bench) freshTiles() {
	layer := d.layer("risk_points")
	s := d.snapshot
	d.often("move a risk point and make its tile, zoom 14", 50, func(i int) {
		row := d.after("risk_points", i, 1)[0]
		next, err := s.Apply(spatial.Change{Base: s.Version(), Layers: []spatial.LayerChange{{Layer: layer.ID(), Put: []spatial.Row{row}}}}, s.Version()+1)
		d.must(err)
		s = next
		view, err := tiles.NewView(s, composite...)
		d.must(err)
		_, err = tiles.Encode(view, tiles.At(row.Geometry.Bound().Center(), 14))
		d.must(err)
	})
}

// still is a state that never moves.
type still struct {
	api.State
	snapshot *spatial.Snapshot
}

func (s still) Current() *spatial.Snapshot                                      { return s.snapshot }
func (s still) Fault() error                                                    { return nil }
func (still) At(s *spatial.Snapshot, _, _ time.Time) (*spatial.Snapshot, error) { return s, nil }

func (d *bench) answers() {
	around := func(i int) orb.Point {
		return orb.Point{center[0] + float64(i%50)*1e-4, center[1] + float64(i/50)*1e-4}
	}
	d.often("nearest response point, k=1", 1000, func(i int) { response.Nearest(d.layer("response_points"), around(i), 1, nil) })
	d.often("nearest risk point, k=1", 1000, func(i int) { response.Nearest(d.layer("risk_points"), around(i), 1, nil) })
	server := api.New(still{snapshot: d.snapshot}, api.Config{}, slog.New(slog.DiscardHandler))
	ask := func(target string) {
		answer := httptest.NewRecorder()
		answer.Body = new(bytes.Buffer)
		server.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, target, nil))
		if answer.Code != http.StatusOK {
			d.Fatalf("%s: %d %s", target, answer.Code, answer.Body)
		}
	}
	d.often("items, a page of 1,000", 50, func(int) { ask("/collections/risk_points/items?limit=1000") })
	d.often("items in a box of 200 m", 200, func(i int) {
		p := around(i)
		ask(fmt.Sprintf("/collections/buildings/items?limit=1000&bbox=%f,%f,%f,%f", p[0], p[1], p[0]+0.002, p[1]+0.002))
	})
	d.often("who reaches a shelter, by street, for the first time", 1, func(int) { ask("/coverage?by=street") })
	each := func(i int) string { return strconv.FormatFloat(1.5+float64(i+1)*1e-6, 'f', -1, 64) } // none is kept
	d.often("who reaches a shelter, by street", 5, func(i int) { ask("/coverage?by=street&area_per_person=" + each(i)) })
	d.often("everyone a place, by street", 3, func(i int) { ask("/coverage?by=street&method=allocation&area_per_person=" + each(i+10)) })
}
