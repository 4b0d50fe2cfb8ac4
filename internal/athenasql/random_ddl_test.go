package athenasql

// statement makes a statement of any kind.
func (r *random) statement() Statement {
	switch r.IntN(22) {
	case 0:
		return r.createTable()
	case 1:
		return &CreateTableAs{Name: r.qualified(3), IfNotExists: r.flip(), Properties: r.tableProperties(), Query: r.query(false), NoData: r.flip()}
	case 2:
		return &CreateView{Name: r.qualified(2), Replace: r.flip(), Query: r.query(false)}
	case 3:
		return &CreateDatabase{Name: r.name(), IfNotExists: r.flip(), Comment: r.text(), Location: r.text(), Properties: r.properties(0)}
	case 4:
		d := &Drop{What: one(r, "TABLE", "VIEW", "DATABASE"), Name: r.qualified(2), IfExists: r.flip()}
		d.Cascade = d.What == "DATABASE" && r.flip()
		return d
	case 5:
		return &AddPartitions{Table: r.qualified(2), IfNotExists: r.flip(), Partitions: some(r, 1, 3, func() PartitionDef { return r.partition(true, false) })}
	case 6:
		return &DropPartitions{Table: r.qualified(2), IfExists: r.flip(), Partitions: some(r, 1, 3, func() PartitionDef { return r.partition(false, true) })}
	case 7:
		return &RenamePartition{Table: r.qualified(2), From: r.partition(false, false), To: r.partition(false, false)}
	case 8:
		return &SetTableProperties{Table: r.qualified(2), Properties: r.properties(1)}
	case 9:
		s := &SetLocation{Table: r.qualified(2), Location: r.text()}
		if d := r.partition(false, false); r.flip() {
			s.Partition = &d
		}
		return s
	case 10:
		return &AddColumns{Table: r.qualified(2), Columns: some(r, 1, 3, r.column)}
	case 11:
		return &RepairTable{Table: r.qualified(2)}
	case 12, 13:
		return r.show()
	case 14:
		d := &Describe{Name: r.qualified(2), Extended: r.flip()}
		d.Formatted = !d.Extended && r.flip()
		if of := r.partition(false, false); r.flip() {
			d.Partition = &of
		}
		if n := r.name(); r.flip() {
			d.Column = &n
		}
		return d
	case 15:
		e := &Explain{Analyze: r.flip(), Format: one(r, "", "text", "json"), Type: one(r, "", "logical", "io"), Of: r.explained()}
		e.Verbose = e.Analyze && r.flip()
		return e
	case 16:
		return &Unload{Query: r.query(false), To: r.text(), Properties: r.tableProperties()}
	case 17:
		return &Prepare{Name: r.name(), Of: r.explained()}
	case 18:
		e := &Execute{Using: r.exprs(0, 2)}
		if r.flip() {
			e.Immediate, e.Text = true, r.text()
		} else {
			e.Name = r.name()
		}
		return e
	case 19:
		return &Deallocate{Name: r.name()}
	}
	return r.query(false)
}

func (r *random) explained() Statement {
	return one[Statement](r, r.query(false), &Unload{Query: r.query(false), To: "s3://x/"}, &Other{What: "INSERT"})
}

func (r *random) show() Statement {
	s := &Show{What: one(r, "DATABASES", "TABLES", "VIEWS", "COLUMNS", "PARTITIONS", "CREATE TABLE", "CREATE VIEW", "TBLPROPERTIES", "FUNCTIONS", "CATALOGS")}
	switch n := r.qualified(2); s.What {
	case "DATABASES", "TABLES", "VIEWS", "FUNCTIONS", "CATALOGS":
		if s.Like = r.text(); s.Like != "" {
			s.Regex = s.What != "FUNCTIONS" && s.What != "CATALOGS"
		}
		if in := r.name(); r.flip() && (s.What == "TABLES" || s.What == "VIEWS") {
			s.In = &in
		}
	default:
		s.Name = &n
		if s.What == "TBLPROPERTIES" {
			s.Property = r.text()
		}
	}
	return s
}

func (r *random) hiveType() TypeName {
	if r.left <= 0 {
		return TypeName{Name: one(r, "string", "bigint", "double", "timestamp")}
	}
	r.left--
	defer func() { r.left++ }()
	switch r.IntN(6) {
	case 0:
		return TypeName{Name: "varchar", Params: []int{10}}
	case 1:
		return TypeName{Name: "decimal", Params: []int{10, 2}}
	case 2:
		return TypeName{Name: "array", Elems: []TypeName{r.hiveType()}}
	case 3:
		return TypeName{Name: "map", Elems: []TypeName{r.hiveType(), r.hiveType()}}
	case 4:
		t := TypeName{Name: "struct"}
		for range 1 + r.IntN(2) {
			t.Fields, t.Elems = append(t.Fields, r.name()), append(t.Elems, r.hiveType())
		}
		return t
	}
	return TypeName{Name: "int"}
}

func (r *random) column() ColumnDef {
	return ColumnDef{Name: r.name(), Type: r.hiveType(), Comment: r.text()}
}

func (r *random) properties(low int) []Property {
	return some(r, low, 3, func() Property { return Property{Key: r.text(), Value: r.text()} })
}

func (r *random) tableProperties() []TableProperty {
	return some(r, 0, 2, func() TableProperty { return TableProperty{Name: r.name(), Value: r.expr()} })
}

func (r *random) partition(location, anyOperator bool) PartitionDef {
	d := PartitionDef{Keys: some(r, 1, 2, func() PartitionValue {
		v := PartitionValue{Key: r.name(), Operator: "="}
		if anyOperator {
			v.Operator = one(r, "=", "<>", "<", ">=")
		}
		v.Value = one[Expr](r, &String{Value: r.text()}, &Integer{Text: "5"}, &DecimalNumber{Text: "1.5"}, &Unary{Operator: "-", Of: &Integer{Text: "7"}},
			&TypedLiteral{Type: TypeName{Name: "date"}, Value: "2026-01-31"})
		return v
	})}
	if location {
		d.Location = r.text()
	}
	return d
}

func (r *random) createTable() Statement {
	c := &CreateTable{
		Name: r.qualified(2), IfNotExists: r.flip(), Columns: some(r, 1, 3, r.column), Comment: r.text(), PartitionBy: some(r, 0, 2, r.column),
		SerDeProperties: r.properties(0), Location: r.text(), Properties: r.properties(0),
	}
	if r.flip() {
		c.SerDe = r.text()
	} else if r.flip() {
		c.Delimited = &Delimited{Fields: r.text(), Escaped: r.text(), Items: r.text(), Keys: r.text(), Lines: r.text(), Null: r.text()}
	}
	if r.flip() {
		c.StoredAs = one(r, "textfile", "parquet")
	} else if r.flip() {
		c.InputFormat, c.OutputFormat = r.text(), r.text()
	}
	return c
}
