package viewer_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial"
)

// responder is one line of an answer of /nearest.
type responder struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	At    [2]float64 `json:"at"`
	Time  float64    `json:"time"`
	Route struct {
		Geometry struct {
			Coordinates [][2]float64 `json:"coordinates"`
		} `json:"geometry"`
	} `json:"route"`
}

func read[T any](t *testing.T, address string) T {
	t.Helper()
	var answer T
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", address, r.StatusCode, err)
	}
	return answer
}

// first is who gets to a place first.
func first(t *testing.T, server string, place orb.Point, by string) responder {
	t.Helper()
	answer := read[struct{ Candidates []responder }](t, fmt.Sprintf("%s/nearest?lon=%f&lat=%f&by=%s", server, place[0], place[1], by))
	if len(answer.Candidates) != 1 {
		t.Fatalf("%d responders by %s", len(answer.Candidates), by)
	}
	return answer.Candidates[0]
}

// acrossTheWater is a place at a road whose nearest station in a straight line
// stands on another side of the reservoir, so that another one is there first:
// of all such places the one with the most water between.
func acrossTheWater(t *testing.T, server string, now *spatial.Snapshot) (place orb.Point, straight, road responder) {
	t.Helper()
	var reservoir orb.Polygon
	for f := range layerOf(t, now, "water").All() {
		if p, ok := f.Geometry().(orb.Polygon); ok && f.Label() == "深圳水库" {
			reservoir = p
		}
	}
	widest := 0.001 // degrees, some 100 m
	for f := range layerOf(t, now, "roads").All() {
		line, ok := f.Geometry().(orb.LineString)
		if !ok || !reservoir.Bound().Pad(0.012).Contains(line[0]) {
			continue
		}
		closest := first(t, server, line[0], "distance")
		across := crossing(reservoir, closest.At, line[0])
		if len(across) < 2 || planar.Distance(across[0], across[1]) <= widest {
			continue
		}
		if soonest := first(t, server, line[0], "time&route=true"); soonest.ID != closest.ID {
			widest = planar.Distance(across[0], across[1])
			place, straight, road = line[0], closest, soonest
		}
	}
	if road.ID == 0 {
		t.Fatal("everywhere at the reservoir the closest station is there first")
	}
	return place, straight, road
}

func layerOf(t *testing.T, now *spatial.Snapshot, id spatial.LayerID) *spatial.Layer {
	t.Helper()
	layer, err := now.Layer(id)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// crossing is where a line crosses the shore.
func crossing(water orb.Polygon, from, to orb.Point) (shores []orb.Point) {
	side := func(a, b, c orb.Point) float64 { return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0]) }
	for _, ring := range water {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if side(a, b, from)*side(a, b, to) < 0 && side(from, to, a)*side(from, to, b) < 0 {
				u := side(a, b, from) / (side(a, b, from) - side(a, b, to))
				shores = append(shores, orb.Point{from[0] + u*(to[0]-from[0]), from[1] + u*(to[1]-from[1])})
			}
		}
	}
	return shores
}

// testAcrossTheWater asks for a place beyond the reservoir: by road another
// station is named than in a straight line, and its route is on the map.
func testAcrossTheWater(p *tab, now *spatial.Snapshot) {
	place, straight, road := acrossTheWater(p.T, p.server, now)
	p.visit(fmt.Sprintf("lang=zh&way=response&response=at:%f,%f&map=14/%f/%f", place[0], place[1], place[1], place[0]))
	p.until(`document.querySelector('#response-answer[data-state="ready"] .ranked')`)
	if id := eval[string](p, `document.querySelector(".ranked li").dataset.candidate`); id != fmt.Sprint(road.ID) {
		p.Errorf("the panel ranks %s first, the service %d", id, road.ID)
	}
	said := p.text("#response-answer")
	for _, words := range []string{road.Name, "应急管理服务站", "接警", "出动", "行驶", "到达点", "直线最近的是" + straight.Name} {
		if !strings.Contains(said, words) {
			p.Errorf("the panel does not say %s:\n%s", words, said)
		}
	}
	drawn := p.overlay("over/response-nearest-all")
	p.isDrawn(drawn["route"], road.Route.Geometry.Coordinates)
	p.isDrawn(drawn["straight"], [][2]float64{straight.At, place})
	p.shoot("desktop-response")
	p.axe()

	p.do(click(`[data-by="distance"]`))
	p.until(fmt.Sprintf(`document.querySelector('#response-answer[data-state="ready"] .ranked li[data-candidate="%d"]:first-child') && !document.querySelector(".parts")`, straight.ID))
	if hash := eval[string](p, `location.hash`); !strings.Contains(hash, "by:distance") || !strings.Contains(hash, "way=response") {
		p.Errorf("the address does not keep the question: %s", hash)
	}
	p.act(fmt.Sprintf(`map.jumpTo({ center: [%s], zoom: 15 })`, strings.Replace(town, "/", ",", 1)))
	eval[bool](p, `wangge.map.getCanvas().focus(), true`)
	p.do(keys(enter))
	p.until(`document.querySelector("#response-answer h2")?.textContent.includes("114.13050, 22.55600")`)
}

// overlay is what a panel has put on the map, by kind.
func (p *tab) overlay(source string) map[string][][][2]float64 {
	p.Helper()
	return eval[map[string][][][2]float64](p, fmt.Sprintf(`wangge.map.getSource(%q).getData().then((all) => {
		const kinds = {};
		for (const f of all.features) (kinds[f.properties.kind ?? ""] ??= []).push(f.geometry.type === "Point" ? [f.geometry.coordinates] : f.geometry.coordinates);
		return kinds;
	})`, source))
}

// isDrawn checks that a line is among those that are drawn.
func (p *tab) isDrawn(drawn [][][2]float64, line [][2]float64) {
	p.Helper()
	near := func(a, b [2]float64) bool { return math.Abs(a[0]-b[0]) < 1e-5 && math.Abs(a[1]-b[1]) < 1e-5 }
	if !slices.ContainsFunc(drawn, func(d [][2]float64) bool { return slices.EqualFunc(d, line, near) }) {
		p.Errorf("drawn are %v, not %v", drawn, line)
	}
}

// testResponseOnPhone asks with a finger on a small screen.
func testResponseOnPhone(p *tab) {
	p.visit("lang=en&way=response&" + at(15))
	p.do(seen(".response"), chromedp.MouseClickXY(195, 200))
	p.until(`document.querySelector('#response-answer[data-state="ready"] .ranked li')`)
	p.shoot("phone-response")
	p.axe()
	if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
		p.Error("the page is wider than the screen")
	}
	if !strings.Contains(p.text("#panel"), "synthetic data") {
		p.Error("the panel does not say that the data are synthetic")
	}
}
