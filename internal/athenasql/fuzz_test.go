package athenasql

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzParse reads anything: it ends soon and without a panic, an error has a place, and what was read is printed and read again.
func FuzzParse(f *testing.F) {
	for _, q := range corpus(f) {
		f.Add(q)
	}
	for _, q := range guide(f) {
		f.Add(q)
	}
	for seed := range uint64(200) {
		f.Add(Print(newRandom(seed).statement()))
	}
	for _, q := range []string{"", ";", "SELECT 1; SELECT 2", "SELECT '", "SELECT U&'\\", "ALTER TABLE t ADD PARTITION (a='\\", "SELECT \"", "/*", "SELECT ((((", "SELECT 0x", "SELECT 1e", "\ufeffSELECT 1"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		s, err := Parse(text)
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("took %v", took)
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line == 0 || e.Column == 0 || e.Message == "" {
				t.Fatalf("an error without a place or a message: %#v", err)
			}
			return
		}
		printed := Print(s)
		if len(printed) > MaxText || strings.Contains(printed, "\x00") {
			return
		}
		again, err := Parse(printed)
		if err != nil || !Equal(s, again) {
			t.Fatalf("printed it reads otherwise (%v)\n%s", err, printed)
		}
	})
}
