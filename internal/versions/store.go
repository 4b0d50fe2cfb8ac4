package versions

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // keeps the versions

	"weir/internal/netmodel"
)

// Errors of a store; ask with [errors.Is].
var (
	// ErrNone says that nothing was imported yet.
	ErrNone = errors.New("no network definition was imported yet")
	// ErrNoVersion says that there is no version of an id.
	ErrNoVersion = errors.New("no such version")
	// ErrTaken says that another definition is of just that time.
	ErrTaken = errors.New("another definition was imported for this time")
)

// Version is the definition of one account and region.
type Version struct {
	ID int64 `json:"version"`
	netmodel.Place
	// Since and Until are the times of the first and the last import that held it, with no
	// other between them.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Imports is how many held it.
	Imports int `json:"imports"`
	// Made is when it came in, by the clock.
	Made time.Time `json:"made"`
}

// Store is the versions of a data directory. It is safe for concurrent use, by several
// processes too: each reads what was there before an import or after it.
type Store struct {
	db  *sql.DB
	dir string
	now func() time.Time
}

// migrations bring the database to the present form, one after the other; a migration that
// was released is never changed. Times are microseconds since the epoch.
var migrations = []string{`
CREATE TABLE documents (
	sha256 BLOB PRIMARY KEY, -- of the text
	text   BLOB NOT NULL     -- gzip
) STRICT;
CREATE TABLE versions (
	id      INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
	account TEXT NOT NULL,
	region  TEXT NOT NULL,
	made    INTEGER NOT NULL
) STRICT;
CREATE TABLE version_documents (
	version INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
	n       INTEGER NOT NULL,
	name    TEXT NOT NULL,
	sha256  BLOB NOT NULL REFERENCES documents(sha256),
	PRIMARY KEY (version, n)
) STRICT;
CREATE INDEX version_documents_sha256 ON version_documents (sha256);
-- One row for each time for which a version is known to be in force. Those of a version have
-- none of another version of its place between them.
CREATE TABLE sightings (
	account TEXT NOT NULL,
	region  TEXT NOT NULL,
	at      INTEGER NOT NULL,
	version INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
	PRIMARY KEY (account, region, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_version ON sightings (version, at);
`, `
CREATE TABLE changes (
	event_id TEXT PRIMARY KEY,
	account  TEXT NOT NULL,
	region   TEXT NOT NULL,
	at       INTEGER NOT NULL,
	record   BLOB NOT NULL -- gzip of what CloudTrail wrote
) STRICT;
CREATE INDEX changes_at ON changes (account, region, at);
`, `
-- What versions say of ENIs, which can be made anew of their documents.
CREATE TABLE version_interfaces (
	version    INTEGER PRIMARY KEY REFERENCES versions(id) ON DELETE CASCADE,
	form       INTEGER NOT NULL, -- of the code that made them
	sha256     BLOB NOT NULL,    -- of what they were made of
	interfaces BLOB NOT NULL     -- gzip
) STRICT;
`, `
-- Days of which log files of CloudTrail hold records.
CREATE TABLE trail_days (
	account TEXT NOT NULL,
	region  TEXT NOT NULL,
	day     INTEGER NOT NULL, -- its beginning
	since   INTEGER NOT NULL, -- from then on the files hold the records of the day
	last    INTEGER NOT NULL, -- the time of the last record
	writes  INTEGER NOT NULL, -- 1: among them are calls that change something
	PRIMARY KEY (account, region, day)
) STRICT, WITHOUT ROWID;
`}

// Open opens the store of a data directory for reading. It fails with ErrNone where there is
// none.
func Open(ctx context.Context, data string) (*Store, error) {
	dir := filepath.Join(data, "network")
	if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, ErrNone
		}
		return nil, fmt.Errorf("cannot read the network's versions: %w", err)
	}
	s, err := open(dir, "mode=ro&_pragma=busy_timeout(20000)")
	if err != nil {
		return nil, err
	}
	form, err := s.form(ctx)
	if err == nil && form == 0 { // another process is making it
		err = ErrNone
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Create opens the store of a data directory for reading and writing, and makes what is
// missing.
func Create(ctx context.Context, data string) (*Store, error) {
	dir := filepath.Join(data, "network")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder of the network's versions: %w", err)
	}
	return createIn(ctx, dir, 20_000)
}

// createIn is Create in a folder that is there. It waits so many milliseconds for others that
// write.
func createIn(ctx context.Context, dir string, wait int) (*Store, error) {
	s, err := open(dir, writing(wait))
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		form, err := formOf(ctx, tx)
		if err != nil {
			return err
		}
		for n := form; n < len(migrations); n++ {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("%s; PRAGMA user_version = %d", migrations[n], n+1)); err != nil {
				return fmt.Errorf("cannot make the network's versions: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// file is the database's name in its folder.
const file = "versions.db"

func open(dir, options string) (*Store, error) {
	abs, err := filepath.Abs(filepath.Join(dir, file))
	if err != nil {
		return nil, fmt.Errorf("cannot find the network's versions: %w", err)
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: options}
	db, err := sql.Open("sqlite", uri.String())
	return &Store{db: db, dir: dir, now: time.Now}, err
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// querier is what a database and a transaction have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Stamp is what versions, events and days of CloudTrail's files are told apart by: where it is the same, At and Interfaces
// tell the same.
type Stamp string

// Stamp returns the stamp of now.
func (s *Store) Stamp(ctx context.Context) (Stamp, error) {
	var out Stamp
	err := s.read(ctx, func(tx *sql.Tx) error {
		list, err := listVersions(ctx, tx)
		if err != nil {
			return err
		}
		changes := int64(0) // none is ever taken out
		if form, err := formOf(ctx, tx); err != nil {
			return err
		} else if form >= 2 {
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM changes").Scan(&changes); err != nil {
				return fmt.Errorf("cannot read the changes: %w", err)
			}
		}
		var text strings.Builder
		fmt.Fprint(&text, changes)
		days := ""
		if form, err := formOf(ctx, tx); err != nil {
			return err
		} else if form >= 4 {
			if err := tx.QueryRowContext(ctx, "SELECT concat_ws('/', count(*), sum(since), sum(last), sum(writes)) FROM trail_days").Scan(&days); err != nil {
				return fmt.Errorf("cannot read the days of CloudTrail's files: %w", err)
			}
		}
		fmt.Fprint(&text, " ", days)
		for _, v := range list {
			fmt.Fprintf(&text, " %d %d %d", v.ID, v.Since.UnixMicro(), v.Until.UnixMicro())
		}
		out = Stamp(text.String())
		return nil
	})
	return out, err
}

func (s *Store) form(ctx context.Context) (int, error) { return formOf(ctx, s.db) }

// formOf returns how many migrations a database has.
func formOf(ctx context.Context, q querier) (int, error) {
	var n int
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&n); err != nil {
		return 0, fmt.Errorf("cannot read the network's versions: %w", err)
	}
	if n > len(migrations) {
		return n, fmt.Errorf("the network's versions are of a newer weir: they have form %d, and this weir knows %d", n, len(migrations))
	}
	return n, nil
}

// change carries out a change, all of it or nothing.
func (s *Store) change(ctx context.Context, do func(tx *sql.Tx) error) error {
	return s.in(ctx, nil, do)
}

// read reads what is there at one moment.
func (s *Store) read(ctx context.Context, do func(tx *sql.Tx) error) error {
	return s.in(ctx, &sql.TxOptions{ReadOnly: true}, do)
}

func (s *Store) in(ctx context.Context, o *sql.TxOptions, do func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("cannot open the network's versions: %w", err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // what is open ends with it in any case
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("cannot write the network's versions: %w", err)
	}
	return nil
}

// selectVersions selects versions with their times.
const selectVersions = `SELECT v.id, v.account, v.region, v.made, min(s.at), max(s.at), count(*)
FROM versions v JOIN sightings s ON s.version = v.id `

// scanVersion reads a row of selectVersions.
func scanVersion(row interface{ Scan(into ...any) error }) (Version, error) {
	var v Version
	var made, since, until int64
	err := row.Scan(&v.ID, &v.Account, &v.Region, &made, &since, &until, &v.Imports)
	v.Made, v.Since, v.Until = time.UnixMicro(made).UTC(), time.UnixMicro(since).UTC(), time.UnixMicro(until).UTC()
	return v, err
}

// List returns all versions by account, region and time.
func (s *Store) List(ctx context.Context) ([]Version, error) { return listVersions(ctx, s.db) }

func listVersions(ctx context.Context, q querier) ([]Version, error) {
	rows, err := q.QueryContext(ctx, selectVersions+"GROUP BY v.id ORDER BY v.account, v.region, min(s.at)")
	if err != nil {
		return nil, fmt.Errorf("cannot read the network's versions: %w", err)
	}
	defer rows.Close()
	var out []Version
	for rows.Next() {
		v, err := scanVersion(rows)
		if err != nil {
			return nil, fmt.Errorf("cannot read the network's versions: %w", err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Version returns a version and its definition alone. It fails with ErrNoVersion where there
// is none.
func (s *Store) Version(ctx context.Context, id int64) (Version, *netmodel.Network, error) {
	var v Version
	var n *netmodel.Network
	err := s.read(ctx, func(tx *sql.Tx) error {
		var err error
		if v, err = versionOf(ctx, tx, id); err != nil {
			return err
		}
		n, err = load(ctx, tx, v)
		return err
	})
	return v, n, err
}

// versionOf returns a version by its id.
func versionOf(ctx context.Context, q querier, id int64) (Version, error) {
	v, err := scanVersion(q.QueryRowContext(ctx, selectVersions+"WHERE v.id = ? GROUP BY v.id", id))
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("%w: %d", ErrNoVersion, id)
	}
	if err != nil {
		return v, fmt.Errorf("cannot read version %d: %w", id, err)
	}
	return v, nil
}

// Remove removes a version. Its id is not used again.
func (s *Store) Remove(ctx context.Context, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := versionOf(ctx, tx, id); err != nil {
			return err
		}
		for _, statement := range []string{
			"DELETE FROM versions WHERE id = ?1", // and what refers to it
			"DELETE FROM documents WHERE ?1 > 0 AND sha256 NOT IN (SELECT sha256 FROM version_documents)",
		} {
			if _, err := tx.ExecContext(ctx, statement, id); err != nil {
				return fmt.Errorf("cannot remove version %d: %w", id, err)
			}
		}
		return nil
	})
}

// putDocuments writes the documents of a version.
func putDocuments(ctx context.Context, tx *sql.Tx, version int64, docs []netmodel.Document) error {
	for n, d := range docs {
		packed, err := pack(d.Data)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(d.Data)
		if _, err := tx.ExecContext(ctx, "INSERT INTO documents VALUES (?, ?) ON CONFLICT DO NOTHING", sum[:], packed); err != nil {
			return fmt.Errorf("cannot keep %s: %w", d.Name, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO version_documents VALUES (?, ?, ?, ?)", version, n, d.Name, sum[:]); err != nil {
			return fmt.Errorf("cannot keep %s: %w", d.Name, err)
		}
	}
	return nil
}

func pack(data []byte) ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err := z.Close()
	return packed.Bytes(), err
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// documents returns the documents of a version.
func documents(ctx context.Context, q querier, v Version) (netmodel.Part, error) {
	out := netmodel.Part{Place: v.Place}
	rows, err := q.QueryContext(ctx, "SELECT name, text, sha256 FROM version_documents JOIN documents USING (sha256) WHERE version = ? ORDER BY n", v.ID)
	if err != nil {
		return out, fmt.Errorf("cannot read version %d: %w", v.ID, err)
	}
	defer rows.Close()
	for rows.Next() {
		d := netmodel.Document{Account: v.Account, Region: v.Region}
		var packed, sum []byte
		if err := rows.Scan(&d.Name, &packed, &sum); err != nil {
			return out, fmt.Errorf("cannot read version %d: %w", v.ID, err)
		}
		d.Data, err = unpack(packed)
		if got := sha256.Sum256(d.Data); err != nil || !bytes.Equal(got[:], sum) {
			return out, fmt.Errorf("%s of version %d is damaged: %w", d.Name, v.ID, errors.Join(err, errors.New("it is not what was imported")))
		}
		out.Documents = append(out.Documents, d)
	}
	return out, rows.Err()
}

// load returns the definition of one version.
func load(ctx context.Context, q querier, v Version) (*netmodel.Network, error) {
	part, err := documents(ctx, q, v)
	if err != nil {
		return nil, err
	}
	return loadPart(part, v.ID)
}

func loadPart(part netmodel.Part, id int64) (*netmodel.Network, error) {
	loaded, err := netmodel.LoadDocuments(part.Documents)
	if err != nil {
		return nil, fmt.Errorf("version %d can't be read by this weir: %w", id, err)
	}
	return loaded.Network, nil
}
