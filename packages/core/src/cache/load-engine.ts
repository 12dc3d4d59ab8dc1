import { TokenRequestError } from "../errors.ts";
import type { Engine } from "./engine.ts";

let engine: Engine | undefined;
let loading: Promise<Engine> | undefined;

/** For a program that can load nothing later: `eager.ts`. */
export function engineIsLoaded(loaded: Engine): void {
  engine = loaded;
}

/** Begins to load the engine, so that it is there when the first token set is asked for. */
export function preloadEngine(): void {
  withEngine(async () => {}).catch(() => {});
}

/** Uses the engine: in the same moment, when it is loaded. Rejects with TokenRequestError, "not-sent", when it cannot be; the next call tries again. */
export function withEngine<Result>(use: (engine: Engine) => Promise<Result>): Promise<Result> {
  return engine === undefined ? loadEngine().then(use) : use(engine);
}

function loadEngine(): Promise<Engine> {
  loading ??= import("./engine.ts").then(
    (loaded) => loaded.engine,
    (cause: unknown) => {
      loading = undefined;
      throw new TokenRequestError("not-sent", "A module of Tokenflight, which is loaded when it is needed, could not be loaded.", {
        cause,
      });
    },
  );
  return loading;
}
