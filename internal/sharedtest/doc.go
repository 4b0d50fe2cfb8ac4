// Package sharedtest finds the test data that lies beside the repository and may
// not be copied into it (its licences differ).
package sharedtest
