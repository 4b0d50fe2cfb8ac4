// Package athena answers the API of Amazon Athena: query executions and their results, workgroups, named queries, prepared
// statements, catalogs and tables. Each operation has a file.
//
// It knows neither the language nor the engine: a [Runner] checks statements and runs them, a [Catalog] lists tables, and an
// [Output] writes results where a client wants them. What is kept in the data directory is in [Store].
//
// Sources: AWS, Amazon Athena API Reference; what that leaves open is from what others saw of Athena (docs/reference/athena-api.md says
// which), and else the choice of this server.
package athena
