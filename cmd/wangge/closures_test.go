package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// driven is the way of the first candidate of an answer by road.
type driven struct {
	Candidates []struct {
		Name  string
		Time  float64
		Route struct {
			Geometry struct{ Coordinates orb.LineString }
			Roads    []struct {
				Name   string
				Length float64
			}
		}
	}
	Closures []struct{ ID int64 }
}

const toTheReservoir = "/nearest?lon=114.1447&lat=22.5565&by=time&route=true"

func drive(t *testing.T, address string) driven {
	t.Helper()
	var d driven
	if err := json.Unmarshal(get(t, address+toTheReservoir), &d); err != nil || len(d.Candidates) != 1 {
		t.Fatalf("%v %+v", err, d)
	}
	return d
}

func (d driven) over(road string) bool {
	return slices.ContainsFunc(d.Candidates[0].Route.Roads, func(r struct {
		Name   string
		Length float64
	}) bool {
		return r.Name == road
	})
}

// longest is the road that most of the way is on, unless the way begins or ends
// there.
func (d driven) longest() (road string) {
	roads, most := d.Candidates[0].Route.Roads, 0.0
	for i, r := range roads {
		if i > 0 && i < len(roads)-1 && r.Length > most {
			road, most = r.Name, r.Length
		}
	}
	return road
}

// TestClosuresOnBothStores closes a road through the service, by SQL and by a
// file that another program appends: the next answer takes another way, and the
// old one when the closure has ended.
func TestClosuresOnBothStores(t *testing.T) {
	for name, made := range both {
		t.Run(name, func(t *testing.T) { closesRoads(t, made(t)) })
	}
}

func closesRoads(t *testing.T, store string) {
	centre := caller{token: tokenFor(t, store, "reviewer", "")}
	street := caller{token: tokenFor(t, store, "proposer", "440303002")}
	address := serve(t, store)
	centre.address, street.address = address, address
	before := drive(t, address)
	road := before.longest()
	open := before.Candidates[0]
	t.Logf("%s in %.0f s over %s", open.Name, open.Time, road)

	made := centre.ask(t, http.MethodPost, "/closures", fmt.Sprintf(`{"roads":[%q],"reason":"内涝"}`, road), http.StatusCreated)
	after := drive(t, address)
	if after.over(road) || after.Candidates[0].Time <= open.Time || len(after.Closures) != 1 {
		t.Errorf("after closing %s through the service: %+v", road, after)
	}
	if told := street.ask(t, http.MethodDelete, fmt.Sprintf("/closures/%v", made["id"]), "", http.StatusForbidden); told["rule"] != "closure_street" {
		t.Errorf("%s, which is in several streets: %v", road, told)
	}
	centre.ask(t, http.MethodPatch, fmt.Sprintf("/closures/%v", made["id"]), `{"until":"`+time.Now().Add(300*time.Millisecond).Format(time.RFC3339Nano)+`"}`, http.StatusOK)
	awaitWay(t, address, "the closure has ended", func(d driven) bool { return d.over(road) && len(d.Closures) == 0 })

	execute(t, store, fmt.Sprintf("INSERT INTO closures (name, roads) VALUES ('别处写入', '%s')", road))
	awaitWay(t, address, "closed by SQL", func(d driven) bool { return !d.over(road) && len(d.Closures) == 1 })
	execute(t, store, "UPDATE closures SET until = '2020-01-01T00:00:00Z' WHERE name = '别处写入'")
	awaitWay(t, address, "opened by SQL", func(d driven) bool { return d.over(road) && len(d.Closures) == 0 })

	line := open.Route.Geometry.Coordinates
	middle := line[len(line)/2]
	shape := fmt.Sprintf(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"塌方"},"geometry":{"type":"LineString","coordinates":[[%v,%v],[%v,%v]]}}]}`,
		middle[0]-0.00005, middle[1]-0.00005, middle[0]+0.00005, middle[1]+0.00005)
	database, table := gdalNames(t, store, "closures")
	tool(t, "ogr2ogr", "-append", "-update", database, written(t, "slide.geojson", shape), "-nln", table)
	awaitWay(t, address, "closed by a drawn line", func(d driven) bool {
		return len(d.Closures) == 1 && !passes(d.Candidates[0].Route.Geometry.Coordinates, middle)
	})
	var items struct {
		Features []struct{ Properties struct{ Name string } }
	}
	if err := json.Unmarshal(get(t, address+"/collections/closures/items"), &items); err != nil || len(items.Features) != 3 {
		t.Errorf("%v %+v", err, items)
	}
}

// passes says whether a way has a vertex.
func passes(line orb.LineString, p orb.Point) bool { return slices.Contains(line, p) }

// awaitWay asks until an answer is as it is to be.
func awaitWay(t *testing.T, address, what string, done func(driven) bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(drive(t, address)); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %+v", what, drive(t, address))
		}
	}
}

// execute changes a store by SQL as another program does.
func execute(t *testing.T, store, statement string) {
	t.Helper()
	if isPostgres(store) {
		tool(t, "psql", store, "-qc", statement)
		return
	}
	tool(t, "ogrinfo", store, "-q", "-sql", strings.TrimSpace(statement))
}
