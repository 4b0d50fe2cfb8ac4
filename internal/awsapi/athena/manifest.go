package athena

import (
	"context"
	"strings"
)

// unload is the substatement of UNLOAD.
const unload = "UNLOAD"

// list writes the addresses of the objects that UNLOAD wrote, or CREATE TABLE AS with an external_location, a line each, beside where a result would lie, and returns where: clients read from there which objects they get.
// Where the server keeps results itself there is no such place.
//
// Source: AWS, Athena User Guide, "Find query output files in Amazon S3" (QueryID-manifest.csv); PyAthena and AWS's SDK for pandas, which read it.
func (s *jobs) list(ctx context.Context, e *execution, written []string) (location string, err error) {
	if e.Location == "" || e.Statement.SubStatement != unload && len(written) == 0 {
		return "", nil
	}
	var text strings.Builder
	for _, w := range written {
		text.WriteString(w + "\n")
	}
	o := outputOptions(&e.Result)
	o.ContentType = "application/octet-stream"
	location = strings.TrimSuffix(e.Location, ".csv") + "-manifest.csv"
	if err := s.output.Write(ctx, location, strings.NewReader(text.String()), o); err != nil {
		return "", &deliveryError{location, err}
	}
	return location, nil
}
