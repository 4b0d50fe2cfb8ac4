package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"weir/flowlog"
	"weir/internal/filter"
)

// maxCompletions bounds the completions of one answer; who sees more types on.
const maxCompletions = 100

// completeAnswer is the answer of complete.
type completeAnswer struct {
	Items []completion `json:"items"`
}

// completion is what can stand at a place: a text for the bytes from offset on,
// length of them.
type completion struct {
	Text   string                `json:"text"`
	Offset int                   `json:"offset"`
	Length int                   `json:"length"`
	Kind   filter.CompletionKind `json:"kind"`
	Detail string                `json:"detail"`
}

// complete answers what can stand at the byte offset of the filter text.
func (c *console) complete(_ context.Context, r *request) (any, error) {
	text := r.values.Get("text")
	if len(text) > maxFilter {
		return nil, badParam("text", "", "the filter has %d bytes, the most is %d", len(text), maxFilter)
	}
	offset, err := strconv.Atoi(r.values.Get("offset"))
	if err != nil || offset < 0 || offset > len(text) {
		return nil, badParam("offset", "", "%q is no place in a text of %d bytes", r.values.Get("offset"), len(text))
	}
	answer := completeAnswer{Items: []completion{}}
	items := append(filter.Complete(text, offset, r.filterOptions()), r.completeUnknown(text, offset)...)
	for _, i := range items[:min(len(items), maxCompletions)] {
		answer.Items = append(answer.Items, completion{i.Text, i.From, i.To - i.From, i.Kind, i.About})
	}
	return answer, nil
}

// completeUnknown returns the fields that weir does not know and that can stand at a
// place. The filter language can ask whether there is such a field, but not which
// ones there are.
func (r *request) completeUnknown(text string, offset int) []filter.Completion {
	from := 1 + strings.LastIndexFunc(text[:offset], func(c rune) bool { return unicode.IsSpace(c) || c == '(' })
	to := offset + len(text[offset:])
	if end := strings.IndexFunc(text[offset:], func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_' }); end >= 0 {
		to = offset + end
	}
	isField := func(c filter.Completion) bool { return c.Kind == filter.CompleteField }
	if !slices.ContainsFunc(filter.Complete(text[:from], from, r.filterOptions()), isField) {
		return nil
	}
	var out []filter.Completion
	for _, name := range r.unknown {
		if strings.HasPrefix(name, flowlog.CanonicalName(text[from:offset])) {
			out = append(out, filter.Completion{
				Text: name, From: from, To: to, Kind: filter.CompleteField, About: "a field that weir does not know",
			})
		}
	}
	return out
}

// checkAnswer is the answer of check.
type checkAnswer struct {
	Problem *problem `json:"problem"`
}

// check answers what is wrong with a request, its filter above all. It is no failure
// to ask for that, so that the status is 200 also where something is.
func (c *console) check(w http.ResponseWriter, r *http.Request) {
	answer := checkAnswer{}
	if _, err := c.parse(r); err != nil {
		answer.Problem = problemOf(r.Context(), err)
	}
	writeJSON(w, http.StatusOK, answer)
}
