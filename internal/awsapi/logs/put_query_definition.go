package logs

import (
	"context"

	"github.com/google/uuid"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

const maxQueryDefinitions = 1000

type putQueryDefinitionRequest struct {
	Language   string           `json:"queryLanguage" shape:"queryLanguage"`
	Name       string           `json:"name" required:"true" shape:"queryDefinition"`
	ID         string           `json:"queryDefinitionId" shape:"id256"`
	Groups     []string         `json:"logGroupNames" each:"group"`
	Text       string           `json:"queryString" required:"true" shape:"queryTextNonEmpty"`
	Token      string           `json:"clientToken" shape:"clientToken"`
	Parameters []queryParameter `json:"parameters" shape:"parameters"`
}

type queryParameter struct {
	Name        string  `json:"name" required:"true" shape:"parameterName"`
	Default     *string `json:"defaultValue,omitempty" shape:"parameterDefault"`
	Description *string `json:"description,omitempty" shape:"parameterText"`
}

type queryDefinition struct {
	Language     string           `json:"queryLanguage"`
	ID           string           `json:"queryDefinitionId"`
	Name         string           `json:"name"`
	Text         string           `json:"queryString"`
	LastModified int64            `json:"lastModified"`
	Groups       []string         `json:"logGroupNames,omitempty"`
	Parameters   []queryParameter `json:"parameters,omitempty"`
}

type queryDefinitionID struct {
	ID string `json:"queryDefinitionId"`
}

// putQueryDefinition saves a query, or with an id replaces all of one that is saved. The text is kept as
// it is. Requests with the same client token save one.
//
// Source: AWS, PutQueryDefinition.
func (a *API) putQueryDefinition(ctx context.Context, _ *awsapi.Call, in *putQueryDefinitionRequest) (*queryDefinitionID, error) {
	if in.Language != "" && in.Language != "CWLI" {
		return nil, invalid("Queries in %s are not supported: use the Logs Insights query language (CWLI).", in.Language)
	}
	id := in.ID
	switch {
	case id != "":
		old, err := get[queryDefinition](ctx, a.Store, queryDefinitionKind, "", id)
		if err != nil {
			return nil, err
		}
		if old == nil {
			return nil, errNoDefinition
		}
	case in.Token != "":
		id = uuid.NewSHA1(uuid.Nil, []byte(in.Token)).String()
	default:
		id = uuid.NewString()
	}
	if in.ID == "" {
		all, err := a.Store.Documents(ctx, logstore.DocumentQuery{Kind: queryDefinitionKind, NoBody: true})
		if err != nil {
			return nil, err
		}
		if len(all) >= maxQueryDefinitions {
			return nil, limitExceeded("Resource limit exceeded.")
		}
	}
	d := queryDefinition{Language: "CWLI", ID: id, Name: in.Name, Text: in.Text, LastModified: a.Now().UnixMilli(), Groups: in.Groups, Parameters: in.Parameters}
	if err := put(ctx, a.Store, queryDefinitionKind, "", id, &d); err != nil {
		return nil, err
	}
	return &queryDefinitionID{ID: id}, nil
}

var errNoDefinition = notFound("The specified query definition does not exist.")
