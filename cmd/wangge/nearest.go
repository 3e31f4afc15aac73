package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/paulmach/orb"

	"wangge/api"
	"wangge/data/format"
	"wangge/data/scenario"
	"wangge/spatial"
	"wangge/spatial/datum"
)

// reachFlags say who responds, and how, in questions about who gets where.
type reachFlags struct {
	To       string   `help:"Layer of those who respond." default:"response_points"`
	Kind     string   `help:"Only responders of this kind." placeholder:"KIND"`
	Skill    string   `help:"Only responders with this skill." placeholder:"SKILL"`
	Ready    bool     `name:"available" help:"Only responders that are available."`
	Profile  string   `help:"By road: driving or walking." placeholder:"PROFILE"`
	Call     *float64 `help:"By road: seconds from the call to the order." placeholder:"SECONDS"`
	Turnout  *float64 `help:"By road: seconds from the order to leaving, of responders without their own." placeholder:"SECONDS"`
	NoClosed bool     `name:"without-closures" help:"By road: as if no closure were in force."`
}

// query is what the flags ask, as the service reads it.
func (f *reachFlags) query() url.Values {
	q := url.Values{"to": {f.To}}
	for name, text := range map[string]string{"kind": f.Kind, "skill": f.Skill, "profile": f.Profile} {
		if text != "" {
			q.Set(name, text)
		}
	}
	for name, n := range map[string]*float64{"call": f.Call, "turnout": f.Turnout} {
		if n != nil {
			q.Set(name, strconv.FormatFloat(*n, 'f', -1, 64))
		}
	}
	if f.Ready {
		q.Set("available", "true")
	}
	if f.NoClosed {
		q.Set("closures", "false")
	}
	return q
}

// asker asks the service without one running.
type asker struct {
	*askFlags
	desk    *desk
	service http.Handler
}

// openAsker opens the store. The caller closes it.
func (f *askFlags) openAsker(ctx context.Context, p *program) (*asker, error) {
	if f.Out != "" {
		if err := vacant(f.Out, f.Force); err != nil {
			return nil, err
		}
	}
	if f.Format == "xlsx" && f.Out == "" {
		return nil, errors.New("a workbook is no text: say where to write it with --out FILE")
	}
	defer working(p.err, "reading the store")()
	desk, err := openDesk(ctx, f.storeFlag, f.Token, p)
	if err != nil {
		return nil, err
	}
	return &asker{f, desk, api.New(desk.live, api.Config{Ledger: desk.ledger, Scenarios: scenario.New(desk.live, time.Now)}, p.log)}, nil
}

// do asks one question; what the service refuses is the error.
func (a *asker) do(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.RemoteAddr = r.URL.String(), "127.0.0.1:0"
	if a.Token != "" {
		r.Header.Set("Authorization", "Bearer "+a.Token)
	}
	answer := &reply{header: http.Header{}}
	a.service.ServeHTTP(answer, r)
	if answer.status != http.StatusOK {
		return nil, problemIn(answer.body.Bytes())
	}
	return answer.body.Bytes(), nil
}

type nearestCommand struct {
	Place string `arg:"" optional:"" help:"Place to ask about: lon,lat in degrees, or the name or code of something."`
	askFlags
	reachFlags
	By    string   `help:"distance, in a straight line, or time, by road." default:"distance" enum:"distance,time"`
	K     int      `help:"How many responders for each place." default:"1"`
	Route bool     `help:"With --by time and one place: the way of each: its roads in the table, its line in JSON."`
	Layer string   `help:"Ask from every feature of this layer." placeholder:"LAYER" xor:"from"`
	File  string   `type:"existingfile" help:"Ask from every feature of this file: GeoJSON, CSV, XLSX, Shapefile, GeoPackage." placeholder:"FILE" xor:"from"`
	SRS   string   `name:"srs" help:"Coordinate system of the place or the file: 4490, 4326, 4547, gcj02 or bd09; the file's word if left out." placeholder:"SRS"`
	Close []string `help:"With --by time: as if this road were closed, too; may be repeated." placeholder:"ROAD"`
}

// Run asks who gets to a place, or to many, first.
func (c *nearestCommand) Run(ctx context.Context, p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	a, err := c.openAsker(ctx, p)
	if err != nil {
		return err
	}
	defer a.desk.close()
	defer working(p.err, "working it out")()
	query := c.reachFlags.query()
	query.Set("by", c.By)
	query.Set("k", strconv.Itoa(c.K))
	if c.Place != "" && len(c.Close) == 0 && (c.Format == "table" || c.Format == "json") {
		return c.one(ctx, p, a, query)
	}
	return c.many(ctx, p, a, query)
}

// check refuses flags that do not go together.
func (c *nearestCommand) check() error {
	given := 0
	for _, text := range []string{c.Place, c.Layer, c.File} {
		if text != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return errors.New("say where: a place like 114.1447,22.5565 or 深水楼, or --layer LAYER, or --file FILE")
	case given > 1:
		return errors.New("say one place, one --layer or one --file")
	case len(c.Close) > 0 && c.By != "time":
		return errors.New("--close is about roads: ask with --by time")
	case c.Route && (c.By != "time" || c.Place == "" || len(c.Close) > 0 || c.Format != "table" && c.Format != "json"):
		return errors.New("--route goes with --by time and one place, without --close, as a table or JSON")
	}
	return nil
}

// foundCandidate is a candidate of an answer as far as it is printed.
type foundCandidate struct {
	ID                       int64
	Code, Name, Kind, Reason string
	Distance                 float64
	At                       orb.Point
	Time                     *float64
	Parts                    struct{ Call, Turnout, Travel, Access float64 }
	Route                    *struct {
		Geometry json.RawMessage
		Length   float64
		Roads    []struct {
			Name   string
			Length float64
		}
	}
}

type foundNearest struct {
	Synthetic bool
	Place     struct {
		At     orb.Point
		Doubts []struct{ Detail string }
		Road   *struct {
			Name, Side string
			Distance   float64
		}
	}
	Closures   []struct{ Name string }
	Candidates []foundCandidate
	None       *struct{ Detail, Fix string }
}

// one answers about one place.
func (c *nearestCommand) one(ctx context.Context, p *program, a *asker, query url.Values) error {
	at, note, err := c.at(ctx, a)
	if err != nil {
		return err
	}
	query.Set("lon", strconv.FormatFloat(at[0], 'f', -1, 64))
	query.Set("lat", strconv.FormatFloat(at[1], 'f', -1, 64))
	if c.Route {
		query.Set("route", "true")
	}
	answer, err := a.do(ctx, http.MethodGet, "/nearest", query, nil)
	if err != nil {
		return err
	}
	return c.write(p, answer, func(w io.Writer, answer []byte) error {
		if note != "" {
			fmt.Fprintln(w, note)
		}
		return showNearest(w, answer)
	})
}

var pair = regexp.MustCompile(`^\s*(-?[0-9.]+)\s*[,，]\s*(-?[0-9.]+)\s*$`)

// at is the place that is asked about, in degrees; a note says what was taken
// for it if it has a name.
func (c *nearestCommand) at(ctx context.Context, a *asker) (at orb.Point, note string, err error) {
	if parts := pair.FindStringSubmatch(c.Place); parts != nil {
		for i, text := range parts[1:] {
			if at[i], err = strconv.ParseFloat(text, 64); err != nil {
				return at, "", fmt.Errorf("%q are no coordinates: give them like 114.1447,22.5565", c.Place)
			}
		}
		if c.SRS == "" {
			return at, "", nil
		}
		crs, err := datum.Parse(c.SRS)
		if err != nil {
			return at, "", fmt.Errorf("--srs: %w", err)
		}
		return datum.ToLL(crs, at), "", nil
	}
	answer, err := a.do(ctx, http.MethodGet, "/search", url.Values{"q": {c.Place}, "limit": {"2"}}, nil)
	if err != nil {
		return at, "", err
	}
	var found struct {
		Matched int `json:"numberMatched"`
		Results []struct {
			Layer, Code, Name string
			At                *orb.Point
		}
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return at, "", err
	}
	if len(found.Results) == 0 || found.Results[0].At == nil {
		return at, "", fmt.Errorf("nothing is called %q: give lon,lat, or a name or code of something in the store", c.Place)
	}
	first := found.Results[0]
	note = fmt.Sprintf("place       %s %s (%s) at %.6f,%.6f", first.Name, first.Code, first.Layer, first.At[0], first.At[1])
	if found.Matched > 1 {
		note += fmt.Sprintf("; %d others fit %q", found.Matched-1, c.Place)
	}
	return *first.At, note, nil
}

func showNearest(w io.Writer, answer []byte) error {
	var found foundNearest
	if err := json.Unmarshal(answer, &found); err != nil {
		return err
	}
	if r := found.Place.Road; r != nil {
		fmt.Fprintf(w, "road        %s, %.0f m away, %s\n", r.Name, r.Distance, r.Side)
	}
	for _, d := range found.Place.Doubts {
		fmt.Fprintln(w, "note       ", d.Detail)
	}
	for _, closed := range found.Closures {
		fmt.Fprintln(w, "closed     ", closed.Name)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, f := range found.Candidates {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%.0f m\t", i+1, f.Code, f.Name, f.Kind, f.Distance)
		if f.Time != nil {
			fmt.Fprintf(table, "%s = call %.0f + turnout %.0f + travel %.0f + access %.0f s\t", minutes(*f.Time), f.Parts.Call, f.Parts.Turnout, f.Parts.Travel, f.Parts.Access)
		}
		fmt.Fprintf(table, "%s\n", f.Reason)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i, f := range found.Candidates {
		if f.Route == nil {
			continue
		}
		fmt.Fprintf(w, "way of %d    %.0f m:", i+1, f.Route.Length)
		for _, stretch := range f.Route.Roads {
			fmt.Fprintf(w, " %s %.0f m,", stretch.Name, stretch.Length)
		}
		fmt.Fprintln(w, " there")
	}
	if found.None != nil {
		fmt.Fprintf(w, "nobody      %s; %s\n", found.None.Detail, found.None.Fix)
	}
	if found.Synthetic {
		fmt.Fprintln(w, "synthetic data")
	}
	return nil
}

// minutes is a time in minutes and seconds.
func minutes(seconds float64) string {
	return fmt.Sprintf("%d min %02d s", int(seconds)/60, int(seconds)%60)
}

// many answers about a layer, a file, or one place as a file.
func (c *nearestCommand) many(ctx context.Context, p *program, a *asker, query url.Values) error {
	question, points, err := c.questions(ctx, a)
	if err != nil {
		return err
	}
	if len(c.Close) > 0 {
		question["what_if"] = map[string]any{"roads": c.Close}
	}
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	answer, err := a.do(ctx, http.MethodPost, "/nearest", query, body)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return c.write(p, answer, nil)
	}
	layer, counts, err := c.results(answer, points)
	if err != nil {
		return err
	}
	return c.writeLayer(p, layer, counts)
}

// questions are the places of a batch, and where those of a layer are.
func (c *nearestCommand) questions(ctx context.Context, a *asker) (map[string]any, map[int64]orb.Point, error) {
	points := map[int64]orb.Point{}
	if c.Layer != "" {
		layer, err := findLayer(a.desk.live.Current().Published(), spatial.LayerID(c.Layer))
		if err != nil {
			return nil, nil, err
		}
		for f := range layer.All() {
			if b, ok := f.Bound(); ok {
				points[f.ID()] = b.Center()
			}
		}
		return map[string]any{"layer": c.Layer}, points, nil
	}
	type feature struct {
		Type     string         `json:"type"`
		ID       int64          `json:"id"`
		Geometry map[string]any `json:"geometry"`
	}
	features := []feature{}
	add := func(id int64, at orb.Point) {
		points[id] = at
		features = append(features, feature{"Feature", id, map[string]any{"type": "Point", "coordinates": at}})
	}
	if c.Place != "" {
		at, _, err := c.at(ctx, a)
		if err != nil {
			return nil, nil, err
		}
		add(1, at)
		return map[string]any{"features": features}, points, nil
	}
	if err := c.read(a, add); err != nil {
		return nil, nil, err
	}
	return map[string]any{"features": features}, points, nil
}

// read reads the places of the file.
func (c *nearestCommand) read(a *asker, add func(int64, orb.Point)) (err error) {
	options := format.Options{Layer: "places", AsOf: "2000-01-01", Source: c.File, Outline: outline(a.desk.live.Current(), "")}
	if c.SRS != "" {
		crs, err := datum.Parse(c.SRS)
		if err != nil {
			return fmt.Errorf("--srs: %w", err)
		}
		options.CRS = &crs
	}
	file, err := format.Open(c.File, format.Source{AnyCRS: c.SRS != ""})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	read, err := format.Read(file, spatial.New(0), options)
	if err != nil {
		return err
	}
	if err := read.Err(); err != nil {
		return err
	}
	for row, err := range read.Rows() {
		if err != nil {
			return err
		}
		if row.Geometry != nil {
			add(row.ID, row.Geometry.Bound().Center())
		}
	}
	return nil
}

// nearestSchema describes the answers for many places as a table.
func nearestSchema(synthetic bool) *spatial.Schema {
	field := func(name string, t spatial.Type, zh, en, unit string) spatial.Field {
		return spatial.Field{Name: name, Type: t, Title: spatial.Title{ZH: zh, EN: en}, Unit: unit}
	}
	return &spatial.Schema{ID: "nearest", Title: spatial.Title{ZH: "最近响应", EN: "nearest response"}, Geometry: spatial.Points, Synthetic: synthetic, Fields: []spatial.Field{
		field("place", spatial.TypeText, "地点", "place", ""), field("rank", spatial.TypeInt, "名次", "rank", ""), field("station", spatial.TypeInt, "站点编号", "station", ""), field("code", spatial.TypeText, "编码", "code", ""),
		field("name", spatial.TypeText, "名称", "name", ""), field("kind", spatial.TypeText, "类型", "kind", ""), field("distance", spatial.TypeFloat, "直线距离", "straight distance", "m"), field("time", spatial.TypeFloat, "用时", "time", "s"),
		field("call", spatial.TypeFloat, "接警", "call", "s"), field("turnout", spatial.TypeFloat, "出动", "turnout", "s"), field("travel", spatial.TypeFloat, "行驶", "travel", "s"), field("access", spatial.TypeFloat, "步行", "access", "s"), field("reason", spatial.TypeText, "说明", "reason", "")}}
}

type foundBatch struct {
	Synthetic bool
	Results   []struct {
		ID          json.RawMessage
		Candidates  []foundCandidate
		Unreachable string
	}
	Counts foundCounts
}

type foundCounts struct {
	Asked, Answered, Unreachable int
	Without                      int `json:"without_geometry"`
}

// results are the answers for many places as a layer: a row for each candidate,
// and one for a place without any.
func (c *nearestCommand) results(answer []byte, points map[int64]orb.Point) (*spatial.Layer, foundCounts, error) {
	var found foundBatch
	if err := json.Unmarshal(answer, &found); err != nil {
		return nil, found.Counts, err
	}
	schema := nearestSchema(found.Synthetic)
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		id := int64(0)
		for _, r := range found.Results {
			row := spatial.Row{Geometry: orb.Geometry(nil)}
			if n, err := strconv.ParseInt(string(r.ID), 10, 64); err == nil {
				if at, ok := points[n]; ok {
					row.Geometry = at
				}
			}
			for _, values := range rowsOf(string(r.ID), r.Candidates, r.Unreachable, len(schema.Fields)) {
				id++
				row.ID, row.Values = id, values
				if !yield(row, nil) {
					return
				}
			}
		}
	})
	return layer, found.Counts, err
}

// rowsOf are the rows of one place.
func rowsOf(place string, candidates []foundCandidate, unreachable string, width int) (rows [][]spatial.Value) {
	blank := func() []spatial.Value {
		values := make([]spatial.Value, width)
		values[0] = spatial.Text(strings.Trim(place, `"`))
		return values
	}
	for i, f := range candidates {
		values := blank()
		values[1], values[2], values[4], values[6], values[12] = spatial.Int(int64(i+1)), spatial.Int(f.ID), spatial.Text(f.Name), spatial.Float(f.Distance), spatial.Text(f.Reason)
		for at, text := range map[int]string{3: f.Code, 5: f.Kind} {
			if text != "" {
				values[at] = spatial.Text(text)
			}
		}
		if f.Time != nil {
			for k, seconds := range []float64{*f.Time, f.Parts.Call, f.Parts.Turnout, f.Parts.Travel, f.Parts.Access} {
				values[7+k] = spatial.Float(seconds)
			}
		}
		rows = append(rows, values)
	}
	if len(candidates) == 0 {
		values := blank()
		if unreachable != "" {
			values[12] = spatial.Text(unreachable)
		}
		rows = append(rows, values)
	}
	return rows
}

// mostShown is how many rows a table on the screen has.
const mostShown = 20

// writeLayer writes the rows in the format that is asked for.
func (c *nearestCommand) writeLayer(p *program, layer *spatial.Layer, counts foundCounts) error {
	selection := format.Selection{Layer: layer, Features: layer.All()}
	for i := range layer.Schema().Fields {
		selection.Fields = append(selection.Fields, i)
	}
	var content bytes.Buffer
	var err error
	switch c.Format {
	case "csv":
		err = format.WriteCSV(&content, selection)
	case "xlsx":
		selection.Titled = true
		err = format.WriteXLSX(&content, selection)
	case "geojson":
		err = format.WriteGeoJSON(&content, selection)
	default:
		err = showRows(&content, layer)
	}
	if err != nil {
		return err
	}
	if err := c.write(p, content.Bytes(), func(w io.Writer, b []byte) error { _, err := w.Write(b); return err }); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%d places asked about, %d answered, %d that nobody reaches, %d without geometry left out\n", counts.Asked, counts.Answered, counts.Unreachable, counts.Without)
	return nil
}

func showRows(w io.Writer, layer *spatial.Layer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	n := 0
	for f := range layer.All() {
		if n++; n > mostShown {
			continue
		}
		time := ""
		if v := f.Attribute("time"); !v.IsNull() {
			time = minutes(v.Float())
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", f.Attribute("place").Text(), f.Attribute("code").Text(), f.Attribute("name").Text(), time, f.Attribute("reason").Text())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if n > mostShown {
		fmt.Fprintf(w, "… and %d more rows: --format csv, xlsx or geojson has them all\n", n-mostShown)
	}
	return nil
}
