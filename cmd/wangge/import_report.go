package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wangge/data/format"
)

// problemList is a file of the problems of an import, one a row, written as
// they are found.
type problemList struct {
	file  *os.File
	out   *bufio.Writer
	table *csv.Writer // nil for JSON
	count int
	err   error
}

// listed is a problem in a list.
type listed struct {
	Row    int    `json:"row"`
	Column string `json:"column,omitempty"`
	Rule   string `json:"rule"`
	Where  string `json:"where"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"`
}

func newProblemList(path string) (*problemList, error) {
	extension := strings.ToLower(filepath.Ext(path))
	if extension != ".csv" && extension != ".json" {
		return nil, fmt.Errorf("--report %s: the report is a .csv or a .json file", path)
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--report: %w", err)
	}
	l := &problemList{file: file, out: bufio.NewWriter(file)}
	if extension == ".json" {
		_, l.err = l.out.WriteString(`{"problems": [`)
		return l, nil
	}
	_, l.err = l.out.WriteString("\ufeff")
	l.table = csv.NewWriter(l.out)
	l.keep(l.table.Write([]string{"row", "column", "rule", "where", "detail", "fix"}))
	return l, nil
}

func (l *problemList) keep(err error) { l.err = errors.Join(l.err, err) }

func (l *problemList) add(p format.Problem) {
	if l.err != nil {
		return
	}
	one := listed{p.Row, p.Column, p.Rule, p.Where, p.Detail, p.Fix}
	if l.count++; l.table != nil {
		l.keep(l.table.Write([]string{strconv.Itoa(one.Row), one.Column, one.Rule, one.Where, one.Detail, one.Fix}))
		return
	}
	raw, err := json.Marshal(one)
	l.keep(err)
	if l.count > 1 {
		l.keep(l.out.WriteByte(','))
	}
	_, err = fmt.Fprintf(l.out, "\n  %s", raw)
	l.keep(err)
}

// close ends the list; read is nil where the file could not be judged.
func (l *problemList) close(read *format.Import) error {
	if l.table != nil {
		l.table.Flush()
		l.keep(l.table.Error())
	} else {
		_, err := l.out.WriteString("\n]")
		l.keep(err)
		l.keep(l.counts(read))
		_, err = l.out.WriteString("}\n")
		l.keep(err)
	}
	l.keep(l.out.Flush())
	return errors.Join(l.err, l.file.Close())
}

func (l *problemList) counts(read *format.Import) error {
	if read == nil {
		return nil
	}
	r := &read.Report
	columns := map[string]string{}
	for _, m := range r.Mapping {
		columns[m.Column] = m.Field
	}
	raw, err := json.Marshal(map[string]any{"features": r.Features, "new": r.New, "changed": r.Changed, "unchanged": r.Unchanged,
		"deleted": r.Deleted, "refused": r.Refused, "columns": columns, "notes": r.Notes})
	if err == nil {
		_, err = fmt.Fprintf(l.out, ",\n%s", raw[1:len(raw)-1])
	}
	return err
}
