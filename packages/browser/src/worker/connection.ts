import { TokenRequestError } from "@tokenflight/core";
import { isWithin } from "../store/database.ts";
import { protocol, type Answer, type Call, type Question } from "./protocol.ts";

/** Milliseconds that a worker may take to begin. */
export const longestStart = 10_000;

/** The worker cannot be asked any more, and the page goes on without it: it was unregistered, or is of another version. */
export class NoWorkerError extends Error {}

/** The service worker of this page, which is found, or registered, once. Undefined where there is none. */
export async function findWorker(
  url: string | URL,
  options: RegistrationOptions,
  failed: (cause: unknown) => void,
): Promise<ServiceWorkerRegistration | undefined> {
  try {
    const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
    if (serviceWorker === undefined) return undefined;
    const registering = serviceWorker.register(url, options).then(begun);
    if (await isWithin(registering, longestStart)) return await registering;
    throw new Error("The service worker does not begin.");
  } catch (error) {
    // Denied, as in a frame of a sandbox, or not to be had: a page offline without a copy of it, or a server that does not answer.
    failed(error);
    return undefined;
  }
}

/** A page need not be controlled by the worker to talk to it, as at its first load. */
async function begun(registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (registration.active !== null || worker === null) return registration;
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      const { state } = worker;
      if (state !== "redundant" && state !== "activated") return;
      worker.removeEventListener("statechange", look);
      if (state === "activated") resolve();
      else reject(new Error("The service worker could not begin."));
    };
    worker.addEventListener("statechange", look);
    look();
  });
  return registration;
}

/** Calls that mean the same however often they are made. Of logins that were begun, nobody comes back to but one. */
const repeatable: ReadonlySet<Call["name"]> = new Set(["get", "renew", "reread", "authorizationUrl"]);
/** Milliseconds after which such a call is made once more. */
const repeatInterval = 2000;
/** Milliseconds that a page waits for an answer. A worker waits for a store and a token endpoint, each with an end of its own. */
const longestAnswer = 60_000;

/**
 * Asks the worker. No browser tells a page of a worker that it has stopped in the middle: what can be asked again is, also of a newer worker that has taken
 * its place, and the one that starts then knows from the store what has become of the first. Rejects with NoWorkerError, and with TokenRequestError,
 * "unknown", when there is no answer.
 */
export async function ask(registration: ServiceWorkerRegistration, key: string, call: Call): Promise<Answer> {
  const question: Question = { tokenflight: protocol, key, call };
  const isRepeatable = repeatable.has(call.name);
  const ports: MessagePort[] = [];
  let worker: ServiceWorker | null = null;
  let end = (): void => {};
  const answer = new Promise<Answer>((resolve, reject) => {
    const fail = (what: string): void => reject(new TokenRequestError("unknown", `The service worker ${what}.`));
    const look = (): void => {
      if (worker?.state !== "redundant") return;
      if (isRepeatable) post();
      else fail("was replaced before it had answered");
    };
    const post = (): void => {
      worker?.removeEventListener("statechange", look);
      worker = registration.active;
      if (worker === null) return reject(new NoWorkerError("It was unregistered."));
      worker.addEventListener("statechange", look);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
      ports.push(port1);
      worker.postMessage(question, [port2]);
    };
    const repeating = isRepeatable ? setInterval(post, repeatInterval) : undefined;
    const ending = setTimeout(fail, longestAnswer, "did not answer");
    end = () => {
      clearInterval(repeating);
      clearTimeout(ending);
      worker?.removeEventListener("statechange", look);
      for (const port of ports) port.close();
    };
    post();
  });
  return answer.finally(end);
}
