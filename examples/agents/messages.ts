/** What the agents have their login from. */
export const providers = ["file", "tokenflight"] as const;

export type ProviderName = (typeof providers)[number];

export interface AgentOrder {
  readonly provider: ProviderName;
  /** The file of the login: of the provider, or of the store. */
  readonly path: string;
  readonly url: string;
  readonly seconds: number;
}

/**
 * What an agent does, or what happens to it. "refresh" sends a refresh token, and "refused" is what becomes of it; "taken" are tokens that another agent has
 * obtained; "window" is a login page in the user's browser.
 */
export type Deed = "refresh" | "refused" | "taken" | "window" | "failed";

/** One deed, and when: milliseconds since the UNIX epoch, as several processes can compare them. */
export interface Moment {
  readonly deed: Deed;
  readonly at: number;
}

export type AgentMessage =
  | { readonly type: "connected" }
  | { readonly type: "calls"; readonly calls: number }
  | { readonly type: "moment"; readonly moment: Moment }
  | { readonly type: "error"; readonly text: string }
  | { readonly type: "done" };

/** Has an agent connect, or begin to work. */
export type AgentCommand = "connect" | "work";
