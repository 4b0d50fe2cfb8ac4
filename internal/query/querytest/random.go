package querytest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"weir/internal/query"
	"weir/internal/query/memory"
)

// The number of data sets, each opened once, and of plans on each.
const (
	randomSets       = 4
	randomPlans      = 150
	randomPlansShort = 40
)

// runRandom demands that the engine answers random plans as the reference does.
func runRandom(t *testing.T, open Open) {
	eachSet(t, open, 2, randomPlan, nil)
}

// eachSet demands that the engine answers plans as the reference does, over random
// records. next makes a plan and says whether its rows have one order; stream tells its
// random numbers from others'. done, which may be nil, is given each set's plans.
func eachSet(t *testing.T, open Open, stream uint64, next func(*rand.Rand) (query.Plan, bool), done func(*testing.T, query.Engine, []query.Plan)) {
	plans := randomPlans
	if testing.Short() {
		plans = randomPlansShort
	}
	for seed := range uint64(randomSets) {
		t.Run(fmt.Sprintf("set %d", seed), func(t *testing.T) {
			batches, err := randomBatches(seed)
			if err != nil {
				t.Fatal(err)
			}
			given, err := randomBatches(seed) // which the engine may take over
			if err != nil {
				t.Fatal(err)
			}
			engine, reference := open(t, given), memory.New(batches...)
			r := rand.New(rand.NewPCG(seed, stream))
			var all []query.Plan
			for range plans {
				p, ordered := next(r)
				all = append(all, p)
				if err := comparePlan(engine, reference, p, ordered); err != nil {
					t.Errorf("%s\n%v", formatPlan(p), err)
				}
			}
			if done != nil {
				done(t, engine, all)
			}
		})
	}
}

// comparePlan runs a plan on both engines, which must give equal rows.
func comparePlan(engine, reference query.Engine, p query.Plan, ordered bool) error {
	want, err := answer(context.Background(), reference, p, query.Limits{})
	if err != nil {
		return fmt.Errorf("the reference fails: %w", err)
	}
	got, err := answer(context.Background(), engine, p, query.Limits{})
	if err != nil {
		return fmt.Errorf("it fails: %w", err)
	}
	if diff := diffRows(want, got, ordered); diff != "" {
		return fmt.Errorf("other rows than the reference: %s", diff)
	}
	return nil
}
