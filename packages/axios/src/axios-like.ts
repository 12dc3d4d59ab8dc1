import type { AxiosAdapter, InternalAxiosRequestConfig } from "axios";

/**
 * What is needed of an instance, whichever copy or version of axios made it: `require("axios")` and `import` give two, whose types have nothing to do
 * with each other.
 */
export interface AxiosLike<Config, Response> {
  readonly defaults: object;
  readonly interceptors: {
    readonly request: InterceptorManager<Config>;
    readonly response: InterceptorManager<Response>;
  };
  request(...given: never[]): unknown;
}

interface InterceptorManager<Value> {
  use(
    onFulfilled?: ((value: Value) => Value | Promise<Value>) | null,
    onRejected?: ((error: unknown) => never) | null,
    options?: { synchronous?: boolean },
  ): number;
  eject(id: number): void;
}

/** An instance as it is used in here. */
export interface Instance {
  readonly defaults: Record<string, unknown>;
  readonly interceptors: AxiosLike<InternalAxiosRequestConfig, unknown>["interceptors"];
  create?(config: object): Instance;
  getUri(config: object): string;
  request(): ReturnType<AxiosAdapter>;
}
