// Package monitorspec owns what a monitor of each kind may say: its settings, their
// defaults and bounds, the normal form of its target, which settings are secret, and how
// often and how long it may be checked. The api reads what users write with it, the
// worker what a check carries; it does no I/O.
//
// A kind is a struct whose tags are the single source of names, defaults, bounds,
// secrets, the JSON Schema and the tables of docs/checks.md:
//
//	rule: default=…, enum=a|b, min=…, max=… (of a number, the bytes of a text, the
//	      entries of a list), each=… (bytes of a list's text), required,
//	      secret (always), secret-if (when the struct's own "secret" is true),
//	      numbers (a list of text that takes whole numbers, too)
//	doc:  one sentence for people
//
// What tags cannot say stands in the struct's check method.
//
// # The life of settings
//
//	[Parse]       what a user wrote  → Spec: every mistake named by its field
//	[Spec.Split]  Spec               → public half, to be stored and shown, and the
//	                                   secrets, to be sealed
//	[Join]        both halves        → Spec
//	[Spec.Merge]  Spec and a change  → Spec; secrets shown as [Mask] stay as they were
//	[Send]        the secrets         → sealed for regions, to go with the public half
//	[Receive]     a check with both  → settings of a check, in the worker
//	[Spec.JSON]   Spec               → settings of a check, as a prober reads them
//	[Read]        those settings     → the kind's struct, with its defaults
//
// Settings equal to their default are not stored. Unknown fields are refused by Parse,
// and skipped by Read and Join, so that a newer api may talk to an older worker.
//
// A secret is not told to a host that it was not given for: when a change names another
// host as the target (or as the token URL), secrets must be given again.
package monitorspec
