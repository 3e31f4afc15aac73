package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

type exposureCommand struct {
	askFlags
	Zones []string `arg:"" help:"Zones: a layer like high_risk_zones, or layer:metres around its features like slopes:50." placeholder:"LAYER[:METRES]"`
	By    string   `help:"Units the figures are for: grid, community, street or district." default:"street"`
	Count []string `help:"What is counted: layers, or schools; buildings with their people, shelters, schools and underground_spaces if left out." placeholder:"LAYER"`
	All   bool     `help:"Show all units in the table, not only those with most people."`
}

// Run asks who and what stands in zones.
func (c *exposureCommand) Run(ctx context.Context, p *program) error {
	if len(c.Zones) == 0 {
		return errors.New("name zones, like high_risk_zones or slopes:50")
	}
	zones, err := zonesOf(c.Zones)
	if err != nil {
		return err
	}
	asked := map[string]any{"zones": zones, "by": c.By}
	if len(c.Count) > 0 {
		asked["count"] = c.Count
	}
	answer, err := c.ask(ctx, p, "/exposure", asked)
	if err != nil {
		return err
	}
	return c.write(p, answer, c.show)
}

// endangered is an answer about zones as far as it is printed.
type endangered struct {
	Synthetic bool
	Totals    map[string]int64
	Units     []struct {
		Code, Name string
		Counts     map[string]int64
	}
}

func (c *exposureCommand) show(w io.Writer, answer []byte) error {
	var a endangered
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	var columns []string
	for _, name := range []string{"buildings", "residents", "households", "rooms", "legal_persons", "shelters", "schools", "underground_spaces"} {
		if _, has := a.Totals[name]; has {
			columns = append(columns, name)
		}
	}
	for name := range a.Totals {
		if len(c.Count) > 0 && name != "zones" && !slices.Contains(columns, name) && slices.Contains(c.Count, name) {
			columns = append(columns, name)
		}
	}
	slices.SortStableFunc(a.Units, func(x, y struct {
		Code, Name string
		Counts     map[string]int64
	}) int {
		return int(y.Counts[columns[min(1, len(columns)-1)]] - x.Counts[columns[min(1, len(columns)-1)]])
	})
	left := 0
	if !c.All && len(a.Units) > shownUnits {
		left = len(a.Units) - shownUnits
		a.Units = a.Units[:shownUnits]
	}
	fmt.Fprintf(w, "%d zones; each thing is counted once, however many zones it is in\n\n", a.Totals["zones"])
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, name := range columns {
		fmt.Fprintf(table, "%s\t", name)
	}
	fmt.Fprintln(table)
	row := func(counts map[string]int64, name string) {
		for _, column := range columns {
			fmt.Fprintf(table, "%d\t", counts[column])
		}
		fmt.Fprintf(table, "  %s\n", name)
	}
	for _, u := range a.Units {
		row(u.Counts, u.Code+" "+u.Name)
	}
	row(a.Totals, "in all")
	if err := table.Flush(); err != nil {
		return err
	}
	if left > 0 {
		fmt.Fprintf(w, "… and %d more units: --all\n", left)
	}
	if a.Synthetic {
		fmt.Fprintln(w, "synthetic data")
	}
	return nil
}
