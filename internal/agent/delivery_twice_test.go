package agent

import (
	"context"
	"strings"
	"testing"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/destination/servicetest"
)

// TestOlderThanALogGroupTakes has a log group down for 16 days: what is older than 14 then is refused and counted as that, and all else is there.
func TestOlderThanALogGroupTakes(t *testing.T) {
	keys(t)
	var s *storm
	service := servicetest.NewRecords(t, 4, func() time.Time { return time.Unix(0, s.clock.Load()) })
	s = newStorm(t, 4, config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: config.CloudWatchLogs, LogGroup: "group", Endpoint: service.URL()}})
	service.Set(t, servicetest.Down)
	for range 16 {
		s.minute(t)
		s.pass(24*time.Hour - time.Minute)
		s.kill(t) // and no windows are made up for
	}
	service.Set(t, servicetest.Fair)
	if err := s.killed(s.end); err != nil {
		t.Fatal(err)
	}
	var all, got int64
	for _, n := range s.sent {
		all += n
	}
	records, _ := service.Got()
	for record := range records {
		by := map[uint16]int64{}
		add(t, by, strings.TrimPrefix(record, "eni-1-all "))
		for _, n := range by {
			got += n
		}
	}
	of := s.counted.of(&s.Config.FlowLogs[0])
	if of.Refused == 0 || got == 0 || got >= all || of.Delivery != "SUCCESS" || !strings.Contains(s.log.String(), "older than 14 days") {
		t.Errorf("%+v: %d packets of %d: %s", of, got, all, s.log.String())
	}
	if n := int64(s.counted.values[recordsMade]["fl-1"]); n != int64(len(records)) {
		t.Errorf("%d records are counted, %d are there", n, len(records))
	}
}

// TestDeliveredStaysDelivered has a spool from which nothing can be removed for a while: what was delivered is not sent again.
func TestDeliveredStaysDelivered(t *testing.T) {
	keys(t)
	var s *storm
	service := servicetest.NewRecords(t, 5, func() time.Time { return time.Unix(0, s.clock.Load()) })
	s = newStorm(t, 5, config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: config.CloudWatchLogs, LogGroup: "group", Endpoint: service.URL()}})
	s.deliverer.stop()
	s.minute(t)
	items, err := s.spool.Oldest(t.Context(), s.queueOf(t, "fl-1"), 1, 0)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items: %v", len(items), err)
	}
	for range 3 {
		if err := s.deliverer.try(t.Context(), &items[0]); err != nil { // and it is not removed
			t.Fatal(err)
		}
	}
	if _, err := s.deliverer.some(t.Context(), s.queueOf(t, "fl-1"), 1); err != nil {
		t.Fatal(err)
	}
	records, _ := service.Got()
	for record, n := range records {
		if n != 1 {
			t.Errorf("%q is there %d times", record, n)
		}
	}
	if len(records) == 0 || len(s.spool.Waiting()) != 0 || len(s.deliverer.there) != 0 {
		t.Errorf("%d records; %v waits, %v is remembered", len(records), s.spool.Waiting(), s.deliverer.there)
	}
}

// TestKilledBeforeRemoval has an agent killed once an item was taken and before it was removed: the next one sends it again, and counts that.
func TestKilledBeforeRemoval(t *testing.T) {
	keys(t)
	var s *storm
	service := servicetest.NewRecords(t, 8, func() time.Time { return time.Unix(0, s.clock.Load()) })
	s = newStorm(t, 8, config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: config.Firehose, DeliveryStream: "stream", Endpoint: service.URL()}})
	s.deliverer.stop()
	s.minute(t)
	s.minute(t)
	items, err := s.spool.Oldest(t.Context(), s.queueOf(t, "fl-1"), 1, 0)
	if err == nil && len(items) == 1 {
		err = s.deliverer.try(t.Context(), &items[0])
	}
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items: %v", len(items), err)
	}
	s.kill(t)
	if err := s.killed(s.end); err != nil {
		t.Fatal(err)
	}
	records, _ := service.Got()
	var twice int64
	for _, n := range records {
		if n == 2 {
			twice++
		}
	}
	if of := s.counted.of(&s.Config.FlowLogs[0]); twice != int64(items[0].Records) || of.Repeated != twice || of.Records != int64(len(records)) {
		t.Errorf("%d of %d are there twice: %+v", twice, len(records), of)
	}
}

// TestHanging has a service that takes a request and never answers: the try ends, and what fails is said.
func TestHanging(t *testing.T) {
	keys(t)
	bucket := servicetest.NewS3(t, 6, nil)
	s := newStorm(t, 6, config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: config.S3, Bucket: "bucket", Endpoint: bucket.URL()}})
	s.deliverer.stop()
	bucket.Set(t, servicetest.Hanging)
	s.minute(t)
	s.deliverer.tries, s.deliverer.cut = context.WithCancel(t.Context())
	s.deliverer.most = 50 * time.Millisecond
	_, err := s.deliverer.some(t.Context(), s.queueOf(t, "fl-1"), 1)
	if of := s.counted.of(&s.Config.FlowLogs[0]); err == nil || of.Delivery != "FAILED" || !strings.HasPrefix(of.Error, "Unknown error: look for s3://bucket/AWSLogs/") || !strings.Contains(of.Error, "no answer in time") {
		t.Errorf("%v: %+v", err, of)
	}
	bucket.Set(t, servicetest.Fair)
	if _, err := s.deliverer.some(t.Context(), s.queueOf(t, "fl-1"), 1); err != nil {
		t.Error(err)
	}
}

// TestNoCredentials has none: AWS's word says so.
func TestNoCredentials(t *testing.T) {
	keys(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	bucket := servicetest.NewS3(t, 7, nil)
	for _, d := range []config.Delivery{
		{Type: config.S3, Bucket: "bucket", Endpoint: bucket.URL()},
		{Type: config.CloudWatchLogs, LogGroup: "group", Endpoint: bucket.URL()},
		{Type: config.Firehose, DeliveryStream: "stream", Endpoint: bucket.URL()},
	} {
		s := newStorm(t, 7, config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: d})
		s.deliverer.stop()
		s.minute(t)
		_, err := s.deliverer.some(t.Context(), s.queueOf(t, "fl-1"), 1)
		if of := s.counted.of(&s.Config.FlowLogs[0]); err == nil || of.Delivery != "FAILED" || !strings.HasPrefix(of.Error, "Access error: ") || !strings.Contains(of.Error, "credentials") {
			t.Errorf("%s: %v: %+v", d.Type, err, of)
		}
	}
}
