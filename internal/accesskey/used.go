package accesskey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"weir/internal/durable"
)

// usedFile returns the file of when keys were last used.
func usedFile(data string) string { return File(data) + ".used" }

// readUsed returns when keys were last used, by their ids.
func readUsed(data string) (map[string]time.Time, error) {
	text, err := os.ReadFile(usedFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]time.Time{}, nil
	}
	used := map[string]time.Time{}
	if err == nil {
		err = json.Unmarshal(text, &used)
	}
	if err != nil {
		return map[string]time.Time{}, fmt.Errorf("cannot read when the access keys were used: %w", err)
	}
	return used, nil
}

// writeUsed replaces the file of when keys were last used.
func writeUsed(data string, used map[string]time.Time) error {
	text, err := json.Marshal(used)
	if err == nil {
		err = durable.WriteFile(usedFile(data), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot write when the access keys were used: %w", err)
	}
	return nil
}

// maxFile bounds the file of keys: some ten thousand of them.
const maxFile = 8 << 20

// readAll reads a file of a size that is not absurd.
func readAll(f io.Reader, size int64) ([]byte, error) {
	if size > maxFile {
		return nil, fmt.Errorf("the file has %d bytes, %d are taken", size, maxFile)
	}
	return io.ReadAll(io.LimitReader(f, maxFile))
}
