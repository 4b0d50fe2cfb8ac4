package memo

import (
	"errors"
	"strconv"
	"sync"
	"testing"
)

// What is compiled of texts from outside is bounded, and can be asked for by many at a time.
func TestCachesAreBounded(t *testing.T) {
	c := Cache[string]{Make: func(s string) (string, error) {
		if s == "7" {
			return "", errors.New("no seven")
		}
		return "made of " + s, nil
	}}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 4 * most {
				s := strconv.Itoa(i)
				got, err := c.Get(s)
				if (err != nil) != (s == "7") || err == nil && got != "made of "+s {
					t.Errorf("of %s comes %q, %v", s, got, err)
				}
			}
		})
	}
	all.Wait()
	if len(c.made) > most {
		t.Errorf("%d are kept", len(c.made))
	}
}
