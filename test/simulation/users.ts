import type { Place } from "./handed-tokens.ts";
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
    logouts
      .run({ process }, () => process.cache(subject, which).forget())
      .then(() => {
        ledger.forgotten(place);
        if (ledger.logins.current(subject) === undefined) ledger.heard(process, subject, ledger.logins.replaced(subject));
      })
      .catch((failure: unknown) => scheduler.note(`logout fails: ${String(failure)}`))
      .finally(done);
    this.logInSoon(place);
    // Somebody else may be about to log in at the same time.
    if (this.#world.random.chance(0.3))
      this.logInSoon({ process: this.#world.random.pick(this.#world.processes), subject, which: 0 }, 4 * this.#world.configuration.latency);
  }

  logInSoon(place: Place, latest = 3000): void {
    const { random, scheduler } = this.#world;
    scheduler.schedule(random.between(0, latest), "logs in", () => this.logIn(place), place.process);
  }

  logIn({ process, subject, which }: Place, done = (): void => {}, failed = (): void => {}): void {
    const { scheduler, ledger } = this.#world;
    const tokens = this.#server.logIn(subject);
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
}
