package insights

import (
	"strconv"
)

// Limit keeps the first N rows; Any says that any will do.
type Limit struct {
	Span
	N   int64
	Any bool
	// Word is limit, head or tail.
	Word string
}

// MaxLimit is the most rows that limit may ask for.
//
// Source: AWS, "limit".
const MaxLimit = 100_000

var limitForm = CommandForm{
	Name:    "limit",
	Aliases: []string{"head", "tail"},
	Syntax:  "limit [any] number",
	Doc:     "Keeps the first rows; head and tail are other names. any says that any rows will do.",
	Page:    "CWL_QuerySyntax-Limit",
	parse: func(p *parser, start int) Command {
		c := &Limit{Word: commandWord(p.tokens[len(p.tokens)-1].text)}
		c.Any = p.word("any")
		c.N = p.integer(1, MaxLimit)
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Limit) Name() string { return "limit" }

func (c *Limit) print(p *printer) {
	p.write(c.Word, " ")
	if c.Any {
		p.write("any ")
	}
	p.write(strconv.FormatInt(c.N, 10))
}

func (c *Limit) walk(func(Expr)) {}

func (c *Limit) check(k *checker) Command {
	k.afterStats(c)
	return c
}
