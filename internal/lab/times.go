package lab

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// mostTimes bounds how often a step is sent, and atOnce how many of these at a time.
const mostTimes, atOnce = 1000, 32

// sendTimes sends a step as often as it says. What becomes of it must be the same each time.
func (d *Definition) sendTimes(ctx context.Context, s Step) (string, error) {
	n := max(s.Times, 1)
	became, errs := make([]string, n), make([]error, n)
	turns := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i := range n {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			became[i], errs[i] = d.send(ctx, s)
		})
	}
	wg.Wait()
	for i := range n {
		if became[i] != became[0] && errs[i] == nil {
			return fmt.Sprintf("%s, and at another time %s", became[0], became[i]), errors.Join(errs...)
		}
	}
	return became[0], errors.Join(errs...)
}
