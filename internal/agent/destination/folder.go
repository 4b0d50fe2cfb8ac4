package destination

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"weir/internal/agent/config"
	"weir/internal/durable"
)

// folder is a folder of this host: that of each item's flow log.
type folder struct{}

// Deliver writes an object.
func (folder) Deliver(ctx context.Context, it *Item) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Outcome{}, failure("write an object", err)
	}
	records, err := it.count()
	if err == nil {
		_, err = store(it.FlowLog, it.Slot, it.Data)
	}
	if err != nil {
		return Outcome{}, failure("write an object", err)
	}
	return Outcome{Objects: 1, Records: records}, nil
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

// Sweep removes what agents that did not come to their end left behind at a flow log's destination: parts of objects in a folder. Others have none.
func Sweep(l *config.FlowLog, now time.Time) error {
	if l.Delivery.Type != config.Folder {
		return nil
	}
	parts := filepath.Join(l.Destination, partFolder)
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
