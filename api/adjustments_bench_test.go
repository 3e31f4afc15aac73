package api

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
)

// localPreviews are bodies that each move some 40 by 40 m at a corner of an
// area to a neighbour.
func localPreviews(s *spatial.Snapshot, n int) []string {
	random := rand.New(rand.NewPCG(500, 1))
	grids, _ := s.Layer(gridLayer)
	var bodies []string
	for len(bodies) < n {
		from, err := grids.Feature(1 + random.Int64N(int64(grids.Len())))
		if err != nil {
			continue
		}
		ring := from.Geometry().(orb.Polygon)[0]
		corner := ring[random.IntN(len(ring))]
		for to := range grids.Intersecting(corner.Bound()) {
			if to.ID() != from.ID() && slices.Contains(to.Geometry().(orb.Polygon)[0], corner) {
				bodies = append(bodies, fmt.Sprintf(`{"from":%q,"to":%q,"area":{"type":"Polygon","coordinates":[%s]}}`, from.Code(), to.Code(), boxText(corner, 2e-4)))
				break
			}
		}
	}
	return bodies
}

func boxText(at orb.Point, half float64) string {
	var positions []string
	for _, p := range (orb.Bound{Min: orb.Point{at[0] - half, at[1] - half}, Max: orb.Point{at[0] + half, at[1] + half}}).ToRing() {
		positions = append(positions, fmt.Sprintf("[%.9f,%.9f]", p[0], p[1]))
	}
	return "[" + strings.Join(positions, ",") + "]"
}

// BenchmarkPreview sends 300 random moves over HTTP and tells how long half of
// them and 99 in 100 took at most, and what answers weigh.
func BenchmarkPreview(b *testing.B) {
	snapshot := luohutest.Snapshot(b)
	service := httptest.NewServer(server(b, fixed{snapshot: snapshot}, Config{}))
	defer service.Close()
	bodies := localPreviews(snapshot, 300)
	var took []time.Duration
	refused, bytes := 0, 0
	for b.Loop() {
		for _, body := range bodies {
			start := time.Now()
			answer, err := http.Post(service.URL+"/adjustments/preview", mediaJSON, strings.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			text := readAll(b, answer)
			took = append(took, time.Since(start))
			if bytes += len(text); answer.StatusCode != http.StatusOK {
				b.Fatalf("%d: %s", answer.StatusCode, text)
			}
			if strings.Contains(text, `"refused":true`) {
				refused++
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(refused)/float64(len(took)), "refused")
	b.ReportMetric(float64(bytes)/float64(len(took)), "bytes/answer")
}

func readAll(t testing.TB, answer *http.Response) string {
	t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
