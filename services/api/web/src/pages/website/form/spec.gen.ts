// Code generated from openapi.yaml by npm run generate. DO NOT EDIT.

import type { AssertionSpec, FieldSpec } from "./spec";

export const kinds = ["http","tcp","udp","dns","tls","icmp","grpc","websocket","smtp","domain","heartbeat"] as const;

export const settings: Record<(typeof kinds)[number], readonly FieldSpec[]> = {
 "http": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "status",
    "header",
    "body",
    "json",
    "latency",
    "certificate"
   ]
  },
  {
   "name": "auth",
   "doc": "Credentials",
   "type": "group",
   "fields": [
    {
     "name": "audience",
     "doc": "Of oauth2, where the issuer wants one",
     "type": "text",
     "max": 2048
    },
    {
     "name": "client_auth",
     "doc": "Of oauth2: how the client says who it is; header if unset",
     "type": "choice",
     "options": [
      "header",
      "body"
     ]
    },
    {
     "name": "client_id",
     "doc": "Of oauth2",
     "type": "text",
     "max": 1024
    },
    {
     "name": "client_secret",
     "doc": "Of oauth2",
     "type": "text",
     "max": 8192,
     "secret": true
    },
    {
     "name": "password",
     "doc": "Of basic",
     "type": "text",
     "max": 8192,
     "secret": true
    },
    {
     "name": "scopes",
     "doc": "Of oauth2",
     "type": "texts",
     "max": 50
    },
    {
     "name": "token",
     "doc": "Of bearer",
     "type": "text",
     "max": 8192,
     "secret": true
    },
    {
     "name": "token_url",
     "doc": "Of oauth2: where tokens are issued",
     "type": "text",
     "max": 2048
    },
    {
     "name": "type",
     "doc": "basic, bearer, or oauth2 for client credentials",
     "required": true,
     "type": "choice",
     "options": [
      "basic",
      "bearer",
      "oauth2"
     ]
    },
    {
     "name": "username",
     "doc": "Of basic",
     "type": "text",
     "max": 1024
    }
   ]
  },
  {
   "name": "body",
   "doc": "Body of the request",
   "type": "group",
   "fields": [
    {
     "name": "content_type",
     "doc": "Content-Type, instead of the type's own",
     "type": "text",
     "max": 256
    },
    {
     "name": "fields",
     "doc": "Fields of a form",
     "type": "rows",
     "max": 100,
     "fields": [
      {
       "name": "name",
       "doc": "Name",
       "required": true,
       "type": "text",
       "max": 256
      },
      {
       "name": "secret",
       "doc": "Never shown again; always so for names that speak of credentials",
       "type": "flag"
      },
      {
       "name": "value",
       "doc": "Value; secret if so marked",
       "type": "text",
       "max": 8192,
       "secretIf": "secret"
      }
     ]
    },
    {
     "name": "secret",
     "doc": "The text is never shown again",
     "type": "flag"
    },
    {
     "name": "text",
     "doc": "The body itself; of json, a JSON text",
     "type": "text",
     "max": 32768,
     "secretIf": "secret"
    },
    {
     "name": "type",
     "doc": "raw text, json, or form fields",
     "required": true,
     "type": "choice",
     "options": [
      "raw",
      "json",
      "form"
     ]
    }
   ]
  },
  {
   "name": "expected_status",
   "doc": "Codes, ranges and classes that are good: 204, 200-299, 2xx",
   "type": "texts",
   "max": 50,
   "default": [
    "200-399"
   ]
  },
  {
   "name": "headers",
   "doc": "Headers of the request, Host included",
   "type": "rows",
   "max": 50,
   "fields": [
    {
     "name": "name",
     "doc": "Name",
     "required": true,
     "type": "text",
     "max": 256
    },
    {
     "name": "secret",
     "doc": "Never shown again; always so for names that speak of credentials",
     "type": "flag"
    },
    {
     "name": "value",
     "doc": "Value; secret if so marked",
     "type": "text",
     "max": 8192,
     "secretIf": "secret"
    }
   ]
  },
  {
   "name": "http_version",
   "doc": "Version of HTTP; auto takes 2 or 1.1 as the server does",
   "type": "choice",
   "options": [
    "auto",
    "1.1",
    "2",
    "3"
   ],
   "default": "auto"
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "method",
   "doc": "Method of the request",
   "type": "text",
   "max": 32,
   "default": "GET"
  },
  {
   "name": "redirects",
   "doc": "What to do with redirects",
   "type": "group",
   "fields": [
    {
     "name": "expect",
     "doc": "URL that the last answer must come from or, when not following, that the redirect must name",
     "type": "text",
     "max": 2048
    },
    {
     "name": "follow",
     "doc": "Go where they lead",
     "type": "flag",
     "default": true
    },
    {
     "name": "limit",
     "doc": "How many to follow; one more is a failure",
     "type": "number",
     "min": 1,
     "max": 5,
     "default": 5
    }
   ]
  },
  {
   "name": "tls",
   "doc": "How to take part in TLS; with certificate and key it is mutual",
   "type": "group",
   "fields": [
    {
     "name": "ca",
     "doc": "PEM of the authorities to trust, instead of the system's",
     "type": "text",
     "max": 16384
    },
    {
     "name": "certificate",
     "doc": "PEM of the client certificate and its chain",
     "type": "text",
     "max": 16384
    },
    {
     "name": "key",
     "doc": "PEM of the client certificate's key",
     "type": "text",
     "max": 16384,
     "secret": true
    },
    {
     "name": "min_version",
     "doc": "Oldest version of TLS to accept",
     "type": "choice",
     "options": [
      "1.0",
      "1.1",
      "1.2",
      "1.3"
     ],
     "default": "1.2"
    },
    {
     "name": "server_name",
     "doc": "Name to ask for and to verify, instead of the target's",
     "type": "text",
     "max": 253
    },
    {
     "name": "skip_verify",
     "doc": "Accept any certificate; shown wherever the monitor is",
     "type": "flag"
    }
   ]
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "tcp": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "latency",
    "certificate",
    "payload"
   ]
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "security",
   "doc": "tls begins with a handshake",
   "type": "choice",
   "options": [
    "none",
    "tls"
   ],
   "default": "none"
  },
  {
   "name": "steps",
   "doc": "The dialogue, one step after the other",
   "type": "rows",
   "max": 20,
   "fields": [
    {
     "name": "encoding",
     "doc": "How send is written; with hex, expect sees lower-case hex digits",
     "type": "choice",
     "options": [
      "text",
      "hex",
      "base64"
     ],
     "default": "text"
    },
    {
     "name": "expect",
     "doc": "RE2 expression that what comes back must match",
     "type": "text",
     "max": 1024
    },
    {
     "name": "secret",
     "doc": "What is sent is never shown again",
     "type": "flag"
    },
    {
     "name": "send",
     "doc": "Bytes to send; ${name} and ${1} stand for what earlier expressions captured, $${ for ${ itself",
     "type": "text",
     "max": 16384,
     "secretIf": "secret"
    },
    {
     "name": "starttls",
     "doc": "Begin TLS on the connection",
     "type": "flag"
    }
   ]
  },
  {
   "name": "tls",
   "doc": "How to take part in TLS, from the start or after a starttls step",
   "type": "group",
   "fields": [
    {
     "name": "ca",
     "doc": "PEM of the authorities to trust, instead of the system's",
     "type": "text",
     "max": 16384
    },
    {
     "name": "certificate",
     "doc": "PEM of the client certificate and its chain",
     "type": "text",
     "max": 16384
    },
    {
     "name": "key",
     "doc": "PEM of the client certificate's key",
     "type": "text",
     "max": 16384,
     "secret": true
    },
    {
     "name": "min_version",
     "doc": "Oldest version of TLS to accept",
     "type": "choice",
     "options": [
      "1.0",
      "1.1",
      "1.2",
      "1.3"
     ],
     "default": "1.2"
    },
    {
     "name": "server_name",
     "doc": "Name to ask for and to verify, instead of the target's",
     "type": "text",
     "max": 253
    },
    {
     "name": "skip_verify",
     "doc": "Accept any certificate; shown wherever the monitor is",
     "type": "flag"
    }
   ]
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "udp": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "latency",
    "payload"
   ]
  },
  {
   "name": "encoding",
   "doc": "How send is written; with hex, expect sees lower-case hex digits",
   "type": "choice",
   "options": [
    "text",
    "hex",
    "base64"
   ],
   "default": "text"
  },
  {
   "name": "expect",
   "doc": "RE2 expression that an answer must match; any answer will do without one",
   "type": "text",
   "max": 1024
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "secret",
   "doc": "What is sent is never shown again",
   "type": "flag"
  },
  {
   "name": "send",
   "doc": "The datagram",
   "required": true,
   "type": "text",
   "max": 8192,
   "secretIf": "secret"
  },
  {
   "name": "tries",
   "doc": "How often the datagram is sent within the timeout while nothing comes back",
   "type": "number",
   "min": 1,
   "max": 5,
   "default": 2
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "dns": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "latency",
    "dns"
   ]
  },
  {
   "name": "dnssec",
   "doc": "The name server must have authenticated the answer (the AD flag)",
   "type": "flag"
  },
  {
   "name": "expect",
   "doc": "Values to find among the answers",
   "type": "group",
   "fields": [
    {
     "name": "match",
     "doc": "any: one of the values is among the answers; all: every one is; exact: and nothing else",
     "type": "choice",
     "options": [
      "any",
      "all",
      "exact"
     ],
     "default": "any"
    },
    {
     "name": "values",
     "doc": "Values as the answers are written: names in lower case without the final dot, 10 mail.example.org for MX",
     "required": true,
     "type": "texts",
     "max": 50
    }
   ]
  },
  {
   "name": "ip_version",
   "doc": "Version of IP towards the name server",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "nameserver",
   "doc": "host or host:port to ask; the worker's own name servers if unset",
   "type": "text",
   "max": 300
  },
  {
   "name": "protocol",
   "doc": "udp goes on over tcp when an answer is cut; tls is DNS over TLS",
   "type": "choice",
   "options": [
    "udp",
    "tcp",
    "tls"
   ],
   "default": "udp"
  },
  {
   "name": "rcode",
   "doc": "Response code that is good",
   "type": "choice",
   "options": [
    "NOERROR",
    "NXDOMAIN",
    "SERVFAIL",
    "REFUSED",
    "NOTIMP",
    "FORMERR"
   ],
   "default": "NOERROR"
  },
  {
   "name": "record",
   "doc": "Type of the records",
   "type": "choice",
   "options": [
    "A",
    "AAAA",
    "CNAME",
    "MX",
    "NS",
    "TXT",
    "SOA",
    "CAA",
    "SRV",
    "PTR"
   ],
   "default": "A"
  },
  {
   "name": "recursion",
   "doc": "Ask for recursion; false for authoritative servers that refuse it",
   "type": "flag",
   "default": true
  },
  {
   "name": "tls",
   "doc": "How to take part in TLS, with protocol tls",
   "type": "group",
   "fields": [
    {
     "name": "ca",
     "doc": "PEM of the authorities to trust, instead of the system's",
     "type": "text",
     "max": 16384
    },
    {
     "name": "certificate",
     "doc": "PEM of the client certificate and its chain",
     "type": "text",
     "max": 16384
    },
    {
     "name": "key",
     "doc": "PEM of the client certificate's key",
     "type": "text",
     "max": 16384,
     "secret": true
    },
    {
     "name": "min_version",
     "doc": "Oldest version of TLS to accept",
     "type": "choice",
     "options": [
      "1.0",
      "1.1",
      "1.2",
      "1.3"
     ],
     "default": "1.2"
    },
    {
     "name": "server_name",
     "doc": "Name to ask for and to verify, instead of the target's",
     "type": "text",
     "max": 253
    },
    {
     "name": "skip_verify",
     "doc": "Accept any certificate; shown wherever the monitor is",
     "type": "flag"
    }
   ]
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "tls": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "latency",
    "certificate"
   ]
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "pins",
   "doc": "base64 of the SHA-256 of public keys (SPKI), one of which must be in the chain",
   "type": "texts",
   "max": 10
  },
  {
   "name": "tls",
   "doc": "How to take part in TLS",
   "type": "group",
   "fields": [
    {
     "name": "ca",
     "doc": "PEM of the authorities to trust, instead of the system's",
     "type": "text",
     "max": 16384
    },
    {
     "name": "certificate",
     "doc": "PEM of the client certificate and its chain",
     "type": "text",
     "max": 16384
    },
    {
     "name": "key",
     "doc": "PEM of the client certificate's key",
     "type": "text",
     "max": 16384,
     "secret": true
    },
    {
     "name": "min_version",
     "doc": "Oldest version of TLS to accept",
     "type": "choice",
     "options": [
      "1.0",
      "1.1",
      "1.2",
      "1.3"
     ],
     "default": "1.2"
    },
    {
     "name": "server_name",
     "doc": "Name to ask for and to verify, instead of the target's",
     "type": "text",
     "max": 253
    },
    {
     "name": "skip_verify",
     "doc": "Accept any certificate; shown wherever the monitor is",
     "type": "flag"
    }
   ]
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "icmp": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "rtt",
    "loss"
   ]
  },
  {
   "name": "count",
   "doc": "How many echo requests to send",
   "type": "number",
   "min": 1,
   "max": 20,
   "default": 3
  },
  {
   "name": "interval_ms",
   "doc": "Milliseconds between them",
   "type": "number",
   "min": 50,
   "max": 5000,
   "default": 200,
   "unit": "ms"
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "size",
   "doc": "Bytes of payload",
   "type": "number",
   "min": 24,
   "max": 1400,
   "default": 56,
   "unit": "bytes"
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "grpc": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "status",
    "latency",
    "certificate"
   ]
  },
  {
   "name": "authority",
   "doc": "The :authority of the call, instead of the target",
   "type": "text",
   "max": 300
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "metadata",
   "doc": "Metadata of the call",
   "type": "rows",
   "max": 50,
   "fields": [
    {
     "name": "name",
     "doc": "Name",
     "required": true,
     "type": "text",
     "max": 256
    },
    {
     "name": "secret",
     "doc": "Never shown again; always so for names that speak of credentials",
     "type": "flag"
    },
    {
     "name": "value",
     "doc": "Value; secret if so marked",
     "type": "text",
     "max": 8192,
     "secretIf": "secret"
    }
   ]
  },
  {
   "name": "security",
   "doc": "none is plaintext",
   "type": "choice",
   "options": [
    "tls",
    "none"
   ],
   "default": "tls"
  },
  {
   "name": "service",
   "doc": "Service to ask about; the whole server if unset",
   "type": "text",
   "max": 256
  },
  {
   "name": "tls",
   "doc": "How to take part in TLS",
   "type": "group",
   "fields": [
    {
     "name": "ca",
     "doc": "PEM of the authorities to trust, instead of the system's",
     "type": "text",
     "max": 16384
    },
    {
     "name": "certificate",
     "doc": "PEM of the client certificate and its chain",
     "type": "text",
     "max": 16384
    },
    {
     "name": "key",
     "doc": "PEM of the client certificate's key",
     "type": "text",
     "max": 16384,
     "secret": true
    },
    {
     "name": "min_version",
     "doc": "Oldest version of TLS to accept",
     "type": "choice",
     "options": [
      "1.0",
      "1.1",
      "1.2",
      "1.3"
     ],
     "default": "1.2"
    },
    {
     "name": "server_name",
     "doc": "Name to ask for and to verify, instead of the target's",
     "type": "text",
     "max": 253
    },
    {
     "name": "skip_verify",
     "doc": "Accept any certificate; shown wherever the monitor is",
     "type": "flag"
    }
   ]
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "websocket": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "status",
    "header",
    "json",
    "latency",
    "certificate",
    "payload"
   ]
  },
  {
   "name": "encoding",
   "doc": "hex and base64 send a binary message; with hex, expect sees lower-case hex digits",
   "type": "choice",
   "options": [
    "text",
    "hex",
    "base64"
   ],
   "default": "text"
  },
  {
   "name": "expect",
   "doc": "RE2 expression that what comes back, messages one after the other, must match",
   "type": "text",
   "max": 1024
  },
  {
   "name": "headers",
   "doc": "Headers of the opening request, Origin included",
   "type": "rows",
   "max": 50,
   "fields": [
    {
     "name": "name",
     "doc": "Name",
     "required": true,
     "type": "text",
     "max": 256
    },
    {
     "name": "secret",
     "doc": "Never shown again; always so for names that speak of credentials",
     "type": "flag"
    },
    {
     "name": "value",
     "doc": "Value; secret if so marked",
     "type": "text",
     "max": 8192,
     "secretIf": "secret"
    }
   ]
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "secret",
   "doc": "What is sent is never shown again",
   "type": "flag"
  },
  {
   "name": "send",
   "doc": "Message to send",
   "type": "text",
   "max": 16384,
   "secretIf": "secret"
  },
  {
   "name": "subprotocols",
   "doc": "Subprotocols to offer; the server must take one",
   "type": "texts",
   "max": 10
  },
  {
   "name": "tls",
   "doc": "How to take part in TLS",
   "type": "group",
   "fields": [
    {
     "name": "ca",
     "doc": "PEM of the authorities to trust, instead of the system's",
     "type": "text",
     "max": 16384
    },
    {
     "name": "certificate",
     "doc": "PEM of the client certificate and its chain",
     "type": "text",
     "max": 16384
    },
    {
     "name": "key",
     "doc": "PEM of the client certificate's key",
     "type": "text",
     "max": 16384,
     "secret": true
    },
    {
     "name": "min_version",
     "doc": "Oldest version of TLS to accept",
     "type": "choice",
     "options": [
      "1.0",
      "1.1",
      "1.2",
      "1.3"
     ],
     "default": "1.2"
    },
    {
     "name": "server_name",
     "doc": "Name to ask for and to verify, instead of the target's",
     "type": "text",
     "max": 253
    },
    {
     "name": "skip_verify",
     "doc": "Accept any certificate; shown wherever the monitor is",
     "type": "flag"
    }
   ]
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "smtp": [
  {
   "name": "assertions",
   "doc": "What must hold of the answer, besides what the kind asks for by itself",
   "type": "assertions",
   "max": 50,
   "sources": [
    "status",
    "latency",
    "certificate",
    "payload"
   ]
  },
  {
   "name": "auth",
   "doc": "Log in, too",
   "type": "group",
   "fields": [
    {
     "name": "mechanism",
     "doc": "auto takes what the server offers, plain first",
     "type": "choice",
     "options": [
      "auto",
      "plain",
      "login"
     ],
     "default": "auto"
    },
    {
     "name": "password",
     "doc": "Password; never sent without TLS",
     "required": true,
     "type": "text",
     "max": 8192,
     "secret": true
    },
    {
     "name": "username",
     "doc": "User",
     "required": true,
     "type": "text",
     "max": 1024
    }
   ]
  },
  {
   "name": "helo",
   "doc": "Name to greet with",
   "type": "text",
   "max": 253,
   "default": "localhost"
  },
  {
   "name": "ip_version",
   "doc": "Version of IP",
   "type": "choice",
   "options": [
    "auto",
    "4",
    "6"
   ],
   "default": "auto"
  },
  {
   "name": "security",
   "doc": "starttls must be offered and work; tls begins with a handshake",
   "type": "choice",
   "options": [
    "starttls",
    "tls",
    "none"
   ],
   "default": "starttls"
  },
  {
   "name": "tls",
   "doc": "How to take part in TLS",
   "type": "group",
   "fields": [
    {
     "name": "ca",
     "doc": "PEM of the authorities to trust, instead of the system's",
     "type": "text",
     "max": 16384
    },
    {
     "name": "certificate",
     "doc": "PEM of the client certificate and its chain",
     "type": "text",
     "max": 16384
    },
    {
     "name": "key",
     "doc": "PEM of the client certificate's key",
     "type": "text",
     "max": 16384,
     "secret": true
    },
    {
     "name": "min_version",
     "doc": "Oldest version of TLS to accept",
     "type": "choice",
     "options": [
      "1.0",
      "1.1",
      "1.2",
      "1.3"
     ],
     "default": "1.2"
    },
    {
     "name": "server_name",
     "doc": "Name to ask for and to verify, instead of the target's",
     "type": "text",
     "max": 253
    },
    {
     "name": "skip_verify",
     "doc": "Accept any certificate; shown wherever the monitor is",
     "type": "flag"
    }
   ]
  },
  {
   "name": "upside_down",
   "doc": "A failure is good and an answer is bad, as for a port that must stay closed",
   "type": "flag"
  }
 ],
 "domain": [
  {
   "name": "min_days",
   "doc": "With fewer days left the monitor is degraded; 0: only an expired one counts",
   "type": "number",
   "min": 0,
   "max": 3650,
   "unit": "days"
  }
 ],
 "heartbeat": [
  {
   "name": "grace_seconds",
   "doc": "How much later than its interval a call may be",
   "type": "number",
   "min": 1,
   "max": 604800,
   "default": 60,
   "unit": "s"
  },
  {
   "name": "max_run_seconds",
   "doc": "How long after a start the finish may come; 0: any time",
   "type": "number",
   "min": 0,
   "max": 604800,
   "unit": "s"
  }
 ]
};

export const assertions: Record<string, AssertionSpec> = {
 "status": {
  "doc": "The protocol's status code.",
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "equals": {
    "type": "number",
    "whole": true,
    "min": 0,
    "max": 999
   },
   "not_equals": {
    "type": "number",
    "whole": true,
    "min": 0,
    "max": 999
   },
   "less_than": {
    "type": "number",
    "whole": true,
    "min": 0,
    "max": 999
   },
   "greater_than": {
    "type": "number",
    "whole": true,
    "min": 0,
    "max": 999
   },
   "matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "not_matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   }
  }
 },
 "header": {
  "doc": "A response header; property is its name.",
  "property": {
   "max": 1024
  },
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "equals": {
    "type": "text",
    "max": 1024
   },
   "not_equals": {
    "type": "text",
    "max": 1024
   },
   "contains": {
    "type": "text",
    "max": 1024
   },
   "not_contains": {
    "type": "text",
    "max": 1024
   },
   "matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "not_matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "less_than": {
    "type": "number"
   },
   "greater_than": {
    "type": "number"
   },
   "exists": {
    "type": "none"
   },
   "empty": {
    "type": "none"
   }
  }
 },
 "body": {
  "doc": "The decoded body.",
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "equals": {
    "type": "text",
    "max": 1024
   },
   "not_equals": {
    "type": "text",
    "max": 1024
   },
   "contains": {
    "type": "text",
    "max": 1024
   },
   "not_contains": {
    "type": "text",
    "max": 1024
   },
   "matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "not_matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "less_than": {
    "type": "number"
   },
   "greater_than": {
    "type": "number"
   },
   "exists": {
    "type": "none"
   },
   "empty": {
    "type": "none"
   }
  }
 },
 "json": {
  "doc": "The body or payload as JSON; property is a JSONPath (RFC 9535).",
  "property": {
   "max": 1024
  },
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "equals": {
    "type": "value"
   },
   "not_equals": {
    "type": "value"
   },
   "contains": {
    "type": "value"
   },
   "not_contains": {
    "type": "value"
   },
   "matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "not_matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "less_than": {
    "type": "number"
   },
   "greater_than": {
    "type": "number"
   },
   "exists": {
    "type": "none"
   },
   "empty": {
    "type": "none"
   }
  }
 },
 "latency": {
  "doc": "The duration of a phase in milliseconds; property is total if left out.",
  "property": {
   "options": [
    "total",
    "dns",
    "connect",
    "tls",
    "ttfb",
    "transfer"
   ],
   "default": "total"
  },
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "less_than": {
    "type": "number",
    "min": 0,
    "max": 3600000
   },
   "greater_than": {
    "type": "number",
    "min": 0,
    "max": 3600000
   }
  }
 },
 "certificate": {
  "doc": "Days until the peer's certificate expires.",
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "less_than": {
    "type": "number",
    "min": -36500,
    "max": 36500
   },
   "greater_than": {
    "type": "number",
    "min": -36500,
    "max": 36500
   }
  }
 },
 "dns": {
  "doc": "The answers of a DNS check.",
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "equals": {
    "type": "text",
    "max": 1024
   },
   "not_equals": {
    "type": "text",
    "max": 1024
   },
   "contains": {
    "type": "text",
    "max": 1024
   },
   "not_contains": {
    "type": "text",
    "max": 1024
   },
   "matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "not_matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "exists": {
    "type": "none"
   },
   "empty": {
    "type": "none"
   }
  }
 },
 "payload": {
  "doc": "What came back over TCP, UDP, WebSocket or SMTP.",
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "equals": {
    "type": "text",
    "max": 1024
   },
   "not_equals": {
    "type": "text",
    "max": 1024
   },
   "contains": {
    "type": "text",
    "max": 1024
   },
   "not_contains": {
    "type": "text",
    "max": 1024
   },
   "matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "not_matches": {
    "type": "text",
    "max": 1024,
    "doc": "An RE2 regular expression."
   },
   "less_than": {
    "type": "number"
   },
   "greater_than": {
    "type": "number"
   },
   "exists": {
    "type": "none"
   },
   "empty": {
    "type": "none"
   }
  }
 },
 "rtt": {
  "doc": "The mean round trip in milliseconds.",
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "less_than": {
    "type": "number",
    "min": 0,
    "max": 3600000
   },
   "greater_than": {
    "type": "number",
    "min": 0,
    "max": 3600000
   }
  }
 },
 "loss": {
  "doc": "Lost packets in percent.",
  "severities": [
   "down",
   "degraded"
  ],
  "comparisons": {
   "equals": {
    "type": "number",
    "min": 0,
    "max": 100
   },
   "not_equals": {
    "type": "number",
    "min": 0,
    "max": 100
   },
   "less_than": {
    "type": "number",
    "min": 0,
    "max": 100
   },
   "greater_than": {
    "type": "number",
    "min": 0,
    "max": 100
   }
  }
 }
};
