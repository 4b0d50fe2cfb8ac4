// Package lookup is lookup tables: CSV documents whose rows the commands lookup and cidrlookup take columns from.
//
// Source: AWS, "lookup", "cidrlookup"; CreateLookupTable in the API reference.
package lookup
