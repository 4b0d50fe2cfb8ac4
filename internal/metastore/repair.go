package metastore

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/sqlitedb"
)

// folder returns the path of a partition in Hive's layout: key=value/key=value.
func (t *Table) folder(values []string) string {
	var parts []string
	for i, k := range t.Keys {
		parts = append(parts, escapeFolder(k.Name)+"="+escapeFolder(values[i]))
	}
	return strings.Join(parts, "/")
}

// escapeFolder writes what can't stand in a folder's name as %XX (Hive, FileUtils.escapePathName).
func escapeFolder(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == 0x7f || strings.IndexByte(`"#%'*/:=?\{[]^`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// unescapeFolder reads what escapeFolder writes; other "%" stand for themselves.
func unescapeFolder(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// HiveFolder returns the path of a partition's folders, "k=a/l=b", as Hive writes it, of one in which other signs are escaped too.
func HiveFolder(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		name, value, _ := strings.Cut(s, "=")
		segments[i] = escapeFolder(unescapeFolder(name)) + "=" + escapeFolder(unescapeFolder(value))
	}
	return strings.Join(segments, "/")
}

// folderValues returns the values of the partition that an object below the table's location lies in, and its folder; ok is false where its path does not
// begin with a folder key=value for each key, in their order.
func (t *Table) folderValues(rest string) (values []string, folder string, ok bool) {
	segments := strings.Split(rest, "/")
	if len(segments) <= len(t.Keys) {
		return nil, "", false
	}
	for i, k := range t.Keys {
		name, value, ok := strings.Cut(segments[i], "=")
		if !ok || !strings.EqualFold(unescapeFolder(name), k.Name) || value == "" {
			return nil, "", false
		}
		values = append(values, unescapeFolder(value))
	}
	return values, strings.Join(segments[:len(t.Keys)], "/"), true
}

// repair carries out MSCK REPAIR TABLE: it adds the partitions whose folders lie below the table's location in Hive's layout, and says
// which have none any more (Athena User Guide, "MSCK REPAIR TABLE").
func (s *Store) repair(ctx context.Context, r *athenasql.RepairTable, session Session) (*Output, error) {
	t, err := s.mustChange(ctx, r.Table, session)
	if err != nil {
		return nil, err
	}
	if len(t.Keys) == 0 {
		return nil, execution("MetaException", "Table %s is not a partitioned table", t.Name)
	}
	found := map[string]string{} // by the folder that Hive would write, the folder that is there
	values := map[string][]string{}
	bad := map[string]string{}
	err = s.options.Folders(ctx, t.Location, func(url string) error {
		rest, ok := strings.CutPrefix(url, t.Location)
		if !ok {
			return nil
		}
		raw, folder, ok := t.folderValues(rest)
		if !ok {
			return nil
		}
		for i, k := range t.Keys {
			typ, err := parseHive(k.Type)
			if err != nil {
				return err
			}
			value, err := kept(raw[i], typ)
			if err != nil {
				bad[folder] = fmt.Sprintf("%s is no %s", literal(raw[i]), k.Type)
				return nil
			}
			raw[i] = value
		}
		name := t.folder(raw)
		found[name], values[name] = folder, raw
		return nil
	})
	if err != nil {
		return nil, err
	}
	// The listing may have taken long: other statements went on, and the table may be another, or gone.
	s.change.Lock()
	defer s.change.Unlock()
	again, err := s.mustChange(ctx, r.Table, session)
	if err != nil {
		return nil, err
	}
	if again.Location != t.Location || !slices.Equal(again.Keys, t.Keys) {
		return nil, execution("InvalidObjectException", "Table %s has changed while its folders were listed", t.Name)
	}
	have, err := s.added(ctx, t)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var gone []string
	for _, p := range have {
		name := t.folder(p.Values)
		known[name] = true
		if strings.HasPrefix(p.Location, t.Location) && found[name] == "" {
			gone = append(gone, t.Name+":"+name)
		}
	}
	var missing []Partition
	out := &Output{}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !known[name] {
			missing = append(missing, Partition{values[name], t.Location + found[name] + "/"})
			names = append(names, t.Name+":"+name)
		}
	}
	if len(names) > 0 {
		out.Lines = append(out.Lines, "Partitions not in metastore:\t"+strings.Join(names, "\t"))
	}
	if len(gone) > 0 {
		out.Lines = append(out.Lines, "Partitions missing from filesystem:\t"+strings.Join(gone, "\t"))
	}
	err = sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		return insert(ctx, tx, t, missing, func(Partition) error { return nil })
	})
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		out.Lines = append(out.Lines, "Repair: Added partition to metastore "+n)
	}
	for _, folder := range slices.Sorted(maps.Keys(bad)) {
		out.Lines = append(out.Lines, "Repair: Cannot add partition to metastore "+t.Name+":"+folder+": "+bad[folder])
	}
	return out, nil
}
