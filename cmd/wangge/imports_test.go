package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed lists, for each package, what it may import of this module; "x/*"
// stands for every package below x. It is the plan of the house: a new arrow
// is drawn here first.
var allowed = map[string][]string{
	"spatial/geodesic":         {},
	"spatial/datum":            {},
	"migrations":               {},
	"api/viewer":               {},
	"spatial":                  {"spatial/geodesic"},
	"spatial/partition":        {"spatial", "spatial/geodesic"},
	"spatial/road":             {"spatial", "spatial/geodesic"},
	"spatial/history":          {"spatial", "spatial/partition", "spatial/geodesic"},
	"spatial/adjustment":       {"spatial", "spatial/partition", "spatial/geodesic", "spatial/history"},
	"spatial/shelter":          {"spatial", "spatial/geodesic", "spatial/road", "spatial/exposure"},
	"spatial/response":         {"spatial", "spatial/geodesic", "spatial/road", "spatial/partition"},
	"spatial/closure":          {"spatial", "spatial/geodesic", "spatial/road"},
	"spatial/shelter/instance": {"spatial"},
	"spatial/relate":           {},
	"spatial/filter":           {"spatial", "spatial/geodesic", "spatial/relate"},
	"spatial/exposure":         {"spatial", "spatial/geodesic", "spatial/relate"},
	"tiles":                    {"spatial", "spatial/datum"},
	"data":                     {"spatial", "spatial/partition", "spatial/adjustment", "spatial/history"},
	"data/ledger":              {"data", "spatial", "spatial/*"},
	"data/scenario":            {"data", "spatial", "spatial/adjustment"},
	"data/postgis":             {"data", "spatial", "spatial/adjustment", "migrations"},
	"data/postgis/postgistest": {},
	"data/geopackage":          {"data", "spatial", "spatial/adjustment"},
	"data/format":              {"spatial", "spatial/datum", "spatial/geodesic", "spatial/road", "data/geopackage"},
	"data/format/osmtest":      {},
	"data/luohu":               {"spatial", "spatial/*"},
	"data/luohu/luohutest":     {"data/luohu", "spatial"},
	"data/storetest":           {"data", "spatial", "spatial/*"},
	"api/auth":                 {"spatial", "spatial/adjustment"},
	"api":                      {"data", "spatial", "spatial/*", "tiles", "api/auth", "api/viewer", "data/format", "data/ledger", "data/scenario"},
	"cmd/wangge":               {"spatial", "spatial/*", "tiles", "data", "data/*", "api", "api/*", "migrations"},
}

// onlyInTests are packages that no package of the program may import.
var onlyInTests = []string{"data/storetest", "data/postgis/postgistest", "data/format/osmtest", "data/luohu/luohutest"}

// deniedInSpatial keeps the vocabulary and the analyses pure.
var deniedInSpatial = []string{"github.com/jackc/pgx", "net/http", "database/sql", "log/slog", "modernc.org/sqlite"}

// drivers may stand only in the stores.
var drivers = []string{"github.com/jackc/pgx", "modernc.org/sqlite", "database/sql"}

// TestImports holds every package against the plan: what it imports of ours,
// what of other people's, that it is documented, and that spatial never reads
// the clock.
func TestImports(t *testing.T) {
	packages := parsePackages(t, "../..")
	if len(packages) == 0 {
		t.Fatal("no packages found")
	}
	for dir, files := range packages {
		t.Run(dir, func(t *testing.T) {
			may, planned := allowed[dir]
			if !planned {
				t.Fatalf("package %s is not in the plan: add it to the table with what it may import", dir)
			}
			if !slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc != nil }) {
				t.Errorf("no package comment")
			}
			for _, file := range files {
				checkImports(t, dir, file, may)
				checkClock(t, dir, file)
			}
		})
	}
}

func checkImports(t *testing.T, dir string, file *ast.File, may []string) {
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if ours, ok := strings.CutPrefix(imported, "wangge/"); ok && !permits(may, ours) {
			t.Errorf("%s may not import %s", dir, ours)
		}
		if isBelow(dir, "spatial") && hasPrefix(imported, deniedInSpatial) {
			t.Errorf("%s may not import %s", dir, imported)
		}
		if !isBelow(dir, "data/postgis") && !isBelow(dir, "data/geopackage") && hasPrefix(imported, drivers) {
			t.Errorf("%s imports %s: SQL drivers stand only in the stores", dir, imported)
		}
	}
}

func permits(may []string, ours string) bool {
	if slices.Contains(onlyInTests, ours) {
		return false
	}
	return slices.ContainsFunc(may, func(m string) bool {
		below, all := strings.CutSuffix(m, "/*")
		return m == ours || all && strings.HasPrefix(ours, below+"/")
	})
}

func isBelow(dir, root string) bool { return dir == root || strings.HasPrefix(dir, root+"/") }

func hasPrefix(imported string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") })
}

func checkClock(t *testing.T, dir string, file *ast.File) {
	if !isBelow(dir, "spatial") {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && isClock(sel) {
			t.Errorf("%s reads the clock: time.%s", dir, sel.Sel.Name)
		}
		return true
	})
}

func isClock(sel *ast.SelectorExpr) bool {
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name)
}

// parsePackages parses the files of every package below root that make up
// the program, by slash-separated directory.
func parsePackages(t *testing.T, root string) map[string][]*ast.File {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, name, d)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return parseInto(packages, root, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func skipDir(root, name string, d fs.DirEntry) error {
	if name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "var") {
		return filepath.SkipDir
	}
	return nil
}

func parseInto(packages map[string][]*ast.File, root, name string) error {
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(source), "//go:build ignore") {
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
	if err != nil {
		return err
	}
	dir, err := filepath.Rel(root, filepath.Dir(name))
	dir = path.Clean(filepath.ToSlash(dir))
	packages[dir] = append(packages[dir], file)
	return err
}
