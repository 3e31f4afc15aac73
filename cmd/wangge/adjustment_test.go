package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/tiles"
)

// caller talks to a service with a token.
type caller struct {
	address, token string
}

// ask sends a request and reads the JSON answer, which must have the status.
func (c caller) ask(t testing.TB, method, path, body string, status int) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d\n%s", method, path, response.Status, status, content)
	}
	var answer map[string]any
	if err := json.Unmarshal(content, &answer); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, content)
	}
	return answer
}

// tokenFor makes a token in a store.
func tokenFor(t testing.TB, store, role, street string) string {
	t.Helper()
	args := []string{"token", "create", "--store", store, "--role", role, "--name", role + " of the test"}
	if street != "" {
		args = append(args, "--street", street)
	}
	code, out, errOut := wangge(t, args...)
	if code != 0 {
		t.Fatal(out, errOut)
	}
	for word := range strings.FieldsSeq(out) {
		if strings.HasPrefix(word, "wg_") {
			return word
		}
	}
	t.Fatalf("no token in %q", out)
	return ""
}

// totals are figures of a unit that the case is about.
type totals struct{ residents, rooms, buildings float64 }

func totalsOf(t testing.TB, address, layer, code string) totals {
	t.Helper()
	var answer struct {
		Features []struct {
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(get(t, fmt.Sprintf("%s/collections/%s/items?code=%s", address, layer, code)), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Features) != 1 {
		t.Fatalf("%d features of %s have the code %s", len(answer.Features), layer, code)
	}
	p := answer.Features[0].Properties
	number := func(name string) float64 { n, _ := p[name].(float64); return n }
	return totals{number("residents"), number("rooms"), number("buildings")}
}

func (a totals) less(b totals) totals {
	return totals{a.residents - b.residents, a.rooms - b.rooms, a.buildings - b.buildings}
}

// caseUnits are the units of the case in the published summary, by what it
// does to them: one person and five rooms go along, street and district stay.
var caseUnits = []struct {
	layer, code string
	sign        float64
}{
	{"grids", "44030300200718", -1}, {"grids", "44030300201713", 1},
	{"communities", "440303002007", -1}, {"communities", "440303002017", 1},
	{"streets", "440303002", 0}, {"districts", "440303", 0},
}

// TestTheCase takes the 深水楼 area from 新秀社区18网格 to 新兴社区13网格 on both
// stores: preview, proposal by the street, review, approval, effect, history,
// and back to the very bytes it came from.
func TestTheCase(t *testing.T) {
	for name, made := range both {
		t.Run(name, func(t *testing.T) { theCase(t, made(t)) })
	}
}

func theCase(t *testing.T, store string) {
	proposer := tokenFor(t, store, "proposer", "440303002")
	reviewer, approver := tokenFor(t, store, "reviewer", ""), tokenFor(t, store, "approver", "")
	address := serve(t, store)
	before := map[string]totals{}
	for _, u := range caseUnits {
		before[u.code] = totalsOf(t, address, u.layer, u.code)
	}
	house, grids := get(t, address+"/collections/buildings/items/4403030020071800008"), gridShapes(t, address)
	code, out, errOut := wangge(t, "reassign", "--store", store, "--building", "深水楼", "--to", "新兴社区13网格")
	if code != 0 || !strings.Contains(out, "residents") || !strings.Contains(out, "nothing was changed") {
		t.Fatalf("preview in the terminal: %d\n%s%s", code, out, errOut)
	}
	step := `{"buildings":["4403030020071800008"],"to":"新兴社区13网格"}`
	preview := caller{address, ""}.ask(t, "POST", "/adjustments/preview", step, 200)
	moves(t, preview)

	caller{address, ""}.ask(t, "POST", "/adjustments", step, 401)
	townBefore := get(t, address+townTile)
	started := time.Now().Add(-time.Second).UTC().Format(time.RFC3339Nano)
	draft := caller{address, proposer}.ask(t, "POST", "/adjustments", `{"title":"深水楼","steps":[`+step+`]}`, 201)
	id := int64(draft["id"].(float64))
	path := fmt.Sprintf("/adjustments/%d", id)
	caller{address, approver}.ask(t, "POST", path+"/submit", `{}`, 403)
	caller{address, proposer}.ask(t, "POST", path+"/submit", `{}`, 200)
	caller{address, proposer}.ask(t, "POST", path+"/review", `{}`, 403)
	caller{address, reviewer}.ask(t, "POST", path+"/review", `{}`, 200)
	caller{address, approver}.ask(t, "POST", path+"/approve", `{"decision":{"number":"深网格〔2024〕18号","date":"2024-11-20"}}`, 200)
	if code, out, errOut := wangge(t, "adjustments", "apply", fmt.Sprint(id), "--store", store, "--token", proposer); code != 0 {
		t.Fatal(out, errOut)
	}
	moved := awaitMoved(t, address)
	for _, u := range caseUnits {
		want := totals{u.sign, 5 * u.sign, u.sign}
		if got := totalsOf(t, address, u.layer, u.code).less(before[u.code]); got != want {
			t.Errorf("%s %s changed by %+v, want %+v", u.layer, u.code, got, want)
		}
	}
	if moved.Properties["grid"] != "44030300201713" {
		t.Errorf("深水楼 stands in %v", moved.Properties["grid"])
	}
	tile := get(t, fmt.Sprintf("%s/tiles/buildings/%v.mvt", address, tiles.At(moved.Geometry.Bound().Center(), 17)))
	if !bytes.Contains(tile, []byte(moved.Properties.MustString("code"))) {
		t.Error("the tile does not show the new code")
	}
	checkPasses(t, store)
	remembers(t, address, started, before, townBefore, moved.Geometry.Bound().Center())

	inverse := caller{address, proposer}.ask(t, "POST", path+"/revert", `{"note":"back"}`, 201)
	path = fmt.Sprintf("/adjustments/%d", int64(inverse["id"].(float64)))
	caller{address, proposer}.ask(t, "POST", path+"/submit", `{}`, 200)
	caller{address, reviewer}.ask(t, "POST", path+"/review", `{}`, 200)
	caller{address, approver}.ask(t, "POST", path+"/approve", `{}`, 200)
	caller{address, proposer}.ask(t, "POST", path+"/apply", `{}`, 200)
	if back := get(t, address+"/collections/buildings/items/4403030020071800008"); shapeOf(t, back) != shapeOf(t, house) {
		t.Errorf("深水楼 is not as it was")
	}
	for code, shape := range gridShapes(t, address) {
		if grids[code] != shape {
			t.Errorf("%s does not have the very geometry it had", code)
		}
	}
	for _, u := range caseUnits {
		if got := totalsOf(t, address, u.layer, u.code); got != before[u.code] {
			t.Errorf("%s %s has %+v, had %+v", u.layer, u.code, got, before[u.code])
		}
	}
	checkPasses(t, store)
}

// townTile shows the place of the case.
const townTile = "/tiles/grids,communities,buildings/17/107094/57105.mvt"

// remembers asks a service, after the case, for the state before and for what
// happened.
func remembers(t *testing.T, address, started string, before map[string]totals, townBefore []byte, place orb.Point) {
	t.Helper()
	anyone := caller{address, ""}
	if item := get(t, address+"/collections/buildings/items/1640?datetime="+started); !bytes.Contains(item, []byte(`"4403030020071800008"`)) {
		t.Errorf("the state before does not have the old code: %s", item)
	}
	if tile := get(t, address+townTile+"?datetime="+started); !bytes.Equal(tile, townBefore) {
		t.Error("the tile of before is not as it was before")
	}
	if tile := get(t, address+townTile); bytes.Equal(tile, townBefore) {
		t.Error("the tile of now is as it was before: it does not show the place")
	}
	for when, code := range map[string]string{"": "44030300201713", "&datetime=" + started: "44030300200718"} {
		at := anyone.ask(t, "GET", fmt.Sprintf("/grids/at?lon=%v&lat=%v%s", place[0], place[1], when), "", 200)
		if got := at["properties"].(map[string]any)["code"]; got != code {
			t.Errorf("at %q the place is in %v, want %s", when, got, code)
		}
	}
	if item := anyone.ask(t, "GET", "/collections/buildings/items/4403030020071800008", "", 200); item["alias"] == nil || item["id"] != 1640.0 {
		t.Errorf("the old code finds %v, alias %v", item["id"], item["alias"])
	}
	states := anyone.ask(t, "GET", "/grids/44030300200718/history", "", 200)["states"].([]any)
	if len(states) != 2 || states[0].(map[string]any)["totals"].(map[string]any)["residents"] != before["44030300200718"].residents {
		t.Errorf("history: %v", states)
	}
	edges := anyone.ask(t, "GET", "/grids/44030300201713/lineage", "", 200)["edges"].([]any)
	if len(edges) != 1 || edges[0].(map[string]any)["kind"] != "transfer" || edges[0].(map[string]any)["from"] != "44030300200718" {
		t.Errorf("lineage: %v", edges)
	}
	kinds := map[any]int{}
	for _, f := range anyone.ask(t, "GET", "/grids/difference?from="+started, "", 200)["features"].([]any) {
		properties := f.(map[string]any)["properties"].(map[string]any)
		kinds[properties["kind"]]++
		if properties["from_code"] != "44030300200718" || properties["to_code"] != "44030300201713" {
			t.Errorf("difference: %v", properties)
		}
	}
	if kinds["land"] != 1 || kinds["feature"] < 1 {
		t.Errorf("difference: %v", kinds)
	}
	for _, u := range anyone.ask(t, "GET", "/grids/counts?boundaries="+started, "", 200)["units"].([]any) {
		u := u.(map[string]any)
		if want, concerned := before[u["code"].(string)]; concerned && u["totals"].(map[string]any)["residents"] != want.residents {
			t.Errorf("%v counts %v on the old boundaries, want %v", u["code"], u["totals"], want)
		}
	}
	for path, status := range map[string]int{"/collections/grids/items?datetime=2999-01-01": 400, "/collections/grids/items?datetime=2020-01-01/2021-01-01": 400,
		"/grids/44030300200718/history?datetime=now": 400, "/grids/99999999999999/history": 404, "/grids/difference": 400, "/grids/counts?by=room": 400} {
		anyone.ask(t, "GET", path, "", status)
	}
}

// moves holds a preview against the published case.
func moves(t *testing.T, preview map[string]any) {
	t.Helper()
	if preview["refused"] != false {
		t.Fatalf("refused: %v", preview["checks"])
	}
	found := 0
	for _, effect := range preview["effects"].([]any) {
		effect := effect.(map[string]any)
		delta, _ := effect["delta"].(map[string]any)
		for _, u := range caseUnits {
			if effect["code"] != u.code || u.sign == 0 {
				continue
			}
			if found++; delta["residents"] != u.sign || delta["rooms"] != 5*u.sign {
				t.Errorf("%s: %v", u.code, delta)
			}
		}
	}
	if found != 4 {
		t.Errorf("%d of 4 units told", found)
	}
}

// awaitMoved waits until a service has seen what another program applied.
func awaitMoved(t *testing.T, address string) *geojson.Feature {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		f, err := geojson.UnmarshalFeature(get(t, address+"/collections/buildings/items/1640"))
		if err != nil {
			t.Fatal(err)
		}
		if f.Properties["grid"] == "44030300201713" {
			return f
		}
		if time.Now().After(deadline) {
			t.Fatal("the change is not seen")
		}
	}
}

// shapeOf is a feature's geometry and properties as they are written.
func shapeOf(t *testing.T, feature []byte) string {
	t.Helper()
	var f struct{ Geometry, Properties json.RawMessage }
	if err := json.Unmarshal(feature, &f); err != nil {
		t.Fatal(err)
	}
	return string(f.Geometry) + string(f.Properties)
}

// gridShapes are the geometries of all grids, byte for byte.
func gridShapes(t *testing.T, address string) map[string]string {
	t.Helper()
	var answer struct {
		Features []struct {
			Geometry   json.RawMessage
			Properties struct{ Code string }
		}
	}
	if err := json.Unmarshal(get(t, address+"/collections/grids/items?limit=10000&properties=code"), &answer); err != nil {
		t.Fatal(err)
	}
	shapes := map[string]string{}
	for _, f := range answer.Features {
		shapes[f.Properties.Code] = string(f.Geometry)
	}
	if len(shapes) != 1135 {
		t.Fatalf("%d grids", len(shapes))
	}
	return shapes
}
