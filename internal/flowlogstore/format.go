package flowlogstore

import (
	"regexp"
	"slices"
	"strings"

	"weir/flowlog"
)

// logFormat is the form that AWS demands: fields in braces, one space between them.
var logFormat = regexp.MustCompile(`^\$\{[0-9A-Za-z_-]+\}( \$\{[0-9A-Za-z_-]+\})*$`)

// maxTagFields and maxTagKeys bound TagFieldSpecifications.
//
// Source: AWS's model of EC2.
const (
	maxTagFields = 3
	maxTagKeys   = 2
)

// tagFields are the fields of each resource type's first and second tag.
var tagFields = map[string][]string{
	"instance":           {"instance-tag", "instance-tag-2"},
	"network-interface":  {"interface-tag", "interface-tag-2"},
	"auto-scaling-group": {"asg-tag", "asg-tag-2"},
}

// completeFormat checks which fields records have.
//
// Source of the first text: an answer of AWS to a format with a space at its end (aws-cloudformation/rain, issue 288). What AWS answers to a field
// that there is not was not found.
func (c *Config) completeFormat(kind flowlog.Kind) error {
	if err := checkTagFields(c.TagFields); err != nil {
		return err
	}
	if c.LogFormat == "" {
		c.LogFormat = flowlog.DefaultFormat(kind).String()
	}
	if !logFormat.MatchString(c.LogFormat) {
		return refuse("InvalidParameterValue", "1 validation error detected: Value '%s' at 'logFormat' has an invalid format", c.LogFormat)
	}
	if strings.Contains(c.LogFormat, "_") || strings.ToLower(c.LogFormat) != c.LogFormat {
		return invalid("LogFormat: fields have lower case letters and hyphens: ${account-id}")
	}
	for token := range strings.SplitSeq(c.LogFormat, " ") {
		name := strings.TrimSuffix(strings.TrimPrefix(token, "${"), "}")
		field, ok := flowlog.Lookup(name)
		if !ok || field.Own() || !field.In(kind) {
			return invalid("LogFormat: flow logs of the resource type %s have no field %s", c.ResourceType, token)
		}
		if of, n := tagFieldOf(name); of != "" && len(c.keys(of)) < n {
			return invalid("LogFormat: %s needs a TagFieldSpecification with the ResourceType %s and at least %d TagKey", token, of, n)
		}
	}
	if _, err := flowlog.ParseLogFormat(c.LogFormat); err != nil { // a field twice
		return invalid("LogFormat: %s", strings.TrimPrefix(err.Error(), "flowlog: log format: "))
	}
	return nil
}

// tagFieldOf returns the resource type whose tag a field is, and which one; "" for other fields.
func tagFieldOf(name string) (of string, n int) {
	for of, fields := range tagFields {
		if i := slices.Index(fields, name); i >= 0 {
			return of, i + 1
		}
	}
	return "", 0
}

// keys returns the tag keys of a resource type.
func (c *Config) keys(of string) []string {
	for _, f := range c.TagFields {
		if f.ResourceType == of {
			return f.Keys
		}
	}
	return nil
}

func checkTagFields(all []TagField) error {
	if len(all) > maxTagFields {
		return invalid("The request has %d TagFieldSpecifications; %d are allowed.", len(all), maxTagFields)
	}
	for i, f := range all {
		switch {
		case f.ResourceType == "":
			return missing("TagFieldSpecification.ResourceType")
		case tagFields[f.ResourceType] == nil:
			return invalidValue("TagFieldSpecification.ResourceType", f.ResourceType, "network-interface", "instance", "auto-scaling-group")
		case slices.ContainsFunc(all[:i], func(o TagField) bool { return o.ResourceType == f.ResourceType }):
			return invalid("There are two TagFieldSpecifications with the ResourceType %s.", f.ResourceType)
		case len(f.Keys) == 0:
			return missing("TagFieldSpecification.TagKey")
		case len(f.Keys) > maxTagKeys:
			return invalid("The TagFieldSpecification of %s has %d TagKeys; %d are allowed.", f.ResourceType, len(f.Keys), maxTagKeys)
		}
		for j, key := range f.Keys {
			if err := checkTagKey(key); err != nil {
				return err
			}
			if slices.Contains(f.Keys[:j], key) {
				return invalid("The TagFieldSpecification of %s has the TagKey %s twice.", f.ResourceType, key)
			}
		}
	}
	return nil
}
