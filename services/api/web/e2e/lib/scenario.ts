import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { afterAll, inject, test } from "vitest";
import { owner, ownerIsThere, patienceMs } from "./fleet";
import { given } from "./given";

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const desk = { viewport: { width: 1280, height: 800 } };

let connected: Promise<Browser> | undefined;
const browser = () => {
  connected ??= chromium.connect(inject("browser"));
  return connected;
};
afterAll(async () => (await connected)?.close());

export interface Person {
  email: string;
  password: string;
}

/** A profile of its own in the browser, with what went wrong in it. */
export class Visit {
  readonly wrongs: string[] = [];
  private constructor(
    readonly context: BrowserContext,
    private readonly origin: string,
  ) {}

  static async begin(options: BrowserContextOptions, traced: boolean): Promise<Visit> {
    const origin = options.baseURL ?? given("URL");
    const context = await (await browser()).newContext({
      baseURL: origin,
      locale: "en-GB",
      timezoneId: "UTC",
      reducedMotion: "reduce",
      ...desk,
      ...options,
    });
    context.setDefaultTimeout(patienceMs);
    const visit = new Visit(context, origin);
    context.on("weberror", (e) => visit.wrongs.push(`an error in the page: ${e.error().stack}`));
    context.on("console", (m) => {
      if (/Content Security Policy|is not a valid|Minified React error/.test(m.text()))
        visit.wrongs.push(m.text());
    });
    context.on("request", (r) => {
      const url = new URL(r.url());
      if (/^(http|ws)/.test(url.protocol) && url.origin !== origin) visit.wrongs.push(`it asked ${r.url()}`);
    });
    if (traced) await context.tracing.start({ snapshots: true, screenshots: false });
    return visit;
  }

  /** Signs in without the form. */
  async as(person: Person): Promise<this> {
    const answer = await this.context.request.post("/v1/sessions", {
      data: person,
      headers: { Origin: this.origin },
    });
    if (!answer.ok()) throw new Error(`sign in ${person.email}: ${answer.status()} ${await answer.text()}`);
    return this;
  }

  /** Opens a page in a tab of its own. */
  async open(path: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(path);
    return page;
  }

  /** Keeps what the pages look like, and how they came to. Returns where. */
  async keep(name: string): Promise<string> {
    const dir = join(given("KEEP"), name.replaceAll(/[^a-z0-9]+/gi, "-"));
    mkdirSync(dir, { recursive: true });
    for (const [i, page] of this.context.pages().entries())
      await page.screenshot({ path: join(dir, `${i}.png`), timeout: 10_000 }).catch(() => undefined);
    await this.context.tracing.stop({ path: join(dir, "trace.zip") }).catch(() => undefined);
    return dir;
  }
}

/** What a scenario is given: a way to begin visits. Those of `visit()` are signed in as the owner. */
export interface Stage {
  visit: (options?: BrowserContextOptions, person?: Person | null) => Promise<Visit>;
}

/** A test in the browser. When it fails, pictures and traces of its visits are kept. */
export function scenario(name: string, play: (stage: Stage) => Promise<void>, { traced = true } = {}) {
  test(name, async () => {
    const visits: Visit[] = [];
    const stage: Stage = {
      visit: async (options = {}, person = owner) => {
        const visit = await Visit.begin(options, traced);
        visits.push(visit);
        if (person === owner) await ownerIsThere();
        return person ? await visit.as(person) : visit;
      },
    };
    try {
      await play(stage);
      const wrongs = visits.flatMap((v) => v.wrongs);
      if (wrongs.length > 0) throw new Error(wrongs.join("\n"));
    } catch (err) {
      const kept = await Promise.all(visits.map((v, i) => v.keep(`${name} ${i}`)));
      process.stdout.write(`${name}: pictures and traces are in ${kept.join(", ")}\n`);
      throw err;
    } finally {
      await Promise.all(visits.map((v) => v.context.close()));
    }
  });
}

/** Waits until the element is seen. */
export const seen = (l: Locator) => l.first().waitFor({ state: "visible" });
export const gone = (l: Locator) => l.first().waitFor({ state: "hidden" });

/** Waits until the page hears of changes as they happen. */
export const live = (page: Page) => seen(page.locator('[data-testid="connection"][data-state="live"]'));

/** Waits until nothing on the page is a skeleton any more. */
export async function loaded(page: Page) {
  await seen(page.locator("h1"));
  await page.locator('[aria-busy="true"]').first().waitFor({ state: "detached" });
}
