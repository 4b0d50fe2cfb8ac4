package value

import (
	"regexp"
	"sync"
	"time"
)

// A cache keeps what is made of a text, for texts that come again and again. It is emptied when it is full, so that
// texts from outside can't fill the memory.
type cache[T any] struct {
	mu   sync.Mutex
	made map[string]T
	make func(string) (T, error)
}

// cacheSize is how many texts a cache holds.
const cacheSize = 256

// get returns what is made of a text. Errors are those of make, and are not kept.
func (c *cache[T]) get(s string) (T, error) {
	c.mu.Lock()
	v, ok := c.made[s]
	c.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := c.make(s)
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil || len(c.made) >= cacheSize {
		c.made = map[string]T{}
	}
	c.made[s] = v
	return v, nil
}

var (
	regexps = cache[*regexp.Regexp]{make: func(s string) (*regexp.Regexp, error) { return regexp.Compile(RegexText(s)) }}
	zones   = cache[*time.Location]{make: loadZone}
	formats = cache[*timeFormat]{make: parseTimeFormat}
	dates   = cache[*datePattern]{make: parseDatePattern}
)

// CompileRegex compiles a regular expression of a query. Those that were compiled lately are kept.
//
// Source: AWS, "filter" and "String functions": the syntax of RE2.
func CompileRegex(text string) (*regexp.Regexp, error) { return regexps.get(text) }
