// Package assertion owns the one model by which all kinds of checks say what they
// want of an answer: what an assertion is, which ones a kind allows, what each
// comparison means, and what a failed one tells people. It does no I/O; evaluating is
// a pure function of an [Observation] with bounded work.
//
// # The model
//
// An assertion is {source, property?, comparison, target?, severity?}. Everything that
// can be wrong with one is refused when a monitor is saved, with a pointer to the field and,
// for expressions, the offset of the mistake ([Errors]).
//
//	source       property            comparisons                        kinds
//	status       –                   equals less greater matches        http grpc websocket smtp
//	header       its name            all                                http websocket
//	body         –                   all                                http
//	json         JSONPath, RFC 9535  all                                http websocket
//	latency      total (default) dns connect tls ttfb transfer; less greater   all that probe, but icmp and domain
//	certificate  –                   less greater                       http tcp tls grpc websocket smtp
//	dns          –                   all but less and greater           dns
//	payload      –                   all                                tcp websocket smtp udp
//	rtt          –                   less greater                       icmp
//	loss         –                   equals less greater                icmp
//
// Wherever equals, contains and matches are allowed, so are not_equals, not_contains
// and not_matches. Heartbeats and domains have no assertions. A failed assertion of
// severity down (the default) fails the check; if only ones of severity degraded
// failed, the check is degraded. All assertions are tested, so that a failure lists
// everything that is wrong.
//
// # What comparisons mean
//
//   - equals on text is exact, byte by byte, letter case and a final line break
//     included. contains is a substring. matches is an RE2 expression that may match
//     anywhere: anchor it with ^ and $ to match all; (?i) ignores case.
//   - A not_ form is the exact negation: it holds whenever the other one does not, so also
//     for a header that is missing or a path that selects nothing.
//   - less_than and greater_than are strict. Text (a header, a body, a payload, a JSON
//     string) is read as one JSON number with white space around it allowed; text that
//     is not a number is neither less nor greater.
//   - exists: the header was sent, even if empty; the path selects a value, even null;
//     there is at least one answer; the body or payload has at least one byte.
//   - empty: no header of that name has a value; the path selects nothing but null, "",
//     [] and {}, or nothing at all; there is no answer; the body has no byte.
//   - Several values (a repeated header, DNS answers, a path that selects many): equals,
//     contains and matches need one that passes, their negations therefore that none does;
//     less_than and greater_than need at least one value and all of them to pass.
//   - What was not observed at all (no status, no certificate, no packet back) fails every
//     assertion on it. A phase that did not take place counts as 0 ms.
//   - A body that was cut fails what only its end could decide, such as not_contains
//     for a text that its beginning does not have; what was found before the cut counts.
//
// # JSON
//
// The body (or for kinds without one the payload) must be one JSON value. A byte order
// mark is ignored, of a repeated member the last counts, wrong UTF-8 is read as U+FFFD.
// If it is not JSON, was cut, is nested deeper than 64 or has more than 102,400 values,
// every json assertion fails, the negations and empty included.
//
// A target that is a number, a boolean or null equals only values of that type; numbers
// are equal by value (1 equals 1.0; whole numbers are compared digit by digit). A target
// that is a string equals the same string, and also a number, a boolean or a null that it
// spells, because forms send text. Arrays and objects equal nothing; contains asks an
// array for an element and an object for a member's name; matches sees the text of
// scalars only.
//
// JSONPath has all of RFC 9535, except that filters must cost no more than the value
// that they test is large: inside one, brackets take one selector each, a query descends
// (..) at most once, queries from $ name one value, functions look at queries from @, and
// match() and search() take literal expressions.
//
// # Bounds
//
// A list has at most 50 assertions, an expression 1 KiB, a regular expression 1000
// instructions. All paths of one evaluation together take at most 4 million steps, and
// each selects at most 102,400 values; all regular expressions together get 64 Mi bytes of
// text times instructions (a megabyte for 64 instructions). An assertion that needs more
// fails and says that it was not decided, whether negated or not.
//
// # What failures show
//
// Expected and Actual are cut at 256 bytes, without control characters. Values of
// headers whose name speaks of credentials (Set-Cookie, Authorization, anything with
// token, secret, session, …) are shown as ***, as are the monitor's own secrets
// wherever a target echoes them. No other header than the named one is ever shown.
package assertion
