package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
)

type coverageCommand struct {
	askFlags
	questionFlags
	By     string `help:"Units the figures are for: grid, community, street or district." default:"street"`
	Method string `help:"located, reachable, 2sfca, gaussian_2sfca or allocation." default:"reachable"`
	Unit   string `help:"Show one unit and where its figures are from: its code, or 新秀社区18网格." placeholder:"UNIT"`
	All    bool   `help:"Show all units in the table, not only the worst."`
}

// Run asks who has a shelter and who has none.
func (c *coverageCommand) Run(ctx context.Context, p *program) error {
	asked, err := c.question()
	if err != nil {
		return err
	}
	asked["by"], asked["method"] = c.By, c.Method
	path, show := "/coverage", c.show
	if c.Unit != "" {
		if c.Format != "table" && c.Format != "json" {
			return fmt.Errorf("--unit is shown as a table or as JSON, not as %s", c.Format)
		}
		asked["unit"], path, show = c.Unit, "/coverage/unit", showTrace
	}
	answer, err := c.ask(ctx, p, path, asked)
	if err != nil {
		return err
	}
	return c.write(p, answer, show)
}

// covered is an answer about coverage as far as it is printed.
type covered struct {
	Version    int
	Synthetic  bool
	Excluded   map[string]int
	Parameters map[string]any
	Rule       struct{ Code, Name, Document, Clause, Dated, Certainty string }
	Demand     struct {
		Title  words2
		Note   words2
		People int64
		Share  float64
		Demand int64
	}
	Totals     map[string]any
	Difference map[string]any
	Scenario   *struct {
		Name    string
		Changes []words2
	}
	Units       []map[string]any
	Bottlenecks []struct{ Text words2 }
	Unit        map[string]any
	Trace       *struct {
		Facilities []struct {
			Code, Name string
			People     int64
			Share      float64
			Served     *int64
			Area       float64
			Capacity   *int64
			Distance   struct{ Min, Mean, Max float64 }
			Clause     string
		}
		Uncovered []struct {
			Code, Name, Reason string
			People             int64
			Nearest            *struct {
				Name     string
				Distance float64
			}
		}
		More  int `json:"uncovered_more"`
		Words words2
	}
}

// words2 is a text in both languages.
type words2 struct{ ZH, EN string }

// Most units and buildings that a table shows unless all are asked for.
const shownUnits = 20

// shownFigures are the columns of the table, in order, as far as an answer
// has them.
var shownFigures = []string{"demand", "covered", "uncovered", "covered_share", "capacity", "per_capita_located", "per_capita_reachable", "accessibility", "deficit", "served", "unserved", "walking"}

func (c *coverageCommand) show(w io.Writer, answer []byte) error {
	var a covered
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	a.head(w)
	units := slices.Clone(a.Units)
	slices.SortStableFunc(units, func(a, b map[string]any) int { return int(numberOf(b["uncovered"]) - numberOf(a["uncovered"])) })
	if c.All {
		units = a.Units
	}
	left := 0
	if !c.All && len(units) > shownUnits {
		left = len(units) - shownUnits
		units = units[:shownUnits]
	}
	var columns []string
	for _, name := range shownFigures {
		if _, has := a.Totals[name]; has {
			columns = append(columns, name)
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, name := range columns {
		fmt.Fprintf(table, "%s\t", name)
	}
	fmt.Fprintf(table, "\n")
	for _, u := range append(units, a.Totals) {
		for _, name := range columns {
			fmt.Fprintf(table, "%s\t", figureText(u[name]))
		}
		name := "in all"
		if u["code"] != nil {
			name = fmt.Sprintf("%v %v", u["code"], u["name"])
		}
		fmt.Fprintf(table, "  %s\n", name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if left > 0 {
		fmt.Fprintf(w, "… and %d more units, less uncovered people each: --all\n", left)
	}
	a.foot(w)
	return nil
}

// head says what was asked.
func (a *covered) head(w io.Writer) {
	fmt.Fprintf(w, "rule        %s %s (%s, %s, %s)\n", a.Rule.Code, a.Rule.Name, a.Rule.Document, a.Rule.Dated, a.Rule.Certainty)
	fmt.Fprintf(w, "hazard      %v, within %v m, %v\n", a.Parameters["hazard"], figureText(a.Parameters["radius"]), a.Parameters["reach"])
	fmt.Fprintf(w, "people      %d, %s; to shelter %d\n", a.Demand.People, a.Demand.Title.EN, a.Demand.Demand)
	if a.Demand.Note.EN != "" {
		fmt.Fprintf(w, "            %s\n", a.Demand.Note.EN)
	}
	if a.Scenario != nil {
		for _, change := range a.Scenario.Changes {
			fmt.Fprintf(w, "what if     %s\n", change.EN)
		}
	}
	fmt.Fprintln(w)
}

// foot says what else there is to know.
func (a *covered) foot(w io.Writer) {
	if a.Scenario != nil {
		fmt.Fprintln(w, "\nagainst today:")
		for _, name := range shownFigures {
			if v, differs := a.Difference[name]; differs {
				fmt.Fprintf(w, "  %-22s %+g\n", name, v)
			}
		}
		if len(a.Difference) == 0 {
			fmt.Fprintln(w, "  no difference")
		}
	}
	for i, b := range a.Bottlenecks {
		if i == 0 {
			fmt.Fprintln(w, "\nbottlenecks:")
		}
		if i == 5 {
			fmt.Fprintf(w, "  … and %d more: --format json\n", len(a.Bottlenecks)-i)
			break
		}
		fmt.Fprintf(w, "  %s\n", b.Text.EN)
	}
	var left []string
	for reason, n := range a.Excluded {
		if n > 0 {
			left = append(left, fmt.Sprintf("%s %d", reason, n))
		}
	}
	slices.Sort(left)
	for i, text := range left {
		if i == 0 {
			fmt.Fprint(w, "\nleft out: ")
		} else {
			fmt.Fprint(w, ", ")
		}
		fmt.Fprint(w, text)
	}
	if len(left) > 0 {
		fmt.Fprintln(w)
	}
	if a.Synthetic {
		fmt.Fprintln(w, "synthetic data")
	}
}

// showTrace prints where the figures of a unit are from.
func showTrace(w io.Writer, answer []byte) error {
	var a covered
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	a.head(w)
	fmt.Fprintf(w, "%s\n\n", a.Trace.Words.EN)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "shelter\tname\tarea m²\tplaces\tpeople in reach\tshare\tserved\tm (nearest mean farthest)")
	for _, f := range a.Trace.Facilities {
		fmt.Fprintf(table, "%s\t%s\t%.0f\t%s\t%d\t%.3f\t%s\t%.0f %.0f %.0f\n", f.Code, f.Name, f.Area, maybeNumber(f.Capacity), f.People, f.Share, maybeNumber(f.Served), f.Distance.Min, f.Distance.Mean, f.Distance.Max)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i, b := range a.Trace.Uncovered {
		if i == 0 {
			fmt.Fprintln(w, "\nnot covered:")
		}
		if i == shownUnits {
			fmt.Fprintf(w, "  … and %d more buildings: --format json\n", len(a.Trace.Uncovered)-i+a.Trace.More)
			break
		}
		fmt.Fprintf(w, "  %d people of %s %s: %s", b.People, b.Code, b.Name, b.Reason)
		if b.Nearest != nil {
			fmt.Fprintf(w, "; the nearest, %s, is %.0f m away", b.Nearest.Name, b.Nearest.Distance)
		}
		fmt.Fprintln(w)
	}
	a.foot(w)
	return nil
}

func maybeNumber(n *int64) string {
	if n == nil {
		return "–"
	}
	return strconv.FormatInt(*n, 10)
}

// numberOf is a number of an answer; 0 for none.
func numberOf(v any) float64 {
	n, _ := v.(float64)
	return n
}

// figureText is a figure of a table.
func figureText(v any) string {
	n, ok := v.(float64)
	switch {
	case !ok:
		return "–"
	case n == float64(int64(n)):
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatFloat(n, 'f', 3, 64)
}
