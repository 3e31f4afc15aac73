package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"wangge/data"
	"wangge/data/luohu"
	"wangge/spatial"
)

type initCommand struct {
	storeFlag
	Sample  bool `help:"Fill the store with the synthetic reference dataset of Luohu."`
	Scale   int  `help:"Fill it with N copies of the district side by side, under fictitious district codes." default:"1" placeholder:"N"`
	IfEmpty bool `help:"Leave a store that already holds layers as it is."`
}

// Run makes the store.
func (c *initCommand) Run(ctx context.Context, p *program) (err error) {
	if c.Scale < 1 {
		return fmt.Errorf("--scale %d: give the number of copies, 1 or more", c.Scale)
	}
	store, err := c.make(ctx, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	version, err := store.Version(ctx)
	if err != nil {
		return err
	}
	switch {
	case version > 0 && c.IfEmpty:
		fmt.Fprintf(p.out, "%s holds layers already, version %d; nothing done.\n", c.name(), version)
		return nil
	case version > 0:
		return fmt.Errorf("%s holds layers already, version %d: name another store, or say --if-empty to leave it as it is", c.name(), version)
	case c.Sample || c.Scale > 1:
		return fill(ctx, p, store, c.Scale, nil)
	}
	fmt.Fprintf(p.out, "%s is ready and empty; add layers with: wangge import LAYER FILE --store %s\n", c.name(), c.name())
	return nil
}

// fill writes the reference dataset into an empty store, with a progress bar
// where somebody watches. With it come the layers that the service keeps for
// itself, and the tokens that are to be known from the beginning.
func fill(ctx context.Context, p *program, store data.Store, scale int, tokens func(data.Source) ([]spatial.Row, error)) error {
	began := time.Now()
	bar := newBar(p.err, "making the district")
	dataset, err := luohu.Generate(referenceSeed, steps(bar))
	if err != nil {
		return err
	}
	source := dataset.Scale(scale)
	rows := 0
	for _, schema := range source.Schemas() {
		rows += source.Len(schema.ID)
	}
	var known []spatial.Row
	if tokens != nil {
		if known, err = tokens(source); err != nil {
			return err
		}
	}
	bar = newBar(p.err, "writing")
	bar.ChangeMax(rows)
	if err := store.Fill(ctx, withBookkeeping(source, known), counter(bar)); err != nil {
		return err
	}
	_ = bar.Finish()
	fmt.Fprintf(p.out, "%d synthetic features in %d layers written in %.1f s.\n", rows, len(dataset.Schemas()), time.Since(began).Seconds())
	return nil
}

// referenceSeed makes the one district that tests and examples speak of.
const referenceSeed = 1

// steps shows how much of each layer is made.
func steps(bar *progressbar.ProgressBar) luohu.Progress {
	return func(layer spatial.LayerID, done, total int) {
		bar.Describe("making " + string(layer))
		bar.ChangeMax(total)
		_ = bar.Set(done)
	}
}

// counter turns rows done of one layer after another into rows done in all.
func counter(bar *progressbar.ProgressBar) data.Progress {
	var layer spatial.LayerID
	var before, current int
	return func(id spatial.LayerID, done int) {
		if id != layer {
			layer, before = id, before+current
			bar.Describe("writing " + string(id))
		}
		current = done
		_ = bar.Set(before + done)
	}
}

// newBar is a progress bar that shows only on a terminal.
func newBar(w io.Writer, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions(1, progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(isTerminal(w)),
		progressbar.OptionSetWidth(30), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription(what))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
