package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

type responseReportCommand struct {
	What string `arg:"" help:"areas: of responsibility; beyond: what nobody reaches in time, by unit; points: the risk points among it; unreachable: those nobody reaches at all; without: one station away; additional: where one more helps most." enum:"areas,beyond,points,unreachable,without,additional"`
	askFlags
	reachFlags
	Minutes    float64 `help:"From the call to being there." default:"5"`
	By         string  `help:"Units of beyond: grid, community, street or district." default:"street"`
	Station    string  `help:"For without: number or code of the station." placeholder:"STATION"`
	Candidates string  `help:"For additional: layer of the places that may be chosen; every junction if left out." placeholder:"LAYER"`
	Objective  string  `help:"For additional: beyond, as little as may be beyond the minutes, or time." default:"beyond" enum:"beyond,time"`
	Weight     string  `help:"For additional: what counts, residents or risk_points." default:"residents" enum:"residents,risk_points"`
}

// Run writes a report on who gets where.
func (c *responseReportCommand) Run(ctx context.Context, p *program) error {
	path, query, err := c.question()
	if err != nil {
		return err
	}
	a, err := c.openAsker(ctx, p)
	if err != nil {
		return err
	}
	defer a.desk.close()
	defer working(p.err, "working it out")()
	if strings.HasPrefix(path, "/collections/") && (c.Format == "geojson" || c.Format == "json") {
		answer, err := a.pages(ctx, path, query)
		if err != nil {
			return err
		}
		return c.write(p, answer, nil)
	}
	answer, err := a.do(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	return c.write(p, answer, c.show)
}

// question is the address that the report comes from.
func (c *responseReportCommand) question() (path string, query url.Values, err error) {
	query = c.reachFlags.query()
	form := map[string]string{"table": "json"}[c.Format]
	if form == "" {
		form = c.Format
	}
	query.Set("f", form)
	within := strconv.FormatFloat(c.Minutes, 'f', -1, 64)
	switch c.What {
	case "areas":
		if form == "json" {
			query.Set("f", "geojson")
		}
		return "/response/areas", query, nil
	case "beyond":
		query.Set("minutes", within)
		query.Set("by", c.By)
		return "/response/beyond", query, nil
	case "points", "unreachable":
		if c.To != "response_points" {
			return "", nil, errors.New("--to: risk points beyond the minutes are listed for response_points only; beyond counts them for any layer")
		}
		query.Del("to")
		query.Set("minutes", within)
		if c.What == "unreachable" {
			query.Set("filter", "time IS NULL")
		}
		return "/collections/response_beyond/items", query, nil
	case "without":
		if c.Station == "" {
			return "", nil, errors.New("say which station is away: --station with its number or code")
		}
		query.Set("minutes", within)
		query.Set("station", c.Station)
		return "/response/without", query, nil
	}
	query.Set("minutes", within)
	query.Set("objective", c.Objective)
	query.Set("weight", c.Weight)
	if c.Candidates != "" {
		query.Set("candidates", c.Candidates)
	}
	return "/response/additional", query, nil
}

// pages joins all pages of features.
func (a *asker) pages(ctx context.Context, path string, query url.Values) ([]byte, error) {
	query.Set("f", "geojson")
	query.Set("limit", "10000")
	var whole map[string]json.RawMessage
	var all []json.RawMessage
	for {
		answer, err := a.do(ctx, http.MethodGet, path, query, nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Features []json.RawMessage
			Links    []struct{ Rel, Href string }
		}
		if err := errors.Join(json.Unmarshal(answer, &page), json.Unmarshal(answer, &whole)); err != nil {
			return nil, err
		}
		all = append(all, page.Features...)
		next := slices.IndexFunc(page.Links, func(l struct{ Rel, Href string }) bool { return l.Rel == "next" })
		if next < 0 {
			break
		}
		address, err := url.Parse(page.Links[next].Href)
		if err != nil {
			return nil, err
		}
		query = address.Query()
	}
	for _, name := range []string{"links", "timeStamp"} {
		delete(whole, name)
	}
	var err error
	if whole["features"], err = json.Marshal(all); err != nil {
		return nil, err
	}
	whole["numberReturned"] = json.RawMessage(strconv.Itoa(len(all)))
	return json.Marshal(whole)
}

// show prints a report as a table.
func (c *responseReportCommand) show(w io.Writer, answer []byte) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var about struct{ Synthetic bool }
	if err := json.Unmarshal(answer, &about); err != nil {
		return err
	}
	print := map[string]func(io.Writer, []byte) error{"areas": showAreas, "beyond": showBeyond, "points": showPoints, "unreachable": showPoints, "without": showWithout, "additional": showAdditional}[c.What]
	if err := print(table, answer); err != nil {
		return err
	}
	if about.Synthetic {
		fmt.Fprintln(table, "synthetic data")
	}
	return table.Flush()
}

func showAreas(w io.Writer, answer []byte) error {
	var found struct {
		Totals struct {
			People   *int64
			Length   float64 `json:"road_length"`
			Unserved struct {
				Length float64 `json:"road_length"`
			}
		}
		Features []struct {
			Properties struct {
				Code, Name *string
				People     *int64
				Share      *float64 `json:"people_share"`
				Length     float64  `json:"road_length"`
				Road       float64  `json:"road_share"`
				Buildings  *int64
				Points     *int64 `json:"risk_points"`
			}
		}
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return err
	}
	fmt.Fprintln(w, "station\t\tpeople\tshare\troads km\tshare\tbuildings\trisk points")
	for _, f := range found.Features {
		p := f.Properties
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.1f\t%.2f %%\t%s\t%s\n", orNothing(p.Code), orNothing(p.Name), orNothing(p.People), percent(p.Share), p.Length/1000, 100*p.Road, orNothing(p.Buildings), orNothing(p.Points))
	}
	fmt.Fprintf(w, "in all\t\t%s\t\t%.1f\t\t\t\n", orNothing(found.Totals.People), found.Totals.Length/1000)
	if l := found.Totals.Unserved.Length; l > 0 {
		fmt.Fprintf(w, "reached by nobody\t\t\t\t%.1f\t\t\t\n", l/1000)
	}
	return nil
}

func percent(share *float64) string {
	if share == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100**share)
}

func orNothing[T any](v *T) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprint(*v)
}

func showBeyond(w io.Writer, answer []byte) error {
	type counts struct {
		Count, Beyond, Unreachable int64
		Levels                     map[string]int64 `json:"by_level"`
	}
	type unit struct {
		Code, Name string
		Points     *counts `json:"risk_points"`
		Residents  *counts
		Buildings  *counts
	}
	var found struct {
		Levels []struct {
			Value string
			Title struct{ ZH, EN string }
		}
		Units  []unit
		Totals unit
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return err
	}
	fmt.Fprint(w, "unit\t\trisk points\tbeyond\t")
	for _, l := range found.Levels {
		fmt.Fprintf(w, "%s\t", l.Title.EN)
	}
	fmt.Fprintln(w, "residents\tbeyond\tbuildings beyond")
	found.Totals.Code = "in all"
	for _, u := range append(found.Units, found.Totals) {
		fmt.Fprintf(w, "%s\t%s\t", u.Code, u.Name)
		if u.Points == nil {
			u.Points = &counts{}
		}
		fmt.Fprintf(w, "%d\t%d\t", u.Points.Count, u.Points.Beyond)
		for _, l := range found.Levels {
			fmt.Fprintf(w, "%d\t", u.Points.Levels[l.Value])
		}
		if u.Residents == nil || u.Buildings == nil {
			fmt.Fprintln(w, "–\t–\t–")
			continue
		}
		fmt.Fprintf(w, "%d\t%d\t%d\n", u.Residents.Count, u.Residents.Beyond, u.Buildings.Beyond)
	}
	return nil
}

func showPoints(w io.Writer, answer []byte) error {
	var found struct {
		Matched  int `json:"numberMatched"`
		Features []struct {
			Properties struct {
				Code, Name, Level *string
				Time              *float64
				Station           *string `json:"station_name"`
			}
		}
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return err
	}
	for i, f := range found.Features {
		if i == mostShown {
			break
		}
		time := "out of reach"
		if f.Properties.Time != nil {
			time = minutes(*f.Properties.Time)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", orNothing(f.Properties.Code), orNothing(f.Properties.Level), time, orNothing(f.Properties.Station))
	}
	fmt.Fprintf(w, "%d in all", found.Matched)
	if found.Matched > mostShown {
		fmt.Fprint(w, ": --format csv, xlsx or geojson has them all")
	}
	fmt.Fprintln(w)
	return nil
}

func showWithout(w io.Writer, answer []byte) error {
	type loss struct {
		Served, Unreachable int64
		Mean                float64 `json:"mean_delay"`
		Worst               float64 `json:"worst_delay"`
		Before              int64   `json:"beyond_before"`
		After               int64   `json:"beyond_after"`
	}
	var found struct {
		Station   struct{ Code, Name string }
		Points    *loss `json:"risk_points"`
		Residents *loss
		Inherited []struct {
			Code, Name string
			Points     int64 `json:"risk_points"`
			Residents  int64
			Mean       float64 `json:"mean_delay"`
		}
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return err
	}
	fmt.Fprintf(w, "without %s %s\n", found.Station.Code, found.Station.Name)
	for name, l := range map[string]*loss{"risk points": found.Points} {
		if l != nil {
			fmt.Fprintf(w, "%s: %d that it reaches first, %.0f s later on average, %.0f s at most, %d out of reach; beyond the minutes %d, now %d\n", name, l.Served, l.Mean, l.Worst, l.Unreachable, l.After, l.Before)
		}
	}
	if l := found.Residents; l != nil {
		fmt.Fprintf(w, "residents: %d that it reaches first; beyond the minutes %d, now %d\n", l.Served, l.After, l.Before)
	}
	for _, h := range found.Inherited {
		fmt.Fprintf(w, "%s\t%s\t%d risk points\t%d residents\t%.0f s later\n", h.Code, h.Name, h.Points, h.Residents, h.Mean)
	}
	return nil
}

func showAdditional(w io.Writer, answer []byte) error {
	type benefit struct {
		Beyond int64
		Mean   *float64 `json:"mean_time"`
	}
	var found struct {
		Candidates int
		Weight     int64
		Now        benefit
		Best       []struct {
			Rank      int
			At        [2]float64
			Road      string
			Candidate *struct{ Code, Name string }
			Grid      *struct{ Code, Name string }
			With      benefit
			Gain      int64
		}
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return err
	}
	fmt.Fprintf(w, "now %d of %d are beyond the minutes; %d places tried\n", found.Now.Beyond, found.Weight, found.Candidates)
	for _, b := range found.Best {
		where := b.Road
		if b.Candidate != nil {
			where = strings.TrimSpace(b.Candidate.Code + " " + b.Candidate.Name)
		}
		grid := ""
		if b.Grid != nil {
			grid = b.Grid.Name
		}
		fmt.Fprintf(w, "%d\t%.6f,%.6f\t%s\t%s\t%d beyond\t%d fewer\n", b.Rank, b.At[0], b.At[1], where, grid, b.With.Beyond, b.Gain)
	}
	return nil
}
