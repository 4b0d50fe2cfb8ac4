package netmodel

// Combine returns the documents of parts without what stands in several of them: what one
// account shares with others is taken from the owner's part, and what has no owner, or whose
// owner's part is not there, from the first part that has it. Parts are in the order of
// preference. The error is a [*PlaceError], for a document that is no JSON object.
func Combine(parts []Part) ([]Document, error) {
	var docs []Document
	var of []int // the part of each document
	for n, p := range parts {
		for _, d := range p.Documents {
			d.Account, d.Region = p.Account, p.Region
			docs, of = append(docs, d), append(of, n)
		}
	}
	entries, err := readEntries(docs)
	if err != nil {
		return nil, err
	}
	winners := map[string]int{} // part by id
	owned := map[string]bool{}
	for _, e := range entries { // in the order of the parts
		_, there := winners[e.id]
		own := e.owner == docs[e.doc].Account
		if !there || own && !owned[e.id] {
			winners[e.id], owned[e.id] = of[e.doc], own
		}
	}
	keep := func(e *entry) bool {
		here := of[e.doc]
		if e.kind == "securitygrouprules" { // with their group
			for _, ref := range e.refs {
				if winner, ok := winners[ref]; ok {
					return winner == here
				}
			}
		}
		if e.id == "" {
			winner, ok := winners[e.whole]
			return e.whole == "" || !ok || winner == here
		}
		// Two that say to own it contradict each other, which LoadDocuments says.
		return winners[e.id] == here || owned[e.id] && e.owner == docs[e.doc].Account
	}
	byDoc := make([][]*entry, len(docs))
	for _, e := range entries {
		byDoc[e.doc] = append(byDoc[e.doc], e)
	}
	for i := range docs {
		docs[i].Data = filtered(docs[i].Data, byDoc[i], keep)
	}
	return docs, nil
}
