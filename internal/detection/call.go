package detection

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
)

// A Call is an operation of an API with its parameters.
type Call struct {
	// Service is monitoring or sns.
	Service   string
	Operation string
	In        json.RawMessage
}

// Names of services, as requests are signed for.
const (
	CloudWatch = "monitoring"
	SNS        = "sns"
)

// Calls returns the operations that carry the plan out, where nothing of it is there, in their order.
func (p *Plan) Calls() []Call {
	var out []Call
	if p.TopicARN != "" {
		out = append(out, p.CreateTopic())
		for _, t := range p.Subscriptions {
			out = append(out, p.Subscribe(t))
		}
	}
	for _, r := range p.Rules {
		out = append(out, p.PutRule(r))
	}
	for i := range p.Alarms {
		out = append(out, p.PutAlarm(&p.Alarms[i]))
	}
	for i := range p.LogAlarms {
		out = append(out, p.PutLogAlarm(&p.LogAlarms[i]))
	}
	return out
}

// CreateTopic makes the topic.
func (p *Plan) CreateTopic() Call {
	return call(SNS, "CreateTopic", map[string]any{"Name": p.Name, "Tags": p.Tags()})
}

// Subscribe subscribes who is told.
func (p *Plan) Subscribe(t Target) Call {
	return call(SNS, "Subscribe", map[string]any{"TopicArn": p.TopicARN, "Protocol": t.Protocol, "Endpoint": t.Endpoint})
}

// PutRule makes a rule.
func (p *Plan) PutRule(r Rule) Call {
	return call(CloudWatch, "PutInsightRule", map[string]any{"RuleName": r.Name, "RuleState": "ENABLED", "RuleDefinition": r.Definition, "Tags": p.Tags()})
}

// PutAlarm makes an alarm.
func (p *Plan) PutAlarm(a *Alarm) Call {
	tagged := *a
	tagged.Tags = p.Tags()
	return call(CloudWatch, "PutMetricAlarm", tagged)
}

// PutLogAlarm makes an alarm on a query.
func (p *Plan) PutLogAlarm(a *LogAlarm) Call {
	tagged := *a
	tagged.Tags = p.Tags()
	return call(CloudWatch, "PutLogAlarm", tagged)
}

func call(service, operation string, in any) Call {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // people read it
	if err := e.Encode(in); err != nil {
		panic(err) // texts and numbers can be written
	}
	return Call{service, operation, bytes.TrimSpace(text.Bytes())}
}

// String writes the call as a command of the AWS CLI, for a shell.
func (c Call) String() string {
	service := c.Service
	if service == CloudWatch {
		service = "cloudwatch"
	}
	var operation strings.Builder
	for i, r := range c.Operation {
		if unicode.IsUpper(r) && i > 0 {
			operation.WriteByte('-')
		}
		operation.WriteRune(unicode.ToLower(r))
	}
	return "aws " + service + " " + operation.String() + " --cli-input-json '" + strings.ReplaceAll(string(c.In), "'", `'\''`) + "'"
}
