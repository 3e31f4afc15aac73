package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestProblems: hostile and mistaken requests each get one problem that says
// what is wrong, where, and what to do.
func TestProblems(t *testing.T) {
	const items = "/collections/risk_points/items?"
	const near = "/nearest?lon=114.1&lat=22.5"
	tests := map[string]struct {
		target, body string // a body makes it a POST
		status       int
		rule, where  string
		says         string // part of detail or fix
	}{
		"unknown path":              {"/maps", "", 404, "", "", "/maps"},
		"unknown layer":             {"/collections/roads", "", 404, "", "", "roads"},
		"unknown layer's items":     {"/collections/roads/items", "", 404, "", "", "roads"},
		"unknown feature":           {"/collections/grids/items/99", "", 404, "", "", `"99"`},
		"unknown community":         {"/collections/grids/items/深水社区18网格", "", 404, "", "", "深水"},
		"unknown parameter":         {items + "colour=red", "", 400, "parameter_unknown", "colour", "bbox, bbox-crs, datetime, known, filter"},
		"unknown parameter, plain":  {"/healthz?x=1", "", 400, "parameter_unknown", "x", "takes no parameters"},
		"field of another layer":    {"/collections/grids/items?level=low", "", 400, "parameter_unknown", "level", "code, name, above_code"},
		"repeated parameter":        {items + "limit=1&limit=2", "", 400, "parameter_repeated", "limit", "2 times"},
		"broken query":              {items + "bbox=%zz", "", 400, "query_syntax", "query", "percent-encode"},
		"semicolons":                {items + "a=1;b=2", "", 400, "query_syntax", "query", "&"},
		"not UTF-8":                 {items + "name=%ff%fe", "", 400, "query_utf8", "name", "UTF-8"},
		"path not UTF-8":            {"/collections/grids/items/%ff", "", 400, "parameter_id", "id", "UTF-8"},
		"bbox of three":             {items + "bbox=1,2,3", "", 400, "parameter_bbox", "bbox", "3 numbers"},
		"bbox of nothing":           {items + "bbox=", "", 400, "parameter_bbox", "bbox", "4 (west,south,east,north)"},
		"bbox NaN":                  {items + "bbox=NaN,1,2,3", "", 400, "parameter_bbox", "bbox", "number 1"},
		"bbox infinite":             {items + "bbox=1,2,Inf,3", "", 400, "parameter_bbox", "bbox", "number 3"},
		"bbox upside down":          {items + "bbox=1,3,2,2", "", 400, "parameter_bbox", "bbox", "south 3"},
		"bbox latitude first":       {items + "bbox=22,114,23,115", "", 400, "parameter_bbox", "bbox", "longitude (-180 to 180) before latitude"},
		"bbox in metres":            {items + "bbox=12700000,2570000,12710000,2580000", "", 400, "parameter_bbox", "bbox", "degrees"},
		"limit 0":                   {items + "limit=0", "", 400, "parameter_limit", "limit", "at least 1"},
		"limit negative":            {items + "limit=-5", "", 400, "parameter_limit", "limit", "at least 1"},
		"limit in exponents":        {items + "limit=1e9", "", 400, "parameter_limit", "limit", "1e9"},
		"foreign cursor":            {items + "cursor=abc", "", 400, "parameter_cursor", "cursor", "not a cursor"},
		"cursor of another query":   {items + "level=low&cursor=" + cursor{id: 5, query: 1}.String(), "", 400, "parameter_cursor", "cursor", "another query"},
		"unknown format":            {items + "f=shp", "", 400, "parameter_f", "f", "geojson, json"},
		"no instant":                {items + "datetime=yesterday", "", 400, "parameter_datetime", "datetime", "yesterday"},
		"interval backwards":        {items + "datetime=2024-02-01/2024-01-01", "", 400, "parameter_datetime", "datetime", "before it begins"},
		"no date to ask":            {"/collections/statistics/items?datetime=2024-01-01", "", 400, "parameter_datetime", "datetime", "statistics has no date or time, and its history is not kept; its data are as of 2024-12-30"},
		"cursor of another order":   {items + "sortby=name&cursor=" + cursor{id: 5, query: queryHash("risk_points", map[string][]string{"sortby": {"name"}})}.String(), "", 400, "parameter_cursor", "cursor", "another query"},
		"filter cut off":            {items + "filter=people+%3E", "", 400, "filter_syntax", "filter, character 9", "the text ends"},
		"filter by another field":   {items + "filter=colour+%3D+1", "", 400, "filter_property", "filter, character 1", "name, level, people, score, found, geometry"},
		"filter in JSON":            {items + "filter-lang=cql2-json&filter=TRUE", "", 400, "parameter_filter-lang", "filter-lang", "cql2-text"},
		"filter bomb":               {items + "filter=" + strings.Repeat("(", 5000) + "TRUE", "", 400, "filter_depth", "character 34", "deeper than 32"},
		"filter of a table's place": {"/collections/statistics/items?filter=" + url.QueryEscape("S_WITHIN(geometry, POINT(1 2))"), "", 400, "filter_property", "filter", "it is a table"},
		"unknown crs":               {items + "crs=EPSG:2154", "", 400, "parameter_crs", "crs", "EPSG:4547"},
		"crs of no register":        {items + "crs=gcj02", "", 400, "parameter_crs", "crs", "datum="},
		"crs and datum":             {items + "crs=EPSG:4490&datum=gcj02", "", 400, "parameter_crs", "crs", "datum is given too"},
		"unknown datum":             {items + "datum=beijing54", "", 400, "parameter_datum", "datum", "gcj02"},
		"bbox outside its crs":      {items + "bbox=1e9,2,2e9,4&bbox-crs=EPSG:4547", "", 400, "parameter_bbox", "bbox", "EPSG:4547"},
		"bbox of metres turned":     {items + "bbox=2492600,512000,2492000,512900&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4547", "", 400, "parameter_bbox", "bbox", "below and left"},
		"sort by no field":          {items + "sortby=-colour", "", 400, "parameter_sortby", "sortby", "it has name, level"},
		"sort twice":                {items + "sortby=name,-name", "", 400, "parameter_sortby", "sortby", "named twice"},
		"unknown property":          {items + "properties=colour", "", 400, "parameter_properties", "properties", "name, level, people"},
		"text for a number":         {items + "people=many", "", 400, "filter_value", "people", "type int"},
		"value out of the list":     {items + "level=deadly", "", 400, "filter_value", "level", "general, low"},
		"not a date":                {items + "found=today", "", 400, "filter_value", "found", "2024-11-04"},
		"lon missing":               {"/nearest?lat=22.5", "", 400, "parameter_lon", "lon", "missing"},
		"lon empty":                 {"/nearest?lon=&lat=22.5", "", 400, "parameter_lon", "lon", "not a finite number"},
		"lon NaN":                   {"/nearest?lon=NaN&lat=22.5", "", 400, "parameter_lon", "lon", "NaN"},
		"lat off the globe":         {"/nearest?lon=22.5&lat=114.1", "", 400, "parameter_lat", "lat", "between -90 and 90"},
		"k too large":               {near + "&k=1000000000", "", 400, "parameter_k", "k", "1 to 100"},
		"by time":                   {near + "&by=time", "", 400, "no_roads", "layer roads", "by=distance"},
		"by luck":                   {near + "&by=luck", "", 400, "parameter_by", "by", "luck"},
		"unknown kind":              {near + "&kind=hospital", "", 400, "filter_value", "kind", "service_station, fire_station"},
		"kind of what has none":     {near + "&to=grids&kind=x", "", 400, "filter_field", "kind", "no field kind"},
		"available perhaps":         {near + "&available=perhaps", "", 400, "parameter_available", "available", `"perhaps" is neither true nor false`},
		"to nowhere":                {near + "&to=nowhere", "", 404, "", "", "nowhere"},
		"outside the district":      {"/grids/at?lon=114.05&lat=22.505", "", 404, "inside_district", "", "1028.9 m outside"},
		"long address":              {items + "name=" + strings.Repeat("x", maxURL), "", 414, "url_length", "", "8192 bytes"},
		"body not JSON":             {"/nearest", "lon=1", 400, "body_json", "body", "near byte"},
		"body cut off":              {"/nearest", `{"layer":"gri`, 400, "body_json", "body", "ends too early"},
		"body of many members":      {"/nearest", "{" + numbered(200) + "}", 400, "body_members", "body", "more than 100"},
		"body with a member twice":  {"/nearest", `{"layer":"grids","k":1,"k":2}`, 400, "member_repeated", `member "k" of the body`, "stands twice"},
		"body empty":                {"/nearest", " ", 400, "body_json", "body", "not a JSON object"},
		"body a list":               {"/nearest", "[]", 400, "body_json", "body", "does not begin with {"},
		"two bodies":                {"/nearest", `{"layer":"grids"}{}`, 400, "body_json", "body", "something follows"},
		"body without origins":      {"/nearest", `{"k":1}`, 400, "body_origins", "body", "neither"},
		"body with both":            {"/nearest", `{"layer":"grids","features":[]}`, 400, "body_origins", "body", "both"},
		"unknown member":            {"/nearest", `{"layer":"grids","radius":5}`, 400, "member_unknown", "radius", "k, by, to, kind"},
		"bad member":                {"/nearest", `{"layer":"grids","k":-1}`, 400, "parameter_k", "member k of the body", "-1"},
		"member of another type":    {"/nearest", `{"layer":"grids","k":{}}`, 400, "parameter_k", "member k of the body", "{}"},
		"layer that is not":         {"/nearest", `{"layer":"roads"}`, 404, "", "", "roads"},
		"layer of a long name":      {"/nearest", `{"layer":"` + strings.Repeat("x", 9000) + `"}`, 404, "", "", "xxx…"},
		"to a long name":            {"/nearest", `{"layer":"grids","to":"` + strings.Repeat("x", 9000) + `"}`, 404, "", "", "xxx…"},
		"origin of many numbers":    {"/nearest", `{"features":[{"geometry":{"type":"Point","coordinates":[` + strings.Repeat("1,", 900) + `1]}}]}`, 400, "origin_position", "feature 0", "one position"},
		"origin a line":             {"/nearest", `{"features":[{"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}}]}`, 400, "origin_kind", "feature 0", "LineString"},
		"origin with null":          {"/nearest", `{"features":[{"geometry":{"type":"Point","coordinates":[null,22]}}]}`, 400, "origin_position", "feature 0", "two numbers"},
		"origin off the globe":      {"/nearest", `{"features":[{"geometry":{"type":"Point","coordinates":[22,114]}}]}`, 400, "origin_position", "feature 0", "off the globe"},
		"origin beyond numbers":     {"/nearest", `{"features":[{"geometry":{"type":"Point","coordinates":[1e999,1]}}]}`, 400, "origin_position", "feature 0", "list of numbers"},
		"origin with a list for id": {"/nearest", `{"features":[{"id":[1],"geometry":{"type":"Point","coordinates":[1,1]}}]}`, 400, "origin_id", "feature 0", "leave it out"},
		"origin with broken id":     {"/nearest", "{\"features\":[{\"id\":\"\xff\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,1]}}]}", 400, "origin_id", "feature 0", "UTF-8"},
		"origin a number":           {"/nearest", `{"features":[{"geometry":null},7]}`, 400, "body_features", "feature 1", "not a GeoJSON feature"},
		"features missing":          {"/nearest", `{"type":"FeatureCollection"}`, 400, "body_features", "body", "missing"},
		"no layers in a tile":       {"/tiles/grids,,roads/0/0/0.mvt", "", 400, "parameter_layers", "layers", "emptygive it like grids,buildings"},
		"features not a list":       {"/nearest", `{"type":"FeatureCollection","features":7}`, 400, "body_features", "body", "FeatureCollection of points"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			method := http.MethodGet
			if test.body != "" {
				method = http.MethodPost
			}
			w := ask(t, method, test.target, test.body)
			answer := decoded(t, w, test.status)
			checkShape(t, problemShape, answer)
			if got := w.Header().Get("Content-Type"); got != mediaProblem {
				t.Errorf("Content-Type %q", got)
			}
			if w.Header().Get("ETag") != "" {
				t.Error("a problem has an ETag")
			}
			if got, _ := answer["rule"].(string); got != test.rule {
				t.Errorf("rule %q, want %q", got, test.rule)
			}
			if got, _ := answer["where"].(string); !strings.Contains(got, test.where) {
				t.Errorf("where %q, want %q", got, test.where)
			}
			if told := fmt.Sprint(answer["detail"], answer["fix"]); !strings.Contains(told, test.says) {
				t.Errorf("%q does not say %q", told, test.says)
			}
			if w.Body.Len() > 2000 {
				t.Errorf("%d bytes of problem", w.Body.Len())
			}
		})
	}
}

func TestWrongMethodNamesTheRightOnes(t *testing.T) {
	w := ask(t, http.MethodDelete, "/nearest", "")
	decoded(t, w, http.StatusMethodNotAllowed)
	if got := w.Header().Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", got)
	}
}

// numbered is a number of members of a JSON object.
func numbered(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"%d":0`, i)
	}
	return strings.Join(members, ",")
}

func TestPackedBodyIsRefused(t *testing.T) {
	answer := decoded(t, ask(t, http.MethodPost, "/nearest", "\x1f\x8b", "Content-Encoding", "gzip"), http.StatusUnsupportedMediaType)
	if answer["rule"] != "body_coding" {
		t.Errorf("%v", answer)
	}
}

func TestBodyLimit(t *testing.T) {
	s := server(t, fixed{snapshot: district(t)}, Config{BodyLimit: 100})
	answer := decoded(t, askOf(s, http.MethodPost, "/nearest", `{"features":[`+strings.Repeat(" ", 200)+`]}`), http.StatusRequestEntityTooLarge)
	if answer["rule"] != "body_size" {
		t.Errorf("%v", answer)
	}
}
