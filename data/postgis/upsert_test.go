package postgis

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"testing"

	"wangge/data"
	"wangge/spatial"
)

// stream yields rows and then an error, if there is one.
func stream(err error, rows ...spatial.Row) iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		if err != nil {
			yield(spatial.Row{}, err)
		}
	}
}

func TestUpsert(t *testing.T) {
	store, url := wards(t)
	done := 0
	progress := func(_ spatial.LayerID, n int) { done = n }
	_, err := store.Upsert(t.Context(), 1, wardSchema(), stream(nil, ward(2, "07", nil)), "by file", progress)
	if got := wantInvalid(t, err, "posts_ward_references"); got.Where != "posts 2, field ward" {
		t.Errorf("got %v", err)
	}
	rows := stream(nil, ward(7, "02", square(120, 22)), ward(3, "03", nil), ward(2, "07", nil))
	exec(t, connect(t, url), "UPDATE posts SET ward = '01', code = '01-2' WHERE id = 2")
	if version, err := store.Upsert(t.Context(), 2, wardSchema(), rows, "by file", progress); err != nil || version != 3 || done != 3 {
		t.Fatalf("version %d, %d rows, %v", version, done, err)
	}
	if got := since(t, store, 2, 3); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"wards": {put: []int64{2, 3, 7}}}) {
		t.Errorf("got %v", got)
	}
	if got := ask[string](t, url, "SELECT note FROM change WHERE version = 3"); got != "by file" {
		t.Errorf("note %q", got)
	}
	exec(t, connect(t, url), "INSERT INTO wards (code) VALUES ('08')")
	if got := since(t, store, 3, 4); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"wards": {put: []int64{8}}}) {
		t.Errorf("the id that follows: %v", got)
	}
}

func TestUpsertNewLayer(t *testing.T) {
	store, url := wards(t)
	made := &spatial.Schema{ID: "shops", Geometry: spatial.Points, AsOf: "2024-11-04", Fields: []spatial.Field{{Name: "ward", Type: spatial.TypeText, References: "wards"}}}
	row := func(id int64, ward string) spatial.Row {
		return spatial.Row{ID: id, Values: []spatial.Value{spatial.Text(ward)}}
	}
	_, err := store.Upsert(t.Context(), 1, made, stream(nil, row(5, "01"), row(4, "04")), "", nil)
	if got := wantInvalid(t, err, "shops_ward_references"); got.Where != "shops 4, field ward" {
		t.Errorf("got %v", err)
	}
	if version, err := store.Upsert(t.Context(), 1, made, stream(nil, row(5, "01"), row(4, "02")), "", nil); err != nil || version != 2 {
		t.Fatalf("version %d, %v", version, err)
	}
	exec(t, connect(t, url), "INSERT INTO shops (ward) VALUES ('01')")
	if got := since(t, store, 2, 3); !reflect.DeepEqual(got, map[spatial.LayerID]changed{"shops": {put: []int64{6}}}) {
		t.Errorf("got %v", got)
	}
	if _, _, err := store.Since(t.Context(), 1); !errors.Is(err, data.ErrGap) {
		t.Errorf("since before: %v", err)
	}
}

func TestUpsertRefuses(t *testing.T) {
	store, _ := wards(t)
	broken := errors.New("line 7 is cut")
	narrow := wardSchema()
	narrow.Fields = narrow.Fields[:1]
	tests := []struct {
		name, rule string
		base       spatial.Version
		into       *spatial.Schema
		rows       iter.Seq2[spatial.Row, error]
		want       error
	}{
		{name: "an old version", base: 0, into: wardSchema(), rows: stream(broken), want: spatial.ErrConflict},
		{name: "a broken source", base: 1, into: wardSchema(), rows: stream(broken, ward(3, "03", nil)), want: broken},
		{name: "a broken source of a new layer", base: 1, into: &spatial.Schema{ID: "shops", AsOf: "2024-11-04"}, rows: stream(broken), want: broken},
		{name: "a row twice", base: 1, into: wardSchema(), rows: stream(nil, ward(3, "03", nil), ward(3, "04", nil)), rule: "row_once"},
		{name: "a rule of a row", base: 1, into: wardSchema(), rows: stream(nil, ward(3, "3", nil)), rule: "wards_code_digits"},
		{name: "a code taken", base: 1, into: wardSchema(), rows: stream(nil, ward(3, "01", nil)), rule: "wards_code_unique"},
		{name: "other fields", base: 1, into: narrow, rows: stream(nil), rule: "schema_fields"},
		{name: "no layer id", base: 1, into: &spatial.Schema{ID: "No"}, rows: stream(nil), rule: "layer_id"},
	}
	for _, tt := range tests {
		_, err := store.Upsert(t.Context(), tt.base, tt.into, tt.rows, "", nil)
		if tt.rule != "" {
			wantInvalid(t, err, tt.rule)
		} else if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
	if version, err := store.Version(t.Context()); version != 1 || err != nil {
		t.Errorf("version %d, %v", version, err)
	}
}

// TestUpsertOvertaken: a stream that somebody overtakes is a conflict, and
// holds nobody up.
func TestUpsertOvertaken(t *testing.T) {
	store, url := wards(t)
	conn := connect(t, url)
	rows := func(yield func(spatial.Row, error) bool) {
		for i := range int64(5000) {
			if i == 4000 {
				exec(t, conn, "UPDATE wards SET men = 1 WHERE id = 1")
			}
			if !yield(spatial.Row{ID: i + 1, Values: []spatial.Value{spatial.Text(fmt.Sprint(i)), spatial.Null, spatial.Null, spatial.Null, spatial.Null}}, nil) {
				return
			}
		}
	}
	free := postSchema()
	if _, err := store.Upsert(t.Context(), 1, free, rows, "", nil); !errors.Is(err, spatial.ErrConflict) {
		t.Errorf("got %v", err)
	}
}
