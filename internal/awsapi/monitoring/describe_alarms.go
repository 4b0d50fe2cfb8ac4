package monitoring

import (
	"context"
	"slices"
	"strings"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

// maxAlarms is how many alarms, or items of their history, a page has at most, and where the request does not say.
const maxAlarms = 100

type describeAlarmsRequest struct {
	Names        []string `json:"AlarmNames" shape:"alarmNames" each:"name"`
	Prefix       string   `json:"AlarmNamePrefix" shape:"name"`
	Types        []string `json:"AlarmTypes" each:"alarmType"`
	ChildrenOf   string   `json:"ChildrenOfAlarmName" shape:"name"`
	ParentsOf    string   `json:"ParentsOfAlarmName" shape:"name"`
	State        string   `json:"StateValue" shape:"state"`
	ActionPrefix string   `json:"ActionPrefix" shape:"resource"`
	Max          *int32   `json:"MaxRecords" shape:"maxRecords"`
	NextToken    string   `json:"NextToken"`
}

type describeAlarmsResponse struct {
	alarmList
	NextToken string `json:"NextToken,omitempty"`
}

// describeAlarms lists alarms by name: those that all filters take, or the children or parents of one, of which little is shown. Where no
// types are named, metric alarms alone.
//
// Source: AWS, DescribeAlarms.
func (a *API) describeAlarms(ctx context.Context, _ *awsapi.Call, in *describeAlarmsRequest) (*describeAlarmsResponse, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	all, err := a.Alarms.Alarms(ctx)
	if err != nil {
		return nil, err
	}
	var only func(describedAlarm) describedAlarm
	switch {
	case in.ChildrenOf != "":
		only = ofChild
		all, err = childrenOf(all, in.ChildrenOf)
	case in.ParentsOf != "":
		only = ofParent
		all, err = parentsOf(all, in.ParentsOf)
	default:
		all = slices.DeleteFunc(all, func(d alarm.Described) bool { return !in.takes(&d) })
	}
	if err != nil {
		return nil, err
	}
	shown, next, err := page("DescribeAlarms", in.NextToken, in.Max, maxAlarms, all, func(d alarm.Described) string { return d.Name })
	if err != nil {
		return nil, err
	}
	return &describeAlarmsResponse{alarmList: a.list(shown, only), NextToken: next}, nil
}

func (in *describeAlarmsRequest) check() error {
	filtered := len(in.Names) > 0 || in.Prefix != "" || len(in.Types) > 0 || in.State != "" || in.ActionPrefix != ""
	switch {
	case in.ChildrenOf != "" && (filtered || in.ParentsOf != ""):
		return validation("With ChildrenOfAlarmName no other parameters can be specified but MaxRecords and NextToken.")
	case in.ParentsOf != "" && filtered:
		return validation("With ParentsOfAlarmName no other parameters can be specified but MaxRecords and NextToken.")
	case len(in.Names) > 0 && in.Prefix != "":
		return validation("AlarmNames and AlarmNamePrefix cannot both be set")
	}
	return nil
}

// takes says whether the filters take an alarm.
func (in *describeAlarmsRequest) takes(d *alarm.Described) bool {
	acts := func(action string) bool { return strings.HasPrefix(action, in.ActionPrefix) }
	return (len(in.Names) == 0 || slices.Contains(in.Names, d.Name)) && strings.HasPrefix(d.Name, in.Prefix) &&
		slices.Contains(alarmTypes(in.Types), d.Type()) && (in.State == "" || string(d.State) == in.State) &&
		(in.ActionPrefix == "" || slices.ContainsFunc(d.Actions.OK, acts) || slices.ContainsFunc(d.Actions.Alarm, acts) || slices.ContainsFunc(d.Actions.InsufficientData, acts))
}

// childrenOf returns the alarms that the rule of a composite alarm names.
func childrenOf(all []alarm.Described, name string) ([]alarm.Described, error) {
	i := slices.IndexFunc(all, func(d alarm.Described) bool { return d.Name == name && d.Composite != nil })
	if i < 0 {
		return nil, validation("There is no composite alarm %s.", name)
	}
	names, err := members(&all[i])
	return slices.DeleteFunc(all, func(d alarm.Described) bool { return !slices.Contains(names, d.Name) }), err
}

// parentsOf returns the composite alarms whose rule names an alarm.
func parentsOf(all []alarm.Described, name string) ([]alarm.Described, error) {
	if !slices.ContainsFunc(all, func(d alarm.Described) bool { return d.Name == name }) {
		return nil, validation("There is no alarm %s.", name)
	}
	var out []alarm.Described
	for i := range all {
		names, err := members(&all[i])
		if err != nil {
			return nil, err
		}
		if slices.Contains(names, name) {
			out = append(out, all[i])
		}
	}
	return out, nil
}

// members returns the names of the alarms in the rule of an alarm, none where it is no composite one.
func members(d *alarm.Described) ([]string, error) {
	if d.Composite == nil {
		return nil, nil
	}
	rule, err := alarm.ParseRule(d.Composite.Rule)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range rule.Alarms() {
		out = append(out, alarm.NameOf(name))
	}
	return out, nil
}

// ofChild is what is shown of children.
func ofChild(d describedAlarm) describedAlarm {
	return describedAlarm{Name: d.Name, ARN: d.ARN, State: d.State, StateUpdated: d.StateUpdated}
}

// ofParent is what is shown of parents.
func ofParent(d describedAlarm) describedAlarm { return describedAlarm{Name: d.Name, ARN: d.ARN} }
