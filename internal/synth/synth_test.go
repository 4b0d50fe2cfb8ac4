package synth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"weir/flowlog"
)

// TestTotals reads everything that was made, in several shapes, and compares it
// with the summary and the configuration.
func TestTotals(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"a small day":          func(*Config) {},
		"the fewest records":   func(c *Config) { c.Records = 14_400 },
		"one hour":             func(c *Config) { c.Duration, c.Records = time.Hour, 600 },
		"two days, odd number": func(c *Config) { c.Duration, c.Records = 48*time.Hour, 50_001 },
		"parquet":              func(c *Config) { c.Parquet, c.ObjectsPerSlot = true, 1 },
		"another seed":         func(c *Config) { c.Seed = 99 },
		"many objects":         func(c *Config) { c.Duration, c.ObjectsPerSlot = 2*time.Hour, 27 },
		"starts in the night":  func(c *Config) { c.Start = c.Start.Add(-55 * time.Minute) },
		"all fields":           func(c *Config) { c.Format = wide(t) },
		"transit gateway":      func(c *Config) { c.Format = flowlog.DefaultFormat(flowlog.KindTGW) },
		"transit gateway, short": func(c *Config) {
			c.Duration, c.Records, c.Format = time.Hour, 601, flowlog.DefaultFormat(flowlog.KindTGW)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := small()
			change(&c)
			objects, got := collect(t, c)
			want := Summary{From: c.Start, To: c.Start.Add(c.Duration), Stories: got.Stories}
			sources := map[string]bool{}
			for _, o := range objects {
				want.Objects++
				want.Bytes += int64(len(o.Content))
				want.PlainBytes += o.PlainBytes
				before := want.Records
				decode(t, o, func(r flowlog.Record) { countRecord(&want, sources, r) })
				if n := want.Records - before; n != o.Records || n == 0 {
					t.Errorf("%s: %d records, the object says %d", o.Key, n, o.Records)
				}
			}
			want.Sources = int64(len(sources))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("summary (-read +told):\n%s", diff)
			}
			if got.Records != c.Records {
				t.Errorf("%d records, %d were asked for", got.Records, c.Records)
			}
		})
	}
}

// countRecord adds a record to a summary.
func countRecord(s *Summary, sources map[string]bool, r flowlog.Record) {
	s.Records++
	switch {
	case text(r, flowlog.LogStatus) == "NODATA":
		s.NoData++
	case text(r, flowlog.LogStatus) == "SKIPDATA":
		s.SkipData++
	case text(r, flowlog.Action) == "REJECT":
		s.Reject++
	default:
		s.Accept++
	}
	if a, ok := r.Addr(flowlog.SrcAddr); ok {
		sources[a.String()] = true
		if a.Is6() {
			s.IPv6++
		}
	}
}

// TestShares checks the shares that the model promises.
func TestShares(t *testing.T) {
	c := DefaultConfig()
	c.Records = 1_000_000
	_, s := collect(t, c)
	for _, x := range []struct {
		name        string
		n           int64
		least, most float64
	}{
		{"REJECT", s.Reject, 0.040, 0.042},
		{"NODATA and SKIPDATA", s.NoData + s.SkipData, 0.0095, 0.0105},
		{"IPv6", s.IPv6, 0.046, 0.050},
	} {
		if share := float64(x.n) / float64(s.Records); share < x.least || share > x.most {
			t.Errorf("%s: a share of %.4f, not from %.4f to %.4f", x.name, share, x.least, x.most)
		}
	}
	if s.Sources < 12_000 {
		t.Errorf("%d distinct sources", s.Sources)
	}
	if per := s.PlainBytes * 10 / s.Records; per < 1110 || per > 1170 {
		t.Errorf("%d.%d bytes of text for each record", per/10, per%10)
	}
}

// TestGolden pins the plain text: the same configuration must give the same
// records in every version, on every machine. gzip's bytes may differ with its
// library.
func TestGolden(t *testing.T) {
	tests := []struct {
		name, want string
		format     flowlog.Format
	}{
		{"default format", "5df3d70923cec9c3a5bd1b438a0f45e20909f56399482f31ee5759e92264120e", flowlog.DefaultFormat(flowlog.KindVPC)},
		{"all fields", "f48256d2d6570f01181cfe1196670b7c32e3ac06508b94efff244e27ab720158", wide(t)},
		{"transit gateway", "04381788012e62dc2a14a3d62c1357bc695dd30a4caaa131305f75d11c684627", flowlog.DefaultFormat(flowlog.KindTGW)},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			c := hour(6_000)
			c.Format = x.format
			objects, _ := collect(t, c)
			sum := sha256.New()
			for _, o := range objects {
				sum.Write([]byte(o.Key))
				z, err := gzip.NewReader(bytes.NewReader(o.Content))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(sum, z); err != nil {
					t.Fatal(err)
				}
			}
			if got := hex.EncodeToString(sum.Sum(nil)); got != x.want {
				t.Errorf("the text's hash is %s, not %s", got, x.want)
			}
		})
	}
}

// TestGzipHeader checks that the gzip header holds nothing that varies.
func TestGzipHeader(t *testing.T) {
	objects, _ := collect(t, hour(600))
	want := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	if diff := cmp.Diff(want, objects[0].Content[:10]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

// TestSlotsAlone makes slots alone, and all of them with other numbers of
// workers: nothing may differ.
func TestSlotsAlone(t *testing.T) {
	for name, parquet := range map[string]bool{"text": false, "parquet": true} {
		t.Run(name, func(t *testing.T) {
			c := hour(9_000)
			c.Parquet = parquet
			all, _ := collect(t, c)
			g, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			var alone []Object
			for i := g.Slots() - 1; i >= 0; i-- {
				objects, err := g.Slot(i)
				if err != nil {
					t.Fatal(err)
				}
				alone = append(objects, alone...)
			}
			if diff := cmp.Diff(all, alone); diff != "" {
				t.Errorf("slots made alone differ (-together +alone):\n%s", diff)
			}
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(7))
			again, _ := collect(t, c)
			if diff := cmp.Diff(all, again); diff != "" {
				t.Errorf("seven workers give others:\n%s", diff)
			}
		})
	}
}

// TestSlotBounds asks for slots that are not there.
func TestSlotBounds(t *testing.T) {
	g, err := New(hour(600))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 12} {
		if _, err := g.Slot(i); err == nil {
			t.Errorf("slot %d: no error", i)
		}
	}
}

// TestKeys checks the four layouts of AWS, and that each record's end lies in
// the slot that its object's name says.
func TestKeys(t *testing.T) {
	tests := []struct {
		name         string
		hive, hourly bool
		parquet      bool
		want         string
	}{
		{"daily", false, false, false, `^AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/06/16/F\.log\.gz$`},
		{"hourly", false, true, true, `^AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/06/16/00/F\.log\.parquet$`},
		{"hive", true, false, false, `^AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=06/day=16/F\.log\.gz$`},
		{"hive, hourly", true, true, false, `^AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=06/day=16/hour=00/F\.log\.gz$`},
	}
	const file = `123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_(20260616T00[0-5][05]Z)_[0-9a-f]{8}`
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			c := hour(2_000)
			c.Hive, c.Hourly, c.Parquet, c.FlowLogID = x.hive, x.hourly, x.parquet, "fl-0123456789abcdef0"
			want := regexp.MustCompile(regexp.MustCompile("F").ReplaceAllString(x.want, file))
			keys, last := map[string]bool{}, time.Time{}
			each(t, c, func(o Object, r flowlog.Record) {
				m := want.FindStringSubmatch(o.Key)
				if m == nil {
					t.Fatalf("key %s is not of the form %s", o.Key, want)
				}
				slot, err := time.Parse("20060102T1504Z", m[1])
				if err != nil || !slot.Equal(o.Slot) || slot.Before(last) {
					t.Fatalf("key %s, slot %s after %s", o.Key, o.Slot, last)
				}
				if end := num(r, flowlog.End); end < slot.Unix() || end >= slot.Unix()+300 {
					t.Fatalf("end %d is not in the slot of %s", end, o.Key)
				}
				keys[o.Key], last = true, slot
			})
			if len(keys) != 12*c.ObjectsPerSlot {
				t.Errorf("%d keys", len(keys))
			}
		})
	}
}

// TestStories asks every question over all records.
func TestStories(t *testing.T) {
	for name, c := range map[string]Config{
		"a day": func() Config { c := small(); c.Records = 200_000; return c }(),
		"an hour of a transit gateway": func() Config {
			c := hour(5_000)
			c.Format = flowlog.DefaultFormat(flowlog.KindTGW)
			return c
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			g, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			stories := g.newSummary().Stories
			questions := make([]question, len(stories))
			for i, s := range stories {
				questions[i] = parseQuestion(t, s.Question)
			}
			got := each(t, c, func(_ Object, r flowlog.Record) {
				for i, q := range questions {
					if q.matches(r) {
						stories[i].Records++
						stories[i].Bytes += num(r, flowlog.Bytes)
						// A window begins up to a minute before its minute.
						start := time.Unix(num(r, flowlog.Start), 0)
						if start.Before(stories[i].From.Add(-time.Minute)) || !start.Before(stories[i].To) {
							t.Errorf("%s: a record at %s", stories[i].Name, start)
						}
					}
				}
			})
			if diff := cmp.Diff(stories, got.Stories); diff != "" {
				t.Errorf("answers (-found +told):\n%s", diff)
			}
			for i, s := range got.Stories {
				if planned := g.plan.plantings[i].quota.total; s.Records%planned != 0 || s.Records == 0 {
					t.Errorf("%s: %d records, %d events planned", s.Name, s.Records, planned)
				}
			}
		})
	}
}

// TestStops checks that Generate ends at emit's error and at the context's end.
func TestStops(t *testing.T) {
	full := errors.New("no space")
	n := 0
	_, err := Generate(context.Background(), small(), func(Object) error {
		if n++; n == 3 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || n != 3 {
		t.Errorf("error %v after %d objects", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n = 0
	_, err = Generate(ctx, small(), func(Object) error {
		n++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || n > 20 {
		t.Errorf("error %v after %d objects", err, n)
	}
}

// TestWriteDir writes objects to files.
func TestWriteDir(t *testing.T) {
	c := hour(3_000)
	objects, want := collect(t, c)
	dir := t.TempDir()
	var last int64
	got, err := WriteDir(context.Background(), dir, c, func(done, total int64) {
		if done <= last || total != c.Records {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if last != c.Records {
		t.Errorf("progress ended at %d", last)
	}
	for _, o := range objects {
		b, err := os.ReadFile(filepath.Join(dir, o.Key))
		if err != nil || !bytes.Equal(b, o.Content) {
			t.Errorf("%s: %v, %d bytes", o.Key, err, len(b))
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteDir(context.Background(), filepath.Join(dir, "file"), c, nil); err == nil {
		t.Error("a file as the directory: no error")
	}
}

// TestValidate refuses configurations one fault at a time.
func TestValidate(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"start off the slot":   func(c *Config) { c.Start = c.Start.Add(time.Minute) },
		"start before 1970":    func(c *Config) { c.Start = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC) },
		"start after 2106":     func(c *Config) { c.Start = time.Date(2106, 6, 1, 0, 0, 0, 0, time.UTC) },
		"duration off":         func(c *Config) { c.Duration += time.Second },
		"duration short":       func(c *Config) { c.Duration = 55 * time.Minute },
		"duration long":        func(c *Config) { c.Duration, c.Records = 32*24*time.Hour, 1e7 },
		"too few records":      func(c *Config) { c.Records = 14_399 },
		"too many records":     func(c *Config) { c.Records = 288_000_001 },
		"no format":            func(c *Config) { c.Format = flowlog.Format{} },
		"log owner":            func(c *Config) { c.LogOwner = "12345678901a" },
		"region":               func(c *Config) { c.Region = "us-east-1a" },
		"region in a path":     func(c *Config) { c.Region = "../us-1" },
		"flow log id":          func(c *Config) { c.FlowLogID = "fl-xyz" },
		"no objects":           func(c *Config) { c.ObjectsPerSlot = 0 },
		"too many objects":     func(c *Config) { c.ObjectsPerSlot = 1001 },
		"the zero value":       func(c *Config) { *c = Config{} },
		"negative records":     func(c *Config) { c.Records = -1 },
		"negative duration":    func(c *Config) { c.Duration = -time.Hour },
		"start with fractions": func(c *Config) { c.Start = c.Start.Add(1) },
	} {
		t.Run(name, func(t *testing.T) {
			c := DefaultConfig()
			spoil(&c)
			if err := c.Validate(); err == nil {
				t.Error("no error")
			}
			if _, err := New(c); err == nil {
				t.Error("New: no error")
			}
		})
	}
}

// TestLocalStart takes a start in another zone as the moment that it is.
func TestLocalStart(t *testing.T) {
	c := hour(600)
	want, _ := collect(t, c)
	c.Start = c.Start.In(time.FixedZone("elsewhere", 5*3600))
	got, _ := collect(t, c)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-UTC +local):\n%s", diff)
	}
}
