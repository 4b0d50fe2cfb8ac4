// Package sharedtest finds the test data that lies beside the repository and may
// not be copied into it (its licences differ). It has what tests of many rooms do
// besides: how many rounds they run, and killing a process.
package sharedtest
