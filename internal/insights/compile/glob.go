package compile

import "strings"

// Glob returns what stands for the n-th star, from 1, of the glob's first match in a text: each star is
// as short as can be, one at the end takes the rest. What is between stars is found from the left: if
// that does not match, nothing does.
//
// Source: AWS, "parse"; docs/decisions/0030.
func Glob(text, glob string, n int) (string, bool) {
	literal, glob, more := strings.Cut(glob, "*")
	at := strings.Index(text, literal)
	if at < 0 {
		return "", false
	}
	text = text[at+len(literal):]
	var found string
	for star := 1; more; star++ {
		literal, glob, more = strings.Cut(glob, "*")
		end := len(text)
		if literal != "" || more {
			end = strings.Index(text, literal)
		}
		if end < 0 {
			return "", false
		}
		if star == n {
			found = text[:end]
		}
		text = text[min(len(text), end+len(literal)):]
	}
	return found, true
}
