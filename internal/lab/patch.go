package lab

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// patched returns a YAML document with a patch made to it, as RFC 7396 has one of JSON: mappings are patched key by key, null removes a key, and all else takes the place of what there is.
func patched(name string, document []byte, patch map[string]any) ([]byte, error) {
	var d map[string]any
	if err := yaml.Load(document, &d); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDefinition, name, err)
	}
	return yaml.Dump(merge(d, patch))
}

// merge patches a mapping, which is changed, and returns it. What it takes of the patch is a copy.
func merge(to, patch map[string]any) map[string]any {
	if to == nil {
		to = map[string]any{}
	}
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(to, key)
		case map[string]any:
			within, _ := to[key].(map[string]any) // what is no mapping is replaced by one
			to[key] = merge(within, value)
		default:
			to[key] = value
		}
	}
	return to
}
