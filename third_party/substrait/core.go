// Package substrait stands for the module of the same name (v0.87.0), of which iceberg-go
// reads the definitions of all functions when a program starts, whether it filters by them
// or not: that takes 0.1 s of each command. Here are those of comparisons and of logic; a
// filter of iceberg-go by another function would fail, and weir has none.
package substrait

import "embed"

//go:embed extensions/*
var extensions embed.FS

// GetSubstraitFS returns the definitions of functions.
func GetSubstraitFS() embed.FS { return extensions }

// GetSubstraitExtensionsFS returns the definitions of functions.
func GetSubstraitExtensionsFS() embed.FS { return extensions }
