// Package postgres is the only door to the database: the pool and its metrics, one
// transaction helper, LISTEN, and one file per noun with functions shaped by the
// domain. SQL lives in queries/ and becomes internal/dbgen; nothing outside this
// package sees either.
package postgres
