package geopackage

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wangge/spatial"
)

// takes says whether a row was refused because another has a unique value of
// it.
func takes(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

// busy says whether another program's lock lasted too long.
func busy(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_BUSY
}

// refusedRow turns the violation of a constraint by a row into the rule's
// name. SQLite tells it only in words: the name of a CHECK, table and column
// of the others.
func refusedRow(s *spatial.Schema, row spatial.Row, err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) || failure.Code()&0xff != sqlite3.SQLITE_CONSTRAINT {
		return fmt.Errorf("%s %d: %w", s.ID, row.ID, err)
	}
	words := failure.Error()
	name := words[strings.LastIndex(words, ": ")+2:]
	name, _, _ = strings.Cut(name, " (")
	_, column, _ := strings.Cut(name, ".")
	refusal := &spatial.InvalidError{Rule: name, Where: fmt.Sprintf("%s %d", s.ID, row.ID), Detail: words}
	switch field := s.FieldIndex(column); failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		if field < 0 {
			return refusal // an index of another program, over several columns
		}
		refusal.Rule = s.Constraint(column, "unique")
		refusal.Where += ", field " + column
		refusal.Detail = fmt.Sprintf("the value %q is taken", row.Values[field])
		refusal.Fix = "give every " + column + " once"
	case sqlite3.SQLITE_CONSTRAINT_NOTNULL:
		refusal.Rule = s.Constraint(column, "required")
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		refusal.Rule, refusal.Detail = "id_unique", "the id is taken"
	}
	return refusal
}

// brokenReference finds out which reference made a commit fail; the
// transaction is still open.
func (t *tx) brokenReference(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) || failure.Code() != sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY {
		return err
	}
	var table, parent, column string
	var id, key int64
	if t.row("PRAGMA foreign_key_check", &table, &id, &parent, &key) != nil {
		return err
	}
	if t.row(fmt.Sprintf("SELECT \"from\" FROM pragma_foreign_key_list('%s') WHERE id = %d", table, key), &column) != nil {
		return err
	}
	var value string
	if t.row(fmt.Sprintf("SELECT CAST(%s AS TEXT) FROM %s WHERE id = %d", quote(column), quote(table), id), &value) != nil {
		return err
	}
	return &spatial.InvalidError{Rule: table + "_" + column + "_references", Where: fmt.Sprintf("%s %d, field %s", table, id, column),
		Detail: fmt.Sprintf("nothing in %s has the code %q", parent, value), Fix: "put what is referred to in the same change, or refer to something else"}
}
