//go:build libdeflate && cgo

package inflate

import (
	"bytes"
	"compress/gzip"
	"math/rand/v2"
	"testing"
)

// object returns members as gzip.
func object(t *testing.T, members ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, m := range members {
		w := gzip.NewWriter(&out)
		if _, err := w.Write(m); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// TestGzip decompresses what is whole and takes nothing else.
func TestGzip(t *testing.T) {
	random := make([]byte, 100_000)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	line := bytes.Repeat([]byte("2 123456789010 eni-1 10.0.0.1 10.0.0.2 443 1024 6 1 40 1 2 ACCEPT OK\n"), 5000)
	whole := object(t, line)
	named := append([]byte{}, whole...)
	// A member may have a name: flag 8 and a text that ends with 0 (RFC 1952, 2.3).
	named[3] |= 8
	named = append(append(append([]byte{}, named[:10]...), "x.log\x00"...), named[10:]...)
	damaged := append([]byte{}, whole...)
	damaged[len(damaged)/2] ^= 0xff
	wrongSum := append([]byte{}, whole...)
	wrongSum[len(wrongSum)-8] ^= 1
	tests := map[string]struct {
		object, want []byte
		ok           bool
	}{
		"one":                    {whole, line, true},
		"none":                   {nil, nil, false},
		"empty text":             {object(t, nil), nil, true},
		"with a name":            {named, line, true},
		"several":                {object(t, line, nil, random, line), append(append(append([]byte{}, line...), random...), line...), true},
		"many small":             {bytes.Repeat(object(t, []byte("a")), 3000), bytes.Repeat([]byte("a"), 3000), true},
		"a large one first":      {object(t, random, []byte("a")), append(append([]byte{}, random...), 'a'), true},
		"as large as may be":     {object(t, make([]byte, Most)), make([]byte, Most), true},
		"too large":              {object(t, make([]byte, Most+1)), nil, false},
		"too large together":     {object(t, make([]byte, Most), make([]byte, Most), []byte("a")), nil, false},
		"cut":                    {whole[:len(whole)-9], nil, false},
		"cut in the header":      {whole[:5], nil, false},
		"damaged":                {damaged, nil, false},
		"wrong sum":              {wrongSum, nil, false},
		"something behind":       {append(append([]byte{}, whole...), "something"...), nil, false},
		"zeros behind":           {append(append([]byte{}, whole...), make([]byte, 512)...), nil, false},
		"a length that is a lie": {append(append([]byte{}, whole[:len(whole)-4]...), 0xff, 0xff, 0xff, 0xff), nil, false},
		"no gzip":                {line, nil, false},
	}
	rooms := [][]byte{nil, make([]byte, 0, 1), make([]byte, 7, 1<<20)}
	for name, tt := range tests {
		for _, room := range rooms {
			text, ok := Gzip(room, tt.object)
			if ok != tt.ok || ok && !bytes.Equal(text, tt.want) {
				t.Errorf("%s into %d bytes: %d bytes, %v; want %d, %v", name, cap(room), len(text), ok, len(tt.want), tt.ok)
			}
		}
	}
}
