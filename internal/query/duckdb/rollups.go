package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/rollup"
)

// rollupView is the view of a rollup's rows. It has the table's names for keys, bytes,
// packets and start, which is that of the row's time, and weir_hour without values, so
// that expressions over the table's columns are those over the rollup's.
const rollupView = "weir_rollup"

// rolls reports whether the request's rollup answers it over files: whether the names that it
// asks for do not change within a unit of the rollup's times.
func (s *session) rolls(q *request, files []lake.DataFile) bool {
	low, high, _ := recordTimes(files, s.scope)
	return !slices.ContainsFunc(q.nameColumns, func(c query.NameColumn) bool { return !s.names.Rolls(c, q.rollup, low, high) })
}

// rollupView makes the view of the request's rollup over the files of flow.records: of the
// rollups of those that have some, and of the records of the others, each of which is a row
// of its own. It has the names that the request asks for.
func (s *session) rollupView(ctx context.Context, q *request, files []lake.DataFile) error {
	r := q.rollup
	var rolled, plain []lake.DataFile
	for _, f := range files {
		if f.Rollups != "" {
			rolled = append(rolled, f)
		} else {
			plain = append(plain, f)
		}
	}
	var parts []string
	if len(rolled) > 0 {
		parts = append(parts, s.selectRollups(r, rolled))
	}
	if len(plain) > 0 || len(rolled) == 0 {
		parts = append(parts, s.selectRecords(r, plain))
	}
	text := strings.Join(parts, " UNION ALL ")
	if len(q.nameColumns) > 0 {
		text = "SELECT *, " + strings.Join(s.nameExprs(files, q.nameColumns), ", ") + " FROM (" + text + ")"
	}
	text = "CREATE OR REPLACE TEMP VIEW " + rollupView + " AS " + text
	if _, err := s.conn.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("cannot open the lake's rollups: %w", parseError(err, 0))
	}
	return nil
}

// selectRollups returns the SELECT of a rollup's rows from the rollups of files, within
// the scope.
func (s *session) selectRollups(r *rollup.Rollup, files []lake.DataFile) string {
	paths := make([]string, len(files))
	for i := range files {
		paths[i] = quote(files[i].Rollups)
	}
	where := rollup.ID + " = " + strconv.Itoa(int(r.ID))
	if scope := scopeCondition(s.scope, false); scope != "" {
		where += " AND " + scope
	}
	return "SELECT " + strings.Join(rollupColumns(r, `"start"`, rollup.Records), ", ") +
		" FROM read_parquet([" + strings.Join(paths, ", ") + "], hive_partitioning = false) WHERE " + where
}

// selectRecords returns the SELECT of a rollup's rows from the records of files.
func (s *session) selectRecords(r *rollup.Rollup, files []lake.DataFile) string {
	s.only = []string{"start", "weir_hour", "packets", "bytes"}
	for _, f := range r.Keys {
		s.only = append(s.only, flowlog.FieldByID(f).Column)
	}
	start := `coalesce("start", CAST(floor(epoch_us(weir_hour) / 1000000) AS BIGINT))`
	unit := strconv.FormatInt(r.Unit, 10)
	start = fmt.Sprintf("(%[1]s - ((%[1]s %% %[2]s) + %[2]s) %% %[2]s)", start, unit)
	text := "SELECT " + strings.Join(rollupColumns(r, start, "1"), ", ") + " FROM (" + s.selectFiles(flowlog.KindVPC, files) + ")"
	if r.Some {
		text += " WHERE " + someCondition()
	}
	return text
}

// rollupColumns returns the columns of the view.
func rollupColumns(r *rollup.Rollup, start, records string) []string {
	out := []string{start + ` AS "start"`, "CAST(NULL AS TIMESTAMP) AS weir_hour", "CAST(" + records + " AS BIGINT) AS " + rollup.Records, "packets", "bytes"}
	for _, f := range r.Keys {
		out = append(out, ident(flowlog.FieldByID(f).Column))
	}
	return out
}

// someCondition is met by the records that rollups of some records hold.
func someCondition() string {
	var ports []string
	for _, port := range rollup.Ports {
		ports = append(ports, strconv.FormatInt(port, 10))
	}
	return fmt.Sprintf("action = %s OR dstport BETWEEN 0 AND %d OR dstport IN (%s)", quote(rollup.Refused), rollup.LastSystemPort, strings.Join(ports, ", "))
}

// addRollupCost adds what reading a rollup costs: at most the rollups of files, or the
// columns in question of those that have none.
func (s *session) addRollupCost(cost *query.Cost, q *request, files []lake.DataFile) {
	columns := map[string]bool{}
	for _, name := range q.reads {
		columns[name] = true
	}
	s.addCost(cost, flowlog.KindVPC, files, columns)
	for i, f := range files {
		if f.Rollups == "" {
			continue
		}
		fc := &cost.Files[i]
		cost.Bytes += f.RollupBytes - fc.Bytes
		if rel, err := filepath.Rel(s.dir, f.Rollups); err == nil {
			fc.Path = rel
		}
		fc.Size, fc.Bytes = f.RollupBytes, f.RollupBytes
	}
}
