package main

import (
	"context"
	"errors"
	"fmt"

	"wangge/data"
	"wangge/spatial"
)

type checkCommand struct {
	storeFlag
	Limit int `help:"Faults to print; the number of all is always printed." default:"20"`
}

// Run proves the invariants of the store's current state, and says how its
// roads hang together.
func (c *checkCommand) Run(ctx context.Context, p *program) error {
	store, err := c.open(ctx, p.log)
	if err != nil {
		return err
	}
	defer store.Close()
	snapshot, err := store.Load(ctx)
	if err != nil {
		return err
	}
	report := data.Check(snapshot)
	for _, fact := range report.Proved {
		fmt.Fprintln(p.out, "ok   ", fact)
	}
	for i, fault := range report.Faults {
		if i == c.Limit {
			fmt.Fprintf(p.out, "… %d more faults, not printed (--limit %d)\n", len(report.Faults)-i, c.Limit)
			break
		}
		fmt.Fprintln(p.out, "FAULT", fault)
	}
	if err := describeRoads(p, snapshot); err != nil && !errors.Is(err, spatial.ErrNotFound) {
		return err
	}
	fmt.Fprintf(p.out, "%s, version %d: %d facts proved, %d faults\n", c.name(), snapshot.Version(), len(report.Proved), len(report.Faults))
	if len(report.Faults) > 0 {
		return errFaults
	}
	return nil
}
