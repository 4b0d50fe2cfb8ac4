package config

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestKeep keeps flow logs and reads them again.
func TestKeep(t *testing.T) {
	c, err := Read("/etc/weir/agent.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.FlowLogs {
		data, err := json.Marshal(&c.FlowLogs[i])
		if err != nil {
			t.Fatal(err)
		}
		var got FlowLog
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.FlowLogs[i], got) {
			t.Errorf("%+v is kept as %s, which is %+v", c.FlowLogs[i], data, got)
		}
	}
	for _, data := range []string{`{}`, `{"Format":"tgw-id","Kind":1}`, `[]`} {
		if err := json.Unmarshal([]byte(data), &FlowLog{}); err == nil {
			t.Errorf("%s is taken", data)
		}
	}
}
