import { TokenflightError } from "@tokenflight/core";
import type { Place } from "./handed-tokens.ts";
import type { Logout } from "./logins.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import { logouts } from "./store-client.ts";
import type { World } from "./world.ts";

/** Those who log in and out, in whichever process and cache they meet. */
export class Users {
  readonly #world: World;
  readonly #server: SimServer;

  constructor(world: World, server: SimServer) {
    this.#world = world;
    this.#server = server;
  }

  /** Logs out, and in again after a while. */
  logOut(place: Place, done = (): void => {}): void {
    const { scheduler, ledger } = this.#world;
    const { process, subject, which } = place;
    scheduler.note(`${process.name} logs ${subject} out`);
    const logout: Logout = { process };
    logouts
      .run(logout, () => process.cache(subject, which).forget())
      .then(() => {
        ledger.forgotten(place);
        ledger.checkLogout(subject, logout.found);
        if (ledger.logins.current(subject) === undefined) ledger.heard(process, subject, ledger.logins.replaced(subject));
      })
      .catch((failure: unknown) => scheduler.note(`logout fails: ${String(failure)}`))
      .finally(done);
    if (this.#world.configuration.seeds && this.#world.random.chance(0.5)) this.start(process, [subject]);
    else this.logInSoon(place);
    // Somebody else may be about to log in at the same time.
    if (this.#world.random.chance(0.3))
      this.logInSoon(this.#world.somePlace(this.#world.random.pick(this.#world.processes), subject), 4 * this.#world.configuration.latency);
  }

  logInSoon(place: Place, latest = 3000): void {
    const { random, scheduler } = this.#world;
    scheduler.schedule(random.between(0, latest), "logs in", () => this.logIn(place), place.process);
  }

  logIn({ process, subject, which, purpose }: Place, done = (): void => {}, failed = (): void => {}): void {
    const { scheduler, ledger } = this.#world;
    const tokens = this.#server.logIn(subject, purpose);
    const session = this.#server.sessionOf(tokens.access_token);
    process
      .cache(subject, which)
      .save(tokens)
      .then(() => {
        if (ledger.logins.current(subject) === session) ledger.heard(process, subject, ledger.logins.replaced(subject));
      })
      .catch((failure: unknown) => {
        scheduler.note(`login fails: ${String(failure)}`);
        failed();
      })
      .finally(done);
  }

  /** An operator logs in, and writes the refresh token into the environment of all processes that start from now on. */
  renewSeed(subject: string): void {
    const { refresh_token: refreshToken } = this.#server.logIn(subject, "");
    this.#world.scheduler.note(`an operator writes ${refreshToken} into the environment`);
    this.#world.ledger.seeds.provide(subject, refreshToken as string);
  }

  /** A program begins with what its environment has for each subject, and may ask for tokens at the same time. */
  start(process: SimProcess, subjects: readonly string[]): void {
    const { scheduler, random } = this.#world;
    for (const subject of subjects) {
      const seed = (): void => this.seed(this.#world.somePlace(process, subject));
      scheduler.schedule(random.pick([0, 20, 500]) * random.next(), "starts with its environment", seed, process);
    }
  }

  seed(place: Place): void {
    const { scheduler, ledger } = this.#world;
    const { process, subject, which } = place;
    const refreshToken = ledger.seeds.for(subject);
    if (refreshToken === undefined) return;
    const session = this.#server.sessionOfRefreshToken(refreshToken);
    process
      .cache(subject, which)
      .seed({ refresh_token: refreshToken })
      .then((isTaken) => {
        scheduler.note(`${process.name}'s seed ${refreshToken} was ${isTaken ? "taken" : "left alone"}`);
        if (isTaken && !ledger.seeds.wasTaken(refreshToken)) ledger.violate(`${process.name} says that it took ${refreshToken}`);
        if (isTaken && ledger.logins.current(subject) === session) ledger.heard(process, subject, ledger.logins.replaced(subject));
      })
      .catch((failure: unknown) => {
        scheduler.note(`seed fails: ${String(failure)}`);
        const isExpected = TokenflightError.is(failure) && (!ledger.isFaultless || process.closing !== "no");
        if (!isExpected) ledger.violate(`The seed of ${subject} failed: ${String(failure)}`);
      });
  }
}
