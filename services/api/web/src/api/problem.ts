import type { components } from "./schema.gen";

type ProblemBody = components["schemas"]["Problem"];

/** What the API answered instead of what was asked for (RFC 9457). `message` is its sentence. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  /** A URN that names the kind of problem for ever. */
  readonly type: string;
  readonly title: string;
  /** Names the call in the API's logs. */
  readonly requestId: string;
  /** Of a conflict, the object that is there already. */
  readonly existingId: string | undefined;
  /** What is wrong with each field, by JSON pointer without the leading `#/`: `policy/quorum/count`. */
  readonly fields: Readonly<Record<string, string>>;
  /** After how many seconds another try makes sense, if the API said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, body: Partial<ProblemBody>, retryAfterSeconds?: number) {
    super(sentence(body.detail ?? body.title ?? `The API answered with status ${status}`));
    this.status = status;
    this.type = body.type ?? "about:blank";
    this.title = body.title ?? "";
    this.requestId = body.request_id ?? "";
    this.existingId = body.existing_id;
    this.fields = Object.fromEntries(
      (body.errors ?? []).map((e) => [e.pointer.replace(/^#?\//, ""), sentence(e.detail)]),
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No answer came from the API, or one that is not the API's: it, or the network to it, is away. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  constructor(cause?: unknown) {
    super("The API cannot be reached.", { cause });
  }
}

function sentence(text: string): string {
  const s = text.trim();
  if (s === "") return s;
  const capital = s.charAt(0).toUpperCase() + s.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

/** Reads an answer that is no success. Gateways answer in their own way when the API is away. */
export async function problemOf(response: Response): Promise<Problem | Unreachable> {
  const kind = response.headers.get("Content-Type") ?? "";
  if (!kind.includes("json")) {
    return [502, 503, 504].includes(response.status)
      ? new Unreachable(response.status)
      : new Problem(response.status, {});
  }
  const body = (await response.json().catch(() => ({}))) as Partial<ProblemBody>;
  const after = Number(response.headers.get("Retry-After") ?? "");
  return new Problem(response.status, body, Number.isFinite(after) && after > 0 ? after : undefined);
}

export function isProblem(err: unknown, status?: number): err is Problem {
  return err instanceof Problem && (status === undefined || err.status === status);
}

/** What was wrong, and what the reader can do about it. */
export function explain(err: unknown): { title: string; detail: string; again: boolean } {
  if (err instanceof Unreachable) {
    return {
      title: "The API cannot be reached",
      detail: "Is it running, and is this device online? It is tried again by itself.",
      again: true,
    };
  }
  if (err instanceof Problem) {
    const ref = err.requestId ? ` Its logs name this call ${err.requestId}.` : "";
    switch (err.status) {
      case 403:
        return {
          title: "You may not see this",
          detail: `${err.message} An owner or admin can change that.`,
          again: false,
        };
      case 404:
        return {
          title: "It is not there",
          detail: "It was removed, or belongs to another organisation.",
          again: false,
        };
      case 429:
        return { title: "Too many requests", detail: err.message, again: true };
      case 503:
        return { title: "A part of the fleet is away", detail: err.message, again: true };
      default:
        return {
          title: err.title || "The API could not answer",
          detail: err.message + (err.status >= 500 ? ref : ""),
          again: err.status >= 500,
        };
    }
  }
  return {
    title: "The dashboard has failed",
    detail: err instanceof Error ? err.message : String(err),
    again: true,
  };
}
