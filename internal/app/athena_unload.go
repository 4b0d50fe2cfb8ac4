package app

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/awsapi/athena"
	"weir/internal/metastore"
	"weir/internal/query/duckdb"
)

// unloading is what the properties of UNLOAD ask for.
type unloading struct {
	format      string // PARQUET, JSON or TEXTFILE
	compression string // of DuckDB, for Parquet
	delimiter   string // of TEXTFILE
	keys        []string
}

// unload writes the rows of a query where the server may write: into one object, or one or more for each partition, below folders that are named as Hive does. The place must be empty.
// What was sent before one that fails stays, as in Athena.
//
// Source: Athena User Guide, "UNLOAD".
func (a *athenaRun) unload(ctx context.Context, u *athenasql.Unload, parameters []string) error {
	o, err := unloadProperties(u)
	if err != nil {
		return err
	}
	if err := a.s.athenaOutput.Check(u.To, athena.OutputOptions{}); err != nil {
		return unusable(u.ToAt, "UNLOAD: %v", err)
	}
	in, err := a.compile(ctx, u.Query, parameters)
	if err != nil {
		return err
	}
	if err := o.check(u, in.Query.Columns); err != nil {
		return err
	}
	if err := a.writable(ctx, "UNLOAD", u.To, u.ToAt); err != nil {
		return err
	}
	folder, err := newFolder(madeTables(a.s.lake.Data()))
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if len(o.keys) > 0 {
		err = a.copy(ctx, in, folder, made{compression: o.compression, keys: o.keys})
	} else {
		err = a.unloadBounded(ctx, in, o, folder)
	}
	if err != nil {
		return err
	}
	return a.send(ctx, folder, u.To, u.Query.Span)
}

// writable refuses a place that the server may not write to, or that has objects; what asks for it is named.
func (a *athenaRun) writable(ctx context.Context, what, location string, at athenasql.Span) error {
	output := a.s.athenaOutput
	if err := output.Check(location, athena.OutputOptions{}); err != nil {
		return unusable(at, "%s: %v", what, err)
	}
	empty, err := output.empty(ctx, location)
	if err != nil {
		return unusable(at, "%s: %v", what, err)
	}
	if !empty {
		return athenasql.Errorf("HIVE_PATH_ALREADY_EXISTS", at, "Target directory for %s is not empty: %s", what, location).WithHint("name a folder that has no objects yet")
	}
	return nil
}

// check refuses columns that Parquet has not, and keys that are not the last columns.
func (o *unloading) check(u *athenasql.Unload, columns []compile.Result) error {
	for _, c := range columns {
		if o.format == "PARQUET" && !storable(c.Type) {
			return athenasql.Errorf(athenasql.CodeNotSupported, u.Query.Span, "Unsupported Hive type: %s", c.Type).WithHint("column " + c.Name + " can be cast to varchar")
		}
	}
	return checkKeys(u.Span, columns, o.keys)
}

// unloadBounded writes one file into a folder, as far as there is room.
func (a *athenaRun) unloadBounded(ctx context.Context, in duckdb.AthenaInput, o unloading, folder string) error {
	most, err := a.s.madeRoom()
	if err != nil {
		return err
	}
	bounded, ended := boundFolder(ctx, folder, most, 0)
	return ended(a.unloadFile(bounded, in, o, folder))
}

// send writes the files of a folder below a location. Each has a name, by which those of two statements differ, and the ending of its file.
func (a *athenaRun) send(ctx context.Context, folder, location string, query athenasql.Span) error {
	name := a.now.UTC().Format("20060102_150405") + "_" + filepath.Base(folder)
	names := map[string]string{} // by their files
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(folder, filepath.Dir(path))
		if rel == "." {
			rel = ""
		} else {
			rel = metastore.HiveFolder(filepath.ToSlash(rel)) + "/" // DuckDB escapes what is not ASCII, too
		}
		if strings.Contains(rel, "=/") {
			err = emptyKey(query)
		}
		ending := strings.TrimPrefix(strings.TrimSuffix(e.Name(), ".parquet"), "rows")
		if len(ending) > 0 && ending[0] != '.' {
			ending = "_" + ending // of several in a partition
		}
		names[path] = rel + name + ending
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		at := strings.TrimRight(location, "/") + "/" + names[path]
		if err := putFile(ctx, a.s.athenaOutput, path, at); err != nil {
			return err
		}
		a.result.Statistics.Written = append(a.result.Statistics.Written, at)
	}
	return nil
}

// putFile writes a file to a location.
func putFile(ctx context.Context, output *athenaOutput, path, location string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return output.put(ctx, location, file, athena.OutputOptions{})
}

// unloadFile writes the rows of a query into a file of a folder.
func (a *athenaRun) unloadFile(ctx context.Context, in duckdb.AthenaInput, o unloading, folder string) error {
	path := filepath.Join(folder, "rows")
	if o.format == "PARQUET" {
		rows, cost, err := a.s.engine.AthenaCopy(ctx, in, duckdb.AthenaCopyOptions{Path: path, Compression: o.compression}, a.limits())
		a.result.cost(cost)
		a.result.Statistics.Updated = rows
		return err
	}
	rows, err := a.s.engine.Athena(ctx, in, a.limits())
	if err != nil {
		return err
	}
	defer rows.Close()
	a.result.cost(rows.Cost)
	file, err := os.OpenFile(path+".gz", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(file)
	w := bufio.NewWriter(z)
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = o.write(w, row, in.Query.Columns)
		}
		if err != nil {
			return errors.Join(err, file.Close())
		}
	}
	a.result.Statistics.Updated = rows.Rows()
	return errors.Join(w.Flush(), z.Close(), file.Close())
}

// write writes a row as a line.
func (o *unloading) write(w *bufio.Writer, row []any, columns []compile.Result) error {
	if o.format == "JSON" {
		return writeJSONRow(w, row, columns)
	}
	for i, v := range row {
		if i > 0 {
			_, _ = w.WriteString(o.delimiter) // what fails shows at Flush
		}
		text, ok := types.Text(v, columns[i].Type)
		switch {
		case !ok:
			text = `\N`
		case strings.ContainsAny(text, "\n\r"+o.delimiter):
			return athenasql.Errorf(athenasql.CodeNotSupported, athenasql.Span{}, "a value of column %s has the delimiter or a line feed in it", columns[i].Name).
				WithHint("format = 'JSON' or 'PARQUET', or another field_delimiter")
		}
		_, _ = w.WriteString(text)
	}
	return w.WriteByte('\n')
}

// writeJSONRow writes a row as an object with its columns in order. NULLs are left out, as Athena does.
func writeJSONRow(w *bufio.Writer, row []any, columns []compile.Result) error {
	_ = w.WriteByte('{')
	first := true
	for i, v := range row {
		if v == nil {
			continue
		}
		value, err := json.Marshal(jsonValue(v, columns[i].Type))
		if err != nil {
			return err
		}
		name, err := json.Marshal(columns[i].Name)
		if err != nil {
			return err
		}
		if !first {
			_ = w.WriteByte(',')
		}
		first = false
		_, _ = w.Write(name)
		_ = w.WriteByte(':')
		_, _ = w.Write(value)
	}
	_, err := w.WriteString("}\n")
	return err
}

// jsonValue returns a value as JSON has it: numbers and booleans as such, arrays as lists, and others as their texts.
func jsonValue(v any, t types.Type) any {
	switch x := v.(type) {
	case nil, bool, int8, int16, int32:
		return x
	case int64:
		if t.IsNumeric() {
			return x
		}
	case float32:
		return jsonFloat(float64(x))
	case float64:
		return jsonFloat(x)
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = jsonValue(x[i], t.Elems[0])
		}
		return out
	}
	text, _ := types.Text(v, t)
	if t.Kind == types.Decimal || t.IsInteger() {
		return json.RawMessage(text)
	}
	return text
}

// jsonFloat returns a number that JSON has, or its name.
func jsonFloat(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return types.Float(f, 64)
	}
	return f
}

// unloadProperties reads WITH (...) of UNLOAD.
func unloadProperties(u *athenasql.Unload) (unloading, error) {
	o := unloading{compression: "gzip", delimiter: "\x01"}
	for _, p := range u.Properties {
		refuse := func(format string, args ...any) (unloading, error) {
			return o, athenasql.Errorf(athenasql.CodeNotSupported, p.Span, format, args...).
				WithHint("format = 'PARQUET', 'JSON' or 'TEXTFILE'; compression = 'GZIP', of Parquet also 'SNAPPY', 'ZSTD', 'LZ4' or 'NONE'; field_delimiter; partitioned_by = ARRAY['key'], of Parquet")
		}
		if p.Name.Text == "partitioned_by" {
			var ok bool
			if o.keys, ok = partitionKeys(p.Value); !ok {
				return refuse("UNLOAD: partitioned_by is an array of names of columns")
			}
			continue
		}
		text, isText := p.Value.(*athenasql.String)
		if !isText {
			return refuse("UNLOAD: %s is not supported", p.Name.Text)
		}
		switch value := strings.ToUpper(text.Value); p.Name.Text {
		case "format":
			if o.format = value; value != "PARQUET" && value != "JSON" && value != "TEXTFILE" {
				return refuse("UNLOAD: the format %s is not supported", text.Value)
			}
		case "compression":
			if o.compression = parquetCompressions[value]; o.compression == "" {
				return refuse("UNLOAD: the compression %s is not supported", text.Value)
			}
		case "field_delimiter":
			if o.delimiter = text.Value; len(o.delimiter) != 1 {
				return refuse("UNLOAD: a field_delimiter is one byte")
			}
		default:
			return refuse("UNLOAD: %s is not supported", p.Name.Text)
		}
	}
	switch {
	case o.format == "":
		return o, athenasql.Errorf(athenasql.CodeInvalidArguments, u.Span, "UNLOAD needs a format").WithHint("WITH (format = 'PARQUET')")
	case o.format != "PARQUET" && o.compression != "gzip":
		return o, athenasql.Errorf(athenasql.CodeNotSupported, u.Span, "UNLOAD writes %s with gzip alone", o.format)
	case o.format != "PARQUET" && len(o.keys) > 0:
		return o, athenasql.Errorf(athenasql.CodeNotSupported, u.Span, "UNLOAD writes partitions of PARQUET alone, not of %s", o.format)
	}
	return o, nil
}
