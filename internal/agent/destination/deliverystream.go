package destination

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"weir/internal/agent/config"
)

// Limits of a request. Source: Amazon Data Firehose API reference, PutRecordBatch and Record.
const (
	mostFirehoseRecords = 500
	mostFirehoseBatch   = 4 << 20
	mostFirehoseRecord  = 1000 << 10 // before base64
	whyFirehoseLarge    = "larger than 1,000 KiB, which a record of Firehose may have"
)

// deliveryStream is a delivery stream of Firehose.
type deliveryStream struct {
	log    *config.FlowLog
	client *firehose.Client
	owner  owner
	progress
}

func newDeliveryStream(l *config.FlowLog, c aws.Config) *deliveryStream {
	s := &deliveryStream{log: l, owner: owner{account: l.Delivery.Account, config: c}}
	s.client = firehose.NewFromConfig(c, func(o *firehose.Options) {
		if l.Delivery.Endpoint != "" {
			o.BaseEndpoint = &l.Delivery.Endpoint
		}
		s.owner.asks = ofAWS(o.BaseEndpoint)
		o.Retryer = aws.NopRetryer{} // who calls tries again
	})
	return s
}

// Deliver puts records into the stream. Those of a request that were refused are sent alone by the next call.
func (s *deliveryStream) Deliver(ctx context.Context, it *Item) (Outcome, error) {
	var out Outcome
	op := "put records into " + s.log.Delivery.DeliveryStream
	streams, err := decodeLines(it.Data)
	if err != nil {
		return out, failure(op, err)
	}
	if err := s.owner.check(ctx); err != nil {
		return out, failure(op, err)
	}
	batches, large, err := recordsFor(streams)
	if err != nil {
		return out, failure(op, err)
	}
	at := s.from(it.Data)
	for at.next < len(batches) {
		records := batches[at.next]
		if at.left != nil {
			records = make([]types.Record, len(at.left))
			for i, of := range at.left {
				records[i] = batches[at.next][of]
			}
		}
		failed, err := s.put(ctx, records)
		if err != nil && failed == nil {
			at.unknown = at.unknown || unanswered(err)
			s.keep(it.Data, at)
			return out, failure(op, err)
		}
		n := len(records) - len(failed)
		out.Records += n
		if at.unknown || it.Doubted {
			out.Repeated += n
		}
		if len(failed) > 0 {
			left := make([]int, len(failed))
			for i, of := range failed {
				if left[i] = of; at.left != nil {
					left[i] = at.left[of]
				}
			}
			at.left = left
			s.keep(it.Data, at)
			return out, failure(op, err)
		}
		at = step{next: at.next + 1}
	}
	s.done(it.Data)
	out.lose(large, whyFirehoseLarge)
	return out, nil
}

// recordsFor makes records of lines, in what a request may have, and returns how many are too large for any. A record is an object with the line as its message, and a line
// feed. Source: spec c.7.
func recordsFor(streams []stream) (out [][]types.Record, large int, err error) {
	var batch []types.Record
	size := 0
	for _, s := range streams {
		for _, e := range s.events {
			var data bytes.Buffer
			j := json.NewEncoder(&data)
			j.SetEscapeHTML(false)
			if err := j.Encode(struct {
				Message string `json:"message"`
			}{e.line}); err != nil {
				return nil, 0, err
			}
			if data.Len() > mostFirehoseRecord {
				large++
				continue
			}
			if len(batch) == mostFirehoseRecords || size+data.Len() > mostFirehoseBatch {
				out, batch, size = append(out, batch), nil, 0
			}
			batch = append(batch, types.Record{Data: data.Bytes()})
			size += data.Len()
		}
	}
	if len(batch) > 0 {
		out = append(out, batch)
	}
	return out, large, nil
}

// put puts records, and returns which of them were refused, with an error that says why the first was. An error without any is of the whole request.
func (s *deliveryStream) put(ctx context.Context, records []types.Record) (failed []int, err error) {
	answer, err := s.client.PutRecordBatch(ctx, &firehose.PutRecordBatchInput{DeliveryStreamName: &s.log.Delivery.DeliveryStream, Records: records})
	if err != nil {
		return nil, err
	}
	if aws.ToInt32(answer.FailedPutCount) == 0 {
		return nil, nil
	}
	if len(answer.RequestResponses) != len(records) {
		return nil, fmt.Errorf("%d answers for %d records", len(answer.RequestResponses), len(records))
	}
	for i := range answer.RequestResponses {
		r := &answer.RequestResponses[i]
		code := aws.ToString(r.ErrorCode)
		if code == "" {
			continue
		}
		if failed == nil {
			class := UnknownError
			if code == "ServiceUnavailableException" { // "Slow down.": it is how throttled records are told
				class = RateLimited
			}
			err = &Failure{class, fmt.Errorf("put records into %s: %s: %s", s.log.Delivery.DeliveryStream, code, aws.ToString(r.ErrorMessage))}
		}
		failed = append(failed, i)
	}
	if failed == nil {
		return nil, fmt.Errorf("%d records failed, and it is not said which", aws.ToInt32(answer.FailedPutCount))
	}
	return failed, err
}
