package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// The most bytes that are posted: Slack cuts texts of more than 40,000 characters, Teams refuses cards of more than 28 KB.
const (
	maxSlack = 40_000
	maxTeams = 28_000
)

// fitting returns what is posted of a text in a form: of less and less of it, until that has at most so many bytes. What stands around a text, and how it is
// escaped, may take much more than the text itself.
func fitting(text string, most int, form func(text string) any) ([]byte, error) {
	for n := min(len(text), most); ; n = n * 3 / 4 {
		body, err := json.Marshal(form(cut(text, n)))
		if err != nil || len(body) <= most || n == 0 {
			return body, err
		}
	}
}

// cut bounds a text, and says that it did.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + fmt.Sprintf("\n... (%d bytes in all)", len(text))
}

// title is what a message is headed with: its subject, else the name of its topic.
func (d *delivery) title() string {
	if d.Subject != "" {
		return d.Subject
	}
	if d.displayName != "" {
		return d.displayName
	}
	return d.TopicARN[strings.LastIndexByte(d.TopicARN, ':')+1:]
}

// sendSlack posts to an incoming webhook of Slack: the text stands as it is, in letters of one width.
//
// Source: Slack, "Sending messages using incoming webhooks" and "Formatting text for app surfaces": &, < and > are escaped.
func (s *Store) sendSlack(ctx context.Context, d *delivery) *failure {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	title := "*" + strings.ReplaceAll(escape.Replace(d.title()), "*", "∗") + "*\n"
	return s.postJSON(ctx, d, maxSlack, func(text string) any {
		// Three backquotes would end the block.
		return map[string]string{"text": title + "```\n" + strings.ReplaceAll(escape.Replace(text), "```", "'''") + "\n```"}
	})
}

// sendTeams posts an adaptive card to a webhook of a Teams workflow. Runs of text are not read as Markdown.
//
// Source: Microsoft, "Create incoming webhooks with Workflows for Microsoft Teams"; Adaptive Cards, RichTextBlock.
func (s *Store) sendTeams(ctx context.Context, d *delivery) *failure {
	type object = map[string]any
	run := func(text string, more object) object {
		o := object{"type": "TextRun", "text": text}
		maps.Copy(o, more)
		return o
	}
	return s.postJSON(ctx, d, maxTeams, func(text string) any {
		body := []object{{"type": "RichTextBlock", "inlines": []object{run(d.title(), object{"weight": "Bolder", "size": "Medium"})}}}
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\r\n")
			if line == "" {
				line = " " // an empty run is refused
			}
			body = append(body, object{"type": "RichTextBlock", "spacing": "None", "inlines": []object{run(line, object{"fontType": "Monospace"})}})
		}
		return object{"type": "message", "attachments": []object{{
			"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
			"content": object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body, "msteams": object{"width": "Full"}},
		}}}
	})
}

// postJSON posts what is made of a delivery's text.
func (s *Store) postJSON(ctx context.Context, d *delivery, most int, form func(text string) any) *failure {
	body, err := fitting(d.text(d.protocol), most, form)
	if err != nil {
		return &failure{reason: err.Error(), permanent: true}
	}
	return s.post(ctx, d.endpoint, http.Header{"Content-Type": {"application/json"}, "User-Agent": {"weir"}}, body, true)
}
