package athena

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

type listTableMetadataRequest struct {
	Catalog    string `json:"CatalogName" required:"true" shape:"catalog"`
	Database   string `json:"DatabaseName" required:"true" shape:"name"`
	Expression string `json:"Expression" shape:"expression"`
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"page50"`
	WorkGroup  string `json:"WorkGroup" shape:"group"`
}

type listTableMetadataResponse struct {
	Tables    []tableMetadata `json:"TableMetadataList"`
	NextToken string          `json:"NextToken,omitempty"`
}

type tableMetadata struct {
	Name          string            `json:"Name"`
	Created       *seconds          `json:"CreateTime,omitempty"`
	Type          string            `json:"TableType"`
	Columns       []column          `json:"Columns"`
	PartitionKeys []column          `json:"PartitionKeys"`
	Parameters    map[string]string `json:"Parameters"`
}

type column struct {
	Name    string `json:"Name"`
	Type    string `json:"Type"`
	Comment string `json:"Comment,omitempty"`
}

// listTableMetadata lists tables and views of a database by their names. Expression is a regular expression that a whole name matches, in any
// case; it is Go's (RE2), so that look-around and back-references are refused.
//
// Source: AWS, ListTableMetadata; that it is of the whole name is from Glue's GetTables.
func (a *API) listTableMetadata(ctx context.Context, c *awsapi.Call, in *listTableMetadataRequest) (*listTableMetadataResponse, error) {
	if err := a.within(in.WorkGroup, in.Catalog); err != nil {
		return nil, err
	}
	if _, err := regexp.Compile(in.Expression); err != nil { // alone: a parenthesis of it could close that around it
		return nil, invalid("Expression is not a regular expression that this server knows: %v", err)
	}
	matches, err := regexp.Compile(`(?is)\A(?:` + in.Expression + `)\z`)
	if err != nil {
		return nil, invalid("Expression is not a regular expression that this server knows: %v", err)
	}
	all, err := a.Catalog.Tables(ctx, strings.ToLower(in.Database))
	if err != nil {
		return nil, metadata(c, err)
	}
	all = slices.SortedFunc(slices.Values(all), func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	if in.Expression != "" {
		all = slices.DeleteFunc(all, func(t Table) bool { return !matches.MatchString(t.Name) })
	}
	shown, token, err := page("ListTableMetadata", in.NextToken, in.MaxResults, all, func(t Table) string { return t.Name })
	if err != nil {
		return nil, err
	}
	out := &listTableMetadataResponse{Tables: []tableMetadata{}, NextToken: token}
	for i := range shown {
		out.Tables = append(out.Tables, shown[i].metadata())
	}
	return out, nil
}

func (t *Table) metadata() tableMetadata {
	out := tableMetadata{Name: t.Name, Created: at(t.Created), Type: t.Type, Columns: []column{}, PartitionKeys: []column{}, Parameters: t.Parameters}
	if out.Parameters == nil {
		out.Parameters = map[string]string{}
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, column(c))
	}
	for _, c := range t.PartitionKeys {
		out.PartitionKeys = append(out.PartitionKeys, column(c))
	}
	return out
}
