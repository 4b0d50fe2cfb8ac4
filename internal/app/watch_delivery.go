package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"weir/internal/flowlogstore"
	"weir/internal/metricstore"
	"weir/internal/versions"
)

// The metric of flow logs whose delivery fails: how many there are, each minute.
const (
	DeliveryNamespace = "Weir/Delivery"
	failedDeliveries  = "Failed"
)

// deliveryEvery is how often it is looked at: a minute has a value though a look takes long.
const deliveryEvery = 20 * time.Second

// deliveryWatch looks at how the delivery of flow logs goes: of those that clients made here, and of those of the imported definition.
type deliveryWatch struct {
	s       *Local
	flows   *flowlogstore.Store
	metrics *metricstore.Store
}

// failedDelivery is a flow log that is not delivered.
type failedDelivery struct{ id, resource, why string }

// String says which flow log it is, and why.
func (f failedDelivery) String() string {
	return f.id + " of " + f.resource + ": FAILED, " + cmp.Or(f.why, "no reason is given")
}

// failed returns the flow logs whose delivery fails now, by id.
func (d *deliveryWatch) failed(ctx context.Context) ([]failedDelivery, error) {
	var out []failedDelivery
	made, _, err := d.flows.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range made {
		if f := &made[i]; f.Delivery == flowlogstore.Failed {
			out = append(out, failedDelivery{f.ID, f.ResourceID, f.DeliveryError})
		}
	}
	def, err := NetworkAt(ctx, d.s.lake.Data(), d.s.now())
	if err != nil && !errors.Is(err, versions.ErrNone) {
		return nil, err
	}
	if err == nil {
		for id, f := range def.Network.FlowLogs {
			if f.DeliveryStatus == "FAILED" {
				out = append(out, failedDelivery{id, f.Resource, f.DeliveryError})
			}
		}
	}
	slices.SortFunc(out, func(a, b failedDelivery) int { return cmp.Compare(a.id, b.id) })
	return out, nil
}

// look puts the number of the minute.
func (d *deliveryWatch) look(ctx context.Context) error {
	failed, err := d.failed(ctx)
	if err != nil {
		return err
	}
	return d.metrics.Put(ctx, []metricstore.Datum{{
		Metric: metricstore.Metric{Namespace: DeliveryNamespace, Name: failedDeliveries}, Time: d.s.now().UnixMilli(), Unit: "Count", Resolution: 60,
		Values: []float64{float64(len(failed))}, Counts: []float64{1},
	}})
}

// says tells what is behind an alarm on the metric: a line for each flow log that is not delivered.
func (d *deliveryWatch) says(ctx context.Context) ([]string, error) {
	failed, err := d.failed(ctx)
	var out []string
	for _, f := range failed {
		out = append(out, f.String())
	}
	return out, err
}

// run looks until ctx ends.
func (d *deliveryWatch) run(ctx context.Context, ended func(work string, err error)) {
	tick := time.NewTicker(deliveryEvery)
	defer tick.Stop()
	for {
		ended("how flow logs are delivered is looked at", d.look(ctx))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
