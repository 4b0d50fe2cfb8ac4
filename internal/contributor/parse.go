package contributor

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/filterpattern"
)

// ParseRule reads the definition of a rule. Errors are of type *Error.
//
// Source: AWS, CloudWatch User Guide, "Contributor Insights rule syntax". The samples of the guide have Sum without ValueOf, which
// counts, and AggregateOn within Contribution: both are taken.
func ParseRule(definition []byte) (*Rule, error) {
	p := &ruleReader{definition: definition, rule: &Rule{}}
	if err := p.read(); err != nil {
		return nil, err
	}
	p.rule.wantNames()
	return p.rule, nil
}

// A ruleReader reads one definition.
type ruleReader struct {
	definition []byte
	rule       *Rule
	// counts says that what is distinct is counted.
	counts bool
	// aliases lead from the names of a rule for CLF to positions.
	aliases map[string]int
}

func (p *ruleReader) read() *Error {
	if len(p.definition) > maxDefinition {
		return errorAt(p.definition, maxDefinition, "", "", "LimitExceeded: a definition has at most %d characters", maxDefinition)
	}
	if i := slices.IndexFunc(p.definition, func(c byte) bool { return c >= 0x80 }); i >= 0 {
		return errorAt(p.definition, i, "", `write other characters by their code: "\u00e9"`, "InvalidCharacter: a definition is ASCII")
	}
	root, err := readJSON(p.definition)
	if err != nil {
		return err
	}
	m, err := p.object(root, []string{"Schema", "LogGroupNames", "LogGroupARNs", "LogFormat", "Fields", "Contribution", "AggregateOn"})
	if err != nil {
		return err
	}
	if err := p.schema(root, m["Schema"]); err != nil {
		return err
	}
	if err := p.groups(root, m["LogGroupNames"], m["LogGroupARNs"]); err != nil {
		return err
	}
	formats := []string{formatJSON, formatCLF}
	if p.weir() {
		formats = append(formats, formatFlowLog)
	}
	format, err := p.oneOf(root, "LogFormat", m["LogFormat"], formats...)
	if err != nil {
		return err
	}
	p.rule.format = format
	if err := p.fields(m["Fields"]); err != nil {
		return err
	}
	if m["Contribution"] == nil {
		return p.missing(root, "Contribution")
	}
	return p.contribution(root, m["Contribution"], m["AggregateOn"])
}

// weir reports whether the rule is of weir's own schema.
func (p *ruleReader) weir() bool { return p.rule.schema == WeirSchema }

// fail is an error at a value, with a hint.
func (p *ruleReader) fail(v *value, code, format string, args ...any) *Error {
	if v.path != "" {
		code += " at " + v.path
	}
	return errorAt(p.definition, v.offset, v.path, fmt.Sprintf(format, args...), "%s", code)
}

// missing is the error that AWS gives where a member is not there (seen).
func (p *ruleReader) missing(v *value, name string) *Error {
	return errorAt(p.definition, v.offset, join(v.path, name), "", "MissingKey at %s", join(v.path, name))
}

// object returns the members of an object, which must have known names.
func (p *ruleReader) object(v *value, names []string) (map[string]*value, *Error) {
	members, ok := v.is.([]member)
	if !ok {
		return nil, p.fail(v, "InvalidValue", "an object is expected")
	}
	out := map[string]*value{}
	for _, m := range members {
		if !slices.Contains(names, m.name) {
			return nil, errorAt(p.definition, m.offset, m.path, "the members here are "+strings.Join(names, ", "), "UnknownKey at %s", m.path)
		}
		out[m.name] = m.value
	}
	return out, nil
}

func (p *ruleReader) array(v *value, most int) ([]*value, *Error) {
	a, ok := v.is.([]*value)
	switch {
	case !ok:
		return nil, p.fail(v, "InvalidValue", "an array is expected")
	case len(a) > most:
		return nil, p.fail(a[most], "LimitExceeded", "at most %d elements are allowed", most)
	}
	return a, nil
}

// nonEmpty is an array that must not be empty.
func (p *ruleReader) nonEmpty(v *value, most int) ([]*value, *Error) {
	a, err := p.array(v, most)
	if err == nil && len(a) == 0 {
		err = p.fail(v, "InvalidValue", "the array is empty")
	}
	return a, err
}

// text reads a string that must not be empty.
func (p *ruleReader) text(v *value) (string, *Error) {
	s, ok := v.is.(string)
	if !ok {
		return "", p.fail(v, "InvalidValue", "a string is expected")
	}
	if s == "" {
		return "", p.fail(v, "InvalidValue", "the string is empty")
	}
	return s, nil
}

// oneOf reads a member that must be one of some texts.
func (p *ruleReader) oneOf(parent *value, name string, v *value, texts ...string) (string, *Error) {
	if v == nil {
		return "", p.missing(parent, name)
	}
	s, err := p.text(v)
	if err == nil && !slices.Contains(texts, s) {
		err = p.fail(v, "InvalidValue", "%s is one of %s", name, strings.Join(texts, ", "))
	}
	return s, err
}

func (p *ruleReader) schema(root, v *value) *Error {
	if v == nil {
		return p.missing(root, "Schema")
	}
	const hint = `it is {"Name": "CloudWatchLogRule", "Version": 1}`
	m, err := p.object(v, []string{"Name", "Version"})
	if err != nil {
		return err
	}
	name, version := m["Name"], m["Version"]
	if name == nil || version == nil || version.is != json.Number("1") {
		return p.fail(v, "InvalidSchema", hint)
	}
	s, _ := name.is.(string)
	if s != CloudWatchSchema && s != WeirSchema {
		return p.fail(v, "InvalidSchema", hint)
	}
	p.rule.schema = s
	return nil
}

func (p *ruleReader) groups(root, names, arns *value) *Error {
	v := names
	switch {
	case names == nil && arns == nil:
		return p.missing(root, "LogGroupNames")
	case names != nil && arns != nil:
		return p.fail(arns, "InvalidValue", "a rule has LogGroupNames or LogGroupARNs, not both")
	case names == nil:
		v = arns
	}
	all, err := p.nonEmpty(v, math.MaxInt)
	if err != nil {
		return err
	}
	for _, e := range all {
		s, err := p.text(e)
		if err != nil {
			return err
		}
		g := groupPattern{name: s}
		if v == arns {
			if g, err = p.arn(e, s); err != nil {
				return err
			}
		}
		g.name, g.prefix = strings.CutSuffix(g.name, "*")
		if strings.Contains(g.name, "*") {
			return p.fail(e, "InvalidValue", "* may stand at the end of a name, for any ending")
		}
		if len(g.name) > 512 {
			return p.fail(e, "InvalidValue", "names of log groups have at most 512 characters")
		}
		p.rule.groups = append(p.rule.groups, g)
	}
	return nil
}

// groupARN is an ARN of log groups. AWS's guide writes log-group/NAME in rules, its API log-group:NAME and log-group:NAME:*.
var groupARN = regexp.MustCompile(`^arn:aws[a-z-]*:logs:([a-z0-9-]+):([0-9]{12}|\*):log-group[:/]([^:]+)(:\*)?$`)

func (p *ruleReader) arn(v *value, s string) (groupPattern, *Error) {
	m := groupARN.FindStringSubmatch(s)
	if m == nil {
		return groupPattern{}, p.fail(v, "InvalidValue",
			"an ARN is arn:aws:logs:REGION:ACCOUNT:log-group:NAME; the account may be *, and NAME may end with *")
	}
	return groupPattern{region: m[1], account: m[2], name: m[3]}, nil
}

// fields reads the names of positions.
func (p *ruleReader) fields(v *value) *Error {
	p.aliases = map[string]int{}
	if v == nil {
		return nil
	}
	members, ok := v.is.([]member)
	switch {
	case !ok:
		return p.fail(v, "InvalidValue", "an object is expected")
	case p.rule.format == formatJSON && len(members) > 0:
		return p.fail(v, "InvalidValue", "Fields are for LogFormat CLF; JSON has names of its own: $.name")
	case p.rule.format == formatFlowLog && len(members) > 0:
		return p.fail(v, "InvalidValue", "Fields are for LogFormat CLF; FlowLog has the names of flow logs: srcaddr")
	}
	for _, m := range members {
		position, ok := parsePosition(m.name)
		if !ok {
			return errorAt(p.definition, m.offset, m.path, `positions count from "1"`, "InvalidValue at %s", m.path)
		}
		name, err := p.text(m.value)
		if err != nil {
			return err
		}
		if other, ok := parsePosition(name); ok && other != position {
			return p.fail(m.value, "InvalidValue", "%q would be another field's position", name)
		}
		if p.aliases[name] != 0 {
			return p.fail(m.value, "InvalidValue", "two fields have the name %q", name)
		}
		p.aliases[name] = position
	}
	return nil
}

// parsePosition reads a position: a number from 1 without leading zeros.
func parsePosition(s string) (int, bool) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}

// property is AWS's JSON property format. Its names begin with a letter.
var property = regexp.MustCompile(`^\$(\.[A-Za-z][A-Za-z0-9_-]*(\[[0-9]+\])*)+$`)

// field reads what names a field.
func (p *ruleReader) field(v *value) (field, *Error) {
	s, err := p.text(v)
	if err != nil {
		return field{}, err
	}
	switch p.rule.format {
	case formatFlowLog:
		if name := namedEnds[s]; name != nil {
			return field{label: s, name: name}, nil
		}
		known, ok := flowlog.Lookup(s)
		if !ok || known.Own() || known.Name != s {
			return field{}, p.fail(v, "InvalidValue", "%q is no field of flow logs", s)
		}
		return field{label: s}, nil
	case formatCLF:
		position := p.aliases[s]
		if position == 0 {
			if position, _ = parsePosition(s); position == 0 {
				return field{}, p.fail(v, "InvalidValue", `%q is no name of Fields and no position such as "4"`, s)
			}
		}
		return field{label: s, position: position}, nil
	}
	if !property.MatchString(s) {
		return field{}, p.fail(v, "InvalidValue", "a field of JSON is written as $.name, $.users[1].name; names begin with a letter")
	}
	selector, perr := filterpattern.ParseSelector(s)
	if perr != nil {
		return field{}, p.fail(v, "InvalidValue", "%s", perr)
	}
	return field{label: s, selector: selector}, nil
}
