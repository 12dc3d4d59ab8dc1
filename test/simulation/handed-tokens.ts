import type { TokenSet } from "@tokenflight/core";
import type { Logins } from "./logins.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import type { Troubles } from "./troubles.ts";

/** Who is given a token: one of a process's caches. */
export interface Place {
  readonly process: SimProcess;
  readonly which: number;
  /** What its access tokens are for; empty for the first purpose. */
  readonly purpose: string;
  readonly subject: string;
}

export function nameOfPlace({ process, which, subject }: Place): string {
  return `${process.name} ${which} ${subject}`;
}

/** Milliseconds for which a token that was just obtained is as good as it gets, whatever the wall clock says. */
const news = 1000;

/** Which tokens callers may be given: of the right subject, stored, good, and none that is older than what that place knows. */
export class HandedTokens {
  readonly #server: SimServer;
  readonly #troubles: Troubles;
  readonly #logins: Logins;
  readonly #violate: (text: string) => void;
  readonly #stored = new Map<string, { readonly generation: number; readonly at: number }>();
  /** The newest generation that each place was given. */
  readonly #handed = new Map<string, number>();

  constructor(server: SimServer, troubles: Troubles, logins: Logins, violate: (text: string) => void) {
    this.#server = server;
    this.#troubles = troubles;
    this.#logins = logins;
    this.#violate = violate;
  }

  stored(accessToken: string, generation: number, at: number): void {
    // A new refresh token alone makes a generation as well, and leaves the access token as it is.
    if (accessToken !== "" && !this.#stored.has(accessToken)) this.#stored.set(accessToken, { generation, at });
  }

  /** A logout by this place has made this generation: no token of before may be given there any more. */
  forgotten(place: Place, generation: number): void {
    const name = nameOfPlace(place);
    this.#handed.set(name, Math.max(this.#handed.get(name) ?? 0, generation));
  }

  /** A caller who had asked then was given this token set. */
  handed(place: Place, { accessToken, expiresAt }: TokenSet, asked: number, now: number): void {
    const { process, subject } = place;
    const who = `${process.name} handed out ${accessToken} for ${subject}`;
    const session = this.#server.sessionOf(accessToken);
    if (session?.subject !== subject) return this.#violate(`${who}, which is somebody else's`);
    if (this.#server.purposeOf(accessToken) !== place.purpose) return this.#violate(`${who}, which is for another purpose`);
    const stored = this.#stored.get(accessToken);
    const isNews = stored !== undefined && now - stored.at < news;
    if (expiresAt !== undefined && process.clock.now() >= expiresAt && !isNews) this.#violate(`${who}, which was over`);
    const name = nameOfPlace(place);
    // Without the store, memory is believed.
    const isAlone = this.#troubles.hadJustNow(process, subject, now);
    for (const each of isAlone ? [] : [name, process.name])
      if (this.#logins.isKnownToBeReplaced(each, subject, session, asked))
        this.#violate(`${who}, of ${session.name}, which it knew to be over`);
    if (this.#logins.current(subject) === session) this.#logins.heard(name, subject, this.#logins.replaced(subject), now);
    if (stored === undefined) {
      if (!this.#troubles.had(process, subject) && process.closing === "no") this.#violate(`${who}, which was not stored`);
      return;
    }
    const before = this.#handed.get(name) ?? 0;
    if (stored.generation < before && !this.#troubles.hasLost(subject)) this.#violate(`${who} after a newer one`);
    this.#handed.set(name, Math.max(before, stored.generation));
  }
}
