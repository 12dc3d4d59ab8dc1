import {
  InvalidTokenResponseError,
  LoginRequiredError,
  TokenRequestError,
  type SourceContext,
  type TokenResponse,
  type TokenSource,
} from "@tokenflight/core";
import type { Attempt } from "./attempt.ts";
import type { Owner } from "./event-heap.ts";
import type { SimProcess } from "./sim-process.ts";
import { taskOf } from "./sim-request.ts";
import type { SimServer } from "./sim-server.ts";
import { identity, type SourceName } from "./source-name.ts";
import { happens, wayThrough, type World } from "./world.ts";

type NetworkFate = "arrives" | "refused connection" | "lost" | "reset" | "answer lost" | "answer reset";
type ServerFate = "answers" | "throttles" | "fails before" | "fails after" | "is slow";

const networkMishaps: readonly NetworkFate[] = ["refused connection", "lost", "reset", "answer lost", "answer reset"];
const serverMishaps: readonly ServerFate[] = ["throttles", "fails before", "fails after", "is slow"];

/** A timer that fires so many milliseconds after it was due tells of a process that was stopped meanwhile, and is not believed at once. */
const longestLateness = 1000;

/** The token source of one process, subject and purpose: a token request over a network that loses things, to a server that has its troubles. */
export function simSource(world: World, server: SimServer, process: SimProcess, name: SourceName): TokenSource {
  const { spends, provider } = world.configuration;
  return Object.assign((context: SourceContext) => new TokenRequest(world, server, process, name, context).response, {
    identity,
    ...(name.purpose && { purpose: name.purpose }),
    spendsRefreshToken: spends,
    requiresLogin: spends,
    refreshTokenGrace: provider === "grace" ? 3600 : 0,
  });
}

class TokenRequest {
  readonly response: Promise<TokenResponse>;
  readonly #world: World;
  readonly #server: SimServer;
  readonly #process: SimProcess;
  readonly #task: Owner;
  readonly #begun: number;
  /** When an answer has come to this machine. */
  #arrivedAt = Number.POSITIVE_INFINITY;
  readonly #attempt: Attempt;
  readonly #purpose: string;
  readonly #resolve: (response: TokenResponse) => void;
  readonly #reject: (error: unknown) => void;

  constructor(world: World, server: SimServer, process: SimProcess, name: SourceName, context: SourceContext) {
    const { promise, resolve, reject } = Promise.withResolvers<TokenResponse>();
    this.response = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#world = world;
    this.#server = server;
    this.#process = process;
    this.#task = taskOf(process);
    this.#begun = world.scheduler.now;
    this.#attempt = world.ledger.asked(process, name, context);
    this.#purpose = name.purpose ?? "";
    const { obedient, faults } = world.configuration;
    context.signal.addEventListener("abort", () => {
      this.#checkThatNothingIsUnread();
      world.ledger.settled(this.#attempt, "unknown");
      if (obedient) reject(context.signal.reason);
    });
    const fate: NetworkFate = happens(world, faults.network) ? world.random.pick(networkMishaps) : "arrives";
    // The request does not leave in the same moment in which the source is called: names are looked up, connections made.
    this.#later(world.random.between(0, 20), "request leaves", () => this.#leave(fate));
  }

  /** A process that was stopped reads what has come meanwhile before it gives up, however late its timers are. */
  #checkThatNothingIsUnread(): void {
    const { stoppedAt, resumesAt, name } = this.#process;
    const { scheduler, ledger, configuration } = this.#world;
    const deadline = this.#begun + configuration.timeouts.request * 1000;
    // A timer that was due in the middle, or one that gives another second.
    const wasDueMeanwhile = stoppedAt <= deadline && resumesAt >= deadline + longestLateness + 5;
    const wasDueAgain = stoppedAt > deadline && resumesAt > stoppedAt + 2 * longestLateness + 5;
    const isUnread = this.#arrivedAt <= resumesAt && this.#attempt.outcome === undefined;
    if ((wasDueMeanwhile || wasDueAgain) && isUnread && scheduler.now === resumesAt)
      ledger.violate(`${name} gave up a token request whose answer had arrived`);
  }

  #leave(fate: NetworkFate): void {
    const { scheduler, random } = this.#world;
    if (fate === "refused connection") return this.#fail("nothing used up", new TokenRequestError("not-sent", "Connection refused."));
    if (fate === "reset")
      this.#later(random.between(1, 1000), "request is reset", () => this.#fail("unknown", new Error("socket hang up")));
    if (fate === "reset" || fate === "lost") return;
    scheduler.schedule(wayThrough(this.#world), `token request of ${this.#process.name}`, () => this.#arrive(fate));
  }

  #arrive(network: NetworkFate): void {
    const { random, scheduler, configuration } = this.#world;
    const fate: ServerFate = happens(this.#world, configuration.faults.server) ? random.pick(serverMishaps) : "answers";
    if (fate !== "answers") scheduler.note(`the server ${fate}`);
    if (fate === "throttles") {
      const retryAfter = random.pick([0, 1000, 5000]);
      const error = new TokenRequestError("throttled", "Later.", { status: 429, retryAfter });
      return this.#answer(network, 0, () => this.#fail("nothing used up", error));
    }
    const failure = new TokenRequestError("unknown", "Internal server error.", { status: 500 });
    if (fate === "fails before") return this.#answer(network, 0, () => this.#fail("unknown", failure));
    const refusal = this.#refusal();
    if (refusal !== undefined) return this.#answer(network, 0, () => this.#fail("nothing used up", refusal));
    const response = this.#carryOut();
    if (fate === "fails after") return this.#answer(network, 0, () => this.#fail("unknown", failure));
    const slowness = fate === "is slow" ? configuration.timeouts.request * 1000 * random.between(0.3, 1.5) : 0;
    if (response === undefined) {
      const error = new LoginRequiredError("The session is over.", { error: "invalid_grant" });
      return this.#answer(network, slowness, () => this.#fail("login required", error));
    }
    if (response.refresh_token && happens(this.#world, configuration.faults.useless)) {
      scheduler.note("the server gives a useless access token");
      return this.#answer(network, slowness, () => this.#giveUseless(response));
    }
    this.#answer(network, slowness, () => {
      this.#world.ledger.settled(this.#attempt, "tokens", response);
      this.#resolve(response);
    });
  }

  /** The user has to agree to this purpose, or the client may not ask for it. That uses nothing up, and says nothing of other purposes. */
  #refusal(): Error | undefined {
    const { refreshToken = "" } = this.#attempt;
    const session = this.#server.sessionOfRefreshToken(refreshToken);
    const how = session?.ended === false ? session.refused.get(this.#purpose) : undefined;
    if (how === undefined) return undefined;
    this.#world.scheduler.note(`the server refuses the purpose: ${how}`);
    if (how === "interaction_required") return new LoginRequiredError("The user has to agree.", { error: how });
    return new TokenRequestError("refused", "Not allowed.", { status: 400, error: how });
  }

  /** The refresh token that was sent is used up, and the new one comes without an access token that a header could carry. */
  #giveUseless(response: TokenResponse): void {
    const refreshToken = response.refresh_token as string;
    this.#world.ledger.kept(this.#attempt, refreshToken);
    const how = this.#world.random.pick(["unreadable", "invalid", "unknown", "refused"] as const);
    if (how === "unreadable") this.#resolve({ ...response, access_token: "two words" });
    else if (how === "invalid") this.#reject(new InvalidTokenResponseError("Of no use.", { refreshToken }));
    else this.#reject(new TokenRequestError(how, "Of no use.", { refreshToken }));
  }

  #carryOut(): TokenResponse | undefined {
    const { refreshToken, subject } = this.#attempt;
    if (refreshToken === undefined) return this.#world.configuration.spends ? undefined : this.#server.grant(subject, this.#purpose);
    const wasOver = this.#server.isOver(refreshToken);
    const response = this.#server.refresh(refreshToken, this.#purpose);
    if (response === undefined && !wasOver) this.#world.ledger.sessionEnded(this.#attempt);
    if (response !== undefined) this.#attempt.consumed = true;
    return response;
  }

  #answer(network: NetworkFate, slowness: number, arrive: () => void): void {
    const delay = slowness + wayThrough(this.#world);
    if (network === "answer lost") return;
    this.#arrivedAt = this.#world.scheduler.now + delay;
    if (network === "answer reset") this.#later(delay, "answer is reset", () => this.#fail("unknown", new Error("socket hang up")));
    else this.#later(delay, "answer", arrive);
  }

  #fail(outcome: NonNullable<Attempt["outcome"]>, error: unknown): void {
    this.#world.ledger.settled(this.#attempt, outcome);
    this.#reject(error);
  }

  #later(delay: number, label: string, run: () => void): void {
    this.#world.scheduler.schedule(delay, label, run, this.#task);
  }
}
