// Package dashboard keeps dashboards and saved queries: what people made on the page of
// weir serve, as documents that are read and written whole.
//
// A [Dashboard] has panels, each with a query and how its result is drawn; a [SavedQuery] is
// one such query with a name. [Store] keeps either kind in a folder, a file each, and counts
// their versions, so that who writes has seen what is there. The room knows no language and no
// engine: whether a query can run is found out when it runs.
//
// Its caller is package console, which gives the documents to the page, and package app, which
// says where they lie.
package dashboard
