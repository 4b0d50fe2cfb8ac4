package page

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"weir/internal/lab"
)

// A Language is one that [Document] is written in.
type Language string

// The languages that there are.
const (
	English Language = "en"
	Korean  Language = "ko"
)

// statements are the document's, D1 to D23.
const statements = 23

// A statement is one of the document.
type statement struct {
	Says   string `yaml:"says"`
	SaysKo string `yaml:"says-ko"`
	// Also is what shows it beside scenarios.
	Also   string `yaml:"also"`
	AlsoKo string `yaml:"also-ko"`
}

//go:embed statements.yaml
var statementFile []byte

// Document returns the table of the document's statements, in order, with the scenarios that name them and what else shows them. It fails where a scenario names a statement that there is not,
// or where nothing shows one.
func Document(all []lab.Scenario, in Language) (string, error) {
	var texts map[string]statement
	if err := yaml.Load(statementFile, &texts, yaml.WithKnownFields()); err != nil {
		return "", fmt.Errorf("statements of the document: %w", err)
	}
	shown := map[string][]string{}
	for _, s := range all {
		for _, id := range s.Statements {
			if _, ok := texts[id]; !ok {
				return "", fmt.Errorf("scenario %s: %q is no statement of the document", s.Name, id)
			}
			if !slices.Contains(shown[id], s.Name) {
				shown[id] = append(shown[id], s.Name)
			}
		}
	}
	var b strings.Builder
	if in == Korean {
		b.WriteString("| 항목 | 내용 | 시나리오 | 그 밖의 확인 |\n")
	} else {
		b.WriteString("| statement | what it says | scenarios | shown besides by |\n")
	}
	b.WriteString("| --- | --- | --- | --- |\n")
	for i := range statements {
		id := fmt.Sprintf("D%d", i+1)
		s, ok := texts[id]
		says, also := s.Says, s.Also
		if in == Korean {
			says, also = s.SaysKo, s.AlsoKo
		}
		if !ok || says == "" || also == "" && len(shown[id]) == 0 {
			return "", fmt.Errorf("statement %s has no text, or nothing that shows it", id)
		}
		fmt.Fprintf(&b, "| <a id=\"%s\"></a>%s | %s | %s | %s |\n", strings.ToLower(id), id, says, linked(shown[id]), also)
	}
	return b.String(), nil
}

// linked lists scenarios as links to their pages.
func linked(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("[%s](%s.md)", name, name)
	}
	return strings.Join(out, ", ")
}

// Index returns the table of the scenarios.
func Index(all []lab.Scenario) string {
	var b strings.Builder
	b.WriteString("| scenario | statements | what is seen |\n| --- | --- | --- |\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", s.Name, s.Name, strings.Join(s.Statements, ", "), strings.TrimSpace(s.Shows))
	}
	return b.String()
}
