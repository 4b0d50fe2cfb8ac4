package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAthenaUnloadsPartitions reads what UNLOAD wrote into partitions as a table of them, whatever their keys are.
func TestAthenaUnloadsPartitions(t *testing.T) {
	s, _ := smallLake(t)
	folder := filepath.ToSlash(t.TempDir())
	var err error
	if s.athenaOutput, err = newAthenaOutput(AthenaOutput{Places: []string{folder}}, ""); err != nil {
		t.Fatal(err)
	}
	values := "VALUES (1, 'a', 7), (2, 'a/../../b', 7), (3, '../a', 8), (4, 'a%2Fb', 8), (5, 'a?b#c', 9), (6, NULL, 9), (7, '.', NULL), (8, 'é b', 9), (9, 'a', 7)"
	r, err := s.Athena(t.Context(), AthenaRequest{Text: "UNLOAD (SELECT * FROM (" + values + ") t (n, k, i)) TO 'file://" + folder + "/out/' " +
		"WITH (format = 'PARQUET', compression = 'SNAPPY', partitioned_by = ARRAY['k', 'i'])"})
	if err != nil {
		t.Fatal(err)
	}
	written := r.Statistics.Written
	if r.Statistics.Updated != 9 || len(written) < 8 || !slices.ContainsFunc(written, func(w string) bool { return strings.Contains(w, "/k=é b/i=9/") }) {
		t.Errorf("%d rows in %v", r.Statistics.Updated, written)
	}
	for _, w := range written {
		if _, err := os.Stat(strings.TrimPrefix(w, "file://")); err != nil || !strings.HasPrefix(w, "file://"+folder+"/out/k=") {
			t.Errorf("%s: %v", w, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	athenaLines(t, s, "CREATE EXTERNAL TABLE default.o (n int) PARTITIONED BY (k string, i int) STORED AS PARQUET LOCATION 'file://"+folder+"/out/'")
	athenaLines(t, s, "MSCK REPAIR TABLE default.o")
	want := []string{"1 a 7", "2 a/../../b 7", "3 ../a 8", "4 a%2Fb 8", "5 a?b#c 9", "6  9", "7 . ", "8 é b 9", "9 a 7"}
	if diff := cmp.Diff(want, athenaLines(t, s, "SELECT n, k, i FROM default.o ORDER BY n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"SELECT '' AS k, 1 AS n":                "must be the last columns",
		"SELECT 1 AS k":                         "must be the last columns",
		"SELECT 1 AS n, '' AS k":                "a partition key has a value that no partition can have",
		"SELECT IPADDRESS '::1' AS n, 'a' AS k": "Unsupported Hive type",
		"SELECT 1 AS n, a * 100 + b AS k FROM UNNEST(sequence(1, 20)) t (a), UNNEST(sequence(1, 60)) u (b)": "HIVE_TOO_MANY_OPEN_PARTITIONS",
	} {
		_, _, err := athenaTexts(t, s, "", "UNLOAD ("+text+") TO 'file://"+folder+"/refused/' WITH (format = 'PARQUET', partitioned_by = ARRAY['k'])")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := os.Stat(filepath.Join(folder, "refused")); err == nil {
			t.Errorf("%s: something was written", text)
		}
	}
	// A column that is named like a way out makes no folder elsewhere.
	_, _, err = athenaTexts(t, s, "", "UNLOAD (SELECT 1 AS n, 'a' AS \"../../k\") TO 'file://"+folder+"/up/' WITH (format = 'PARQUET', partitioned_by = ARRAY['../../k'])")
	entries, readErr := os.ReadDir(folder)
	if readErr != nil || len(entries) != 2 { // out and up
		t.Errorf("%v %v %v", err, entries, readErr)
	}
	for text, want := range map[string]string{
		"format = 'JSON', partitioned_by = ARRAY['k']":  "partitions of PARQUET alone",
		"format = 'PARQUET', partitioned_by = 'k'":      "array of names",
		"format = 'PARQUET', partitioned_by = ARRAY[1]": "array of names",
		"format = 'PARQUET', bucketed_by = ARRAY['k']":  "bucketed_by is not supported",
	} {
		if _, _, err := athenaTexts(t, s, "", "UNLOAD (SELECT 1 AS n, 'a' AS k) TO 'file://"+folder+"/no/' WITH ("+text+")"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
