package monitoring

import "weir/internal/awsapi"

// Service returns what a [awsapi.Router] needs to know. Clients of CloudWatch speak three protocols: AWS Query
// the older ones, AWS JSON 1.0 botocore's, Smithy RPC v2 CBOR AWS's SDK for Go.
func Service() *awsapi.Service {
	return &awsapi.Service{
		Name: "monitoring", Actions: "cloudwatch", Target: "GraniteServiceVersion20100801", Version: "2010-08-01",
		Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/", CBOR: true,
		InvalidCode: "ValidationException", Unavailable: "InternalServiceError",
		Shapes: awsapi.Shapes{
			"dimensions": {Max: 10},
			"name":       {Min: 1, Max: 255},
			"namespace":  {Min: 1, Max: 255, Pattern: `[^:].*`},
			"recently":   {Enum: []string{"PT3H"}},
			"value":      {Min: 1, Max: 1024},
		}.Compile(),
		Operations: map[string]awsapi.Operation{"ListMetrics": awsapi.Handle(listMetrics)},
	}
}
