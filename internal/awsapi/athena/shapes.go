package athena

import "weir/internal/awsapi"

const (
	// printable is the model's pattern of texts, and printableHere the same for Go.
	printable     = `[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`
	printableHere = `[\x{20}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}\t]*`
	kmsKey        = `^arn:aws[a-z\-]*:kms:([a-z0-9\-]+):\d{12}:key/?[a-zA-Z_0-9+=,.@\-_/]+$|^arn:aws[a-z\-]*:kms:([a-z0-9\-]+):\d{12}:alias/?[a-zA-Z_0-9+=,.@\-_/]+$|^alias/[a-zA-Z0-9/_-]+$|[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}`
	maxQuery      = 262_144
	partitions    = `(aws|aws-us-gov|aws-cn|aws-iso|aws-iso-b)`
)

func between(minimum, maximum int64) *awsapi.Shape {
	return &awsapi.Shape{Min: minimum, Max: maximum}
}

func matching(minimum, maximum int64, pattern string) *awsapi.Shape {
	return &awsapi.Shape{Min: minimum, Max: maximum, Pattern: pattern}
}

func text(minimum, maximum int64) *awsapi.Shape {
	return &awsapi.Shape{Min: minimum, Max: maximum, Pattern: printableHere, Written: printable}
}

func oneOf(texts ...string) *awsapi.Shape { return &awsapi.Shape{Enum: texts} }

// shapes are the model's, under names of our own.
var shapes = awsapi.Shapes{
	"account":         matching(12, 12, `^[0-9]+$`),
	"age":             between(0, 10_080),
	"arn":             between(1, 1011),
	"catalog":         text(1, 256),
	"catalogPage":     between(2, 50),
	"concurrentDpus":  between(2, 5000),
	"cutoff":          between(10_000_000, 0),
	"database":        between(1, 255),
	"description":     between(1, 1024),
	"encryption":      oneOf("SSE_S3", "SSE_KMS", "CSE_KMS"),
	"expression":      between(0, 256),
	"group":           matching(0, 0, `[a-zA-Z0-9._-]{1,128}`),
	"groupAbout":      between(0, 1024),
	"grantType":       oneOf("DIRECTORY_IDENTITY"),
	"id":              matching(1, 128, `\S+`),
	"identityCenter":  matching(0, 255, `^arn:`+partitions+`:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}$`),
	"ids":             between(1, 50),
	"kms":             matching(1, 2048, kmsKey),
	"logGroup":        matching(1, 512, `^[a-zA-Z0-9._/-]+$`),
	"logLocation":     matching(0, 1024, `^s3://[a-z0-9][a-z0-9\-]*[a-z0-9](/.*)?$`),
	"logStream":       matching(1, 512, `^[^:*]*$`),
	"name":            between(1, 128),
	"named":           between(1, 128),
	"oneDpu":          between(1, 1),
	"page10":          between(1, 10),
	"page50":          between(1, 50),
	"page50or0":       between(0, 50),
	"parameter":       between(1, 1024),
	"parameters":      between(1, 0),
	"propertyKey":     text(1, 255),
	"propertyValue":   between(0, 51_200),
	"query":           between(1, maxQuery),
	"resultType":      oneOf("DATA_MANIFEST", "DATA_ROWS"),
	"role":            matching(20, 2048, `^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`),
	"rows":            between(1, 1000),
	"state":           oneOf("ENABLED", "DISABLED"),
	"statement":       matching(1, 256, `[a-zA-Z_][a-zA-Z0-9_@:]{1,256}`),
	"tagKey":          between(1, 128),
	"tagPage":         between(75, 0),
	"tagValue":        between(0, 256),
	"token":           between(1, 1024),
	"clientToken":     between(32, 128),
	"aclOption":       oneOf("BUCKET_OWNER_FULL_CONTROL"),
	"namedQueryAbout": between(0, 1024),
}.Compile()
