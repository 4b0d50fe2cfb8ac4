// Package query is the socket between the languages and the engines: the plan
// that a language compiles to, the engine that runs it, and the typed rows that
// come out.
//
// What comes in is a [Plan] over one of weir's tables: a [Scope] (time range,
// accounts, regions, interfaces, flow logs) and a pipeline of stages. Languages
// (the filter language, the console, later Logs Insights and Athena SQL) build
// plans and do not know engines; engines run plans and do not know languages.
// Both meet here: [Plan.Check] says whether a plan is right and which columns it
// gives, for every engine alike; [Compile] and [CompileRecord] compute single
// expressions in the way that engines must, over rows and over records without a
// lake.
//
// Package query/memory is the plain reference engine, query/duckdb the fast one;
// package query/querytest is the suite that both must pass.
package query
