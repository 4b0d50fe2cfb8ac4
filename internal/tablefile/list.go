package tablefile

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// parallelListings bounds the listings under way.
	parallelListings = 16
	// siblings is from how many folders with one parent on the parent is listed: a request of S3 tells of 1,000 objects, and of a folder of its own
	// mostly fewer.
	siblings = 8
)

// Located is an object and the location that it lies below, by its index among those that were listed.
type Located struct {
	Object
	Location int
}

// ListAll lists the objects below locations, in the order of these and of their addresses. An object that lies below two locations is of both, as rows in two
// partitions are. Empty objects, and those in whose path below the location a part begins with "_" or ".", are left out, as Hive does.
func ListAll(ctx context.Context, s Storage, locations []string) ([]Located, error) {
	of := map[string][]int{}
	for i, l := range locations {
		of[l] = append(of[l], i)
	}
	var mu sync.Mutex
	var out []Located
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelListings)
	for _, folder := range folders(locations) {
		if gctx.Err() != nil {
			break
		}
		group.Go(func() error {
			return s.List(gctx, folder, func(o Object) error {
				if o.Size == 0 {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				for at := parent(o.URL); at != ""; at = parent(at) {
					for _, i := range of[at] {
						if !hidden(o.URL[len(at):]) {
							out = append(out, Located{o, i})
						}
					}
				}
				return nil
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Located) int {
		return cmp.Or(cmp.Compare(a.Location, b.Location), strings.Compare(a.URL, b.URL))
	})
	return out, ctx.Err()
}

// hidden reports whether a part of a path begins with "_" or ".".
func hidden(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "_") || strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}

// parent returns the folder of an object or folder, with its "/"; "" where there is none.
func parent(url string) string {
	url = strings.TrimSuffix(url, "/")
	i := strings.LastIndexByte(url, '/')
	if i < 0 || strings.HasSuffix(url[:i+1], "://") {
		return ""
	}
	return url[:i+1]
}

// folders returns what is to be listed so that all objects below locations are seen: where many folders have one parent, the parent instead, and none that lies
// below another. No bucket is listed whole, unless it is a location.
func folders(locations []string) []string {
	now := map[string]bool{}
	for _, l := range locations {
		now[l] = true
	}
	for {
		children := map[string]int{}
		for l := range now {
			if p := parent(l); p != "" && parent(p) != "" {
				children[p]++
			}
		}
		changed := false
		for l := range now {
			if p := parent(l); children[p] >= siblings {
				delete(now, l)
				now[p] = true
				changed = true
			}
		}
		if !changed {
			break
		}
	}
	var out []string
	for l := range now {
		covered := false
		for p := parent(l); p != "" && !covered; p = parent(p) {
			covered = now[p]
		}
		if !covered {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}
