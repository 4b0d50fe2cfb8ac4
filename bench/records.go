package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// The places of fields in a record of the default format.
const (
	interfaceID = 2
	srcAddr     = 3
	dstAddr     = 4
	srcPort     = 5
	dstPort     = 6
	protocol    = 7
	packets     = 8
	octets      = 9
	start       = 10
	end         = 11
	action      = 12
	logStatus   = 13
	nFields     = 14
)

// eachRecord hands over the records of the day's objects whose log-status is OK, as
// the line and its fields, which are valid during the call. weir has no part in it, so
// that what peers are given does not come from what they are compared with.
func (b *bench) eachRecord(take func(line []byte, fields [][]byte) error) error {
	z := new(gzip.Reader)
	fields := make([][]byte, 0, nFields)
	return filepath.WalkDir(b.logs(), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".log.gz") {
			return err
		}
		object, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := z.Reset(bytes.NewReader(object)); err != nil {
			return err
		}
		lines := bufio.NewScanner(z)
		for lines.Scan() {
			line := lines.Bytes()
			fields = fields[:0]
			for field := range bytes.SplitSeq(line, []byte(" ")) {
				fields = append(fields, field)
			}
			if len(fields) != nFields || string(fields[logStatus]) != "OK" { // a header has the field's name
				continue
			}
			if err := take(line, fields); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return lines.Err()
	})
}

// writeRecords writes a file of the records as form makes them: a line each, "" for
// none.
func (b *bench) writeRecords(path string, form func(out, line []byte, fields [][]byte) []byte) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	var out []byte
	if err := b.eachRecord(func(line []byte, fields [][]byte) error {
		out = form(out[:0], line, fields)
		_, err := w.Write(out)
		return err
	}); err != nil {
		return err
	}
	return w.Flush()
}

// ipv4 returns an IPv4 address as a number; false for another.
func ipv4(text []byte) (uint32, bool) {
	a, err := netip.ParseAddr(string(text))
	if err != nil || !a.Is4() {
		return 0, false
	}
	four := a.As4()
	return binary.BigEndian.Uint32(four[:]), true
}

// notPublic are the IPv4 networks that are not public (internal/query/ip.go) as peers
// are told: neighbours together, without the exceptions for two anycast addresses.
var notPublic = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
}

// eachNotPublic puts together what form makes of the networks: their text, and their
// first and last address.
func eachNotPublic(separator string, form func(network string, first, last netip.Addr) string) string {
	var out []string
	for _, network := range notPublic {
		p := netip.MustParsePrefix(network)
		last := p.Addr().As4()
		n := binary.BigEndian.Uint32(last[:]) | (1<<(32-p.Bits()) - 1)
		binary.BigEndian.PutUint32(last[:], n)
		out = append(out, form(network, p.Addr(), netip.AddrFrom4(last)))
	}
	return strings.Join(out, separator)
}

// rowsOf returns the lines of a peer's answer as rowText makes rows; fields lie
// between separators.
func rowsOf(out []byte, separators string) []string {
	var rows []string
	for line := range strings.Lines(string(out)) {
		fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(separators+" \n", r) })
		if len(fields) > 0 {
			rows = append(rows, strings.Join(fields, " ")+" ")
		}
	}
	return rows
}
