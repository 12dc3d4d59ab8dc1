/**
 * What the declarations of the MCP SDKs name of the package eventsource. That package names its own sources by the condition by which ours are found, and they
 * do not compile with this project's libraries.
 */
export interface EventSourceInit {
  withCredentials?: boolean;
  fetch?: (url: string | URL, init: object) => Promise<object>;
}

export interface ErrorEvent extends Event {
  readonly code?: number;
  readonly message?: string;
}
