package describe

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"unicode"
)

// operation is a read-only operation of AWS.
type operation struct {
	service
	// name is the API's.
	name string
	// of is the operation of the same service whose answer names the things that this one
	// is asked about one by one, and ids picks them; "" for what is asked once.
	of  string
	ids func(answer any) []string
	// beside is the member by which the document says of what its answer is, where its name
	// is not enough; "" for none. The AWS CLI does not print it.
	beside string
	// ask returns the answer's struct, all pages in one and without a token.
	ask func(ctx context.Context, id string) (any, error)
	// out is the type of that struct.
	out reflect.Type
}

// service is a service of AWS: the AWS CLI's name, and what its actions begin with in
// policies.
type service struct{ cli, iam string }

// call is a client's method. The functions below know methods and not clients: a client
// that is a type parameter is kept by the linker with all its methods, some MB of each.
type call[In, Out, Options any] = func(context.Context, *In, ...func(*Options)) (*Out, error)

// once returns an operation that is asked once, with a request or, where that is nil, an
// empty one.
func once[In, Out, Options any](s service, do call[In, Out, Options], in *In) operation {
	return about(s, do, func(string) *In {
		request := new(In)
		if in != nil {
			*request = *in
		}
		return request
	})
}

// each returns an operation that is asked about each of the things that ids picks from
// another's answer.
func each[In, Out, Of, Options any](s service, ids func(*Of) []string, do call[In, Out, Options], in func(id string) *In) operation {
	o := about(s, do, in)
	o.of = strings.TrimSuffix(reflect.TypeFor[Of]().Name(), "Output")
	o.ids = func(answer any) []string { return ids(answer.(*Of)) }
	return o
}

// saying makes the documents of an operation say of what they are.
func (o operation) saying(member string) operation {
	o.beside = member
	return o
}

func about[In, Out, Options any](s service, do call[In, Out, Options], in func(id string) *In) operation {
	return operation{
		service: s, name: strings.TrimSuffix(reflect.TypeFor[In]().Name(), "Input"), out: reflect.TypeFor[Out](),
		ask: func(ctx context.Context, id string) (any, error) {
			request := in(id)
			return pages(request, func() (*Out, error) { return do(ctx, request) })
		},
	}
}

// action returns what a policy must allow.
func (o *operation) action() string { return o.iam + ":" + o.name }

// command returns the AWS CLI's words for the operation.
func (o *operation) command() string { return o.cli + " " + kebab(o.name) }

// file returns the name of the document of an answer. Of an ARN the resource is enough:
// account and region are those of all others beside it.
func (o *operation) file(region, id string) string {
	name := region + "/" + o.cli + "/" + kebab(o.name)
	if id != "" {
		if strings.HasPrefix(id, "arn:") {
			id = id[strings.LastIndexByte(id, ':')+1:]
		}
		name += "/" + strings.ReplaceAll(id, "/", "-")
	}
	return name + ".json"
}

// kebab writes DescribeDBInstances as describe-db-instances.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(rune(name[i-1])) || i+1 < len(name) && unicode.IsLower(rune(name[i+1]))) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// tokens are the names that services have for what asks for the next page, in the answer
// and in the request.
var tokens = [][2]string{{"NextToken", "NextToken"}, {"NextMarker", "Marker"}, {"Marker", "Marker"}}

// errPages says that an answer does not end.
var errPages = errors.New("the service gives the same page again")

// pages calls until an answer has no token, and returns all answers as one.
func pages[In, Out any](in *In, call func() (*Out, error)) (*Out, error) {
	var all *Out
	seen := map[string]bool{}
	for {
		out, err := call()
		if err != nil {
			return nil, err
		}
		token := nextPage(reflect.ValueOf(in).Elem(), reflect.ValueOf(out).Elem())
		if all == nil {
			all = out
		} else {
			extend(reflect.ValueOf(all).Elem(), reflect.ValueOf(out).Elem())
		}
		switch {
		case token == "":
			return all, nil
		case seen[token]:
			return nil, errPages
		}
		seen[token] = true
	}
}

// nextPage moves the token from an answer into the next request, and returns it.
func nextPage(in, out reflect.Value) string {
	for _, names := range tokens {
		from := out.FieldByName(names[0])
		if !from.IsValid() {
			continue
		}
		token, _ := reflect.TypeAssert[*string](from)
		from.SetZero()
		if token == nil || *token == "" {
			return ""
		}
		in.FieldByName(names[1]).Set(reflect.ValueOf(token))
		return *token
	}
	return ""
}

// extend adds a page to those before it: its lists to theirs. What is no list is as the
// last page has it.
func extend(all, page reflect.Value) {
	for i := range page.NumField() {
		from, to := page.Field(i), all.Field(i)
		switch {
		case !to.CanSet() || from.IsZero():
		case from.Kind() == reflect.Slice:
			to.Set(reflect.AppendSlice(to, from))
		default:
			to.Set(from)
		}
	}
}
