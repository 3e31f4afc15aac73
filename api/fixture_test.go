package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/history"
)

// fixed is a state that never moves.
type fixed struct {
	snapshot *spatial.Snapshot
	fault    error
}

func (f fixed) Current() *spatial.Snapshot { return f.snapshot }
func (f fixed) Fault() error               { return f.fault }
func (fixed) Next(ctx context.Context, last data.Event) (data.Event, error) {
	<-ctx.Done()
	return last, context.Cause(ctx)
}

func (fixed) At(s *spatial.Snapshot, valid, known time.Time) (*spatial.Snapshot, error) {
	return history.At(s, valid, known)
}

// square is a square of 0.01° with its lower left corner at x, y hundredths
// of a degree from 114 E, 22.5 N.
func square(x, y float64) orb.Polygon {
	low := orb.Point{hundredth(11400 + x), hundredth(2250 + y)}
	return orb.Bound{Min: low, Max: orb.Point{hundredth(11401 + x), hundredth(2251 + y)}}.ToPolygon()
}

// hundredth is exact where an addition of steps is not.
func hundredth(n float64) float64 { return n / 100 }

func spot(x, y float64) orb.Point { return orb.Point{hundredth(11400 + x), hundredth(2250 + y)} }

func text(s string) spatial.Value { return spatial.Text(s) }

func layer(t testing.TB, schema *spatial.Schema, rows ...spatial.Row) *spatial.Layer {
	t.Helper()
	if err := schema.Validate(); err != nil {
		t.Fatal(err)
	}
	made, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if err := schema.ValidateRow(row); err != nil {
				t.Fatal(err)
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// areas makes a layer of the division: code, name, and the code above.
func areas(t testing.TB, id spatial.LayerID, above spatial.LayerID, rows ...spatial.Row) *spatial.Layer {
	fields := []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Required: true, Unique: true},
		{Name: "name", Type: spatial.TypeText},
	}
	if above != "" {
		fields = append(fields, spatial.Field{Name: "above_code", Type: spatial.TypeText, References: above})
	}
	return layer(t, &spatial.Schema{ID: id, Title: spatial.Title{ZH: "区划", EN: "Division"}, Geometry: spatial.Polygons, Group: "base",
		Code: "code", Label: "name", AsOf: "2023-06-30", Synthetic: true, Fields: fields}, rows...)
}

func area(id int64, g orb.Geometry, values ...string) spatial.Row {
	row := spatial.Row{ID: id, Geometry: g}
	for _, v := range values {
		row.Values = append(row.Values, text(v))
	}
	return row
}

const riskPoints = 250

// district is a district of four grids in two communities, with response
// points, risk points and a table.
func district(t testing.TB) *spatial.Snapshot {
	east, west := orb.Polygon{{spot(2, 0), spot(4, 0), spot(4, 1), spot(2, 1), spot(2, 0)}}, orb.Polygon{{spot(0, 0), spot(2, 0), spot(2, 1), spot(0, 1), spot(0, 0)}}
	whole := orb.Polygon{{spot(0, 0), spot(4, 0), spot(4, 1), spot(0, 1), spot(0, 0)}}
	return spatial.New(7,
		areas(t, "districts", "", area(1, whole, "440303", "罗湖区")),
		areas(t, "streets", "districts", area(1, whole, "440303002", "黄贝街道", "440303")),
		areas(t, "communities", "streets",
			area(1, west, "440303002007", "新秀社区", "440303002"), area(2, east, "440303002017", "新兴社区", "440303002")),
		areas(t, "grids", "communities",
			area(11, square(0, 0), "44030300200701", "新秀社区01网格", "440303002007"), area(12, square(1, 0), "44030300200718", "新秀社区18网格", "440303002007"),
			area(13, square(2, 0), "44030300201713", "新兴社区13网格", "440303002017"), area(14, square(3, 0), "44030300201714", "新兴社区14网格", "440303002017")),
		stations(t), risks(t), figures(t),
	)
}

func stations(t testing.TB) *spatial.Layer {
	station := func(id int64, g orb.Geometry, name, kind string, available bool) spatial.Row {
		return spatial.Row{ID: id, Geometry: g, Values: []spatial.Value{text(name), text(kind), spatial.Bool(available)}}
	}
	return layer(t, &spatial.Schema{ID: "response_points", Title: spatial.Title{ZH: "应急管理服务站", EN: "Response points"}, Geometry: spatial.Points, Group: "response",
		Label: "name", AsOf: "2024-11-21", Synthetic: true, Fields: []spatial.Field{
			{Name: "name", Type: spatial.TypeText},
			{Name: "kind", Type: spatial.TypeText, Values: []spatial.Label{{Value: "service_station"}, {Value: "fire_station"}}},
			{Name: "available", Type: spatial.TypeBool},
		}},
		station(1, spot(0.5, 0.5), "西站", "service_station", true), station(2, spot(2.5, 0.5), "东站", "fire_station", false),
		station(3, spot(2.5, 0.5), "同站", "fire_station", true), station(4, nil, "无站", "service_station", true))
}

func risks(t testing.TB) *spatial.Layer {
	rows := make([]spatial.Row, riskPoints)
	for i := range rows {
		level := text("low")
		if i%10 == 0 {
			level = spatial.Null
		}
		rows[i] = spatial.Row{ID: int64(2*i + 1), Geometry: spot(float64(i%40)/10+0.05, float64(i/40)/10+0.05), Values: []spatial.Value{
			text("风险" + string(rune('A'+i%26))), level, spatial.Int(int64(i)), spatial.Float(float64(i) / 2), spatial.Date(time.Date(2024, 11, 4, 0, 0, 0, 0, time.UTC))}}
	}
	return layer(t, &spatial.Schema{ID: "risk_points", Title: spatial.Title{ZH: "风险点位", EN: "Risk points"}, Geometry: spatial.Points, Group: "risk",
		Label: "name", AsOf: "2024-12-30", Synthetic: true, Fields: []spatial.Field{
			{Name: "name", Type: spatial.TypeText},
			{Name: "level", Type: spatial.TypeText, Values: []spatial.Label{{Value: "general", Color: "#fc0"}, {Value: "low"}}},
			{Name: "people", Type: spatial.TypeInt, Required: true, Unit: "persons"},
			{Name: "score", Type: spatial.TypeFloat},
			{Name: "found", Type: spatial.TypeDate},
		}}, rows...)
}

func figures(t testing.TB) *spatial.Layer {
	return layer(t, &spatial.Schema{ID: "statistics", Title: spatial.Title{ZH: "各项数字", EN: "Figures"}, AsOf: "2024-12-30",
		Fields: []spatial.Field{{Name: "wording", Type: spatial.TypeText}}}, spatial.Row{ID: 1, Values: []spatial.Value{text("实有人口 1,191,907")}})
}

func server(t testing.TB, state State, config Config) *Server {
	t.Helper()
	return New(state, config, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// ask sends a request to a server over the fixture district.
func ask(t testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return askOf(server(t, fixed{snapshot: district(t)}, Config{}), method, target, body, headers...)
}

func askOf(s *Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// get reads a JSON answer that must succeed.
func get(t testing.TB, target string) map[string]any {
	t.Helper()
	return decoded(t, ask(t, http.MethodGet, target, ""), http.StatusOK)
}

func decoded(t testing.TB, w *httptest.ResponseRecorder, status int) map[string]any {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("not JSON: %v: %s", err, w.Body)
	}
	return answer
}

var errPlanted = errors.New("load: connect to host=10.1.2.3 user=clerk: open /srv/luohu.gpkg")
