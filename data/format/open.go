package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"wangge/spatial"
)

// Source says how a file is to be opened; the zero Source leaves all to the
// file.
type Source struct {
	Encoding string // of text in .csv and .dbf files, by the user's word
	Sheet    string // of a workbook, table of a GeoPackage, or layer of a .zip
	AnyCRS   bool   // the user gives the coordinate system: one that is declared and not known does not matter
}

// Open opens a file as features, by its first bytes and its extension:
// GeoJSON (.geojson .json .ndjson .geojsonl .geojsons), delimited text (.csv
// .tsv .txt), a workbook (.xlsx), a Shapefile (.shp, or a .zip with one), a
// GeoPackage (.gpkg). The caller closes it.
func Open(path string, s Source) (Features, error) {
	extension := strings.ToLower(filepath.Ext(path))
	switch extension {
	case ".shp", ".dbf", ".zip":
		if extension == ".zip" && s.Sheet != "" {
			path += ":" + s.Sheet
		}
		return openShapefile(path, s.Encoding, s.AnyCRS)
	case ".gpkg":
		return openGeoPackage(path, s.Sheet, s.AnyCRS)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, fmt.Errorf("%s is no regular file: pipes and devices are not read", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	features, err := open(file, extension, s)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", filepath.Base(path), err), file.Close())
	}
	return features, nil
}

func open(file *os.File, extension string, s Source) (Features, error) {
	head := make([]byte, 8)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	zipped := bytes.HasPrefix(head[:n], []byte("PK\x03\x04"))
	switch {
	case bytes.HasPrefix(head[:n], []byte("\xd0\xcf\x11\xe0")):
		return nil, &spatial.InvalidError{Rule: "file_kind", Detail: "it is a workbook of Excel 97–2003, or one with a password", Fix: "open it in Excel and save it as .xlsx without a password"}
	case extension == ".xlsx" || extension == ".xlsm" || zipped && extension == ".xls":
		info, err := file.Stat()
		if err != nil {
			return nil, err
		}
		return OpenXLSX(file, info.Size(), file, s.Sheet)
	case zipped:
		return nil, &spatial.InvalidError{Rule: "file_kind", Detail: fmt.Sprintf("it is a ZIP archive called %q", extension), Fix: "name a workbook .xlsx and a zipped Shapefile .zip"}
	case extension == ".geojson", extension == ".json", extension == ".ndjson", extension == ".geojsonl", extension == ".geojsons":
		return OpenGeoJSON(file)
	case extension == ".csv", extension == ".tsv", extension == ".txt":
		return OpenCSV(file, s.Encoding)
	}
	return nil, &spatial.InvalidError{Rule: "file_kind", Detail: fmt.Sprintf("files of the kind %q cannot be read", extension),
		Fix: "give GeoJSON, GeoPackage, Shapefile, CSV or XLSX; ogr2ogr converts most others: ogr2ogr new.gpkg " + filepath.Base(file.Name())}
}
