// Package memo keeps what was made of texts, for texts that come again and again.
package memo

import "sync"

// Cache keeps what Make makes of texts. It is emptied when it is full, so that texts from outside can't fill the memory. It is safe for
// concurrent use; Make may be called twice for a text, and is not changed once Get was called.
type Cache[T any] struct {
	Make func(string) (T, error)

	mu   sync.Mutex
	made map[string]T
}

// most is how many texts a cache holds.
const most = 256

// Get returns what is made of a text. Errors are those of Make, and are not kept.
func (c *Cache[T]) Get(s string) (T, error) {
	c.mu.Lock()
	v, ok := c.made[s]
	c.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := c.Make(s)
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil || len(c.made) >= most {
		c.made = map[string]T{}
	}
	c.made[s] = v
	return v, nil
}
