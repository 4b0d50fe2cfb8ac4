package logs

import "weir/internal/awsapi"

const (
	tagText  = `\p{L}\p{Z}\p{N}_.:/=+\-@`
	longest  = 10 << 20 // of a lookup table
	maxQuery = 10_000
)

func between(minimum, maximum int64) *awsapi.Shape {
	return &awsapi.Shape{Min: minimum, Max: maximum}
}

func matching(minimum, maximum int64, pattern string) *awsapi.Shape {
	return &awsapi.Shape{Min: minimum, Max: maximum, Pattern: pattern}
}

func oneOf(texts ...string) *awsapi.Shape { return &awsapi.Shape{Enum: texts} }

var queryLanguages = []string{"CWLI", "SQL", "PPL"}

// shapes are the model's, under names of our own.
var shapes = awsapi.Shapes{
	"account":            matching(12, 12, `^\d{12}$`),
	"accounts":           between(0, 20),
	"class":              oneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"),
	"clientToken":        matching(36, 128, `\S{36,128}`),
	"criteria":           between(0, 2000),
	"dataSources":        between(1, 5),
	"description":        between(0, 1024),
	"distribution":       oneOf("Random", "ByLogStream"),
	"events":             between(1, 10_000),
	"fieldIndexNames":    between(1, 20),
	"filterName":         matching(1, 512, `[^:*]*`),
	"filterPattern":      between(0, 1024),
	"firstPages":         between(0, 10_000),
	"group":              matching(1, 512, `[\.\-_/#A-Za-z0-9]+`),
	"groupPart":          matching(0, 512, `[\.\-_/#A-Za-z0-9]*`),
	"groupRegex":         matching(3, 129, `(\^?[\.\-_\/#A-Za-z0-9]{3,24})(\|\^?[\.\-_\/#A-Za-z0-9]{3,24}){0,4}`),
	"groupTags":          between(1, 5),
	"id256":              between(1, 256),
	"identifier":         matching(1, 2048, `[\w#+=/:,.@-]*`),
	"kms":                between(0, 256),
	"listLimit":          between(1, 1000),
	"lookupName":         matching(1, 256, `^[a-zA-Z0-9_]+$`),
	"lookupPage":         between(0, 100),
	"message":            between(1, 0),
	"messages":           between(1, 50),
	"metricName":         matching(0, 255, `[^:*$]*`),
	"metricValue":        between(0, 100),
	"dimension":          between(0, 255),
	"nonEmpty":           between(1, 0),
	"orderBy":            oneOf("LogStreamName", "LastEventTime"),
	"page50":             between(1, 50),
	"page10000":          between(1, 10_000),
	"parameterDefault":   between(0, 1024),
	"parameterText":      between(0, 512),
	"parameterName":      matching(1, 128, `^[a-zA-Z_][a-zA-Z0-9_]*`),
	"parameters":         between(0, 20),
	"policyScope":        oneOf("ACCOUNT", "RESOURCE"),
	"queryDefinition":    between(1, 255),
	"queryGroups":        between(50, 500),
	"queryLanguage":      oneOf(queryLanguages...),
	"queryLimit":         between(1, 100_000),
	"queryStatus":        oneOf("Scheduled", "Running", "Complete", "Failed", "Cancelled", "Timeout", "Unknown"),
	"queryText":          between(0, maxQuery),
	"queryTextNonEmpty":  between(1, maxQuery),
	"resource":           matching(1, 1011, `[\w+=/:,.@-]*`),
	"resultsToken":       between(0, 1024),
	"stream":             matching(1, 512, `[^:*]*`),
	"streams":            between(1, 100),
	"table":              between(1, longest),
	"tagFilterValue":     matching(0, 259, `^!?\*?([`+tagText+`]*)\*?$`),
	"tagFilterValues":    between(0, 5),
	"tagKey":             matching(1, 128, `^([`+tagText+`]+)$`),
	"tagKeys":            between(0, 50),
	"tagKeysOld":         between(1, 0),
	"tagValue":           matching(0, 256, `^([`+tagText+`]*)$`),
	"tags":               between(1, 50),
	"tailGroups":         between(1, 10),
	"taskID":             between(1, 512),
	"taskStatus":         oneOf("CANCELLED", "COMPLETED", "FAILED", "PENDING", "PENDING_CANCEL", "RUNNING"),
	"time":               between(0, 0),
	"transformations":    between(1, 1),
	"identifiers50":      between(1, 50),
	"identifiers1":       between(1, 1),
	"identifiers100":     between(1, 100),
	"indexCategories":    between(0, 4),
	"indexCategory":      oneOf("DEFAULT", "CUSTOM", "AUTO", "INACTIVE"),
	"entityKeys":         between(2, 4),
	"entityAttributes":   between(0, 10),
	"entityKey":          between(1, 32),
	"entityAttributeKey": between(1, 256),
	"entityValue":        between(1, 512),
	"unit": oneOf("Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
		"Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
		"Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second",
		"Gigabits/Second", "Terabits/Second", "Count/Second", "None"),
}.Compile()
