package logstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"weir/internal/durable"
)

// A segment is a file of frames, one for each Put: the length of the payload (4 bytes, little-endian), the
// CRC-32C of length and payload, and the payload, which is a block. Its name is a number that grows.

const (
	segmentMagic  = "weirlog1"
	segmentSuffix = ".seg"
	frameHead     = 8
	// mostPayload bounds a payload: AWS's largest request, and what a block adds.
	mostPayload = 4 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealFrame fills the head of a frame whose payload lies behind it.
func sealFrame(frame []byte) {
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-frameHead))
	binary.LittleEndian.PutUint32(frame[4:], frameSum(frame))
}

func frameSum(frame []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, frame[:4]), castagnoli, frame[frameHead:])
}

// readSegment returns the blocks of a segment up to the first frame that is torn, and how many bytes
// there are from that on. The blocks keep text.
func readSegment(text []byte) (blocks []*block, torn int) {
	if !strings.HasPrefix(string(text[:min(len(text), len(segmentMagic))]), segmentMagic) {
		return nil, len(text)
	}
	rest := text[len(segmentMagic):]
	for len(rest) >= frameHead {
		n := binary.LittleEndian.Uint32(rest)
		if n == 0 || n > mostPayload || int(n) > len(rest)-frameHead {
			break
		}
		frame := rest[: frameHead+n : frameHead+n]
		if frameSum(frame) != binary.LittleEndian.Uint32(rest[4:]) {
			break
		}
		b, err := readBlock(frame[frameHead:])
		if err != nil {
			break
		}
		blocks, rest = append(blocks, b), rest[frameHead+n:]
	}
	return blocks, len(rest)
}

// segmentFile is what a segment is written to.
type segmentFile interface {
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// segment is the one that is written.
type segment struct {
	number int64
	file   segmentFile
	size   int64
	broken bool // a write failed: what follows goes into another one
}

// segmentPath returns the path of a segment.
func (s *Store) segmentPath(number int64) string {
	return filepath.Join(s.dirs.tail, fmt.Sprintf("%016d%s", number, segmentSuffix))
}

// segmentNumber reads the name of a segment.
func segmentNumber(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil
}

// createSegment makes a segment durably.
func createSegment(path string) (segmentFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = f.WriteString(segmentMagic); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = durable.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = f.Close()
		os.Remove(path)
		return nil, err
	}
	return f, nil
}

// rotate begins another segment. The caller holds segMu.
func (s *Store) rotate() error {
	number := s.seg.number + 1
	f, err := s.create(s.segmentPath(number))
	if errors.Is(err, os.ErrExist) { // a rotation that failed left it
		number++
		f, err = s.create(s.segmentPath(number))
	}
	if err != nil {
		return fmt.Errorf("cannot begin a segment of the tail: %w", err)
	}
	if s.seg.file != nil {
		_ = s.seg.file.Close() // all of it that counts is synced
	}
	s.seg = segment{number: number, file: f, size: int64(len(segmentMagic))}
	return nil
}

// write writes frames to the segment, durably, or fails as if nothing had been written. The caller holds
// segMu.
func (s *Store) write(batch []*put) error {
	if s.seg.broken || s.seg.file == nil {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	size := s.seg.size
	var err error
	for _, p := range batch {
		if _, err = s.seg.file.Write(p.frame); err != nil {
			break
		}
		size += int64(len(p.frame))
	}
	if err == nil {
		err = s.seg.file.Sync()
	}
	if err != nil {
		// What may be on disk of these frames must not be found behind those that count. What a
		// disk that failed to sync has is not known, so the segment is left.
		s.seg.broken = true
		return errors.Join(fmt.Errorf("cannot keep log events: %w", err), s.seg.file.Truncate(s.seg.size))
	}
	s.seg.size = size
	return nil
}
