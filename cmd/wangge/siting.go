package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/data/format"
	"wangge/spatial"
)

type sitingCommand struct {
	askFlags
	questionFlags
	Candidates string `help:"Layer of the candidate sites." default:"shelter_candidates" placeholder:"LAYER"`
	Choose     int    `help:"How many sites; 1 if left out, or what the file of an instance says." placeholder:"K"`
	Objective  string `help:"covered (people), deficit (m²), p_median (walking in all) or p_center (the longest walk)." default:"covered"`
	Capacity   bool   `help:"Give each person a place: full shelters take no more."`
	instanceFlags
}

// Run asks which sites are best.
func (c *sitingCommand) Run(ctx context.Context, p *program) error {
	if c.Instance != "" {
		return c.solve(p)
	}
	if c.Choose == 0 {
		c.Choose = 1
	}
	if err := c.writable(); err != nil {
		return err
	}
	asked, err := c.question()
	if err != nil {
		return err
	}
	asked["candidates"], asked["choose"], asked["objective"], asked["capacity"] = c.Candidates, c.Choose, c.Objective, c.Capacity
	written := c.Format
	c.Format = "json"
	answer, err := c.ask(ctx, p, "/siting", asked)
	if err != nil {
		return err
	}
	show := map[string]func(io.Writer, []byte) error{"table": showSites, "csv": csvOfSites, "geojson": geojsonOfSites, "xlsx": xlsxOfSites}[written]
	if show != nil {
		c.Format = "table"
	}
	return c.write(p, answer, show)
}

// sites is an answer about sites as far as it is printed.
type sites struct {
	Synthetic  bool
	Parameters map[string]any
	Excluded   map[string]int
	Rule       struct{ Code, Name, Document, Clause, Dated, Certainty string }
	Demand     struct {
		Title, Note    words2
		People, Demand int64
		Share          float64
	}
	Objective, Unit string
	Chosen          []chosenSite
	Value           float64
	Uncovered       int64
	Before          struct {
		Value     float64
		Uncovered int64
	}
	RunnerUp *struct {
		Chosen    []string
		Value     float64
		Uncovered int64
	} `json:"runner_up"`
	Marginal []struct {
		Code   string
		Gain   *float64
		People int64 `json:"gain_people"`
	}
	Front []struct {
		Chosen  []string
		Covered int64
		Walking *float64
		Area    float64
	}
	Certificate words2
}

type chosenSite struct {
	Code, Name string
	At         orb.Point
	Grid       string
	Area       float64
	Capacity   *int64
}

func readSites(answer []byte) (a sites, err error) {
	err = json.Unmarshal(answer, &a)
	return a, err
}

func showSites(w io.Writer, answer []byte) error {
	a, err := readSites(answer)
	if err != nil {
		return err
	}
	head := covered{Rule: a.Rule, Parameters: a.Parameters}
	head.Demand.Title, head.Demand.Note, head.Demand.People, head.Demand.Demand = a.Demand.Title, a.Demand.Note, a.Demand.People, a.Demand.Demand
	head.head(w)
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	fmt.Fprintf(w, "best by %s: %s %s, %d people not covered (with none of them %s, %d)\n", a.Objective, number(a.Value), a.Unit, a.Uncovered, number(a.Before.Value), a.Before.Uncovered)
	fmt.Fprintf(w, "%s\n\n", a.Certificate.EN)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "site\tname\tgrid\tarea m²\tplaces\twithout it: people\t"+a.Unit)
	for i, c := range a.Chosen {
		fmt.Fprintf(table, "%s\t%s\t%s\t%.0f\t%s\t%d\t%s\n", c.Code, c.Name, c.Grid, c.Area, maybeNumber(c.Capacity), a.Marginal[i].People, maybeGain(a.Marginal[i].Gain))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if a.RunnerUp != nil {
		fmt.Fprintf(w, "\nrunner-up: %s, %s %s, %d not covered\n", strings.Join(a.RunnerUp.Chosen, " "), number(a.RunnerUp.Value), a.Unit, a.RunnerUp.Uncovered)
	}
	for i, p := range a.Front {
		if i == 0 {
			fmt.Fprintln(w, "\ncoverage × walking × area, where none is better in all three:")
		}
		if i == shownUnits {
			fmt.Fprintf(w, "  … and %d more: --format json\n", len(a.Front)-i)
			break
		}
		walking := "–"
		if p.Walking != nil {
			walking = strconv.FormatFloat(*p.Walking, 'f', 0, 64) + " m"
		}
		fmt.Fprintf(w, "  %d people, %s, %.0f m²: %s\n", p.Covered, walking, p.Area, strings.Join(p.Chosen, " "))
	}
	(&covered{Excluded: a.Excluded, Synthetic: a.Synthetic}).foot(w)
	return nil
}

// maybeGain is what a site adds, where that can be said.
func maybeGain(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

func csvOfSites(w io.Writer, answer []byte) error {
	a, err := readSites(answer)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	_, err = io.WriteString(w, "\ufeff")
	lines := [][]string{{"code", "name", "grid", "lon", "lat", "area", "capacity", "gain_" + a.Unit, "gain_people"}}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for i, c := range a.Chosen {
		lines = append(lines, []string{c.Code, c.Name, c.Grid, number(c.At[0]), number(c.At[1]), number(c.Area), maybeNumber(c.Capacity), maybeGain(a.Marginal[i].Gain), strconv.FormatInt(a.Marginal[i].People, 10)})
	}
	return errors.Join(err, out.WriteAll(lines))
}

// xlsxOfSites is a workbook of the chosen sites.
func xlsxOfSites(w io.Writer, answer []byte) error {
	a, err := readSites(answer)
	if err != nil {
		return err
	}
	field := func(name string, typ spatial.Type, zh string) spatial.Field {
		return spatial.Field{Name: name, Type: typ, Title: spatial.Title{ZH: zh}}
	}
	schema := &spatial.Schema{ID: "sites", Title: spatial.Title{ZH: "选址", EN: "sites"}, Geometry: spatial.Points, Synthetic: a.Synthetic, Fields: []spatial.Field{
		field("code", spatial.TypeText, "编码"), field("name", spatial.TypeText, "名称"), field("grid", spatial.TypeText, "所在网格"), field("area", spatial.TypeFloat, "有效面积（平方米）"),
		field("capacity", spatial.TypeInt, "容量（人）"), field("gain", spatial.TypeFloat, "去掉后损失（"+a.Unit+"）"), field("gain_people", spatial.TypeInt, "去掉后少覆盖（人）")}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, c := range a.Chosen {
			values := []spatial.Value{spatial.Text(c.Code), spatial.Text(c.Name), spatial.Text(c.Grid), spatial.Float(c.Area), spatial.Null, spatial.Null, spatial.Int(a.Marginal[i].People)}
			if c.Capacity != nil {
				values[4] = spatial.Int(*c.Capacity)
			}
			if gain := a.Marginal[i].Gain; gain != nil {
				values[5] = spatial.Float(*gain)
			}
			if !yield(spatial.Row{ID: int64(i + 1), Geometry: c.At, Values: values}, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return format.WriteXLSX(w, format.Selection{Layer: layer, Features: layer.All(), Fields: []int{0, 1, 2, 3, 4, 5, 6}, Titled: true})
}

func geojsonOfSites(w io.Writer, answer []byte) error {
	a, err := readSites(answer)
	if err != nil {
		return err
	}
	all := geojson.NewFeatureCollection()
	for i, c := range a.Chosen {
		f := geojson.NewFeature(c.At)
		f.Properties = geojson.Properties{"code": c.Code, "name": c.Name, "grid": c.Grid, "area": c.Area, "gain": a.Marginal[i].Gain, "unit": a.Unit, "gain_people": a.Marginal[i].People}
		all.Append(f)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
