import "@tokenflight/core/eager";
import type { TokenStore } from "@tokenflight/core";
import { refreshOnce } from "@tokenflight/refresh-once";
import { configurationOf, isFaultless } from "./configuration.ts";
import { LibraryBooks } from "./library-books.ts";
import type { LibraryWorld } from "./library-parts.ts";
import { LibraryStore, libraryStoreClient } from "./library-store.ts";
import { libraryFetch } from "./library-server.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { seedPlatform } from "./seeded-platform.ts";
import { SimProcess } from "./sim-process.ts";
import { SimServer } from "./sim-server.ts";
import type { Outage } from "./world.ts";

/** Where a library of others keeps its tokens: each process its own, or all in one file, written without looking. */
type Keeping = "memory" | "file";

export interface LibraryOutcome {
  readonly violation: string | undefined;
  readonly fingerprint: number;
  readonly counts: Readonly<Record<"steps" | "sent" | "sent again" | "answered" | "refused" | "failed" | "sessions ended", number>>;
}

export interface LibraryMutant {
  readonly store?: (store: TokenStore) => TokenStore;
}

interface Held {
  refreshToken: string;
  /** How many the server had issued when it came. */
  count: number;
}

const endpoint = "https://login.example.com/token";
/** Virtual milliseconds in which everything comes to rest after the last fault, and within which a caller with a living login gets tokens. */
const longestRest = 2_000_000;
const longestWait = 600_000;

/**
 * Lives one world of processes that share logins through a library of others, each with `refreshOnce` beneath it: they come with old refresh tokens and new
 * ones, at the same time, whatever happens to them, their network, their store and their server. The same seed always takes the same way.
 */
export async function simulateLibraries(
  seed: number,
  { mutant = {}, trace }: { mutant?: LibraryMutant; trace?: (line: string) => void } = {},
): Promise<LibraryOutcome> {
  const configuration = configurationOf(seed);
  const { processes: count, subjects: logins, calls, duration, provider, lifetime, faults, timeouts } = configuration;
  const random = new Random(seed ^ 0x2545f491);
  const keeping: Keeping = random.pick(["memory", "file"]);
  const rotates = random.chance(0.85);
  const scheduler = new Scheduler(random);
  scheduler.trace = trace;
  const server = new SimServer(provider, lifetime, true);
  const clocksAgree = faults.skew === 0 && faults.jumps === 0;
  const books = new LibraryBooks(scheduler, { rotates, clocksAgree, lifetime });
  const inside = new LibraryStore();
  const born = new Map<string, SimProcess>();
  let outages: Outage[] = [];
  let faultsAreOver = false;
  const world: LibraryWorld = {
    configuration,
    random,
    scheduler,
    server: rotates ? server : withoutRotation(lifetime),
    books,
    born,
    get faultsAreOver() {
      return faultsAreOver;
    },
    outageOf: (process, operation) =>
      outages.find(
        ({ until, kind, process: one }) =>
          until > scheduler.now && (one === undefined || one === process) && (kind !== "read-only" || operation === "write"),
      )?.kind,
  };
  const fetches = new Map<SimProcess, typeof fetch>();
  const held = new Map<string, Held>();
  const pending = new Map<string, SimProcess>();
  const tally = { answered: 0, refused: 0, failed: 0, "sessions ended": 0 };
  let names = 0;

  function bear(): SimProcess {
    const process = new SimProcess(`p${born.size}`, scheduler, random, random.between(-faults.skew, faults.skew));
    born.set(process.name, process);
    const client = libraryStoreClient(world, inside, process);
    const store = mutant.store?.(client) ?? client;
    fetches.set(process, refreshOnce({ store, clock: process.clock, timeouts })(libraryFetch(world, process)));
    return process;
  }

  const placeOf = (process: SimProcess, login: string): string => (keeping === "file" ? login : `${process.name} ${login}`);

  /** What a process has: of one that has just been started, what its operator gave it, which may be old. */
  function tokensOf(process: SimProcess, login: string): Held {
    const place = placeOf(process, login);
    const found = held.get(place) ?? { ...(first.get(login) as Held) };
    held.set(place, found);
    return found;
  }

  /** One refresh, as a library asks for it. Calls back with the status, or with what was thrown. */
  function refresh(process: SimProcess, login: string, patience: number | undefined, done: (end: number | Error) => void): void {
    const before = { ...tokensOf(process, login) };
    const controller = new AbortController();
    names += 1;
    const name = `call ${names} of ${process.name} for ${login}`;
    pending.set(name, process);
    const impatience = new Error("The caller has no more patience.");
    if (patience !== undefined)
      scheduler.schedule(
        patience,
        "deadline of a caller",
        () => {
          controller.abort(impatience);
          scheduler.afterStep(() => pending.has(name) && books.violate(`${name} went on after its deadline`));
        },
        process,
      );
    const body = new URLSearchParams({ grant_type: "refresh_token", client_id: "me", refresh_token: before.refreshToken });
    const answered = async (): Promise<number> => {
      const send = fetches.get(process) as typeof fetch;
      const response = await send(endpoint, { method: "POST", body, signal: controller.signal });
      const said = (await response.json()) as { access_token?: string; refresh_token?: string };
      if (response.status === 200) take(process, login, before, said);
      return response.status;
    };
    const end = async (): Promise<void> => {
      try {
        done(await answered());
      } catch (error) {
        done(error as Error);
      } finally {
        pending.delete(name);
      }
    };
    void end();
  }

  function take(process: SimProcess, login: string, before: Held, said: { access_token?: string; refresh_token?: string }): void {
    const { access_token: token = "", refresh_token: next } = said;
    const issued = Number(token.split("-")[2]);
    if (!token.startsWith(`access-${login}-`)) return books.violate(`${process.name} was given ${token} for ${login}`);
    if (issued < before.count || (rotates && issued <= before.count))
      books.violate(`${process.name} was led back from ${before.count} to ${token}`);
    // A file is written some time later, whatever stands there by then.
    const save = (): void => void held.set(placeOf(process, login), { refreshToken: next ?? before.refreshToken, count: issued });
    if (keeping === "file") scheduler.schedule(random.pick([0, 0, 50, 3000]), "a file is written", save, process);
    else save();
  }

  async function live(until: number): Promise<void> {
    for (let at = scheduler.next; at !== undefined && at <= until && books.violation === undefined; at = scheduler.next) {
      const owner = await scheduler.step();
      if (owner instanceof SimProcess) disturb(owner);
    }
  }

  let [crashes, pauses] = [faults.crashes, faults.pauses];
  function disturb(process: SimProcess): void {
    if (faultsAreOver || !process.alive || process.resumesAt === scheduler.now || !random.chance(0.02)) return;
    if (crashes > 0 && random.chance(0.5)) {
      crashes -= 1;
      process.end(scheduler.now);
      books.troubled(process, "died");
      processes[processes.indexOf(process)] = bear();
    } else if (pauses > 0) {
      pauses -= 1;
      const until = scheduler.now + 1000 * timeouts.request * random.pick([0.05, 0.7, 1.2, 2, 4]);
      process.stop(scheduler.now, until);
      books.troubled(process, `is stopped until ${until.toFixed(1)}`);
    }
  }

  function insist(process: SimProcess, login: string, until: number): void {
    refresh(process, login, undefined, (end) => {
      const isOver = end === 400 && hasEnded(login);
      if (end === 200 || isOver) return;
      if (scheduler.now > until) return books.violate(`${process.name} still fails for ${login}: ${String(end)}`);
      scheduler.schedule(5000, "asks once more", () => insist(process, login, until), process);
    });
  }

  const hasEnded = (login: string): boolean => server.sessionOf(`access-${login}-1`)?.ended === true;

  const restore = seedPlatform(random);
  const subjects = Array.from({ length: logins }, (_, index) => `s${index}`);
  const first = new Map(
    subjects.map((login) => [login, { refreshToken: server.logIn(login, "").refresh_token as string, count: 1 }] as const),
  );
  const processes = Array.from({ length: count }, bear);
  try {
    for (let left = faults.outages; left > 0; left -= 1)
      scheduler.schedule(random.between(0, duration), "mischief", () => {
        const process = random.chance(0.5) ? undefined : random.pick(processes);
        outages.push({
          until: scheduler.now + random.pick([300, 3000, 20_000, 60_000]),
          kind: random.pick(["away", "refuses", "read-only"]),
          process,
        });
      });
    for (let left = faults.jumps; left > 0; left -= 1)
      scheduler.schedule(random.between(0, duration), "mischief", () => {
        random.pick(processes).wallOffset += random.pick([-7_200_000, 7_200_000]);
      });
    for (let left = calls; left > 0;) {
      const at = random.between(0, duration);
      const login = random.pick(subjects);
      for (let crowd = Math.min(left, random.whole(1, 5)); crowd > 0; crowd -= 1, left -= 1) {
        const place = random.whole(0, count - 1);
        scheduler.schedule(at + random.between(0, 50), "somebody calls", () => {
          const process = processes[place] as SimProcess;
          const patience = random.chance(0.3) ? random.pick([10, 300, 3000]) : undefined;
          const done = (end: number | Error): void => {
            if (end === 200) tally.answered += 1;
            else if (typeof end === "number") tally.refused += 1;
            else tally.failed += 1;
            if (end !== 200 && isFaultless(configuration) && patience === undefined)
              books.violate(`${process.name} failed: ${String(end)}`);
          };
          scheduler.schedule(0, "call", () => refresh(process, login, patience, done), process);
        });
      }
    }
    await live(duration);
    scheduler.note("the faults are over");
    faultsAreOver = true;
    outages = [];
    for (const process of processes)
      for (const login of subjects)
        scheduler.schedule(random.between(0, 5000), "last call", () => insist(process, login, scheduler.now + longestWait), process);
    await live(duration + longestRest);
  } finally {
    restore();
  }
  if (books.violation === undefined) {
    if (scheduler.next !== undefined) books.violate("Something never comes to rest");
    for (const [name, { alive }] of pending) if (alive) books.violate(`${name} never ended`);
    if (isFaultless(configuration) && rotates && books.sentAgain > 0) books.violate("A refresh token was sent twice without any fault");
  }
  tally["sessions ended"] = subjects.filter(hasEnded).length;
  const counts = { steps: scheduler.steps, sent: books.sent, "sent again": books.sentAgain, ...tally };
  return { violation: books.violation, fingerprint: scheduler.fingerprint, counts };
}

/** A server whose refresh tokens go on. */
function withoutRotation(lifetime: number): LibraryWorld["server"] {
  let issued = 1;
  return {
    refresh(refreshToken) {
      issued += 1;
      return { access_token: `access-${refreshToken.split("-")[1]}-${issued}`, expires_in: lifetime };
    },
  };
}
