package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/api"
	"wangge/data/format"
	"wangge/data/ledger"
	"wangge/spatial"
	"wangge/spatial/adjustment"
	"wangge/spatial/datum"
)

type reassignCommand struct {
	deskFlags
	From      string    `help:"Grid to take from: its code, 440303002007-18 or 新秀社区18网格." placeholder:"GRID"`
	To        string    `help:"Grid to give to. Without it a line splits the grid; without anything else the grid is merged into it." placeholder:"GRID"`
	Building  []string  `help:"Code or name of a building to move, with the land around it; may be repeated." placeholder:"BUILDING"`
	Area      string    `type:"existingfile" help:"File with the area to move." placeholder:"FILE" xor:"drawing"`
	Line      string    `type:"existingfile" help:"File with the line that the shared edge is laid along, or that splits the grid." placeholder:"FILE" xor:"drawing"`
	SRS       string    `name:"srs" help:"Coordinate system of the file: 4490, 4326, 4547, 4526, 3857, gcj02 or bd09; the file's word if left out." placeholder:"SRS"`
	Apply     bool      `help:"Record this as an adjustment and submit it; needs a token. Without it the effects are shown and nothing is changed."`
	Title     string    `help:"Title of the adjustment." placeholder:"TEXT"`
	Reason    string    `help:"Why." placeholder:"TEXT"`
	Effective time.Time `help:"When it takes effect, like 2025-01-01; when it is put into effect if left out." format:"2006-01-02" placeholder:"DATE"`
}

// Run shows what a boundary change does, and submits it if told to.
func (c *reassignCommand) Run(ctx context.Context, p *program) error {
	desk, err := openDesk(ctx, c.storeFlag, c.Token, p)
	if err != nil {
		return err
	}
	defer desk.close()
	s, err := desk.shown()
	if err != nil {
		return err
	}
	step, err := c.step(p, s)
	if err != nil {
		return err
	}
	plan, err := desk.ledger.Plan(s, "grids", []adjustment.Step{step})
	if err != nil {
		return err
	}
	desk.show(p.out, s, plan)
	switch {
	case plan.Refused():
		fmt.Fprintln(p.out, "\nRefused: nothing was changed.")
		return errFaults
	case !c.Apply:
		fmt.Fprintln(p.out, "\nA preview: nothing was changed. Submit it with --apply and a token.")
		return nil
	}
	return c.submit(ctx, p, desk, step)
}

func (c *reassignCommand) submit(ctx context.Context, p *program, desk *desk, step adjustment.Step) error {
	if err := desk.signedIn(); err != nil {
		return err
	}
	if c.Title == "" {
		c.Title = strings.TrimSpace(fmt.Sprintf("%s → %s", c.From, c.To))
	}
	by := ledger.Request{Actor: desk.actor}
	a, err := desk.ledger.Propose(ctx, by, ledger.Proposal{Title: c.Title, Reason: c.Reason, Steps: []adjustment.Step{step}, EffectiveAt: inChina(c.Effective)})
	if err != nil {
		return err
	}
	a, err = desk.ledger.Do(ctx, by, a.ID, ledger.Move{Action: adjustment.Submit})
	if err != nil {
		return fmt.Errorf("adjustment %d is recorded as a draft, but not submitted: %w", a.ID, err)
	}
	fmt.Fprintf(p.out, "\nAdjustment %d %q: %s. Go on with: wangge adjustments show %d --store %s\n", a.ID, a.Title, word(a.Status), a.ID, c.name())
	return nil
}

// step reads the flags.
func (c *reassignCommand) step(p *program, s *spatial.Snapshot) (step adjustment.Step, err error) {
	if c.From == "" && len(c.Building) == 0 {
		return step, errors.New("say what to move: --from GRID with --to, --area or --line, or --building")
	}
	grids, err := s.Layer("grids")
	if err != nil {
		return step, err
	}
	for _, end := range []struct {
		text string
		code *string
	}{{c.From, &step.From}, {c.To, &step.To}} {
		if end.text == "" {
			continue
		}
		f, err := api.Find(s, grids, end.text)
		if err != nil {
			return step, err
		}
		*end.code = f.Code()
	}
	for _, name := range c.Building {
		code, err := building(s, name)
		if err != nil {
			return step, err
		}
		step.Buildings = append(step.Buildings, code)
	}
	return step, c.draw(p, s, &step)
}

// draw reads the drawing into the step.
func (c *reassignCommand) draw(p *program, s *spatial.Snapshot, step *adjustment.Step) error {
	if c.Area == "" && c.Line == "" {
		return nil
	}
	var crs *datum.CRS
	if c.SRS != "" {
		named, err := datum.Parse(c.SRS)
		if err != nil {
			return fmt.Errorf("--srs: %w", err)
		}
		crs = &named
	}
	d, err := format.ReadDrawing(c.Area+c.Line, format.Source{}, crs, outline(s, ""))
	if err != nil {
		return err
	}
	for _, note := range d.Notes {
		fmt.Fprintln(p.out, "note ", note)
	}
	line, isLine := d.Geometry.(orb.LineString)
	switch {
	case c.Line != "" && !isLine:
		return fmt.Errorf("%s has no line in it: say --area if it is the area to move", c.Line)
	case c.Area != "" && isLine:
		return fmt.Errorf("%s has a line in it and no area: say --line if it is the new edge", c.Area)
	case isLine:
		step.Line = line
	default:
		step.Area = d.Geometry
	}
	return nil
}

// building is the code of the one building with a code or name.
func building(s *spatial.Snapshot, text string) (string, error) {
	layer, err := s.Layer("buildings")
	if err != nil {
		return "", err
	}
	if f, err := layer.ByCode(text); err == nil {
		return f.Code(), nil
	}
	var codes []string
	for f := range layer.All() {
		if f.Label() == text {
			codes = append(codes, f.Code())
		}
	}
	switch len(codes) {
	case 0:
		return "", fmt.Errorf("no building has the code or name %q: %w", text, spatial.ErrNotFound)
	case 1:
		return codes[0], nil
	}
	return "", fmt.Errorf("%d buildings are called %s: give the code, such as %s", len(codes), text, codes[0])
}
