// Command wangge serves a district's spatial layers as vector tiles and
// features and answers questions about them. This package parses the command
// line, wires stores to the service and runs it; it decides nothing about
// the district itself.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for what the first began to end
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the command line.
type commands struct {
	Serve       serveCommand          `cmd:"" help:"Serve the map page, tiles, features and analyses over HTTP."`
	Init        initCommand           `cmd:"" help:"Make a store: empty, or with the synthetic reference dataset of Luohu."`
	Import      importCommand         `cmd:"" help:"Bring a file's features into a layer, new or there."`
	Export      exportCommand         `cmd:"" help:"Write a layer to a file."`
	Tiles       tilesCommand          `cmd:"" help:"Write the vector tiles to a PMTiles file, for a CDN or offline maps."`
	Map         mapCommand            `cmd:"" help:"Show a table of the PostGIS database as a layer, without copying it."`
	Reassign    reassignCommand       `cmd:"" help:"Show what a boundary change between grids does, and submit it if told to."`
	Adjustments adjustmentsCommand    `cmd:"" help:"List adjustments of boundaries and move them on: review, approve, apply, revert."`
	Nearest     nearestCommand        `cmd:"" help:"Show who gets to a place first, or to each of many: in a straight line or by road."`
	Report      responseReportCommand `cmd:"" name:"response-report" help:"Write who gets where: areas of responsibility, what is beyond the minutes, a station away, one more."`
	Coverage    coverageCommand       `cmd:"" help:"Show who has a shelter and who has none, where, why, and what a scenario would change."`
	Siting      sitingCommand         `cmd:"" help:"Find the best few of some candidate sites for shelters, with proof."`
	Exposure    exposureCommand       `cmd:"" help:"Show who and what stands in zones and around them."`

	Token tokenCommand `cmd:"" help:"Keep the tokens by which people sign in: create, list, revoke."`
	Check checkCommand `cmd:"" help:"Prove the store's invariants: no gap, no overlap, sums equal. Exit code 1 if a fault is found."`

	Version  kong.VersionFlag `help:"Say which build this is and stop."`
	LogLevel slog.Level       `help:"What to log on standard error: debug, info, warn or error." default:"info" env:"WANGGE_LOG_LEVEL"`
}

// program is what the commands share with the world.
type program struct {
	out, err io.Writer
	log      *slog.Logger
}

const description = `wangge (网格) keeps the spatial layers of an urban district in PostGIS or in one GeoPackage file and serves them.

A STORE is postgres://user:password@host/database or the path of a .gpkg file. Without --store it is ./var/luohu.gpkg, which "wangge serve" makes from the synthetic reference dataset when it is not there.`

// run is the whole program but for the process it runs in; it returns the
// exit code: 0 done, 1 failed or faults found, 2 wrong usage.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli, kong.Name("wangge"), kong.Description(description), kong.Writers(out, errOut),
		kong.Vars{"store_default": defaultStore, "version": version()}, kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(errOut, "wangge:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(errOut, "wangge: %v\nTry: wangge --help\n", err)
		return 2
	}
	p := &program{out: out, err: errOut, log: slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: cli.LogLevel}))}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(p); err != nil {
		return report(errOut, err)
	}
	return 0
}

// version names the build: the module's version or the commit it was made
// from, and the Go toolchain.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "wangge, built without version information"
	}
	name := build.Main.Version
	for _, setting := range build.Settings {
		switch {
		case setting.Key == "vcs.revision" && (name == "" || name == "(devel)"):
			name = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true" && !strings.HasSuffix(name, "+dirty"):
			name += "+dirty"
		}
	}
	return fmt.Sprintf("wangge %s %s", cmp.Or(name, "(devel)"), build.GoVersion)
}

// errFaults ends a check that found faults; they are already printed.
var errFaults = errors.New("faults found")

func report(errOut io.Writer, err error) int {
	if !errors.Is(err, errFaults) {
		fmt.Fprintln(errOut, "wangge:", err)
	}
	return 1
}
