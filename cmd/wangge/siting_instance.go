package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"wangge/spatial/shelter/instance"
)

// instanceFlags are those of published problems, which need no store.
type instanceFlags struct {
	Instance       string `help:"Solve a published problem from a file instead: which sites are best in it. Needs no store." type:"existingfile" placeholder:"FILE"`
	InstanceFormat string `help:"Format of the file: pmed (OR-Library; p-median, or p-center with --objective p_center), pmedcap, cap or rows (capacitated, each demand served whole)." default:"pmed" enum:"pmed,pmedcap,cap,rows"`
	Nodes          int    `help:"How many nodes of the search may be looked at before it stops with a bound." default:"2000"`
}

// solved is a published problem's answer as it is printed.
type solved struct {
	Problem  string  `json:"problem"`
	Sites    []int   `json:"sites"` // as the file numbers them, from 1
	Value    float64 `json:"value"`
	Bound    float64 `json:"bound"`
	Gap      float64 `json:"gap"`
	Exact    bool    `json:"exact"`
	Nodes    int     `json:"nodes"`
	Seconds  float64 `json:"seconds"`
	Assigned []int   `json:"assigned"` // by demand: its site
}

// solve reads the file, solves what it says, and writes the answer.
func (c *sitingCommand) solve(p *program) error {
	if c.Format == "geojson" || c.Format == "xlsx" {
		return fmt.Errorf("sites of a published problem stand nowhere: they are written as table, csv or json, not as %s", c.Format)
	}
	if c.Nodes < 1 {
		return fmt.Errorf("--nodes %d: give 1 or more", c.Nodes)
	}
	if c.Out != "" {
		if err := vacant(c.Out, c.Force); err != nil {
			return err
		}
	}
	file, err := os.Open(c.Instance)
	if err != nil {
		return err
	}
	defer file.Close()
	done := working(p.err, "solving "+c.Instance)
	began := time.Now()
	found, err := c.solveFrom(file)
	done()
	if err != nil {
		return fmt.Errorf("%s: %w", c.Instance, err)
	}
	found.Seconds = time.Since(began).Seconds()
	answer, err := json.Marshal(found)
	if err != nil {
		return err
	}
	show := showSolved
	if c.Format == "csv" {
		c.Format, show = "table", csvOfSolved
	}
	return c.write(p, append(answer, '\n'), show)
}

func (c *sitingCommand) solveFrom(r io.Reader) (*solved, error) {
	if c.InstanceFormat != "pmed" {
		return c.solveCapacitated(r)
	}
	g, err := instance.ReadGraph(r)
	if err != nil {
		return nil, err
	}
	if c.Choose != 0 {
		g.Choose = c.Choose
	}
	if g.Choose > g.Nodes {
		return nil, fmt.Errorf("%d of %d nodes cannot be chosen", g.Choose, g.Nodes)
	}
	switch c.Objective {
	case "p_median", "covered": // covered is the default of the other questions
		return tellSolved(fmt.Sprintf("p-median, %d of %d nodes, %d edges", g.Choose, g.Nodes, g.Edges), instance.Median(g.Table, g.Choose, c.Nodes), 1), nil
	case "p_center":
		return tellSolved(fmt.Sprintf("p-center, %d of %d nodes, %d edges", g.Choose, g.Nodes, g.Edges), instance.Center(g.Table, g.Choose, c.Nodes), 1), nil
	}
	return nil, fmt.Errorf("a file of the format pmed is asked with --objective p_median or p_center, not %s", c.Objective)
}

func (c *sitingCommand) solveCapacitated(r io.Reader) (*solved, error) {
	l, err := instance.ReadLocation(r, instance.Format(c.InstanceFormat))
	if err != nil {
		return nil, err
	}
	if c.Choose != 0 {
		l.Choose = c.Choose
	}
	if l.Choose > len(l.Capacity) {
		return nil, fmt.Errorf("%d of %d sites cannot be chosen", l.Choose, len(l.Capacity))
	}
	unit := 1.0
	if c.InstanceFormat != "pmedcap" {
		unit = instance.Unit
	}
	answer := l.Solve(c.Nodes)
	switch large := l.TooLarge(); {
	case large >= 0:
		return nil, fmt.Errorf("no sites can serve all demands: demand %d, of %d, is more than any site holds, and each is served whole", large+1, l.Demand[large])
	case answer == nil:
		return nil, errors.New("no sites can serve all demands: the capacities are too small")
	case len(answer.Sites) == 0:
		return nil, fmt.Errorf("no sites that serve all demands were found within %d nodes; none cost less than %v", answer.Nodes, float64(answer.Bound)/unit)
	}
	name := fmt.Sprintf("capacitated location, %d sites, %d demands, each served whole", len(l.Capacity), len(l.Demand))
	if l.Choose > 0 {
		name += fmt.Sprintf(", %d to choose", l.Choose)
	}
	return tellSolved(name, answer, unit), nil
}

func tellSolved(problem string, a *instance.Answer, unit float64) *solved {
	told := &solved{Problem: problem, Value: float64(a.Value) / unit, Bound: float64(a.Bound) / unit, Gap: a.Gap(), Exact: a.Exact(), Nodes: a.Nodes, Sites: []int{}, Assigned: []int{}}
	for _, site := range a.Sites {
		told.Sites = append(told.Sites, site+1)
	}
	for _, site := range a.Assign {
		told.Assigned = append(told.Assigned, site+1)
	}
	return told
}

func showSolved(w io.Writer, answer []byte) error {
	var a solved
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	fmt.Fprintf(w, "problem  %s\nvalue    %s\nbound    %s\n", a.Problem, number(a.Value), number(a.Bound))
	if a.Exact {
		fmt.Fprintln(w, "         proven to be the best: the bound is the value")
	} else {
		fmt.Fprintf(w, "         not proven to be the best: %.3f %% from the bound at most; more with --nodes\n", 100*a.Gap)
	}
	var sites []string
	for _, site := range a.Sites {
		sites = append(sites, strconv.Itoa(site))
	}
	fmt.Fprintf(w, "sites    %s\nnodes    %d, %.2f s\n", strings.Join(sites, " "), a.Nodes, a.Seconds)
	return nil
}

func csvOfSolved(w io.Writer, answer []byte) error {
	var a solved
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	lines := [][]string{{"demand", "site"}}
	for i, site := range a.Assigned {
		lines = append(lines, []string{strconv.Itoa(i + 1), strconv.Itoa(site)})
	}
	return csv.NewWriter(w).WriteAll(lines)
}
