// Package dbgen holds the queries of pkg/postgres/queries as sqlc makes them. Only
// package postgres uses it, and turns its rows into the domain's values.
package dbgen
