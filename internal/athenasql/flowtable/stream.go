package flowtable

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
)

// Stream is what one flow log delivered in one form.
type Stream struct {
	// FlowLogID is the flow log's id, "" where the names of the objects do not tell it.
	FlowLogID string
	Layout    Layout
	Parquet   bool
	// Header says that text objects begin with the names of the fields.
	Header  bool
	Format  flowlog.Format
	Folders []Folder
	// Newest is the slot, or the day, of the newest object.
	Newest time.Time
}

// name returns what a stream is called.
func (s *Stream) name() string {
	if s.FlowLogID != "" {
		return "flow log " + s.FlowLogID
	}
	if len(s.Folders) == 0 {
		return "objects in " + s.Layout.Root
	}
	return fmt.Sprintf("objects of account %s in %s", s.Folders[0].Account, s.Folders[0].Region)
}

// Tables puts streams that a table can have in common together. Notes say what a table does not have: records of a text table
// all have the same fields in the same order, so that where flow logs of other formats lie in the same folders, the newest wins.
func Tables(streams []*Stream, database, name string) (tables []*Table, notes []string) {
	type group struct {
		layout          Layout
		parquet, header bool
		kind            flowlog.Kind
	}
	groups := map[group][]*Stream{}
	var order []group
	for _, s := range newestFirst(streams) {
		g := group{s.Layout, s.Parquet, s.Header, s.Format.Kind()}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], s)
	}
	for _, g := range order {
		made, said := tablesOf(groups[g])
		tables, notes = append(tables, made...), append(notes, said...)
	}
	notes = append(notes, overlaps(tables)...)
	nameTables(tables, database, name)
	return tables, notes
}

// newestFirst returns streams by their newest object.
func newestFirst(streams []*Stream) []*Stream {
	return slices.SortedStableFunc(slices.Values(streams), func(a, b *Stream) int {
		return cmp.Or(b.Newest.Compare(a.Newest), cmp.Compare(a.FlowLogID, b.FlowLogID))
	})
}

// tablesOf makes tables of streams that have all but their format in common, the newest first.
func tablesOf(streams []*Stream) (tables []*Table, notes []string) {
	var lead []*Stream // the first stream of each table
	for _, s := range streams {
		at := slices.IndexFunc(lead, func(l *Stream) bool { return s.Parquet || s.Format.Equal(l.Format) })
		if at < 0 {
			if i := slices.IndexFunc(tables, func(t *Table) bool { return shareFolder(t.Folders, s.Folders) || t.Layout.Flat }); i >= 0 {
				notes = append(notes, fmt.Sprintf("%s has other fields than the table and lies in the same folders, so that its records would be read under wrong names there: %s",
					s.name(), s.Format.Header()))
				continue
			}
			lead = append(lead, s)
			tables = append(tables, &Table{
				Kind: s.Format.Kind(), Columns: columnsOf(s.Format), Parquet: s.Parquet, Header: s.Header, Layout: s.Layout, Folders: s.Folders,
			})
			continue
		}
		t := tables[at]
		if i := slices.IndexFunc(tables, func(o *Table) bool { return o != t && shareFolder(o.Folders, s.Folders) }); i >= 0 {
			notes = append(notes, s.name()+" lies in folders of flow logs with other fields, whose table does not have it")
			continue
		}
		t.Folders = joinFolders(t.Folders, s.Folders)
		for _, c := range columnsOf(s.Format) { // Parquet has its columns by name
			if !t.has(c.Name) {
				t.Columns = append(t.Columns, c)
			}
		}
	}
	return tables, notes
}

// shareFolder reports whether folders are of the same account and region.
func shareFolder(a, b []Folder) bool {
	return slices.ContainsFunc(a, func(f Folder) bool {
		return slices.ContainsFunc(b, func(g Folder) bool { return f.Account == g.Account && f.Region == g.Region })
	})
}

// joinFolders returns the folders of both, with the days of both, by account and region.
func joinFolders(a, b []Folder) []Folder {
	out := slices.Clone(a)
	for _, f := range b {
		i := slices.IndexFunc(out, func(g Folder) bool { return f.Account == g.Account && f.Region == g.Region })
		if i < 0 {
			out = append(out, f)
			continue
		}
		days := slices.SortedFunc(slices.Values(slices.Concat(out[i].Days, f.Days)), time.Time.Compare)
		out[i].Days = slices.CompactFunc(days, time.Time.Equal)
	}
	slices.SortFunc(out, func(a, b Folder) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	return out
}

// overlaps says where tables of different storage or fields lie in the same folders: Athena reads every object there.
func overlaps(tables []*Table) []string {
	var out []string
	for i, a := range tables {
		for _, b := range tables[i+1:] {
			switch {
			case a.Layout.Root != b.Layout.Root || a.Layout.Hive != b.Layout.Hive:
			case shareFolder(a.Folders, b.Folders) || a.Layout.Flat && b.Layout.Flat:
				out = append(out, fmt.Sprintf("objects of two forms (%s and %s) lie in the same folders below %s: Athena reads all of them for either table, and fails or shows rows that are none",
					a.form(), b.form(), a.Layout.Root))
			case shareFolder(projectedFolders(a), b.Folders) || shareFolder(projectedFolders(b), a.Folders):
				out = append(out, "projected partitions are of every account in every region, and some are of another table of these: --partitions none names each")
			}
		}
	}
	return slices.Compact(out)
}

// projectedFolders returns the folders that a table has where its partitions are projected: those of each account in each region.
func projectedFolders(t *Table) []Folder {
	var out []Folder
	for _, f := range t.Folders {
		for _, g := range t.Folders {
			out = append(out, Folder{Account: f.Account, Region: g.Region})
		}
	}
	return out
}

// form says in a few words what a table's objects are.
func (t *Table) form() string {
	form := "text"
	if t.Parquet {
		form = "Parquet"
	}
	if t.Kind == flowlog.KindTGW {
		form += " of transit gateways"
	}
	return form
}

// nameTables names tables: name, or the kind's own, and what tells further ones apart.
func nameTables(tables []*Table, database, name string) {
	taken := map[string]bool{}
	for _, t := range tables {
		base := cmp.Or(name, t.Kind.String()+"_flow_logs")
		tries := []string{base}
		if name != "" && t.Kind == flowlog.KindTGW {
			tries = append(tries, base+"_tgw")
		}
		if t.Parquet {
			tries = append(tries, base+"_parquet")
		}
		for n := 2; len(tries) <= len(tables)+3; n++ {
			tries = append(tries, fmt.Sprintf("%s_%d", base, n))
		}
		i := slices.IndexFunc(tries, func(n string) bool { return !taken[n] })
		t.Database, t.Name = database, strings.ToLower(tries[i])
		taken[t.Name] = true
	}
}
