package agent

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	for failures, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute} {
		for range 100 {
			if d := Backoff(failures); d <= most/2 || d > most {
				t.Fatalf("%d: %s", failures, d)
			}
		}
	}
}
