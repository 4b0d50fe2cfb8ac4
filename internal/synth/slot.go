package synth

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"

	"weir/flowlog"
)

// An Object is what AWS would deliver as one S3 object.
type Object struct {
	// Key is the object's key in AWS's layout, without a bucket's prefix.
	Key string
	// Slot is the 5-minute slot that the key names: the ends of the object's
	// records lie in it.
	Slot time.Time
	// Content is gzip text with a header, or Parquet.
	Content []byte
	// Records is how many records it holds; PlainBytes is the size of their
	// text, header included, before compression.
	Records, PlainBytes int64
}

// gzipLevel is the level that AWS's objects come nearest to.
const gzipLevel = 6

// counts is what one slot adds to a [Summary].
type counts struct {
	accept, reject, noData, skipData, ipv6 int64
	stories                                []answer
}

// answer counts what a story's question matches.
type answer struct{ records, bytes int64 }

// maker makes slots, one at a time; several makers can work in parallel.
type maker struct {
	g       *Generator
	rows    []row
	order   []rowKey
	text    []byte
	gz      *gzip.Writer
	sources []uint64 // bit set of the book's addresses that were a source
}

// rowKey sorts rows without moving them.
type rowKey struct {
	order uint64
	index uint32
}

// newMaker returns a maker.
func (g *Generator) newMaker() *maker {
	gz, err := gzip.NewWriterLevel(io.Discard, gzipLevel)
	if err != nil {
		panic(err) // the level is a constant
	}
	return &maker{g: g, gz: gz, sources: make([]uint64, (len(g.w.book.entries)+63)/64)}
}

// slot makes the objects of the i-th slot.
func (k *maker) slot(i int) ([]Object, counts, error) {
	g := k.g
	start := g.cfg.Start.Add(time.Duration(i) * slotLength)
	k.collect(i, uint32(start.Unix()))
	c := k.count()
	shares := k.deal()
	var objects []Object
	for n, share := range shares {
		if len(share) == 0 {
			continue
		}
		content, plain, err := k.encode(share)
		if err != nil {
			return nil, counts{}, fmt.Errorf("cannot make object %d of slot %s: %w", n, start.Format(time.RFC3339), err)
		}
		objects = append(objects, Object{
			Key: g.key(start, n), Slot: start, Content: content,
			Records: int64(len(share)), PlainBytes: plain,
		})
	}
	return objects, c, nil
}

// collect makes all rows whose end lies in the slot, in the order in which they
// stand in the objects. Windows reach into the next minute, so the minute
// before the slot counts too.
func (k *maker) collect(slot int, from uint32) {
	g := k.g
	first := uint32(g.cfg.Start.Unix())
	m := minute{
		w: g.w, plan: g.plan, rows: k.rows[:0],
		from: from, to: from + uint32(slotLength.Seconds()),
		first: first, last: first + uint32(g.cfg.Duration.Seconds()) - 1,
	}
	for n := max(slot*slotMinutes-1, 0); n < (slot+1)*slotMinutes; n++ {
		m.n, m.at, m.pings = n, first+uint32(n)*60, 0
		m.rng = rng{hash(g.cfg.Seed, 'm', uint64(n))}
		g.run(&m)
	}
	k.rows = m.rows
	k.order = k.order[:0]
	for i := range k.rows {
		k.order = append(k.order, rowKey{k.rows[i].order, uint32(i)})
	}
	slices.SortFunc(k.order, func(a, b rowKey) int {
		switch {
		case a.order < b.order:
			return -1
		case a.order > b.order:
			return 1
		}
		return int(a.index) - int(b.index)
	})
}

// count counts the slot's rows.
func (k *maker) count() counts {
	c := counts{stories: make([]answer, len(k.g.plan.plantings))}
	for i := range k.rows {
		r := &k.rows[i]
		switch {
		case r.status == statusNoData:
			c.noData++
		case r.status == statusSkipData:
			c.skipData++
		case r.reject:
			c.reject++
		default:
			c.accept++
		}
		if r.status == statusOK {
			k.sources[r.src/64] |= 1 << (r.src % 64)
			if k.g.w.book.entries[r.src].ip.Is6() {
				c.ipv6++
			}
		}
		if r.story != 0 {
			c.stories[r.story-1].records++
			c.stories[r.story-1].bytes += int64(r.bytes)
		}
	}
	return c
}

// deal shares the sorted rows out to the slot's objects: batches whole, and the
// rows of an object's batches mixed, since no order is documented.
func (k *maker) deal() [][]rowKey {
	shares := make([][]rowKey, k.g.cfg.ObjectsPerSlot)
	for _, key := range k.order {
		n := k.rows[key.index].batch % uint32(len(shares))
		shares[n] = append(shares[n], key)
	}
	return shares
}

// encode returns the content of an object, and the size of its plain text. Both
// forms come from the same text, so that they hold the same records.
func (k *maker) encode(share []rowKey) (content []byte, plain int64, err error) {
	k.text = append(k.text[:0], k.g.cfg.Format.Header()...)
	k.text = append(k.text, '\n')
	for _, key := range share {
		k.text = k.g.columns.append(k.text, &k.rows[key.index])
	}
	var out bytes.Buffer
	if k.g.cfg.Parquet {
		err = writeParquet(&out, k.text, k.g.cfg.Format)
	} else {
		k.gz.Reset(&out)
		k.gz.ModTime = time.Unix(0, 0) // 0 in the header: no time
		if _, err = k.gz.Write(k.text); err == nil {
			err = k.gz.Close()
		}
	}
	return out.Bytes(), int64(len(k.text)), err
}

// writeParquet writes the records of a text as AWS writes Parquet.
func writeParquet(w io.Writer, text []byte, f flowlog.Format) error {
	d, err := flowlog.NewDecoder(bytes.NewReader(text), flowlog.Options{Format: &f})
	if err != nil {
		return err
	}
	out := flowlog.NewParquetWriter(w, f)
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := out.Write(b); err != nil {
			return err
		}
	}
	if s := d.Stats(); s.Bad > 0 {
		return s.BadLines[0]
	}
	return out.Close()
}

// key returns the key of the n-th object of a slot (VPC user guide, flow log
// files).
func (g *Generator) key(slot time.Time, n int) string {
	c := g.cfg
	account, service, region, day, hour := c.LogOwner, "vpcflowlogs", c.Region, slot.Format("2006/01/02"), slot.Format("15")
	if c.Hive {
		account, service, region = "aws-account-id="+account, "aws-service="+service, "aws-region="+region
		day, hour = slot.Format("year=2006/month=01/day=02"), "hour="+hour
	}
	dir := "AWSLogs/" + account + "/" + service + "/" + region + "/" + day + "/"
	if c.Hourly {
		dir += hour + "/"
	}
	form := ".log.gz"
	if c.Parquet {
		form = ".log.parquet"
	}
	unique := strconv.FormatUint(1<<32|hash(c.Seed, uint64(slot.Unix()), uint64(n))>>32, 16)[1:]
	return dir + c.LogOwner + "_vpcflowlogs_" + c.Region + "_" + c.flowLogID() + "_" +
		slot.Format("20060102T1504Z") + "_" + unique + form
}
