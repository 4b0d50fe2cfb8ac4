package sns

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

type listRequest struct {
	NextToken string `json:"NextToken"`
}

type topicElement struct {
	TopicArn string `json:"TopicArn"`
}

type listTopicsResponse struct {
	Topics    []topicElement `json:"Topics"`
	NextToken string         `json:"NextToken,omitempty"`
}

// listTopics lists the topics by ARN, 100 at a time.
//
// Source: AWS, ListTopics.
func (a *API) listTopics(ctx context.Context, _ *awsapi.Call, in *listRequest) (*listTopicsResponse, error) {
	all, err := a.Store.Topics(ctx)
	if err != nil {
		return nil, err
	}
	shown, next, err := page("ListTopics", in.NextToken, all, func(t notify.Topic) string { return t.ARN })
	if err != nil {
		return nil, err
	}
	out := &listTopicsResponse{Topics: []topicElement{}, NextToken: next}
	for _, t := range shown {
		out.Topics = append(out.Topics, topicElement{t.ARN})
	}
	return out, nil
}
