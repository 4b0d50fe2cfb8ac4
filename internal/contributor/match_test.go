package contributor

import "testing"

// TestContributes tells which events contribute to a rule.
func TestContributes(t *testing.T) {
	clf, err := ParseRule([]byte(`{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"CLF","Fields":{"4":"srcaddr","7":"dstport"},
		"Contribution":{"Keys":["srcaddr"],"Filters":[{"Match":"dstport","EqualTo":22}]},"AggregateOn":"Count"}`))
	if err != nil {
		t.Fatal(err)
	}
	json, err := ParseRule([]byte(`{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"JSON",
		"Contribution":{"Keys":["$.ip"],"Filters":[{"Match":"$.n","GreaterThan":2}]},"AggregateOn":"Count"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		rule    *Rule
		message string
		want    bool
	}{
		{clf, "2 1 eni 10.0.0.1 10.0.0.2 1 22 6", true},
		{clf, "2 1 eni 10.0.0.1 10.0.0.2 1 23 6", false},
		{clf, "2 1 eni 10.0.0.1", false},
		{clf, "", false},
		{json, `{"ip":"10.0.0.1","n":3}`, true},
		{json, `{"ip":"10.0.0.1","n":2}`, false},
		{json, `{"n":3}`, false},
		{json, `10.0.0.1 3`, false},
	} {
		contributes := test.rule.Contributes("", nil, Names{})
		for range 2 { // what was looked at before does not matter
			if got := contributes(test.message, 0); got != test.want {
				t.Errorf("%q contributes: %v", test.message, got)
			}
		}
	}
}
