package format

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"wangge/spatial"
)

// shapefileParts are the files that a shapefile consists of; nil those that
// it has not.
type shapefileParts struct {
	name          string // of the layer, without an extension
	shp, shx, dbf *os.File
	prj, cpg      string // their texts
	fields        string // of the list of whole names that WriteShapefile adds
	hasPRJ        bool
	folder        string // of files unpacked, to be removed; "" if none
	notes         []string
}

// partNames are the extensions of the files that matter here.
var partNames = []string{".shp", ".shx", ".dbf", ".prj", ".cpg", fieldList}

// fieldList ends the name of the list of fields that [WriteShapefile] adds.
const fieldList = ".fields.csv"

const (
	// maxUnpacked is the most that one layer of an archive may take on the
	// disk: a .shp and a .dbf can have no more than 4 GiB each by their format.
	maxUnpacked = 8 << 30
	maxText     = 1 << 16 // bytes of a .prj or .cpg that are read
)

func (p *shapefileParts) close() error {
	var errs []error
	for _, f := range []*os.File{p.shp, p.shx, p.dbf} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	if p.folder != "" {
		errs = append(errs, os.RemoveAll(p.folder))
	}
	return errors.Join(errs...)
}

// openParts finds the files of a shapefile by the path of its .shp or .dbf,
// or of an archive; "towns.zip:roads" is the layer roads of the archive.
func openParts(path string) (*shapefileParts, error) {
	archive, layer := splitLayer(path)
	if strings.EqualFold(filepath.Ext(archive), ".zip") {
		return unpackParts(archive, layer, maxUnpacked)
	}
	return looseParts(path)
}

// splitLayer parts "FILE.zip:layer".
func splitLayer(path string) (archive, layer string) {
	at := strings.LastIndex(strings.ToLower(path), ".zip:")
	if at < 0 {
		return path, ""
	}
	return path[:at+4], path[at+5:]
}

// looseParts opens the files that stand beside one another, whatever the case
// of their names.
func looseParts(path string) (*shapefileParts, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	base := strings.TrimSuffix(name, filepath.Ext(name))
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	p := &shapefileParts{name: base}
	for _, part := range partNames {
		found := pick(entries, base, part)
		if strings.EqualFold(filepath.Ext(name), part) {
			found = name
		}
		if found == "" {
			continue
		}
		if err := p.take(part, filepath.Join(filepath.Dir(path), found)); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

// pick is the file of a base and extension, the one of just this spelling if
// there is more than one.
func pick(entries []fs.DirEntry, base, part string) string {
	found := ""
	for _, e := range entries {
		if e.Name() == base+part {
			return e.Name()
		}
		if strings.EqualFold(e.Name(), base+part) && !e.IsDir() {
			found = e.Name()
		}
	}
	return found
}

// take opens one of the files, or reads it if it is a short text.
func (p *shapefileParts) take(part, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	switch part {
	case ".shp":
		p.shp = file
		return nil
	case ".shx":
		p.shx = file
		return nil
	case ".dbf":
		p.dbf = file
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxText))
	switch part {
	case ".prj":
		p.prj, p.hasPRJ = string(text), true
	case ".cpg":
		p.cpg = string(text)
	case fieldList:
		p.fields = string(text)
	}
	return err
}

// archived are the files of one layer in an archive by their extension.
type archived struct {
	name  string
	parts map[string]*zip.File
}

// unpackParts unpacks a layer of an archive into a folder of its own, which
// closing removes. limit is the most bytes it may take.
func unpackParts(path, layer string, limit int64) (*shapefileParts, error) {
	archive, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) {
		return nil, &spatial.InvalidError{Rule: "zip_format", Where: filepath.Base(path), Detail: "the file is no zip archive, or is cut off at its end",
			Fix: "get a whole copy of it, or give the .shp itself"}
	}
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	found, notes, err := chooseLayer(path, layer, archive.File)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "wangge-shapefile-*")
	if err != nil {
		return nil, err
	}
	p := &shapefileParts{name: found.name, folder: folder, notes: notes}
	for _, part := range partNames {
		file := found.parts[part]
		if file == nil {
			continue
		}
		unpacked := filepath.Join(folder, "layer"+part)
		n, err := unpack(file, unpacked, limit)
		if err == nil {
			err = p.take(part, unpacked)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s in %s: %w", found.name+part, filepath.Base(path), err), p.close())
		}
		limit -= n
	}
	return p, nil
}

func unpack(file *zip.File, path string, limit int64) (n int64, err error) {
	bad := func(detail, fix string) error {
		return &spatial.InvalidError{Rule: "zip_format", Detail: detail, Fix: fix}
	}
	if file.Flags&1 != 0 {
		return 0, bad("the archive is locked by a password", "unpack it and give the .shp")
	}
	from, err := file.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return 0, bad("the archive is packed in a way that is not read here", "unpack it and give the .shp")
	}
	if err != nil {
		return 0, bad("the archive is damaged: "+err.Error(), "get a whole copy of it")
	}
	defer from.Close()
	to, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(to, io.LimitReader(from, limit+1))
	switch {
	case n > limit:
		err = bad(fmt.Sprintf("unpacked it has more than %d MiB, the most that is unpacked here", limit>>20), "unpack it and give the .shp")
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF), err != nil && strings.HasPrefix(err.Error(), "flate:"):
		err = bad("the archive is damaged: "+err.Error(), "get a whole copy of it")
	}
	return n, errors.Join(err, to.Close())
}

// chooseLayer finds the one shapefile of an archive, or that of a name.
func chooseLayer(path, layer string, files []*zip.File) (archived, []string, error) {
	shapes, tables := layersOf(files)
	bad := func(detail, fix string) (archived, []string, error) {
		return archived{}, nil, &spatial.InvalidError{Rule: "shapefile_layer", Where: filepath.Base(path), Detail: detail, Fix: fix}
	}
	names := func(all []archived) string {
		var list []string
		for _, a := range all {
			list = append(list, a.name)
		}
		return strings.Join(list, ", ")
	}
	all := slices.Concat(shapes, tables)
	switch i := slices.IndexFunc(all, func(a archived) bool { return strings.EqualFold(a.name, layer) }); {
	case layer != "" && i >= 0:
		return all[i], nil, nil
	case layer != "":
		return bad(fmt.Sprintf("the archive has no layer %q", layer), "give one of "+names(all))
	case len(shapes) == 1 && len(tables) > 0:
		return shapes[0], []string{"the archive has tables beside the shapefile, which were left out: " + names(tables)}, nil
	case len(all) == 0:
		return bad("the archive has no shapefile: neither a .shp nor a .dbf", "give an archive with one")
	case len(all) > 1:
		return bad(fmt.Sprintf("the archive has %d layers: %s", len(all), names(all)), fmt.Sprintf("name one: --sheet %s", all[0].name))
	}
	return all[0], nil, nil
}

// layersOf groups the files of an archive by folder and name, without regard
// to case, into shapefiles and tables without one. Layers of one name in two
// folders have their folder in the name.
func layersOf(files []*zip.File) (shapes, tables []archived) {
	groups, order := map[string]*archived{}, []string{}
	for _, file := range files {
		name := archivedName(file)
		extension := strings.ToLower(filepath.Ext(name))
		if strings.HasSuffix(strings.ToLower(name), fieldList) {
			extension = fieldList
		}
		if !slices.Contains(partNames, extension) || isJunk(name) {
			continue
		}
		base := name[:len(name)-len(extension)]
		key := strings.ToLower(base)
		if groups[key] == nil {
			groups[key] = &archived{name: base, parts: map[string]*zip.File{}}
			order = append(order, key)
		}
		groups[key].parts[extension] = file
	}
	for _, key := range order {
		switch g := groups[key]; {
		case g.parts[".shp"] != nil:
			shapes = append(shapes, *g)
		case g.parts[".dbf"] != nil:
			tables = append(tables, *g)
		}
	}
	return shorten(shapes), shorten(tables)
}

// shorten leaves out the folders where the name alone says which is meant.
func shorten(layers []archived) []archived {
	last := func(name string) string { return name[strings.LastIndex(name, "/")+1:] }
	count := map[string]int{}
	for _, l := range layers {
		count[strings.ToLower(last(l.name))]++
	}
	for i, l := range layers {
		if count[strings.ToLower(last(l.name))] == 1 {
			layers[i].name = last(l.name)
		}
	}
	return layers
}

// archivedName is the name of an archive's file in UTF-8, with slashes. Old
// Chinese programs write it in GBK, others in code page 437.
func archivedName(file *zip.File) string {
	name := file.Name
	if !utf8.ValidString(name) {
		if s, ok := gbkText.strict([]byte(name)); ok {
			name = s
		} else {
			name, _ = charmap.CodePage437.NewDecoder().String(name)
		}
	}
	return strings.ReplaceAll(name, `\`, "/")
}

// isJunk knows what macOS leaves in archives.
func isJunk(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/") || strings.HasPrefix(name[strings.LastIndex(name, "/")+1:], "._")
}
