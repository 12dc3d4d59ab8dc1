import { LoginRequiredError, TokenflightError, type TokenCache, type TokenSet } from "@tokenflight/core";
import type { Owner } from "./event-heap.ts";
import { nameOfPlace, type Place } from "./handed-tokens.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimRequest, taskOf } from "./sim-request.ts";
import type { Users } from "./users.ts";
import type { World } from "./world.ts";

const kinds = ["get", "get", "get", "peek", "renew", "long get", "reread", "status"] as const;
type Kind = (typeof kinds)[number];

/** How long a caller without patience waits at most for its token, with nothing wrong any more; longer than every pause. */
const longestFinalWait = 600_000;

/** Those who ask for tokens. What they are given, and when, is checked. */
export class Callers {
  /** Calls that have not ended, and whose they are. */
  readonly #pending = new Map<string, { readonly process: SimProcess; readonly task: Owner }>();
  readonly #last = new Map<string, TokenSet>();
  readonly #world: World;
  readonly #users: Users;
  #count = 0;
  /** Calls that ended with a token, and with an error. */
  given = 0;
  failed = 0;

  constructor(world: World, users: Users) {
    this.#world = world;
    this.#users = users;
  }

  /** One call, of a random kind and patience. */
  call(process: SimProcess, subject: string): void {
    const { random, configuration, faultsAreOver } = this.#world;
    const place = this.#world.somePlace(process, subject);
    const drawn: Kind = random.pick(kinds);
    const kind = drawn === "long get" && !configuration.longGets ? "get" : drawn;
    const isLogin = configuration.logsOut && !faultsAreOver && random.chance(0.08);
    const isLogout = random.chance(0.6);
    this.#serve(process, (done) => {
      if (isLogin && isLogout) this.#users.logOut(place, done);
      else if (isLogin) this.#users.logIn(place, done);
      else if (kind === "peek" || kind === "status") this.#look(place, kind, done);
      else this.#wait(place, kind, done);
    });
  }

  /** With nothing wrong any more, this process gets a token for the subject, or is told that only a login helps. */
  insist(process: SimProcess, subject: string, until = this.#world.scheduler.now + longestFinalWait): void {
    const { scheduler, ledger } = this.#world;
    const place = this.#world.somePlace(process, subject);
    this.#serve(process, (done) => {
      const name = this.#begin(place, "last get");
      const asked = scheduler.now;
      process
        .cache(subject, place.which)
        .get()
        .then((tokens) => this.#handed(place, tokens, asked))
        .catch((error: unknown) => {
          this.#refused(place, name, error);
          if (error instanceof LoginRequiredError || ledger.mayBeRefused(place, error) || process.closing !== "no") return;
          if (scheduler.now > until) return ledger.violate(`${name} still fails: ${String(error)}`);
          if (hasCode(error, "ERR_STORE_RECORD_INVALID")) this.#users.logInSoon(place);
          scheduler.schedule(5000, "asks once more", () => this.insist(process, subject, until), process);
        })
        .finally(() => this.#end(name, done));
    });
  }

  /** After everything: who of the living waits still? */
  checkNobodyWaits(): void {
    for (const [name, { task }] of this.#pending) if (task.alive) this.#world.ledger.violate(`${name} never ended`);
  }

  /** This process has closed its caches. */
  checkNobodyWaitsFor(process: SimProcess): void {
    for (const [name, { process: one }] of this.#pending)
      if (one === process) this.#world.ledger.violate(`${name} went on after the close`);
  }

  /** In an isolate a call is a request of its own. It ends with the call, or when its client has gone. */
  #serve(process: SimProcess, run: (done: () => void) => void): void {
    const { configuration, scheduler, random, ledger } = this.#world;
    if (configuration.isolates === "no") return run(() => {});
    this.#count += 1;
    const request = new SimRequest(process, `r${this.#count}`, (dropped) => ledger.dropped(dropped, process));
    if (random.chance(0.3)) scheduler.schedule(random.pick([5, 150, 2000]), `the client of ${request.name} goes`, () => request.end());
    request.enter(() => run(() => scheduler.schedule(random.pick([0, 0, 100]), `${request.name} is answered`, () => request.end())));
  }

  #look(place: Place, kind: "peek" | "status", done: () => void): void {
    const { process, subject, which } = place;
    const { scheduler, ledger } = this.#world;
    const cache = process.cache(subject, which);
    if (kind === "peek") {
      const peeked = cache.peek();
      if (peeked !== undefined) this.#handed(place, peeked, scheduler.now);
      if (peeked !== undefined && hasClosed(process)) ledger.violate(`${process.name} gave a token after its close`);
    } else if (cache.status().state === "logged-out" && !ledger.mayRequireLogin(place)) {
      ledger.violate(`${process.name} says that ${subject} is logged out, and no session has ended`);
    }
    done();
  }

  #wait(place: Place, kind: Exclude<Kind, "peek" | "status">, done: () => void): void {
    const { random, scheduler, ledger } = this.#world;
    const { process } = place;
    const controller = new AbortController();
    const patience = random.chance(0.5) ? random.pick([10, 300, 3000, 20_000]) : undefined;
    const name = this.#begin(place, kind);
    const asked = scheduler.now;
    const impatience = new Error("The caller has no more patience.");
    const isAfterClose = hasClosed(process);
    const expectEnd = (when: string): void =>
      scheduler.afterStep(() => {
        if (this.#pending.has(name)) ledger.violate(`${name} went on after ${when}`);
      });
    if (isAfterClose) expectEnd("the close");
    const leave = (): void => {
      controller.abort(impatience);
      if (kind !== "reread") expectEnd("its deadline");
    };
    if (patience !== undefined) scheduler.schedule(patience, "deadline of a caller", leave, taskOf(process));
    this.#ask(place, kind, controller.signal)
      .then(
        (obtained) => {
          this.given += 1;
          if (isAfterClose) ledger.violate(`${name} was answered after the close`);
          if (obtained !== undefined) this.#handed(place, obtained, asked);
        },
        (error: unknown) => {
          this.failed += 1;
          if (isAfterClose && !hasCode(error, "ERR_CLOSED")) ledger.violate(`${name} failed after the close: ${String(error)}`);
          if (error !== impatience || !controller.signal.aborted) this.#refused(place, name, error);
        },
      )
      .finally(() => this.#end(name, done));
  }

  #ask(place: Place, kind: Exclude<Kind, "peek" | "status">, signal: AbortSignal): Promise<TokenSet | undefined> {
    const cache: TokenCache = place.process.cache(place.subject, place.which);
    const last = this.#last.get(nameOfPlace(place));
    if (kind === "reread") return cache.reread();
    if (kind === "renew" && last !== undefined) {
      this.#world.ledger.refused(last);
      return cache.renew(last, { signal });
    }
    return cache.get({ signal, ...(kind === "long get" ? { minValidity: this.#world.configuration.lifetime * 0.9 } : {}) });
  }

  #handed(place: Place, tokens: TokenSet, asked: number): void {
    this.#last.set(nameOfPlace(place), tokens);
    this.#world.scheduler.note(`${place.process.name} hands out ${tokens.accessToken}`);
    this.#world.ledger.handed(place, tokens, asked);
  }

  #refused(place: Place, name: string, error: unknown): void {
    const { ledger, scheduler, configuration, random } = this.#world;
    const { closing } = place.process;
    scheduler.note(`${name} fails: ${String(error)}`);
    if (!(error instanceof TokenflightError)) return ledger.violate(`${name} got an error of no type: ${String(error)}`);
    if (error.code === "ERR_CLOSED" && closing === "no") ledger.violate(`${name} failed as closed, and nothing was closed`);
    const isLogin = error instanceof LoginRequiredError;
    if (ledger.isFaultless && closing === "no" && !(isLogin && ledger.mayRequireLogin(place)))
      return ledger.violate(`${name} failed although nothing was wrong: ${error.message}`);
    if (hasCode(error, "ERR_TOKEN_REQUEST_REFUSED") && !ledger.mayBeRefused(place, error))
      ledger.violate(`${name} was told what is said of another purpose: ${error.message}`);
    if (!isLogin) return;
    if (error.error === "interaction_required" && !ledger.mayBeRefused(place, error))
      ledger.violate(`${name} was told that another purpose requires a login`);
    if (!ledger.mayRequireLogin(place)) ledger.violate(`${name} was told that a login is required, and no session has ended`);
    if (configuration.seeds && random.chance(0.3)) this.#users.start(place.process, [place.subject]);
    if (configuration.logsIn && random.chance(0.5)) this.#users.logInSoon(place);
  }

  #begin(place: Place, what: string): string {
    const { process, subject, which } = place;
    this.#count += 1;
    const name = `${process.name}'s ${what} of ${subject} (call ${this.#count})`;
    this.#pending.set(name, { process, task: taskOf(process) });
    this.#world.scheduler.note(`${name} begins in cache ${which}`);
    return name;
  }

  #end(name: string, done: () => void): void {
    this.#pending.delete(name);
    done();
  }
}

/** Its caches are closed, so that every call fails at once. */
function hasClosed({ closing }: SimProcess): boolean {
  return closing === "caches" || closing === "done";
}

function hasCode(error: unknown, code: TokenflightError["code"]): boolean {
  return TokenflightError.is(error) && error.code === code;
}
