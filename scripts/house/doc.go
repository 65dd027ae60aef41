// Package house holds the rules of the house as tests: who may import whom, that every
// package says what it owns, that modules, migrations, deployment files and the docs
// are in step with the code. It has no code of its own to use.
package house
