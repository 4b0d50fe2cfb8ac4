package versions

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// TestMain is the process that TestCrash kills, where it is asked for.
func TestMain(m *testing.M) {
	data, first := os.Getenv("WEIR_TEST_DATA"), os.Getenv("WEIR_TEST_FIRST")
	if data == "" {
		os.Exit(m.Run())
	}
	if err := importForever(data, first); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// importForever imports one definition after the other into two accounts, and says so after
// each.
func importForever(data, first string) error {
	n, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	for ctx := context.Background(); ; n++ {
		s, err := Create(ctx, data)
		if err != nil {
			return err
		}
		if _, err := s.Import(ctx, append(network(one, east, n%200), network(two, east, n%200)...), at(n)); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestCrash kills a process with SIGKILL while it imports. What it said to be imported is
// there, at most one more import is, and each is whole.
func TestCrash(t *testing.T) {
	data := t.TempDir()
	random := rand.New(rand.NewPCG(1, 5))
	next := 0 // nobody said yet that this is imported
	for range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "WEIR_TEST_DATA="+data, "WEIR_TEST_FIRST="+strconv.Itoa(next))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 1 + random.IntN(4) {
			if !lines.Scan() {
				t.Fatal("it ended by itself")
			}
			if n, err := strconv.Atoi(lines.Text()); err != nil || n != next {
				t.Fatalf("it says %q (%v) behind %d", lines.Text(), err, next-1)
			}
			next++
		}
		time.AfterFunc(time.Duration(random.IntN(12_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		for lines.Scan() { // what it said before it died
			next++
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("it was not killed")
		}
		s, err := Open(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 2*next && len(list) != 2*next+2 {
			t.Fatalf("%d versions of %d imports", len(list), next)
		}
		next = len(list) / 2
		for _, v := range list {
			_, n, err := s.Version(t.Context(), v.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := number(t, n, v.Account, v.Region), int(v.Since.Sub(at(0)).Seconds())%200; got != want {
				t.Errorf("version %d is %d, want %d", v.ID, got, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
