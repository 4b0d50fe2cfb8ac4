package monitoring

import (
	"context"
	"strconv"
	"strings"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

type describeAlarmHistoryRequest struct {
	Name        string       `json:"AlarmName" shape:"name"`
	Contributor string       `json:"AlarmContributorId" shape:"contributorID"`
	Types       []string     `json:"AlarmTypes" each:"alarmType"`
	ItemType    string       `json:"HistoryItemType" shape:"historyItemType"`
	Start       *awsapi.Time `json:"StartDate"`
	End         *awsapi.Time `json:"EndDate"`
	Max         *int32       `json:"MaxRecords" shape:"maxRecords"`
	NextToken   string       `json:"NextToken"`
	ScanBy      string       `json:"ScanBy" shape:"scanBy"`
}

type describeAlarmHistoryResponse struct {
	Items     []alarmHistoryItem `json:"AlarmHistoryItems"`
	NextToken string             `json:"NextToken,omitempty"`
}

// alarmHistoryItem is AWS's AlarmHistoryItem.
type alarmHistoryItem struct {
	Name     string      `json:"AlarmName"`
	Type     string      `json:"AlarmType"`
	Time     awsapi.Time `json:"Timestamp"`
	ItemType string      `json:"HistoryItemType"`
	Summary  string      `json:"HistorySummary"`
	Data     string      `json:"HistoryData"`
}

// describeAlarmHistory lists what happened to alarms, the newest first unless asked otherwise; to metric alarms alone where no types are
// named. No alarm has contributors of its own, so what asks for theirs finds nothing.
//
// Source: AWS, DescribeAlarmHistory.
func (a *API) describeAlarmHistory(ctx context.Context, _ *awsapi.Call, in *describeAlarmHistoryRequest) (*describeAlarmHistoryResponse, error) {
	out := &describeAlarmHistoryResponse{Items: []alarmHistoryItem{}}
	limit := int(or(in.Max, maxAlarms))
	r := alarm.HistoryRequest{
		Name: in.Name, Types: alarmTypes(in.Types), ItemType: in.ItemType, Ascending: in.ScanBy == "TimestampAscending", Limit: limit + 1,
	}
	if in.Start != nil {
		r.From = int64(*in.Start)
	}
	if in.End != nil {
		r.To = int64(*in.End)
	}
	if in.Start != nil && in.End != nil && r.From > r.To {
		return nil, invalidValue("The parameter StartDate must not be greater than the parameter EndDate.")
	}
	if in.NextToken != "" {
		after, ok := historyPlace(in.NextToken)
		if !ok {
			return nil, errToken
		}
		r.After = after
	}
	if in.Contributor != "" || strings.HasPrefix(in.ItemType, "AlarmContributor") {
		return out, nil
	}
	items, err := a.Alarms.History(ctx, r)
	if err != nil {
		return nil, answer(err)
	}
	if len(items) > limit {
		items = items[:limit]
		out.NextToken = historyToken(&items[limit-1])
	}
	for _, i := range items {
		out.Items = append(out.Items, alarmHistoryItem{Name: i.Name, Type: i.AlarmType, Time: awsapi.Time(i.Time), ItemType: i.ItemType, Summary: i.Summary, Data: i.Data})
	}
	return out, nil
}

// historyToken returns the token of the page behind an item.
func historyToken(i *alarm.HistoryItem) string {
	return awsapi.PageToken("DescribeAlarmHistory", strconv.FormatInt(i.Time, 10)+" "+strconv.FormatInt(i.ID, 10))
}

// historyPlace returns the time and id of the item that a token names.
func historyPlace(token string) (*alarm.HistoryItem, bool) {
	key, ok := awsapi.PageKey("DescribeAlarmHistory", token)
	if !ok {
		return nil, false
	}
	at, id, _ := strings.Cut(key, " ")
	var i alarm.HistoryItem
	var err, err2 error
	i.Time, err = strconv.ParseInt(at, 10, 64)
	i.ID, err2 = strconv.ParseInt(id, 10, 64)
	return &i, err == nil && err2 == nil
}
