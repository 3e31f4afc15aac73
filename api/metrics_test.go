package api

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{})
	for _, target := range []string{"/tiles/grids/10/836/446.mvt", "/tiles/grids/10/836/446.mvt", "/collections/grids/items/99", "/nowhere/114.1"} {
		askOf(s, http.MethodGet, target, "")
	}
	askOf(s, "BREW", "/collections", "")
	w := askOf(s, http.MethodGet, "/metrics", "", "Accept-Encoding", "gzip")
	if kind := w.Header().Get("Content-Type"); w.Code != http.StatusOK || !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Fatalf("%d %s", w.Code, kind)
	}
	told := w.Body.String()
	for _, line := range []string{
		`wangge_http_request_duration_seconds_count{method="GET",route="/tiles/{layers}/{z}/{x}/{y}.mvt",status="200"} 2`,
		`wangge_http_request_duration_seconds_count{method="GET",route="/collections/{layer}/items/{id}",status="404"} 1`,
		`wangge_http_request_duration_seconds_count{method="any",route="none",status="404"} 1`,
		`wangge_http_request_duration_seconds_count{method="any",route="none",status="405"} 1`,
		`wangge_snapshot_version 7`, `wangge_store_behind 0`, `wangge_event_streams 0`,
		`wangge_layer_features{layer="risk_points"} 250`,
		`wangge_tile_memo_hits_total{memo="shared"} 1`, `wangge_tile_memo_misses_total{memo="shared"} 1`, `wangge_tile_memo_misses_total{memo="chosen"} 0`,
		`wangge_tiles_rendered_total 1`, `wangge_tiles_aggregated_total 0`, `wangge_tiles_refused_total 0`,
		`wangge_tile_bytes_count{coding="identity"} 1`, `wangge_tile_bytes_bucket{coding="identity",le="500000"} 1`, `wangge_tile_bytes_count{coding="gzip"} 0`,
	} {
		if !strings.Contains(told, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	for _, name := range []string{"go_goroutines ", "go_build_info{", "wangge_http_response_bytes_total{", "wangge_tile_memo_bytes{"} {
		if !strings.Contains(told, "\n"+name) {
			t.Errorf("no %s", name)
		}
	}
	for _, foreign := range []string{"nowhere", "BREW"} {
		if strings.Contains(told, foreign) {
			t.Errorf("what strangers send is a label: %s", foreign)
		}
	}
}

func TestMetricsOfAStoreThatIsAway(t *testing.T) {
	s := server(t, fixed{snapshot: district(t), fault: errPlanted}, Config{})
	if told := askOf(s, http.MethodGet, "/metrics", "").Body.String(); !strings.Contains(told, "\nwangge_store_behind 1\n") {
		t.Error("the store is away and the figures do not say so")
	}
}

// TestLog: a line names the request, the route and how it went, and neither
// places nor searches.
func TestLog(t *testing.T) {
	var log bytes.Buffer
	s := New(fixed{snapshot: district(t)}, Config{}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	w := askOf(s, http.MethodGet, "/nearest?lon=114.0051&lat=22.5051&kind=fire_station", "")
	line := log.String()
	for _, part := range []string{"request=" + w.Header().Get("X-Request-Id"), "method=GET", "route=/nearest", "path=/nearest", "status=200", "bytes=", "took="} {
		if !strings.Contains(line, part) {
			t.Errorf("the log lacks %s: %s", part, line)
		}
	}
	if strings.Contains(line, "114.0051") || strings.Contains(line, "fire_station") {
		t.Errorf("the log knows where somebody is: %s", line)
	}
}
