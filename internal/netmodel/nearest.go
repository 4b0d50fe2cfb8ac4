package netmodel

import "strings"

// nearest returns the word that somebody may have meant, "" where none is near: with one
// letter of four wrong, missing, too many or at its neighbour's place, or of which the text is
// the beginning.
func nearest(text string, words []string) string {
	best, least := "", max(1, len(text)/4)+1
	for _, w := range words {
		d := distance(strings.ToLower(text), w)
		if len(text) > 2 && strings.HasPrefix(w, text) {
			d = 1
		}
		if d < least {
			best, least = w, d
		}
	}
	return best
}

// distance returns how many letters must be changed, added, left out or swapped with the next
// one to make b of a.
func distance(a, b string) int {
	var before, last []int
	for i := range len(a) + 1 {
		row := make([]int, len(b)+1)
		for j := range row {
			switch {
			case i == 0:
				row[j] = j
			case j == 0:
				row[j] = i
			case a[i-1] == b[j-1]:
				row[j] = last[j-1]
			default:
				row[j] = 1 + min(last[j-1], last[j], row[j-1])
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					row[j] = min(row[j], 1+before[j-2])
				}
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
