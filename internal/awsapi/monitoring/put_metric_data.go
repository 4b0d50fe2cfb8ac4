package monitoring

import (
	"context"
	"errors"

	"weir/internal/awsapi"
	"weir/internal/metricstore"
)

// maxPut bounds the body of PutMetricData, unpacked.
const maxPut = 1 << 20

type putMetricDataRequest struct {
	Namespace  string             `json:"Namespace"`
	MetricData []metricDatum      `json:"MetricData"`
	Entities   []entityMetricData `json:"EntityMetricData"`
	Strict     *bool              `json:"StrictEntityValidation"`
}

// entityMetricData is AWS's EntityMetricData. Its entity is passed over: see putMetricData.
type entityMetricData struct {
	MetricData []metricDatum `json:"MetricData"`
}

// metricDatum is AWS's MetricDatum.
type metricDatum struct {
	MetricName        string          `json:"MetricName"`
	Dimensions        []putDimension  `json:"Dimensions"`
	Timestamp         *awsapi.Time    `json:"Timestamp"`
	Value             *awsapi.Double  `json:"Value"`
	StatisticValues   *statisticSet   `json:"StatisticValues"`
	Values            []awsapi.Double `json:"Values"`
	Counts            []awsapi.Double `json:"Counts"`
	Unit              string          `json:"Unit"`
	StorageResolution *int32          `json:"StorageResolution"`
}

// putDimension is AWS's Dimension, which putMetricData checks in its own words.
type putDimension struct {
	Name  string `json:"Name"`
	Value string `json:"Value"`
}

// statisticSet is AWS's StatisticSet.
type statisticSet struct {
	SampleCount *awsapi.Double `json:"SampleCount"`
	Sum         *awsapi.Double `json:"Sum"`
	Minimum     *awsapi.Double `json:"Minimum"`
	Maximum     *awsapi.Double `json:"Maximum"`
}

// putMetricData keeps data of metrics: all of a request, durably, or none. A datum without a time is of now.
//
// Data that come with an entity are kept without it, as AWS does with an entity that it does not take where StrictEntityValidation is
// false; where it is true the request is refused.
//
// Source: AWS, PutMetricData.
func (a *API) putMetricData(ctx context.Context, _ *awsapi.Call, in *putMetricDataRequest) (*struct{}, error) {
	data, err := a.checkedData(in)
	if err != nil {
		return nil, err
	}
	err = a.Metrics.Put(ctx, data)
	if wrong := new(metricstore.InvalidError); errors.As(err, &wrong) {
		return nil, invalidValue("%s", wrong.Message)
	}
	return nil, err
}
