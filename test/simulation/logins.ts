import type { Write } from "./attempts.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimServer, Session } from "./sim-server.ts";
import { tokensOf } from "./stored-record.ts";

/** The logins of one subject. */
interface Known {
  /** All whose tokens have ever stood in the entry. */
  readonly stood: Set<Session>;
  /** Those of them that another login, or a logout, has replaced. */
  readonly replaced: Set<Session>;
  current: Session | undefined;
  /** One that was replaced, and stands there again. */
  cameBack: Session | undefined;
  /** Who has written its first token set. */
  writer: SimProcess | undefined;
  /** Which of the replaced ones each process, or cache, knows to be so, and since when. */
  readonly heard: Map<string, Map<Session, number>>;
}

/** A logout on its way: which logins there had been when it found one, or a logout. It ends whichever of them stands, or one of its own process. */
export interface Logout {
  readonly process: SimProcess;
  found?: ReadonlySet<Session>;
}

/** Which login stands in the entry of each subject, which ones were replaced, and who has heard of it. */
export class Logins {
  readonly #server: SimServer;
  readonly #known = new Map<string, Known>();

  constructor(server: SimServer) {
    this.#server = server;
  }

  current(subject: string): Session | undefined {
    return this.#of(subject).current;
  }

  /** Whether it has stood there before, and another one in between. */
  cameBack(subject: string): boolean {
    const { current, cameBack } = this.#of(subject);
    return current !== undefined && current === cameBack;
  }

  /** All that there have been. */
  all(subject: string): ReadonlySet<Session> {
    return new Set(this.#of(subject).stood);
  }

  /** The entry has changed. What is wrong with that? */
  *wrote({ process, subject, before, after }: Write, logout: Logout | undefined, isSeed: boolean): Generator<string> {
    const known = this.#of(subject);
    const [token = ""] = [...tokensOf(after).values()].map((tokens) => tokens.access_token);
    const session = this.#server.sessionOfRefreshToken(after.tokens?.refresh_token ?? "") ?? this.#server.sessionOf(token);
    const isLogout = after.tokens === undefined && after.generation > before.generation;
    if (
      isLogout &&
      logout?.found !== undefined &&
      known.current !== undefined &&
      !logout.found.has(known.current) &&
      known.writer !== logout.process
    )
      yield `A logout of ${subject} has ended ${known.current.name}, which came later`;
    if (session === known.current || (session === undefined && !isLogout)) return;
    // Over nothing, somebody who has not heard of what was deleted may write what it holds.
    if (session !== undefined && known.replaced.has(session) && before.generation > 0 && !isSeed)
      yield `${session.name} came back after it was replaced`;
    for (const each of known.stood) known.replaced.add(each);
    if (session !== undefined) known.stood.add(session);
    if (session !== undefined && known.replaced.delete(session)) known.cameBack = session;
    known.current = session;
    known.writer = process;
  }

  /** The entry was deleted: what was known before says nothing any more. */
  lost(subject: string): void {
    const known = this.#of(subject);
    known.current = undefined;
    known.replaced.clear();
    known.heard.clear();
  }

  /** What a message says that is sent now. Whoever gets it knows that these logins are over. */
  replaced(subject: string): ReadonlySet<Session> {
    return new Set(this.#of(subject).replaced);
  }

  /** A process, or one of its caches, was told of a change. */
  heard(place: string, subject: string, replaced: Iterable<Session>, now: number): void {
    const { heard, replaced: still } = this.#of(subject);
    const known = heard.get(place) ?? new Map<Session, number>();
    heard.set(place, known);
    for (const session of replaced) if (still.has(session) && !known.has(session)) known.set(session, now);
  }

  /** Whether a token of this login may not be given any more to somebody who has asked then. */
  isKnownToBeReplaced(place: string, subject: string, session: Session, asked: number): boolean {
    const { heard, replaced } = this.#of(subject);
    const since = heard.get(place)?.get(session);
    return since !== undefined && since < asked && replaced.has(session);
  }

  #of(subject: string): Known {
    const known = this.#known.get(subject) ?? {
      stood: new Set(),
      replaced: new Set(),
      current: undefined,
      cameBack: undefined,
      writer: undefined,
      heard: new Map(),
    };
    this.#known.set(subject, known);
    return known;
  }
}
