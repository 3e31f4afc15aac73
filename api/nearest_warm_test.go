package api

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"wangge/spatial"
	"wangge/spatial/closure"
)

// TestNearestIsTheSameWhenWarm asks a server again and again who is nearest,
// and one that has never been asked: both say the same, whatever the place and
// however it is written, while the state and the clock move on.
func TestNearestIsTheSameWhenWarm(t *testing.T) {
	base := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	state := &fixed{snapshot: withClosures(t, roadTown(t, true), closure.Closure{ID: 1, Roads: []string{"东街"}, Since: base.Add(time.Hour), Until: base.Add(2 * time.Hour)})}
	s, random := server(t, state, Config{}), rand.New(rand.NewPCG(3, 9))
	now := base
	s.now = func() time.Time { return now }
	one := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	number := func(low float64) string {
		n := low + random.Float64()*0.05
		if random.IntN(8) > 0 {
			return strconv.FormatFloat(n, 'f', 2+random.IntN(12), 64)
		}
		return one(strconv.FormatFloat(n, 'f', -1, 64), strconv.FormatFloat(n, 'e', -1, 64), "-"+strconv.FormatFloat(n, 'f', 3, 64), "0", "1e-9", "0.0000001", "NaN", "+114", "114.", ".5", "-", "1..2", "0x10", "500", "", "114%2E1")
	}
	const usual = "/nearest?lon=%s&lat=%s%s"
	for range 4000 {
		if random.IntN(300) == 0 {
			state.snapshot = edited(t, state.snapshot, spatial.LayerChange{Layer: "response_points", Delete: []int64{}, Put: []spatial.Row{moved1(t, state.snapshot, random)}})
		}
		if random.IntN(200) == 0 {
			now = base.Add(time.Duration(random.IntN(4)) * 40 * time.Minute)
		}
		target := fmt.Sprintf(usual, number(114), number(22.5), one("", "", "&k=2", "&kind=fire_station", "&available=true&k=3", "&to=grids", "&by=time", "&skill=排水", "&k=0", "&lon=1", "&x=1", "&datum=gcj02", "&f=json"))
		if random.IntN(4) == 0 {
			target = fmt.Sprintf("/nearest?k=1&lat=%s&lon=%s", number(22.5), number(114))
		}
		var headers []string
		if random.IntN(4) == 0 {
			headers = append(headers, "Accept-Encoding", one("gzip", "identity"))
		}
		if random.IntN(6) == 0 {
			headers = append(headers, "Origin", "http://a.example")
		}
		if random.IntN(6) == 0 {
			headers = append(headers, "Accept", one("application/json", "*/*", "text/html"))
		}
		if random.IntN(30) == 0 {
			headers = append(headers, "If-None-Match", one("*", `"x"`))
		}
		method := one(http.MethodGet, http.MethodGet, http.MethodGet, http.MethodHead)
		got := askOf(s, method, target, "", headers...)
		fresh := server(t, state, Config{})
		fresh.boot, fresh.now = s.boot, s.now
		if want := askOf(fresh, method, target, "", headers...); said(got) != said(want) {
			t.Fatalf("%s %s %q:\n%.900s\nwant\n%.900s", method, target, headers, said(got), said(want))
		}
	}
	if hits := s.near.Load().hits.Load(); hits < 500 {
		t.Errorf("only %d of 4,000 answers were warm", hits)
	}
}

// moved1 is the first station in another place.
func moved1(t *testing.T, s *spatial.Snapshot, random *rand.Rand) spatial.Row {
	t.Helper()
	stations, err := s.Layer("response_points")
	if err != nil {
		t.Fatal(err)
	}
	f, err := stations.Feature(1)
	if err != nil {
		t.Fatal(err)
	}
	row := f.Row()
	row.Geometry = spot(random.Float64()*4, random.Float64())
	return row
}

// BenchmarkNearest compares the service, asked who is nearest in a straight
// line of 43, with a bare net/http handler that answers the same bytes with the
// same headers: how many requests per second of the bare handler's it answers.
// See [BenchmarkWarmTile].
func BenchmarkNearest(b *testing.B) {
	snapshot := roadTown(b, true)
	stations, err := snapshot.Layer("response_points")
	if err != nil {
		b.Fatal(err)
	}
	change, random := spatial.LayerChange{Layer: stations.ID()}, rand.New(rand.NewPCG(1, 1))
	for id := int64(4); id <= 43; id++ {
		change.Put = append(change.Put, spatial.Row{ID: id, Geometry: spot(random.Float64()*4, random.Float64()),
			Values: []spatial.Value{text(fmt.Sprint("站", id)), text("service_station"), spatial.Null, spatial.Int(60), spatial.Bool(true)}})
	}
	if snapshot, err = snapshot.Apply(spatial.Change{Base: snapshot.Version(), Layers: []spatial.LayerChange{change}}, snapshot.Version()+1); err != nil {
		b.Fatal(err)
	}
	s := server(b, fixed{snapshot: snapshot}, Config{})
	const target = "/nearest?lon=114.0147&lat=22.5065"
	askOf(s, http.MethodGet, "/nearest?lon=114&lat=22.5", "")
	answer := askOf(s, http.MethodGet, target, "")
	if s.near.Load().hits.Load() != 1 {
		b.Fatal("the question is not warm")
	}
	body, header := answer.Body.Bytes(), answer.Header()
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, values := range header {
			h[name] = values
		}
		_, _ = w.Write(body)
	})
	ours, theirs := httptest.NewServer(s), httptest.NewServer(bare)
	defer ours.Close()
	defer theirs.Close()
	request := "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
	var rates, tails, each []float64
	for b.Loop() {
		rate, tail := load(b, ours.Listener.Addr().String(), request)
		bareRate, bareTail := load(b, theirs.Listener.Addr().String(), request)
		rates, tails, each = append(rates, rate/bareRate), append(tails, tail/bareTail), append(each, rate)
	}
	for _, list := range [][]float64{rates, tails, each} {
		slices.Sort(list)
	}
	b.ReportMetric(rates[len(rates)/2], "ratio")
	b.ReportMetric(tails[len(tails)/2], "p99-ratio")
	b.ReportMetric(each[len(each)/2], "req/s")
	b.ReportMetric(float64(len(body)), "body-B")
}
