package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/api"
	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/tiles"
)

// composite are the layers of the tiles that are compared.
var composite = []spatial.LayerID{"grids", "water", "roads", "buildings", "underground_spaces", "risk_points", "shelters"}

// BenchmarkTiles makes cold tiles of seven layers of the reference dataset, by
// zoom, and lets PostGIS make the same by ST_AsMVT from its tables; both
// compress them by gzip in the same way. Beside the ratio of the times stand the sizes:
// below zoom 15 many features stand in clusters here, while PostGIS gives each.
// It also takes the time of a map's first view.
func BenchmarkTiles(b *testing.B) {
	store := referenceDatabase(b)
	dataset := luohutest.Dataset(b)
	d := &bench{B: b, scaled: dataset.Scale(1)}
	d.load()
	conn, err := pgx.Connect(b.Context(), store)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(b.Context()))
	query := d.compositeQuery()
	for b.Loop() {
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
		fmt.Fprintln(out, "\nzoom\twangge\tST_AsMVT\tratio\tof sums\tkB\tkB")
		for z := uint32(9); z <= 18; z++ {
			d.compareTiles(out, conn, query, d.sample(z, 12))
		}
		_ = out.Flush()
		d.firstView()
	}
}

// sample are so many tiles of a zoom over the district, evenly chosen.
func (d *bench) sample(z uint32, n int) []tiles.ID {
	bound, _ := d.layer("grids").Bound()
	from, to := tiles.At(bound.LeftTop(), z), tiles.At(bound.RightBottom(), z)
	var all, chosen []tiles.ID
	for x := from.X; x <= to.X; x++ {
		for y := from.Y; y <= to.Y; y++ {
			if id := (tiles.ID{Z: z, X: x, Y: y}); len(slices.Collect(d.layer("grids").Intersecting(id.Bound()))) > 0 {
				all = append(all, id)
			}
		}
	}
	for i := range min(n, len(all)) {
		chosen = append(chosen, all[i*len(all)/min(n, len(all))])
	}
	return chosen
}

// compareTiles takes the times of tiles both ways: of each tile the median over
// rounds, in which all are made here and then there, and writes the median over
// the tiles, the ratios of these and of the sums, and the mean sizes.
func (d *bench) compareTiles(out *tabwriter.Writer, conn *pgx.Conn, query string, ids []tiles.ID) {
	view, err := tiles.NewView(d.snapshot, composite...)
	d.must(err)
	ours, theirs := newStopwatches(len(ids)), newStopwatches(len(ids))
	sizes := [2]int{}
	for range 7 {
		renderer := tiles.NewRenderer(64<<20, 1) // knows none of them
		for i, id := range ids {
			tile, err := ours.time(i, func() ([]byte, error) {
				tile, err := renderer.Render(d.Context(), view, id, tiles.Gzip)
				return tile.Bytes, err
			})
			d.must(err)
			sizes[0] += len(tile)
		}
		for i, id := range ids {
			tile, err := theirs.time(i, func() (raw []byte, err error) {
				if err := conn.QueryRow(d.Context(), query, id.Z, id.X, id.Y).Scan(&raw); err != nil {
					return nil, err
				}
				return tiles.Compress(raw, tiles.Gzip)
			})
			d.must(err)
			sizes[1] += len(tile)
		}
	}
	mine, other := ours.medians(), theirs.medians()
	kilobytes := func(n int) float64 { return float64(n) / 7000 / float64(len(ids)) }
	fmt.Fprintf(out, "%d\t%v\t%v\t%.1f\t%.1f\t%.1f\t%.1f\n", ids[0].Z, round(middle(mine)), round(middle(other)), float64(middle(other))/float64(middle(mine)),
		float64(total(other))/float64(total(mine)), kilobytes(sizes[0]), kilobytes(sizes[1]))
}

// stopwatches take the times of several things again and again.
type stopwatches [][]time.Duration

func newStopwatches(n int) stopwatches { return make(stopwatches, n) }

func (s stopwatches) time(i int, do func() ([]byte, error)) ([]byte, error) {
	began := time.Now()
	made, err := do()
	s[i] = append(s[i], time.Since(began))
	return made, err
}

func (s stopwatches) medians() []time.Duration {
	medians := make([]time.Duration, len(s))
	for i, times := range s {
		medians[i] = middle(times)
	}
	return medians
}

func middle(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}

func total(times []time.Duration) (sum time.Duration) {
	for _, t := range times {
		sum += t
	}
	return sum
}

// compositeQuery is PostGIS's tile of the same layers and fields, with the
// same buffer.
func (d *bench) compositeQuery() string {
	parts := make([]string, len(composite))
	for i, id := range composite {
		fields := "id"
		for _, f := range d.layer(id).Schema().Fields {
			if !f.Detail {
				fields += ", " + f.Name
			}
		}
		parts[i] = fmt.Sprintf(`(SELECT coalesce(ST_AsMVT(q, '%[1]s', 4096, 'mvt', 'id'), '') FROM (
			SELECT %[2]s, ST_AsMVTGeom(ST_Transform(geom, 3857), tile.bounds, 4096, 64, true) AS mvt
			FROM %[1]s WHERE geom && ST_Transform(tile.around, 4490) ORDER BY id) q WHERE mvt IS NOT NULL)`, id, fields)
	}
	return "WITH tile AS (SELECT ST_TileEnvelope($1, $2, $3) AS bounds, ST_TileEnvelope($1, $2, $3, margin => 64.0/4096) AS around) SELECT " +
		strings.Join(parts, " || ") + " FROM tile"
}

// firstView asks a new service for twenty tiles, as a browser does, six at a
// time over one host.
func (d *bench) firstView() {
	var times []time.Duration
	for range 15 {
		server := httptest.NewServer(api.New(still{snapshot: d.snapshot}, api.Config{}, slog.New(slog.DiscardHandler)))
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 6, MaxConnsPerHost: 6, DisableCompression: true}}
		middle := tiles.At(center, 14)
		began := time.Now()
		var group sync.WaitGroup
		for i := range uint32(20) {
			group.Go(func() {
				address := fmt.Sprintf("%s/tiles/%s/%d/%d/%d.mvt", server.URL, join(composite), middle.Z, middle.X-2+i%5, middle.Y-2+i/5)
				request, err := http.NewRequestWithContext(d.Context(), http.MethodGet, address, nil)
				d.must(err)
				request.Header.Set("Accept-Encoding", "gzip")
				response, err := client.Do(request)
				d.must(err)
				_, err = new(bytes.Buffer).ReadFrom(response.Body)
				d.must(cmp.Or(err, response.Body.Close()))
			})
		}
		group.Wait()
		times = append(times, time.Since(began))
		client.CloseIdleConnections()
		server.Close()
	}
	slices.Sort(times)
	fmt.Printf("first view, 20 cold tiles at z14 over HTTP: median %v, worst %v\n", round(times[len(times)/2]), round(times[len(times)-1]))
}

// BenchmarkTileScale measures tiles on so many copies of the reference district
// as WANGGE_BENCH_SCALE lists, and prints a table with the ratio of each figure
// to that of the first size: cold tiles, warm ones over HTTP, and an edit until
// its tile is made.
func BenchmarkTileScale(b *testing.B) {
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
			d.load()
			d.figures = nil
			d.tiles()
			d.warmTiles()
			columns[i] = d.figures
			debug.FreeOSMemory()
		}
	}
	printFigures(sizes, columns)
}

// warmTiles asks a service for a tile in memory over eight connections, and a
// bare handler for the same bytes, in turn.
func (d *bench) warmTiles() {
	service := httptest.NewServer(api.New(still{snapshot: d.snapshot}, api.Config{}, slog.New(slog.DiscardHandler)))
	defer service.Close()
	path := fmt.Sprintf("/tiles/%s/%v.mvt", join(composite), tiles.At(center, 16))
	body := d.ask(http.DefaultClient, service.URL+path)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body)
	}))
	defer bare.Close()
	var ratios []float64
	for range 15 {
		ratios = append(ratios, d.rate(service.URL+path)/d.rate(bare.URL))
	}
	slices.Sort(ratios)
	middle := ratios[len(ratios)/2]
	d.add("warm tiles per second, of a bare handler's", middle, fmt.Sprintf("%.3f", middle))
}

// rate is how many requests per second are answered over eight connections.
func (d *bench) rate(address string) float64 {
	const connections, each = 8, 300
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
	defer client.CloseIdleConnections()
	began := time.Now()
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for range each {
				d.ask(client, address)
			}
		})
	}
	group.Wait()
	return connections * each / time.Since(began).Seconds()
}

func (d *bench) ask(client *http.Client, address string) []byte {
	request, err := http.NewRequestWithContext(d.Context(), http.MethodGet, address, nil)
	d.must(err)
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := client.Do(request)
	d.must(err)
	body, err := io.ReadAll(response.Body)
	d.must(cmp.Or(err, response.Body.Close()))
	return body
}

func join(layers []spatial.LayerID) string {
	names := make([]string, len(layers))
	for i, id := range layers {
		names[i] = string(id)
	}
	return strings.Join(names, ",")
}

// BenchmarkApplyVisible measures, from the acknowledgement of an adjustment
// that is put into effect over HTTP, how long it takes until the tile that shows
// it has been asked for and read. Each round moves 深水楼 over the street and the
// next one back.
func BenchmarkApplyVisible(b *testing.B) {
	store := referenceDatabase(b)
	ask := map[string]string{}
	for _, role := range []string{"proposer", "reviewer", "approver"} {
		street := ""
		if role == "proposer" {
			street = "440303002"
		}
		ask[role] = tokenFor(b, store, role, street)
	}
	address := serve(b, store)
	as := func(role string) caller { return caller{address, ask[role]} }
	path, body, last := "/adjustments", `{"title":"深水楼","steps":[{"buildings":["4403030020071800008"],"to":"新兴社区13网格"}]}`, get(b, address+townTile)
	var took []time.Duration
	for b.Loop() {
		draft := as("proposer").ask(b, "POST", path, body, 201)
		id := fmt.Sprintf("/adjustments/%d", int64(draft["id"].(float64)))
		as("proposer").ask(b, "POST", id+"/submit", `{}`, 200)
		as("reviewer").ask(b, "POST", id+"/review", `{}`, 200)
		as("approver").ask(b, "POST", id+"/approve", `{}`, 200)
		as("proposer").ask(b, "POST", id+"/apply", `{}`, 200)
		began := time.Now()
		fresh := get(b, address+townTile)
		took = append(took, time.Since(began))
		if bytes.Equal(fresh, last) {
			b.Fatal("the tile after the acknowledgement is the one before")
		}
		last, path, body = fresh, id+"/revert", `{"note":"back"}`
	}
	slices.Sort(took)
	b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
	b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
}
