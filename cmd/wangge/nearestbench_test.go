package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/api"
	"wangge/data"
)

// nearestForAll is the question in SQL: the station nearest to each risk point.
// The operator measures on the sphere; the service's answers are on the
// ellipsoid.
const nearestForAll = `
	SELECT r.id, n.id, n.distance FROM risk_points r CROSS JOIN LATERAL (
		SELECT p.id, p.geom::geography <-> r.geom::geography AS distance
		FROM response_points p ORDER BY distance LIMIT 1) n`

// discard is a client that takes everything and keeps nothing.
type discard http.Header

func (d discard) Header() http.Header       { return http.Header(d) }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// BenchmarkNearestBatch asks who is nearest to all risk points of the reference
// dataset: over HTTP, JSON included, in a straight line and by road once the
// points are on the road, then with a road closed that was not before, and
// PostGIS. It reports medians and how many times longer PostGIS takes.
func BenchmarkNearestBatch(b *testing.B) {
	database := referenceDatabase(b)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	store, err := storeFlag{Store: database}.open(b.Context(), log)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	live, err := data.Open(b.Context(), store, log)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := pgx.Connect(b.Context(), database)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(b.Context()))
	service := api.New(live, api.Config{}, log)
	ask := func(body string) time.Duration {
		r := httptest.NewRequest(http.MethodPost, "/nearest", strings.NewReader(body))
		began := time.Now()
		service.ServeHTTP(discard{}, r)
		return time.Since(began)
	}
	closed := []string{"罗沙路", "红桂路", "黄贝岭三路", "东民四路", "沿河南路", "罗芳路", "愉天三路"}
	ask(`{"layer":"risk_points","by":"time"}`)
	var line, road, closure, sql []time.Duration
	for n := 0; b.Loop(); n++ {
		line = append(line, ask(`{"layer":"risk_points"}`))
		road = append(road, ask(`{"layer":"risk_points","by":"time"}`))
		closure = append(closure, ask(`{"layer":"risk_points","by":"time","what_if":{"roads":["`+strings.Join(closed[:1+n%len(closed)], `","`)+`"]}}`))
		began := time.Now()
		rows, err := conn.Query(b.Context(), nearestForAll)
		if err != nil {
			b.Fatal(err)
		}
		count := 0
		for rows.Next() {
			count++
		}
		if rows.Err() != nil || count != 42_336 {
			b.Fatal(rows.Err(), count)
		}
		sql = append(sql, time.Since(began))
	}
	for name, list := range map[string][]time.Duration{"line": line, "road": road, "closed": closure, "postgis": sql} {
		slices.Sort(list)
		b.ReportMetric(milliseconds(list[len(list)/2]), name+"-ms")
	}
	b.ReportMetric(float64(sql[len(sql)/2])/float64(line[len(line)/2]), "postgis/line")
	b.ReportMetric(float64(sql[len(sql)/2])/float64(road[len(road)/2]), "postgis/road")
}
