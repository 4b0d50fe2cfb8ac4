package monitoring

import (
	"encoding/json"
	"fmt"
	"hash/fnv"

	"weir/internal/awsapi"
	"weir/internal/metricmath"
)

// maxResults is how many results a page of GetMetricData has.
const maxResults = 500

// A dataPage says where a page of GetMetricData begins.
type dataPage struct {
	// from is where the whole time begins, in seconds since the epoch: rounding depends on the clock, and is done once. It is nil before.
	from *int64
	// oldest says that the oldest points come first.
	oldest bool
	// request tells requests apart.
	request uint64
	// series is how many time series there were, next the one that the page begins with, given how many of its points are on pages before
	// and last the time of the last of them.
	series, next, given int
	last                int64
}

const dataOperation = "GetMetricData"

// parseDataPage returns where the page of a request begins.
func parseDataPage(in *getMetricDataRequest) (*dataPage, error) {
	same := *in
	same.NextToken, same.MaxDatapoints = "", nil
	raw, err := json.Marshal(same)
	if err != nil {
		return nil, err
	}
	hash := fnv.New64a()
	_, _ = hash.Write(raw) // never fails
	p := &dataPage{oldest: in.ScanBy == "TimestampAscending", request: hash.Sum64()}
	if in.NextToken == "" {
		return p, nil
	}
	key, ok := awsapi.PageKey(dataOperation, in.NextToken)
	var request uint64
	var from int64
	if n, _ := fmt.Sscanf(key, "%x %d %d %d %d %d", &request, &from, &p.series, &p.next, &p.given, &p.last); !ok || n != 6 || request != p.request {
		return nil, errToken
	}
	p.from = &from
	if p.token() != in.NextToken || p.next < 0 || p.next >= p.series || p.given < 0 {
		return nil, errToken
	}
	return p, nil
}

func (p *dataPage) token() string {
	return awsapi.PageToken(dataOperation, fmt.Sprintf("%x %d %d %d %d %d", p.request, *p.from, p.series, p.next, p.given, p.last))
}

// of returns the page of at most limit points, and a token where more follow. It refuses the token where other time series are there
// than were on the page before: a search has found more.
func (p *dataPage) of(all []metricmath.Series, limit int) (*getMetricDataResponse, error) {
	if p.series != 0 && p.series != len(all) {
		return nil, errToken
	}
	p.series = len(all)
	out := &getMetricDataResponse{Results: []metricDataResult{}, Messages: []messageData{}}
	for ; p.next < len(all); p.next++ {
		s := &all[p.next]
		times, values := p.rest(s)
		if len(out.Results) == maxResults || limit == 0 && len(times) > 0 {
			out.NextToken = p.token()
			return out, nil
		}
		n := min(limit, len(times))
		limit -= n
		if len(times) > 0 || p.given == 0 {
			out.Results = append(out.Results, p.result(s, times[:n], values[:n]))
		}
		if n < len(times) {
			out.Results[len(out.Results)-1].StatusCode = "PartialData"
			p.given += n
			out.NextToken = p.token()
			return out, nil
		}
		p.given = 0
	}
	return out, nil
}

// rest returns the points of a time series that are on no page before, in the order of the request.
func (p *dataPage) rest(s *metricmath.Series) ([]int64, []float64) {
	n := len(s.Times)
	times, values := make([]int64, 0, n), make([]float64, 0, n)
	for i := range n {
		at := i
		if !p.oldest {
			at = n - 1 - i
		}
		t := s.Times[at]
		if p.given > 0 && (p.oldest && t <= p.last || !p.oldest && t >= p.last) {
			continue
		}
		times, values = append(times, t), append(values, s.Values[at])
	}
	return times, values
}

func (p *dataPage) result(s *metricmath.Series, times []int64, values []float64) metricDataResult {
	out := shownSeries(s)
	for i, t := range times {
		out.Timestamps, out.Values = append(out.Timestamps, awsapi.Time(t*1000)), append(out.Values, values[i])
		p.last = t
	}
	return out
}
