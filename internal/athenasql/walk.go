package athenasql

// Walk calls do for a node and for all below it, a node before what is in it, in the order of the text. Where do returns false
// the nodes below are passed over. Parts that are no nodes of their own (a name, a type, a frame's bounds) are not called for; what is in them is.
// A nil node is passed over.
func Walk(n Node, do func(Node) bool) {
	for _, child := range visit(n, do) {
		Walk(child, do)
	}
}

// visit calls do for a node and returns what is below it.
func visit(n Node, do func(Node) bool) []Node {
	if isNil(n) || !do(n) {
		return nil
	}
	var c children
	switch n := n.(type) {
	case Expr:
		c.ofExpr(n)
	case QueryBody:
		c.ofBody(n)
	case Relation:
		c.ofRelation(n)
	case Statement:
		c.ofStatement(n)
	}
	return c
}

// children are the nodes below one.
type children []Node

func (c *children) add(n Node) {
	if !isNil(n) {
		*c = append(*c, n)
	}
}

func (c *children) exprs(list []Expr) {
	for _, e := range list {
		c.add(e)
	}
}

func (c *children) sort(list []SortItem) {
	for _, s := range list {
		c.add(s.Expr)
	}
}

// isNil reports whether a node is absent: an interface of nothing, or of a nil query.
func isNil(n Node) bool {
	if n == nil {
		return true
	}
	q, ok := n.(*Query)
	return ok && q == nil
}

func (c *children) window(w *Window) {
	if w == nil {
		return
	}
	c.exprs(w.PartitionBy)
	c.sort(w.OrderBy)
	if w.Frame != nil {
		c.add(w.Frame.Start.N)
		c.add(w.Frame.End.N)
	}
}

func (c *children) ofExpr(e Expr) {
	switch e := e.(type) {
	case *Field:
		c.add(e.Of)
	case *Subscript:
		c.exprs([]Expr{e.Of, e.Index})
	case *Unary:
		c.add(e.Of)
	case *BinaryOp:
		c.exprs([]Expr{e.Left, e.Right})
	case *IsNull:
		c.add(e.Of)
	case *IsDistinct:
		c.exprs([]Expr{e.Left, e.Right})
	case *Between:
		c.exprs([]Expr{e.Of, e.Low, e.High})
	case *In:
		c.add(e.Of)
		c.exprs(e.List)
		c.add(e.Query)
	case *Like:
		c.exprs([]Expr{e.Of, e.Pattern, e.Escape})
	case *Quantified:
		c.add(e.Of)
		c.add(e.Query)
	case *Exists:
		c.add(e.Query)
	case *Subquery:
		c.add(e.Query)
	case *Case:
		c.add(e.Of)
		for _, w := range e.Whens {
			c.exprs([]Expr{w.If, w.Then})
		}
		c.add(e.Else)
	case *Cast:
		c.add(e.Of)
	case *Extract:
		c.add(e.Of)
	case *AtTimeZone:
		c.exprs([]Expr{e.Of, e.Zone})
	case *Call:
		c.exprs(e.Args)
		c.sort(e.OrderBy)
		c.sort(e.WithinGroup)
		c.add(e.Filter)
		c.window(e.Over)
	case *Lambda:
		c.add(e.Body)
	case *ArrayOf:
		c.exprs(e.Items)
	case *RowOf:
		c.exprs(e.Items)
	case *Grouping:
		for i := range e.Args {
			c.add(&e.Args[i])
		}
	}
}

func (c *children) ofBody(b QueryBody) {
	switch b := b.(type) {
	case *Query:
		for _, w := range b.With {
			c.add(w.Query)
		}
		c.add(b.Body)
		c.sort(b.OrderBy)
		c.exprs([]Expr{b.Offset, b.Limit})
	case *Select:
		for _, i := range b.Items {
			c.add(i.Expr)
		}
		for _, r := range b.From {
			c.add(r)
		}
		c.add(b.Where)
		if b.GroupBy != nil {
			for _, e := range b.GroupBy.Elements {
				for _, set := range e.Sets {
					c.exprs(set)
				}
			}
		}
		c.add(b.Having)
		for _, w := range b.Windows {
			c.window(w.Window)
		}
	case *SetOperation:
		c.add(b.Left)
		c.add(b.Right)
	case *Values:
		for _, row := range b.Rows {
			c.exprs(row)
		}
	}
}

func (c *children) ofRelation(r Relation) {
	switch r := r.(type) {
	case *SubqueryRef:
		c.add(r.Query)
	case *Unnest:
		c.exprs(r.Exprs)
	case *Lateral:
		c.add(r.Query)
	case *Aliased:
		c.add(r.Relation)
	case *Sample:
		c.add(r.Relation)
		c.add(r.Percentage)
	case *TableFunction:
		if r.Call != nil {
			c.add(r.Call)
		}
	case *Join:
		c.add(r.Left)
		c.add(r.Right)
		c.add(r.On)
	}
}

func (c *children) partition(d *PartitionDef) {
	if d == nil {
		return
	}
	for _, k := range d.Keys {
		c.add(k.Value)
	}
}

func (c *children) ofStatement(s Statement) {
	switch s := s.(type) {
	case *CreateTableAs:
		for _, p := range s.Properties {
			c.add(p.Value)
		}
		c.add(s.Query)
	case *CreateView:
		c.add(s.Query)
	case *AddPartitions:
		for i := range s.Partitions {
			c.partition(&s.Partitions[i])
		}
	case *DropPartitions:
		for i := range s.Partitions {
			c.partition(&s.Partitions[i])
		}
	case *SetLocation:
		c.partition(s.Partition)
	case *RenamePartition:
		c.partition(&s.From)
		c.partition(&s.To)
	case *Describe:
		c.partition(s.Partition)
	case *Explain:
		c.add(s.Of)
	case *Unload:
		c.add(s.Query)
		for _, p := range s.Properties {
			c.add(p.Value)
		}
	case *Prepare:
		c.add(s.Of)
	case *Execute:
		c.exprs(s.Using)
	}
}
