package console

import (
	"context"

	"weir/flowlog"
	"weir/internal/query"
)

// fieldsAnswer is the answer of fields.
type fieldsAnswer struct {
	Kind   string        `json:"kind"`
	Fields []fieldAnswer `json:"fields"`
}

// fieldAnswer describes a field as the API writes it.
type fieldAnswer struct {
	Name    string            `json:"name"`
	Type    string            `json:"type"`
	Unit    string            `json:"unit"`
	Meaning string            `json:"meaning"`
	Version int               `json:"version"`
	Origin  string            `json:"origin"`
	Address bool              `json:"address"`
	Epoch   bool              `json:"epoch"`
	Names   map[string]string `json:"names"`
}

// fields answers the fields of a kind: those of the table in AWS's order, weir's
// own behind them, the names that can be told now, and the unknown ones that the lake holds
// last.
func (c *console) fields(ctx context.Context, r *request) (any, error) {
	known, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	answer := fieldsAnswer{Kind: r.kind.String()}
	columns := query.TableColumns(r.kind)
	for i, f := range flowlog.Fields(r.kind) {
		origin := "aws"
		if f.Own() {
			origin = "weir"
		}
		answer.Fields = append(answer.Fields, fieldAnswer{
			Name: f.Column, Type: columns[i].Type.String(), Unit: f.Unit, Meaning: f.Meaning, Version: f.Version,
			Origin: origin, Address: f.Addr, Epoch: f.Epoch, Names: namesOf(f.ID),
		})
	}
	for _, n := range query.NameColumns() {
		if known&n.From() == 0 || r.kind != flowlog.KindVPC && n.Expr() == nil {
			continue
		}
		answer.Fields = append(answer.Fields, fieldAnswer{
			Name: n.String(), Type: query.Text.String(), Meaning: n.Meaning(), Origin: "name", Names: map[string]string{},
		})
	}
	for _, name := range r.unknown {
		answer.Fields = append(answer.Fields, fieldAnswer{
			Name: name, Type: query.Text.String(), Origin: "unknown", Names: map[string]string{},
		})
	}
	return answer, nil
}
