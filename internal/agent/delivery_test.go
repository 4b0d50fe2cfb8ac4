package agent

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/destination/servicetest"
)

// storm is a stand whose agent delivers, to services in any weather, and is killed.
type storm struct {
	*stand
	rng   *rand.Rand
	clock atomic.Int64 // as the services know it: nanoseconds since the epoch
	sent  map[uint16]int64
	kills int
	// seen are the states of delivery that status showed, and the classes of errors.
	seen map[string]bool
	// repeated and refused are what agents have counted until they were killed.
	repeated, refused int64
}

// keys are in the environment, as AWS's tools find them.
func keys(t testing.TB) {
	t.Helper()
	for name, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, v)
	}
}

func newStorm(t *testing.T, seed uint64, logs ...config.FlowLog) *storm {
	t.Helper()
	s := &storm{stand: newStand(t, logs...), rng: rand.New(rand.NewPCG(seed, 3)), sent: map[uint16]int64{}, seen: map[string]bool{}}
	s.pass(0)
	s.deliver()
	return s
}

// deliver has the agent deliver, and try again at once.
func (s *storm) deliver() {
	s.deliverer = newDeliverer(s.spool, s.Log, s.counted)
	s.deliverer.wait = func(int) time.Duration { return 2 * time.Millisecond }
	s.deliverer.wake()
}

// kill kills the agent in whatever it does, and begins another.
func (s *storm) kill(t *testing.T) {
	t.Helper()
	s.deliverer.stop()
	s.deliverer.cut()
	s.deliverer.wg.Wait()
	s.look()
	for i := range s.Config.FlowLogs {
		of := s.counted.of(&s.Config.FlowLogs[i])
		s.repeated += of.Repeated
		s.refused += of.Refused
	}
	s.begin(t)
	s.deliver()
	s.kills++
}

// look notes what status shows.
func (s *storm) look() {
	for i := range s.Config.FlowLogs {
		of := s.counted.of(&s.Config.FlowLogs[i])
		class, _, _ := strings.Cut(of.Error, ":")
		s.seen[strings.TrimSpace(of.Delivery+" "+class)] = true
	}
}

// pass has time go on, for the services too.
func (s *storm) pass(by time.Duration) {
	s.stand.pass(by)
	s.clock.Store(s.now.Wall.UnixNano())
}

// minute has packets pass in a window of a minute, which is read in the midst of it and after it.
func (s *storm) minute(t *testing.T) {
	t.Helper()
	for range 2 {
		for range 1 + s.rng.IntN(5) {
			port, n := uint16(1+s.rng.IntN(20)), int64(1+s.rng.IntN(9))
			s.program.pass(port, n, s.now.Wall)
			s.sent[port] += n
		}
		s.pass(30 * time.Second)
		if !s.turn() {
			t.Fatal(s.log.String())
		}
		s.look()
	}
}

// rage makes weather, minutes and kills, until so many minutes are over; then all is fair, and what waits is delivered.
func (s *storm) rage(t *testing.T, minutes int, services ...*servicetest.Service) {
	t.Helper()
	set := func(w servicetest.Weather) {
		for _, of := range services {
			of.Set(t, w)
		}
	}
	weathers := []servicetest.Weather{servicetest.Full, servicetest.Storm, servicetest.Cut, servicetest.Hanging, servicetest.Failing, servicetest.Slow}
	set(servicetest.Down) // nothing gets through, so that much waits
	for i := range minutes {
		if i >= minutes/4 && i%4 == 0 {
			set(weathers[i/4%len(weathers)])
		}
		s.minute(t)
		if s.rng.IntN(4) == 0 {
			select { // a random moment of a delivery
			case <-time.After(time.Duration(s.rng.IntN(30)) * time.Millisecond):
			case <-t.Context().Done():
			}
			s.kill(t)
		}
	}
	set(servicetest.Fair)
	if err := s.killed(s.end); err != nil {
		t.Fatal(err)
	}
	for id, w := range s.spool.Waiting() {
		t.Errorf("%+v of %s still wait", w, id)
	}
	s.look()
	for i := range s.Config.FlowLogs {
		of := s.counted.of(&s.Config.FlowLogs[i])
		s.repeated += of.Repeated
		s.refused += of.Refused
	}
	if !s.seen["SUCCESS"] || !s.seen["FAILED Unknown error"] || s.kills < 5 {
		t.Errorf("killed %d times; status showed %v", s.kills, s.seen)
	}
}

// add adds up packets by port of a record of the stand's format.
func add(t *testing.T, to map[uint16]int64, line string) {
	t.Helper()
	f := strings.Fields(line)
	switch {
	case len(f) != 6:
		t.Errorf("no record: %q", line)
	case f[5] == "OK":
		to[uint16(number(t, f[1]))] += number(t, f[2])
	case f[5] != "NODATA":
		t.Errorf("%s", line)
	}
}

// TestObjectsAreThereOnce has a bucket down, slow, full, failing and cut, and agents killed: each packet is in one record of each flow log, each object was written once, and
// none is there twice.
func TestObjectsAreThereOnce(t *testing.T) {
	keys(t)
	bucket := servicetest.NewS3(t, 1, nil)
	var logs []config.FlowLog
	for i := range 4 {
		logs = append(logs, config.FlowLog{
			ID: fmt.Sprint("fl-", i), Interval: time.Minute, Parquet: i == 3,
			Delivery: config.Delivery{Type: config.S3, Bucket: fmt.Sprint("bucket-", i), Endpoint: bucket.URL()},
		})
	}
	s := newStorm(t, 1, logs...)
	s.rage(t, 48, bucket.Service)
	for path, n := range bucket.Writes() {
		if n != 1 {
			t.Errorf("%s was written %d times", path, n)
		}
	}
	got, sums := map[string]map[uint16]int64{}, map[[32]byte]string{}
	for path, data := range bucket.Objects() {
		name, _, _ := strings.Cut(path, "/")
		if got[name] == nil {
			got[name] = map[uint16]int64{}
		}
		sum := sha256.Sum256(append([]byte(name), data...)) // flow logs may have the same records
		if other := sums[sum]; other != "" {
			t.Errorf("%s and %s are the same", other, path)
		}
		sums[sum] = path
		decoder, err := flowlog.NewDecoder(bytes.NewReader(data), flowlog.Options{})
		for err == nil {
			var b *flowlog.Batch
			if b, err = decoder.Next(); err == nil {
				for r := range b.Records() {
					add(t, got[name], string(flowlog.AppendText(nil, r, s.Config.FlowLogs[0].Format)))
				}
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for i := range logs {
		if diff := cmp.Diff(s.sent, got[fmt.Sprint("bucket-", i)]); diff != "" {
			t.Errorf("fl-%d (-sent +records): %s", i, diff)
		}
	}
	if s.repeated != 0 || s.refused != 0 {
		t.Errorf("%d repeated, %d refused", s.repeated, s.refused)
	}
	t.Logf("killed %d times: %d objects, status showed %v", s.kills, len(sums), s.seen)
}

// TestRecordsAreThereAtLeastOnce does so with a log group and a delivery stream: each record is there, and those that are more than once are counted as repeated, or are more.
func TestRecordsAreThereAtLeastOnce(t *testing.T) {
	keys(t)
	for _, kind := range []config.DestinationType{config.CloudWatchLogs, config.Firehose} {
		t.Run(string(kind), func(t *testing.T) {
			var s *storm
			service := servicetest.NewRecords(t, 2, func() time.Time { return time.Unix(0, s.clock.Load()) })
			s = newStorm(t, 2, config.FlowLog{
				ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: kind, LogGroup: "group", DeliveryStream: "stream", Endpoint: service.URL()},
			})
			s.rage(t, 48, service.Service)
			records, broken := service.Got()
			if broken != "" {
				t.Errorf("a request was %s", broken)
			}
			got, twice := map[uint16]int64{}, int64(0)
			for record, n := range records {
				if n > 1 {
					twice++
				}
				line := strings.TrimPrefix(record, "eni-1-all ")
				line = strings.TrimSuffix(strings.TrimPrefix(line, `{"message":"`), "\"}\n")
				add(t, got, line)
			}
			if diff := cmp.Diff(s.sent, got); diff != "" {
				t.Errorf("(-sent +records): %s", diff)
			}
			if twice > s.repeated || twice == 0 || s.refused != 0 {
				t.Errorf("%d are there more than once, %d are counted as that, %d as refused", twice, s.repeated, s.refused)
			}
			t.Logf("killed %d times: %d records, %d more than once, %d counted as repeated", s.kills, len(records), twice, s.repeated)
		})
	}
}
