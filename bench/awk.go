package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// gawk asks a file of text. It is decompressed before, which is kind to gawk.
type gawk struct{ path, version string }

// gawkPrograms are Q1 to Q5. Of an address it is remembered whether it is public.
var gawkPrograms = map[string]string{
	"Q1": `{ s[$4] += $10 } END { for (k in s) print k, s[k] | "sort -k2,2nr | head -n 10" }`,
	"Q2": `$13 == "REJECT" { n[$7]++ } END { for (k in n) print k, n[k] }`,
	"Q3": `($7 == 22 || $7 == 3389) && $8 == 6 { n[($11 - $11 % 60) " " $4]++ } END { for (k in n) print k, n[k] }`,
	"Q4": `{ s[($11 - $11 % 300) " " $3] += $10 } END { for (k in s) print k, s[k] }`,
	"Q5": `function public(a,  p, n) {
		if (a in known) return known[a]
		split(a, p, "."); n = ((p[1] * 256 + p[2]) * 256 + p[3]) * 256 + p[4]
		return known[a] = !(` + eachNotPublic(" || ", func(_ string, first, last netip.Addr) string {
		return fmt.Sprintf("n >= %d && n <= %d", number(first), number(last))
	}) + `)
	}
	$5 ~ /^10\.0\./ && public($4) { s[$4 " " $5] += $10 } END { for (k in s) print k, s[k] | "sort -k3,3nr | head -n 10" }`,
}

// number returns an IPv4 address as a number.
func number(a netip.Addr) uint32 {
	n, _ := ipv4([]byte(a.String()))
	return n
}

func loadGawk(ctx context.Context, b *bench) (loaded, error) {
	path := filepath.Join(b.dir, "records.txt")
	version, err := exec.CommandContext(ctx, "gawk", "--version").Output()
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(string(version), ",")
	return &gawk{path, strings.Replace(line, "GNU Awk", "gawk", 1)}, b.writeRecords(path, func(out, line []byte, _ [][]byte) []byte {
		return append(append(out, line...), '\n')
	})
}

func (g *gawk) about() (name, how string) { return g.version, "one file of text, decompressed before" }

func (g *gawk) ask(ctx context.Context, name string) ([]string, time.Duration, error) {
	cmd := exec.CommandContext(ctx, "gawk", gawkPrograms[name], g.path)
	cmd.Env = append(os.Environ(), "LC_ALL=C") // bytes: the fastest
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	return rowsOf(out, ""), time.Since(began), err
}

func (g *gawk) close() error { return os.Remove(g.path) }
