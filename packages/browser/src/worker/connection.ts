import { TokenRequestError, waitFor } from "@tokenflight/core";
import { protocol, type Answer, type Call, type Question } from "./protocol.ts";

/** Milliseconds that a worker may take to begin. */
const longestStart = 10_000;

/** The service worker of this page, which is found, or registered, once. Undefined where there is none. */
export async function findWorker(
  url: string | URL,
  options: RegistrationOptions,
  failed: (cause: unknown) => void,
): Promise<ServiceWorkerRegistration | undefined> {
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  if (serviceWorker === undefined) return undefined;
  try {
    const registration = await serviceWorker.register(url, options);
    await begun(registration);
    return registration;
  } catch (error) {
    // Denied, as in some private windows, or not to be had: a page offline without a copy of it.
    failed(error);
    return undefined;
  }
}

/** A page need not be controlled by the worker to talk to it, as at its first load. */
async function begun(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (registration.active !== null || worker === null) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The service worker does not begin.")), longestStart);
    const look = (): void => {
      const { state } = worker;
      if (state !== "redundant" && state !== "activated") return;
      clearTimeout(timer);
      worker.removeEventListener("statechange", look);
      if (state === "activated") resolve();
      else reject(new Error("The service worker could not begin."));
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

/** Calls that mean the same however often they are made. */
const repeatable: ReadonlySet<Call["name"]> = new Set(["get", "renew", "reread", "status"]);
/** Milliseconds after which such a call is made once more. */
const repeatInterval = 2000;

/**
 * Asks the worker. No browser tells a page of a worker that it has stopped in the middle: what can be asked again is, and the one that starts then knows
 * from the store what has become of the first. Rejects with TokenRequestError, "not-sent", when a newer worker takes the place of this one.
 */
export async function ask(registration: ServiceWorkerRegistration, key: string, call: Call, signal?: AbortSignal): Promise<Answer> {
  const worker = registration.active;
  if (worker === null) throw new TokenRequestError("not-sent", "The service worker was unregistered.");
  const question: Question = { tokenflight: protocol, key, call };
  const ports: MessagePort[] = [];
  let look = (): void => {};
  let timer: ReturnType<typeof setInterval> | undefined;
  const answer = new Promise<Answer>((resolve, reject) => {
    const post = (): void => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
      ports.push(port1);
      worker.postMessage(question, [port2]);
    };
    look = () => {
      if (worker.state === "redundant") reject(new TokenRequestError("not-sent", "The service worker was replaced."));
    };
    worker.addEventListener("statechange", look);
    post();
    if (repeatable.has(call.name)) timer = setInterval(post, repeatInterval);
  });
  try {
    return await waitFor(answer, signal);
  } finally {
    clearInterval(timer);
    worker.removeEventListener("statechange", look);
    for (const port of ports) port.close();
  }
}
