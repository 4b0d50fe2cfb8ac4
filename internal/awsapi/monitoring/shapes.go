package monitoring

import (
	"maps"

	"weir/internal/awsapi"
	"weir/internal/metricstore"
)

func between(minimum, maximum int64) *awsapi.Shape {
	return &awsapi.Shape{Min: minimum, Max: maximum}
}

func oneOf(texts ...string) *awsapi.Shape { return &awsapi.Shape{Enum: texts} }

// shapes are the model's, under names of our own.
var shapes = joined(metricShapes, alarmShapes).Compile()

func joined(some ...awsapi.Shapes) awsapi.Shapes {
	out := awsapi.Shapes{}
	for _, s := range some {
		maps.Copy(out, s)
	}
	return out
}

// metricShapes are of the operations on metrics.
var metricShapes = awsapi.Shapes{
	"dimensionFilters": between(0, 10),
	"dimensions":       between(0, 30),
	"name":             between(1, 255),
	"namespace":        {Min: 1, Max: 255, Pattern: `[^:].*`},
	"percentiles":      between(1, 10),
	"recently":         oneOf("PT3H"),
	"statistic":        oneOf("SampleCount", "Average", "Sum", "Minimum", "Maximum"),
	"statistics":       between(1, 5),
	"unit":             oneOf(metricstore.Units()...),
	"value":            between(1, 1024),
}
