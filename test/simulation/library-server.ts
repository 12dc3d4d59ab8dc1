import type { SimProcess } from "./sim-process.ts";
import type { LibraryWorld } from "./library-parts.ts";
import { happens, wayThrough } from "./world.ts";

type NetworkFate = "arrives" | "refused connection" | "lost" | "reset" | "answer lost" | "answer reset";
type ServerFate = "answers" | "throttles" | "fails before" | "fails after" | "is slow" | "wants a nonce";

const networkMishaps: readonly NetworkFate[] = ["refused connection", "lost", "reset", "answer lost", "answer reset"];
const serverMishaps: readonly ServerFate[] = ["throttles", "fails before", "fails after", "is slow", "wants a nonce"];

/** The fetch function of one process: over a network that loses things, to a token endpoint that has its troubles. */
export function libraryFetch(world: LibraryWorld, process: SimProcess): typeof fetch {
  const { scheduler, random, configuration, server, books } = world;
  return (_input, init) => {
    const refreshToken = (init?.body as URLSearchParams).get("refresh_token") ?? "";
    const sending = books.sends(process, refreshToken);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const later = (delay: number, label: string, run: () => void): void => void scheduler.schedule(delay, label, run, process);
    const unknown = (how: string): void => {
      sending.excuse ??= how;
    };
    const network: NetworkFate = happens(world, configuration.faults.network) ? random.pick(networkMishaps) : "arrives";
    if (network !== "arrives" && network !== "refused connection") unknown(`network: ${network}`);
    const broken = (label: string, code: string): void => {
      sending.answeredAt = scheduler.now;
      reject(new TypeError("fetch failed", { cause: Object.assign(new Error(label), { code }) }));
    };
    const leave = (): void => {
      if (network === "refused connection") {
        sending.isHarmless = true;
        return broken("refused", "ECONNREFUSED");
      }
      if (network === "reset") later(random.between(1, 1000), "request is reset", () => broken("socket hang up", "ECONNRESET"));
      if (network === "reset" || network === "lost") return;
      scheduler.schedule(wayThrough(world), `refresh of ${process.name}`, arrive);
    };
    const arrive = (): void => {
      const fate: ServerFate = happens(world, configuration.faults.server) ? random.pick(serverMishaps) : "answers";
      if (fate !== "answers") scheduler.note(`the server ${fate}`);
      if (fate === "fails before" || fate === "fails after" || fate === "is slow") unknown(`server ${fate}`);
      const slowness = fate === "is slow" ? configuration.timeouts.request * 1000 * random.between(0.3, 1.5) : 0;
      if (fate === "throttles") return answer(429, { error: "slow_down" }, 0);
      if (fate === "wants a nonce") return answer(400, { error: "use_dpop_nonce" }, 0);
      if (fate === "fails before") return answer(random.pick([500, 503]), {}, 0);
      const response = server.refresh(refreshToken, "");
      if (fate === "fails after") return answer(502, {}, 0);
      answer(response === undefined ? 400 : 200, response ?? { error: "invalid_grant" }, slowness);
    };
    const answer = (status: number, body: object, slowness: number): void => {
      const delay = slowness + wayThrough(world);
      if (network === "answer lost") return;
      if (network === "answer reset") return later(delay, "answer is reset", () => broken("socket hang up", "ECONNRESET"));
      later(delay, "answer", () => {
        sending.answeredAt = scheduler.now;
        sending.isHarmless = status >= 400 && status < 500;
        resolve(Response.json(body, { status }));
      });
    };
    init?.signal?.addEventListener("abort", () => broken("given up", "ABORTED"));
    // The request does not leave in the same moment in which the function is called.
    later(random.between(0, 20), "request leaves", leave);
    return promise;
  };
}
