package sns

import (
	"context"
	"regexp"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

type publishBatchRequest struct {
	TopicArn string       `json:"TopicArn"`
	Entries  []batchEntry `json:"PublishBatchRequestEntries"`
}

type batchEntry struct {
	ID string `json:"Id"`
	entry
}

type publishBatchResponse struct {
	Successful []batchResult `json:"Successful"`
	// Failed is always empty: a batch is published as a whole or not at all.
	Failed []struct{} `json:"Failed"`
}

type batchResult struct {
	ID        string `json:"Id"`
	MessageID string `json:"MessageId"`
}

const (
	maxBatch   = 10
	maxBatchID = 80
)

var batchID = regexp.MustCompile(`\A[A-Za-z0-9_-]+\z`)

// publishBatch publishes up to ten messages, all or none.
//
// Source: AWS, PublishBatch; recordings of AWS for the texts.
func (a *API) publishBatch(ctx context.Context, _ *awsapi.Call, in *publishBatchRequest) (*publishBatchResponse, error) {
	if err := checkBatch(in.Entries); err != nil {
		return nil, err
	}
	var messages []notify.Message
	size := 0
	for i := range in.Entries {
		m, err := in.Entries[i].message(in.TopicArn)
		if err != nil {
			return nil, err
		}
		size += len(in.Entries[i].Message) + m.AttributesSize()
		messages = append(messages, m)
	}
	if size > notify.MaxMessage {
		return nil, batchError("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")
	}
	ids, err := a.Store.PublishAll(ctx, messages)
	if err != nil {
		return nil, err
	}
	out := &publishBatchResponse{Successful: []batchResult{}, Failed: []struct{}{}}
	for i, id := range ids {
		out.Successful = append(out.Successful, batchResult{in.Entries[i].ID, id})
	}
	return out, nil
}

// checkBatch checks the number of entries and their ids.
func checkBatch(entries []batchEntry) error {
	switch {
	case len(entries) == 0:
		return batchError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case len(entries) > maxBatch:
		return batchError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	seen := map[string]bool{}
	for _, e := range entries {
		switch {
		case len(e.ID) > maxBatchID:
			return batchError("InvalidBatchEntryId", "The Id of a batch entry in the batch request is too long: %s", e.ID)
		case !batchID.MatchString(e.ID):
			return batchError("InvalidBatchEntryId", "The Id of a batch entry in the batch request contains an impermissible character: %s", e.ID)
		case seen[e.ID]:
			return batchError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[e.ID] = true
	}
	return nil
}
