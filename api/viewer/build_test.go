package viewer_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wangge/api/viewer"
)

// TestBuild builds the page again from its source, in a copy, and compares
// every byte with what is committed.
func TestBuild(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("installs npm packages: set CI=true to run it")
	}
	needNode(t)
	source := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "build.mjs", "tsconfig.json", "src"} {
		copyTree(t, name, filepath.Join(source, name))
	}
	run(t, source, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
	run(t, source, "npm", "run", "check")
	run(t, source, "npm", "run", "build")
	compare(t, os.DirFS(filepath.Join(source, "dist")), viewer.Files())
}

// needNode skips without Node 20 and npm; they are needed only to change the
// page, so not even continuous integration must have them.
func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed")
	}
	version, err := exec.Command("node", "--version").Output()
	var major int
	if _, scanned := fmt.Sscanf(string(version), "v%d", &major); err != nil || scanned != nil || major < 20 {
		t.Skipf("building the page needs Node 20 or later, here is %q", strings.TrimSpace(string(version)))
	}
}

func run(t *testing.T, dir, name string, arguments ...string) {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, out)
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rest), 0o755)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rest), content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, built, committed fs.FS) {
	t.Helper()
	a, b := contents(t, built), contents(t, committed)
	for name, content := range a {
		if !bytes.Equal(content, b[name]) {
			t.Errorf("%s is not as committed: run npm run build and commit dist", name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s is committed but not built: run npm run build and commit dist", name)
		}
	}
}

func contents(t *testing.T, files fs.FS) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
