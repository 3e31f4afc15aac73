package geopackage

import (
	"fmt"
	"strings"

	"wangge/spatial"
)

// createTriggers are the statements that make any program log its edits of a
// layer. They use nothing that a plain SQLite of 2010 lacks, and no table but
// the bookkeeping's, so that they never stand in the way of an edit.
//
// INSERT OR REPLACE removes rows that have a unique value of the new one
// without firing triggers of removal (sqlite.org/lang_conflict.html), so the
// triggers before an edit log the rows it may replace.
func createTriggers(s *spatial.Schema) []string {
	header := func(string) string { return "NULL" }
	if s.Geometry != spatial.NoGeometry {
		header = func(row string) string { return "substr(" + row + ".geom, 1, 72)" }
	}
	inserted := logEdit(s.ID, "NEW.id", "NULL", header("NEW"), "")
	deleted := logEdit(s.ID, "OLD.id", header("OLD"), "NULL", "")
	updated := logEdit(s.ID, "OLD.id", header("OLD"), header("NEW"), "") +
		logEdit(s.ID, "NEW.id", "NULL", header("NEW"), "WHERE NEW.id != OLD.id")
	all := []string{
		trigger(s.ID, "insert", "AFTER INSERT", "", inserted),
		trigger(s.ID, "update", "AFTER UPDATE", "", updated),
		trigger(s.ID, "delete", "AFTER DELETE", "", deleted),
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Unique {
			all = append(all, replaceTriggers(s, f, header("t"))...)
		}
	}
	return all
}

// replaceTriggers log the rows that give way to one with their value of a
// field. Most edits meet none.
func replaceTriggers(s *spatial.Schema, f *spatial.Field, header string) []string {
	taken := fmt.Sprintf("FROM %s AS t WHERE %[2]s = NEW.%[2]s", quote(string(s.ID)), quote(f.Name))
	replaced := logEdit(s.ID, "t.id", header, "NULL", ", "+strings.TrimPrefix(taken, "FROM "))
	return []string{
		trigger(s.ID, "insert_"+f.Name, "BEFORE INSERT", fmt.Sprintf("WHEN EXISTS (SELECT 1 %s)", taken), replaced),
		trigger(s.ID, "update_"+f.Name, "BEFORE UPDATE OF "+quote(f.Name),
			fmt.Sprintf("WHEN NEW.%[1]s IS NOT OLD.%[1]s AND EXISTS (SELECT 1 %[2]s)", quote(f.Name), taken), replaced),
	}
}

func trigger(id spatial.LayerID, name, event, when, body string) string {
	return fmt.Sprintf(`CREATE TRIGGER "wangge_%[1]s_%[2]s" %[3]s ON %[4]s %[5]s BEGIN
	UPDATE wangge_store SET version = version + 1 WHERE NOT committing;
	UPDATE wangge_layer SET version = (SELECT version FROM wangge_store) WHERE id = '%[1]s';%[6]s
	DELETE FROM wangge_edit WHERE n <= (SELECT max(n) FROM wangge_edit) - %[7]d; END`,
		id, name, event, quote(string(id)), when, body, editLimit)
}

// logEdit is a statement of a trigger.
func logEdit(id spatial.LayerID, row, before, after, from string) string {
	return fmt.Sprintf(`
	INSERT INTO wangge_edit (version, layer, row, before, after) SELECT s.version, '%s', %s, %s, %s FROM wangge_store AS s %s;`,
		id, row, before, after, from)
}

// dropTriggers are the statements that remove all triggers of ours from a
// layer, those of the first format among them.
func (t *tx) dropTriggers(id spatial.LayerID) error {
	names, err := t.texts("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? AND name GLOB 'wangge_*'", string(id))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := t.exec("DROP TRIGGER " + quote(name)); err != nil {
			return err
		}
	}
	return nil
}
