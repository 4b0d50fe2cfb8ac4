package awsapi

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// A Shape is what a service's model says of a value: the length of a text, list or map, or the
// range of a number.
type Shape struct {
	// Min is the least length or value.
	Min int64
	// Max is the greatest length or value; 0 does not bound.
	Max int64
	// Pattern is a regular expression that the whole text must match, "" for any text. Written is how the model has it, where
	// that is not Go's syntax: errors show it.
	Pattern, Written string
	// Enum are the texts that are allowed, nil for all.
	Enum []string

	compiled *regexp.Regexp
}

// Shapes are the shapes of a service, by name. Members of requests name theirs by tags:
//
//	shape:"NAME"     of the member
//	each:"NAME"      of the elements of a list, or of the values of a map
//	keys:"NAME"      of the keys of a map
//	required:"true"  the member must be there
type Shapes map[string]*Shape

// Compile prepares the patterns. It panics where one is wrong.
func (s Shapes) Compile() Shapes {
	for _, shape := range s {
		if shape.Pattern != "" {
			shape.compiled = regexp.MustCompile(`\A(?:` + shape.Pattern + `)\z`)
		}
	}
	return s
}

// ofText returns what a text violates, in AWS's words.
func (s *Shape) ofText(text string) []string {
	var out []string
	if s.Enum != nil {
		if slices.Contains(s.Enum, text) {
			return nil
		}
		return []string{"Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"}
	}
	out = append(out, s.ofLength(utf16Length(text))...)
	if s.compiled != nil && !s.compiled.MatchString(text) {
		out = append(out, "Member must satisfy regular expression pattern: "+cmp.Or(s.Written, s.Pattern))
	}
	return out
}

// utf16Length counts as AWS's services do: in UTF-16 code units.
func utf16Length(text string) int64 {
	var n int64
	for _, r := range text {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

func (s *Shape) ofLength(n int64) []string {
	var out []string
	if s.Max > 0 && n > s.Max {
		out = append(out, "Member must have length less than or equal to "+itoa(s.Max))
	}
	if n < s.Min {
		out = append(out, "Member must have length greater than or equal to "+itoa(s.Min))
	}
	return out
}

func (s *Shape) ofNumber(n int64) []string {
	var out []string
	if s.Max > 0 && n > s.Max {
		out = append(out, "Member must have value less than or equal to "+itoa(s.Max))
	}
	if n < s.Min {
		out = append(out, "Member must have value greater than or equal to "+itoa(s.Min))
	}
	return out
}

// Accepts says whether a text has the shape of a name.
func (s Shapes) Accepts(name, text string) bool { return len(s[name].ofText(text)) == 0 }
