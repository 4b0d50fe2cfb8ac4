package lake

import (
	"slices"

	"weir/flowlog"
)

// recordedText is the weir-attribution of records whose rules were recorded with them: what
// decided at the interface wrote them down, so that nothing is told in their place.
const recordedText = "recorded"

// recordedTexts are the fields that say which rules decided.
var recordedTexts = [...]flowlog.FieldID{flowlog.WeirRejectStage, flowlog.WeirRejectRule, flowlog.WeirAllowRules}

// recordedKey is what was recorded, as codes of the columns.
type recordedKey [len(recordedTexts)]uint32

// record puts what was recorded with the columns' records in place of what is told of them: of a
// record that has any of recordedTexts, and whose weir-attribution is recordedText or absent. It is
// absent in records as they are delivered; where it is another, the texts were told of it, here
// or in the lake that the records come from. of has the number of records, 0 for nothing else 1 + a
// place in told.
func (c *columns) record(of []uint32, told []Told) []Told {
	var texts [len(recordedTexts)]*ranked
	some := false
	for i, id := range recordedTexts {
		texts[i] = c.texts[id]
		some = some || texts[i] != nil
	}
	if !some {
		return told
	}
	told = slices.Clip(told) // whose it was may still have it
	attributions := c.texts[flowlog.WeirAttribution]
	places := map[recordedKey]uint32{}
	for i := range of {
		if attributions != nil {
			if code := attributions.at(i); code != 0 && attributions.dict[code-1] != recordedText {
				continue
			}
		}
		var key recordedKey
		for j, r := range texts {
			if r != nil {
				key[j] = r.at(i)
			}
		}
		if key == (recordedKey{}) {
			continue
		}
		at, known := places[key]
		if !known {
			t := Told{Attribution: recordedText}
			for j, to := range []*string{&t.Stage, &t.Rule, &t.Allow} {
				if key[j] != 0 {
					*to = texts[j].dict[key[j]-1]
				}
			}
			told = append(told, t)
			at = uint32(len(told))
			places[key] = at
		}
		of[i] = at
	}
	return told
}
