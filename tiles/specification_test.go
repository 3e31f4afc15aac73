package tiles_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	process "os/exec"
	"path/filepath"
	"testing"
)

// The specification of vector tiles, 2.1, written out: what a tile must be, of
// the bytes themselves and sharing nothing with the encoder.

// field is a field of a message: a number, or bytes.
type field struct {
	number, wire int
	value        uint64
	bytes        []byte
}

// fieldsOf reads a message.
func fieldsOf(b []byte) iter.Seq2[field, error] {
	return func(yield func(field, error) bool) {
		for len(b) > 0 {
			f, n, err := readField(b)
			if !yield(f, err) || err != nil {
				return
			}
			b = b[n:]
		}
	}
}

func readField(b []byte) (f field, n int, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 {
		return f, 0, errors.New("a tag is cut off")
	}
	f.number, f.wire = int(tag>>3), int(tag&7)
	size := 0
	switch f.wire {
	case 0:
		f.value, size = binary.Uvarint(b[n:])
		if size <= 0 {
			return f, 0, fmt.Errorf("field %d is cut off", f.number)
		}
		return f, n + size, nil
	case 1:
		size = 8
	case 5:
		size = 4
	case 2:
		length, m := binary.Uvarint(b[n:])
		if m <= 0 || length > uint64(len(b)-n-m) {
			return f, 0, fmt.Errorf("field %d is cut off", f.number)
		}
		n, size = n+m, int(length)
	default:
		return f, 0, fmt.Errorf("field %d has wire type %d", f.number, f.wire)
	}
	if size > len(b)-n {
		return f, 0, fmt.Errorf("field %d is cut off", f.number)
	}
	f.bytes = b[n : n+size]
	return f, n + size, nil
}

// numbersOf reads packed numbers.
func numbersOf(b []byte) ([]uint32, error) {
	var numbers []uint32
	for len(b) > 0 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > 1<<32-1 {
			return nil, errors.New("packed numbers are cut off or too large")
		}
		numbers, b = append(numbers, uint32(v)), b[n:]
	}
	return numbers, nil
}

// specificationFault is the first thing in a tile that the specification
// forbids.
func specificationFault(tile []byte) error {
	names := map[string]bool{}
	for f, err := range fieldsOf(tile) {
		switch {
		case err != nil:
			return err
		case f.number >= 16: // for extensions
		case f.number != 3 || f.wire != 2:
			return fmt.Errorf("field %d of a tile", f.number)
		default:
			name, err := specifiedLayer(f.bytes)
			if err != nil {
				return fmt.Errorf("layer %q: %w", name, err)
			}
			if names[name] {
				return fmt.Errorf("two layers %q", name)
			}
			names[name] = true
		}
	}
	return nil
}

// layerFields are the wire types of a layer's fields.
var layerFields = map[int]int{1: 2, 2: 2, 3: 2, 4: 2, 5: 0, 15: 0}

func specifiedLayer(layer []byte) (name string, err error) {
	seen := map[int]int{}
	var features [][]byte
	version := uint64(0)
	for f, err := range fieldsOf(layer) {
		wire, known := layerFields[f.number]
		switch {
		case err != nil:
			return name, err
		case f.number >= 16:
			continue
		case !known || f.wire != wire:
			return name, fmt.Errorf("field %d of wire type %d", f.number, f.wire)
		}
		seen[f.number]++
		switch f.number {
		case 1:
			name = string(f.bytes)
		case 2:
			features = append(features, f.bytes)
		case 4:
			if err := specifiedValue(f.bytes); err != nil {
				return name, err
			}
		case 15:
			version = f.value
		}
	}
	if name == "" || seen[1] != 1 || seen[15] != 1 || seen[5] > 1 || version != 1 && version != 2 {
		return name, fmt.Errorf("%d names, %d versions, the last %d, %d extents", seen[1], seen[15], version, seen[5])
	}
	for i, f := range features {
		if err := specifiedFeature(f, seen[3], seen[4]); err != nil {
			return name, fmt.Errorf("feature %d: %w", i+1, err)
		}
	}
	return name, nil
}

// valueFields are the wire types of a value's fields.
var valueFields = map[int]int{1: 2, 2: 5, 3: 1, 4: 0, 5: 0, 6: 0, 7: 0}

func specifiedValue(value []byte) error {
	n := 0
	for f, err := range fieldsOf(value) {
		if err != nil {
			return err
		}
		if wire, known := valueFields[f.number]; !known || f.wire != wire {
			return fmt.Errorf("a value has field %d of wire type %d", f.number, f.wire)
		}
		n++
	}
	if n != 1 {
		return fmt.Errorf("a value has %d fields", n)
	}
	return nil
}

// featureFields are the wire types of a feature's fields.
var featureFields = map[int]int{1: 0, 2: 2, 3: 0, 4: 2}

func specifiedFeature(feature []byte, keys, values int) error {
	seen := map[int]field{}
	for f, err := range fieldsOf(feature) {
		if err != nil {
			return err
		}
		if wire, known := featureFields[f.number]; !known || f.wire != wire {
			return fmt.Errorf("field %d of wire type %d", f.number, f.wire)
		}
		if _, twice := seen[f.number]; twice {
			return fmt.Errorf("field %d stands twice", f.number)
		}
		seen[f.number] = f
	}
	kind, typed := seen[3]
	if _, drawn := seen[4]; !typed || !drawn || kind.value > 3 {
		return fmt.Errorf("type %d, typed %v, drawn %v", kind.value, typed, drawn)
	}
	tags, err := numbersOf(seen[2].bytes)
	if err != nil {
		return err
	}
	if err := specifiedTags(tags, keys, values); err != nil {
		return err
	}
	commands, err := numbersOf(seen[4].bytes)
	if err != nil {
		return err
	}
	return specifiedCommands(int(kind.value), commands)
}

func specifiedTags(tags []uint32, keys, values int) error {
	if len(tags)%2 > 0 {
		return fmt.Errorf("%d tags", len(tags))
	}
	seen := map[uint32]bool{}
	for i := 0; i < len(tags); i += 2 {
		if seen[tags[i]] || int(tags[i]) >= keys || int(tags[i+1]) >= values {
			return fmt.Errorf("tag %d=%d of %d keys and %d values", tags[i], tags[i+1], keys, values)
		}
		seen[tags[i]] = true
	}
	return nil
}

// specifiedCommands follows the commands of a point (1), line (2) or polygon
// (3); those of an unknown type (0) may be anything.
func specifiedCommands(kind int, commands []uint32) error {
	if kind == 0 {
		return nil
	}
	if len(commands) == 0 {
		return errors.New("no geometry")
	}
	at, rings := px{}, 0
	for len(commands) > 0 {
		start, rest, err := drawn(commands, 1, &at)
		if err != nil {
			return err
		}
		commands = rest
		if kind == 1 {
			if len(commands) > 0 {
				return errors.New("a point goes on")
			}
			return nil
		}
		if len(start) != 1 {
			return fmt.Errorf("a path begins %d times", len(start))
		}
		way, rest, err := drawn(commands, 2, &at)
		if err != nil {
			return err
		}
		commands = rest
		ring := append(start, way...)
		for i := range way {
			if ring[i] == ring[i+1] {
				return errors.New("a step of no length")
			}
		}
		if kind == 2 {
			continue
		}
		if len(way) < 2 || len(commands) == 0 || commands[0] != 7|1<<3 {
			return fmt.Errorf("a ring of %d steps is not closed once", len(way))
		}
		commands = commands[1:]
		if rings++; area(ring) == 0 || rings == 1 && area(ring) < 0 {
			return errors.New("a ring without area, or a hole before its shell")
		}
	}
	return nil
}

// drawn reads a command with positions.
func drawn(commands []uint32, id uint32, at *px) (path, []uint32, error) {
	if len(commands) == 0 || commands[0]&7 != id {
		return nil, nil, fmt.Errorf("no command %d where there should be one", id)
	}
	count := int(commands[0] >> 3)
	if commands = commands[1:]; count == 0 || count > len(commands)/2 {
		return nil, nil, fmt.Errorf("command %d for %d positions, with %d numbers", id, count, len(commands))
	}
	var way path
	for i := range count {
		*at = px{at[0] + unzigzag(commands[2*i]), at[1] + unzigzag(commands[2*i+1])}
		way = append(way, *at)
	}
	return way, commands[2*count:], nil
}

// mislabelled are fixtures that contradict another: 057 is said to be valid
// with 536,870,911 positions of which one is there, and 051 is not.
var mislabelled = map[string]bool{"057": true}

// TestFixtures holds the check against the fixtures of Mapbox: what they say is
// valid in version 2 passes, and what is not is refused.
func TestFixtures(t *testing.T) {
	root := filepath.Join(npmPackages(t, filepath.Join("testdata", "fixtures")), "@mapbox", "mvt-fixtures", "fixtures")
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) {
			tile, err := os.ReadFile(filepath.Join(root, folder.Name(), "tile.mvt"))
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(root, folder.Name(), "info.json"))
			if err != nil {
				t.Fatal(err)
			}
			var info struct {
				Description string
				Validity    struct{ V2 bool }
			}
			if err := json.Unmarshal(text, &info); err != nil {
				t.Fatal(err)
			}
			fault := specificationFault(tile)
			if valid := info.Validity.V2 != mislabelled[folder.Name()]; valid != (fault == nil) {
				t.Errorf("valid: %v, found %v: %s", valid, fault, info.Description)
			}
		})
	}
	if len(folders) != 74 {
		t.Errorf("%d fixtures", len(folders))
	}
}

// npmPackages installs the npm packages that a folder's lock file names, once,
// and returns their node_modules. Without npm the test is skipped.
func npmPackages(t *testing.T, folder string) string {
	t.Helper()
	npm, err := process.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed")
	}
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	dir := filepath.Join(cache, "wangge", fmt.Sprintf("npm-%x", sha256.Sum256(lock))[:24])
	if _, missing := os.Stat(dir); err == nil && missing == nil {
		return filepath.Join(dir, "node_modules")
	}
	fresh := t.TempDir()
	if err := os.CopyFS(fresh, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	install := process.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--prefer-offline")
	install.Dir = fresh
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	if err := cmp.Or(os.MkdirAll(filepath.Dir(dir), 0o755), os.Rename(fresh, dir)); err != nil {
		return filepath.Join(fresh, "node_modules") // kept nowhere, or another test was faster
	}
	return filepath.Join(dir, "node_modules")
}
