import { TokenRequestError } from "../../errors/token-request-error.ts";

/**
 * What a program starts without. It is loaded beside a program that has begun; where that fails, each call that needs it tries again. Browsers answer a second
 * `import()` of it from memory, until the page is loaded anew.
 */
export class LateModule<Module> {
  /** Undefined until it is there. */
  loaded: Module | undefined;
  readonly #import: () => Promise<Module>;
  #loading: Promise<Module> | undefined;

  constructor(load: () => Promise<Module>) {
    this.#import = load;
  }

  /** Begins to load it, so that it is there when it is needed. */
  preload(): void {
    if (this.loaded === undefined) this.load().catch(() => {});
  }

  /** Rejects with TokenRequestError, "not-sent". */
  load(): Promise<Module> {
    if (this.#loading === undefined) {
      this.#loading = this.#import().catch((cause: unknown) => {
        this.#loading = undefined;
        throw new TokenRequestError("not-sent", "A module of Tokenflight, which is loaded when it is needed, could not be loaded.", {
          cause,
        });
      });
      // Before all who wait, so that whoever finds it there comes after them.
      this.#loading.then(
        (module) => (this.loaded = module),
        () => {},
      );
    }
    return this.#loading;
  }
}
