// Command bench measures weir against the bars of its issues and prints the table:
// intake, size, many small objects, first answer, and the questions Q1 to Q6 on the
// lake beside the same questions asked of DuckDB over AWS-style Parquet of the same
// data, in one run. It makes its data with 'weir synth' and keeps it in a folder.
//
//	go run ./bench -weir bin/weir -dir /tmp/weir-bench -records 10000000
//
// Times are medians of several runs with their spread; what counts is the ratios,
// since machines differ.
package main
