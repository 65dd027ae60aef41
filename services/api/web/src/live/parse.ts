/** One event of a stream. `id` alone, without a name, is a heartbeat. */
export interface StreamEvent {
  name: string;
  data: string;
}

/**
 * Reads Server-Sent Events as they come, in pieces of any size. The browser's EventSource
 * would hide the heartbeats and forget the last id with each new address.
 */
export class StreamParser {
  /** The id that came last: where to go on from. */
  lastId = "";
  /** The wait before coming back that the server asks for. */
  retryMs: number | undefined;
  private rest = "";
  private name = "";
  private id: string | undefined;
  private lines: string[] = [];

  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line !== "") {
        this.field(line);
        continue;
      }
      if (this.id !== undefined) this.lastId = this.id;
      if (this.lines.length > 0) events.push({ name: this.name || "message", data: this.lines.join("\n") });
      this.name = "";
      this.id = undefined;
      this.lines = [];
    }
    return events;
  }

  private field(line: string) {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const key = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (key === "data") this.lines.push(value);
    else if (key === "event") this.name = value;
    else if (key === "id") this.id = value;
    else if (key === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
  }
}
