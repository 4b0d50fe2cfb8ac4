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

// DeliveryNamespace is the namespace of the metrics of how flow logs are delivered. failedDeliveries is how many are not, each minute.
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
	silence *silenceWatch
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

// look puts the numbers of the minute.
func (d *deliveryWatch) look(ctx context.Context) error {
	return errors.Join(d.lookFailed(ctx), d.silence.look(ctx))
}

// lookFailed puts how many flow logs are not delivered.
func (d *deliveryWatch) lookFailed(ctx context.Context) error {
	failed, err := d.failed(ctx)
	if err != nil {
		return err
	}
	return d.metrics.Put(ctx, []metricstore.Datum{{
		Metric: metricstore.Metric{Namespace: DeliveryNamespace, Name: failedDeliveries}, Time: d.s.now().UnixMilli(), Unit: "Count", Resolution: 60,
		Values: []float64{float64(len(failed))}, Counts: []float64{1},
	}})
}

// says tells what is behind an alarm on metrics of the delivery that goes off at a threshold, a line for each, and the commands to run next; none where none of
// the metrics is of the delivery.
func (d *deliveryWatch) says(ctx context.Context, metrics []metricstore.Metric, threshold float64) (says, next []string, err error) {
	for _, m := range metrics {
		if m.Namespace != DeliveryNamespace {
			continue
		}
		command := "weir lake status"
		switch m.Name {
		case failedDeliveries:
			failed, err := d.failed(ctx)
			if err != nil {
				return nil, nil, err
			}
			command = "weir network flowlogs"
			for _, f := range failed {
				says = append(says, f.String())
			}
		case silenceRatio, silenceSeconds:
			silent, err := d.silence.says(ctx, m, threshold)
			if err != nil {
				return nil, nil, err
			}
			says = append(says, silent...)
		default:
			continue
		}
		if !slices.Contains(next, command) {
			next = append(next, command)
		}
	}
	return says, next, nil
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
