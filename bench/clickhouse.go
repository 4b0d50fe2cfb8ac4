package main

import (
	"bufio"
	"context"
	_ "embed" // for chdb.py
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clickHouseTable makes the table of both ClickHouses, for the type of addresses. It is
// kind to them: words are coded by dictionaries, which was experimental in Debian's
// version and makes it up to twice as fast there.
func clickHouseTable(address string) string {
	return `CREATE TABLE records (version UInt8, account_id LowCardinality(String), interface_id LowCardinality(String),
	srcaddr ` + address + `, dstaddr ` + address + `, srcport UInt16, dstport UInt16, protocol UInt8, packets UInt64, bytes UInt64,
	start UInt32, end UInt32, action LowCardinality(String), log_status LowCardinality(String))
	ENGINE = MergeTree ORDER BY (intDiv(start, 3600), interface_id, start)`
}

// clickHouseQuestions are Q1 to Q5. text makes text of an address, inside and public
// are the conditions of Q5.
func clickHouseQuestions(text func(string) string, inside, public string) map[string]string {
	return map[string]string{
		"Q1": `SELECT ` + text("srcaddr") + `, b FROM (SELECT srcaddr, sum(bytes) AS b FROM records GROUP BY srcaddr ORDER BY b DESC LIMIT 10)`,
		"Q2": `SELECT dstport, count() AS n FROM records WHERE action = 'REJECT' GROUP BY dstport ORDER BY n DESC, dstport`,
		"Q3": `SELECT minute, ` + text("srcaddr") + `, n FROM (SELECT start - start % 60 AS minute, srcaddr, count() AS n FROM records
			WHERE dstport IN (22, 3389) AND protocol = 6 GROUP BY minute, srcaddr ORDER BY minute, srcaddr)`,
		"Q4": `SELECT start - start % 300 AS slot, interface_id, sum(bytes) AS b FROM records GROUP BY slot, interface_id ORDER BY slot, interface_id`,
		"Q5": `SELECT ` + text("srcaddr") + `, ` + text("dstaddr") + `, b FROM (SELECT srcaddr, dstaddr, sum(bytes) AS b FROM records
			WHERE ` + inside + ` AND ` + public + ` GROUP BY srcaddr, dstaddr ORDER BY b DESC LIMIT 10)`,
	}
}

// clickHouse is a server of one's own, of the version that Debian has. It knows no
// type of addresses: IPv4 is a number.
type clickHouse struct {
	dir, url, version, how string
	cmd                    *exec.Cmd
	questions              map[string]string
}

// clickHouseConfig is all that the server needs: the folder and its ports.
const clickHouseConfig = `<yandex>
<logger><level>warning</level><log>%[1]s/server.log</log><errorlog>%[1]s/error.log</errorlog></logger>
<http_port>%[2]d</http_port><tcp_port>%[3]d</tcp_port><listen_host>127.0.0.1</listen_host>
<path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><user_files_path>%[1]s/files/</user_files_path>
<mark_cache_size>5368709120</mark_cache_size><users_config>%[1]s/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
</yandex>
`

// clickHouseUsers is its one user, for whom a type is allowed that was new then.
const clickHouseUsers = `<yandex>
<profiles><default><allow_experimental_low_cardinality_type>1</allow_experimental_low_cardinality_type></default></profiles>
<quotas><default></default></quotas>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
</yandex>
`

func loadClickHouse(ctx context.Context, b *bench) (_ loaded, err error) {
	dir, err := filepath.Abs(filepath.Join(b.dir, "clickhouse"))
	if err != nil {
		return nil, err
	}
	text := func(column string) string { return "IPv4NumToString(" + column + ")" }
	public := "NOT (" + eachNotPublic(" OR ", func(_ string, first, last netip.Addr) string {
		return fmt.Sprintf("srcaddr BETWEEN %d AND %d", number(first), number(last))
	}) + ")"
	inside := netip.MustParsePrefix("10.0.0.0/16").Addr()
	c := &clickHouse{dir: dir, questions: clickHouseQuestions(text, fmt.Sprintf("dstaddr BETWEEN %d AND %d", number(inside), number(inside)+1<<16-1), public)}
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	version, err := c.query(ctx, "SELECT version()", nil)
	if err != nil {
		return nil, err
	}
	c.version = strings.TrimSpace(string(version))
	path := filepath.Join(dir, "records.tsv")
	if err := b.writeRecords(path, func(out, _ []byte, fields [][]byte) []byte {
		src, ok := ipv4(fields[srcAddr])
		dst, also := ipv4(fields[dstAddr])
		if !ok || !also {
			return out
		}
		fields[srcAddr], fields[dstAddr] = strconv.AppendUint(nil, uint64(src), 10), strconv.AppendUint(nil, uint64(dst), 10)
		return tabbed(out, fields)
	}); err != nil {
		return nil, err
	}
	if _, err := c.query(ctx, clickHouseTable("UInt32"), nil); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	began := time.Now()
	if _, err := c.query(ctx, "INSERT INTO records FORMAT TabSeparated", f); err != nil {
		return nil, err
	}
	took := time.Since(began)
	if _, err := c.query(ctx, "OPTIMIZE TABLE records FINAL", nil); err != nil {
		return nil, err
	}
	size, err := c.query(ctx, "SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND table = 'records'", nil)
	if err != nil {
		return nil, err
	}
	c.how, err = mergeTree(string(size), took)
	return c, errors.Join(err, os.Remove(path))
}

// tabbed appends fields with tabs between them.
func tabbed(out []byte, fields [][]byte) []byte {
	for i, f := range fields {
		if i > 0 {
			out = append(out, '\t')
		}
		out = append(out, f...)
	}
	return append(out, '\n')
}

// mergeTree says how ClickHouse has the records.
func mergeTree(size string, took time.Duration) (string, error) {
	var disk, rows float64
	if _, err := fmt.Sscan(size, &disk, &rows); err != nil {
		return "", err
	}
	return fmt.Sprintf("MergeTree of %.0f records by hour, interface and start, %.1f B each; loaded from ready TSV in %.1f s", rows, disk/rows, took.Seconds()), nil
}

// start starts the server and waits until it answers.
func (c *clickHouse) start(ctx context.Context) error {
	if err := errors.Join(os.RemoveAll(c.dir), os.MkdirAll(c.dir, 0o755)); err != nil {
		return err
	}
	port, err := freePort("tcp")
	if err != nil {
		return err
	}
	native, err := freePort("tcp")
	if err != nil {
		return err
	}
	config := filepath.Join(c.dir, "config.xml")
	if err := errors.Join(
		os.WriteFile(config, fmt.Appendf(nil, clickHouseConfig, c.dir, port, native), 0o600),
		os.WriteFile(filepath.Join(c.dir, "users.xml"), []byte(clickHouseUsers), 0o600),
	); err != nil {
		return err
	}
	c.url = fmt.Sprintf("http://127.0.0.1:%d/", port)
	c.cmd = exec.CommandContext(ctx, program("clickhouse-server"), "--config-file="+config)
	c.cmd.Dir = c.dir
	if err := c.cmd.Start(); err != nil {
		return err
	}
	if err := until(ctx, func() (bool, error) {
		_, err := get(ctx, c.url+"ping")
		return err == nil, nil
	}); err != nil {
		log, _ := os.ReadFile(filepath.Join(c.dir, "error.log")) // best effort
		return errors.Join(fmt.Errorf("the server does not answer: %w\n%s", err, log), c.close())
	}
	return nil
}

// query sends a statement; body is the data of an INSERT.
func (c *clickHouse) query(ctx context.Context, text string, body io.Reader) ([]byte, error) {
	url := c.url
	if body == nil {
		body = strings.NewReader(text)
	} else {
		url += "?query=" + strings.ReplaceAll(text, " ", "+")
	}
	return fetch(ctx, http.MethodPost, url, body)
}

func (c *clickHouse) about() (name, how string) { return "ClickHouse " + c.version, c.how }

func (c *clickHouse) ask(ctx context.Context, name string) ([]string, time.Duration, error) {
	began := time.Now()
	out, err := c.query(ctx, c.questions[name], nil)
	return rowsOf(out, "\t"), time.Since(began), err
}

// close ends the server and removes its data.
func (c *clickHouse) close() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait() // it says how it was ended
	return os.RemoveAll(c.dir)
}

// chDB is ClickHouse of today within Python, which runs beside and is asked by lines
// of JSON. Its times are those of the query alone, without what Python does besides.
type chDB struct {
	dir, version, how string
	cmd               *exec.Cmd
	in                io.WriteCloser
	out               *bufio.Reader
	questions         map[string]string
}

//go:embed chdb.py
var chDBProgram string

func loadChDB(ctx context.Context, b *bench) (_ loaded, err error) {
	dir, err := filepath.Abs(filepath.Join(b.dir, "chdb"))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return nil, err
	}
	public := "NOT (" + eachNotPublic(" OR ", func(_ string, first, last netip.Addr) string {
		return fmt.Sprintf("srcaddr BETWEEN toIPv6('%s') AND toIPv6('%s')", first, last)
	}) + ")"
	text := func(column string) string { return "replaceOne(toString(" + column + "), '::ffff:', '')" }
	c := &chDB{dir: dir, questions: clickHouseQuestions(text, "dstaddr BETWEEN toIPv6('10.0.0.0') AND toIPv6('10.0.255.255')", public)}
	path := filepath.Join(dir, "records.tsv")
	if err := b.writeRecords(path, func(out, _ []byte, fields [][]byte) []byte { return tabbed(out, fields) }); err != nil {
		return nil, err
	}
	c.cmd = exec.CommandContext(ctx, b.python(), "-c", chDBProgram, filepath.Join(dir, "session"))
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	var took time.Duration
	for _, s := range []struct {
		text string
		to   *string
	}{
		{"SELECT version()", &c.version},
		{clickHouseTable("IPv6"), nil},
		{"INSERT INTO records SELECT * FROM file('" + path + "', TabSeparated)", nil},
		{"OPTIMIZE TABLE records FINAL", nil},
		{"SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND table = 'records'", &c.how},
	} {
		answer, seconds, err := c.query(s.text)
		if err != nil {
			return nil, err
		}
		if s.to != nil {
			*s.to = strings.TrimSpace(answer)
		}
		if strings.HasPrefix(s.text, "INSERT") {
			took = seconds
		}
	}
	c.how, err = mergeTree(c.how, took)
	return c, errors.Join(err, os.Remove(path))
}

// query asks the program.
func (c *chDB) query(text string) (string, time.Duration, error) {
	line, err := json.Marshal(text)
	if err != nil {
		return "", 0, err
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return "", 0, err
	}
	answer, err := c.out.ReadBytes('\n')
	if err != nil {
		return "", 0, fmt.Errorf("chDB: %w", err)
	}
	var a struct {
		Seconds       float64
		Answer, Error string
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return "", 0, err
	}
	if a.Error != "" {
		return "", 0, fmt.Errorf("chDB: %s: %s", text, a.Error)
	}
	return a.Answer, time.Duration(a.Seconds * float64(time.Second)), nil
}

func (c *chDB) about() (name, how string) { return "ClickHouse " + c.version + " (chDB)", c.how }

func (c *chDB) ask(_ context.Context, name string) ([]string, time.Duration, error) {
	out, took, err := c.query(c.questions[name])
	return rowsOf([]byte(out), "\t"), took, err
}

// close ends the program and removes its data.
func (c *chDB) close() error { return errors.Join(c.in.Close(), c.cmd.Wait(), os.RemoveAll(c.dir)) }
