package cli

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestUntilSignal has inputs that end and inputs that do not, with and without a signal.
func TestUntilSignal(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	long := strings.Repeat("weir", 50_000)
	for _, tc := range []struct {
		name string
		ctx  context.Context
		in   io.Reader
		want string
		err  error
	}{
		{"it ends", t.Context(), strings.NewReader(long), long, nil},
		{"it comes byte by byte", t.Context(), iotest.OneByteReader(strings.NewReader("weir")), "weir", nil},
		{"its end comes with the last bytes", t.Context(), iotest.DataErrReader(strings.NewReader("weir")), "weir", nil},
		{"it fails", t.Context(), io.MultiReader(strings.NewReader("weir"), iotest.ErrReader(io.ErrClosedPipe)), "weir", io.ErrClosedPipe},
		{"it ends after a signal", ended, iotest.OneByteReader(strings.NewReader("weir")), "weir", nil},
	} {
		in := untilSignal(tc.ctx, tc.in, time.Minute)
		got, err := io.ReadAll(in)
		if string(got) != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: %d bytes, %v, want %d, %v", tc.name, len(got), err, len(tc.want), tc.err)
		}
		in.Close()
	}
	r, w := io.Pipe()
	go func() { _, _ = w.Write([]byte("weir")) }()
	in := untilSignal(ended, r, 50*time.Millisecond)
	defer in.Close()
	if got, err := io.ReadAll(in); string(got) != "weir" || !errors.Is(err, errSignal) {
		t.Errorf("it does not end: %q, %v", got, err)
	}
}

// TestReplayFollows has a capture that comes through a pipe: records of windows that are over are there while more is to come, and those of the others once it ended by a signal.
func TestReplayFollows(t *testing.T) {
	capture := func(seconds ...int) []byte {
		var out []byte
		for _, s := range seconds {
			ip := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, byte(s / 60), 0, 8, 0, 0}
			for _, n := range []int{1_772_445_600 + s, 0, len(ip), len(ip)} {
				out = binary.LittleEndian.AppendUint32(out, uint32(n))
			}
			out = append(out, ip...)
		}
		return out
	}
	in, feed := io.Pipe()
	read, out := io.Pipe()
	ctx, signal := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- (&cli{in: in, out: out, err: io.Discard}).run(ctx, []string{"replay", "--log-format", "${dstport} ${packets}", "-"})
		out.Close()
	}()
	lines := bufio.NewScanner(read)
	next := func() string { lines.Scan(); return lines.Text() }
	header, err := hex.DecodeString("d4c3b2a1" + "02000400" + "00000000" + "00000000" + "00000400" + "65000000")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = feed.Write(append(header, capture(0, 1, 60, 120, 180)...)) }()
	if got := next() + ", " + next(); got != "dstport packets, 0 2" {
		t.Errorf("while more is to come: %s", got)
	}
	signal()
	_, _ = feed.Write(capture(181))
	feed.Close()
	if got := strings.Join([]string{next(), next(), next(), next()}, ", "); got != "1 1, 2 1, 3 2, " || <-code != 0 {
		t.Errorf("after its end: %s", got)
	}
}
