package insights

import "strings"

// reservedWords can't be names without backticks.
var reservedWords = []string{"and", "or", "not", "in", "like", "as", "by", "true", "false", "null"}

// reserved reports whether a name needs backticks because it is a word of the language.
func reserved(name string) bool {
	for _, w := range reservedWords {
		if strings.EqualFold(w, name) {
			return true
		}
	}
	return false
}

func isReserved(t *token) bool {
	return len(t.parts) == 1 && !t.parts[0].Quoted && reserved(t.text)
}

// joinParts returns the name of a path: its parts with dots between.
func joinParts(parts []FieldPart) string {
	if len(parts) == 1 {
		return parts[0].Name
	}
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = part.Name
	}
	return strings.Join(names, ".")
}

// Name returns the field's name: its parts with dots between, backticks left out.
func (f *Field) Name() string { return joinParts(f.Parts) }

// quoteName returns a name as it is written: in backticks where it needs them.
func quoteName(name string) string {
	if isPlain(name) && !reserved(name) {
		return name
	}
	return "`" + name + "`"
}

// isPlain reports whether a name can be written without backticks.
func isPlain(name string) bool {
	if name == "" || !beginsName(name[0]) || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return false
	}
	for i := range len(name) {
		if !inName(name[i]) && name[i] != '.' {
			return false
		}
	}
	return true
}
