package agent

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/durable"
)

// slotLength is what an object has records of: those that end within 5 minutes. Source: VPC user guide, "Flow log files"; spec c.1.
const slotLength = 5 * 60

// encode returns an object with the records of a batch.
func encode(l *config.FlowLog, b *flowlog.Batch) ([]byte, error) {
	var out bytes.Buffer
	if l.Parquet {
		err := writeAll(flowlog.NewParquetWriter(&out, l.Format), b)
		return out.Bytes(), err
	}
	zip := gzip.NewWriter(&out)
	if err := writeAll(flowlog.NewTextWriter(zip, l.Format, true), b); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// writeAll writes a batch and ends.
func writeAll(w flowlog.Writer, b *flowlog.Batch) error {
	if err := w.Write(b); err != nil {
		return err
	}
	return w.Close()
}

// folderOf returns the folder of a key, as AWS names it. Source: VPC user guide, "Flow log files"; spec c.1.
func folderOf(l *config.FlowLog, slot time.Time) string {
	parts := []string{"AWSLogs", l.Account, "vpcflowlogs", l.Region}
	day, hour := "2006/01/02", "/15"
	if l.Hive {
		parts = []string{"AWSLogs", "aws-account-id=" + l.Account, "aws-service=vpcflowlogs", "aws-region=" + l.Region}
		day, hour = "year=2006/month=01/day=02", "/hour=15"
	}
	if l.Hourly {
		day += hour
	}
	return strings.Join(parts, "/") + "/" + slot.Format(day)
}

// nameOf returns the name of an object, whose hash is 8 digits.
func nameOf(l *config.FlowLog, slot time.Time, hash uint32) string {
	ending := ".log.gz"
	if l.Parquet {
		ending = ".log.parquet"
	}
	return fmt.Sprintf("%s_vpcflowlogs_%s_%s_%s_%08x%s", l.Account, l.Region, l.ID, slot.Format("20060102T1504Z"), hash, ending)
}

// partFolder is where objects are written before they have their names. Readers of flow logs do not enter folders whose names begin with a dot.
const partFolder = ".weir-agent"

// store writes an object into its flow log's folder, and returns its path. It has its name once it is whole and synced. The hash in the name is that of its bytes,
// so that the same object is never there twice, and none takes another's place, also where several agents write to a folder.
func store(l *config.FlowLog, slot time.Time, data []byte) (string, error) {
	dir := filepath.Join(l.Destination, filepath.FromSlash(folderOf(l, slot)))
	if err := durable.MakeDir(dir); err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	for hash := binary.BigEndian.Uint32(sum[:]); ; hash++ {
		name := filepath.Join(dir, nameOf(l, slot, hash))
		same, err := holds(name, data)
		if errors.Is(err, fs.ErrNotExist) {
			if err = publish(l.Destination, name, data); err == nil {
				return name, nil
			}
		}
		switch {
		case errors.Is(err, fs.ErrExist): // another agent was quicker
			hash--
		case err != nil:
			return "", err
		case same:
			return name, nil
		}
	}
}

// publish writes a file under a name that none has; the error is [fs.ErrExist] where one has it.
func publish(root, name string, data []byte) (err error) {
	parts := filepath.Join(root, partFolder)
	if err := durable.MakeDir(parts); err != nil {
		return err
	}
	f, err := os.CreateTemp(parts, filepath.Base(name)+"-*") // has mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), name) // a file system without links
	}
	if err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(name))
}

// oldPart is the age from which a part is of an agent that did not come to its end.
const oldPart = time.Hour

// sweep removes parts that agents left behind.
func sweep(root string, now time.Time) error {
	parts := filepath.Join(root, partFolder)
	all, err := os.ReadDir(parts)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, e := range all {
		info, err := e.Info()
		if err == nil && e.Type().IsRegular() && now.Sub(info.ModTime()) > oldPart {
			err = os.Remove(filepath.Join(parts, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// holds reports whether a file has just these bytes.
func holds(name string, data []byte) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	have, err := io.ReadAll(io.LimitReader(f, int64(len(data))+1))
	return bytes.Equal(have, data), err
}
