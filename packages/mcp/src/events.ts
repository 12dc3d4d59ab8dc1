import type { AdapterEvent, TokenEvent } from "@tokenflight/core";
import type { OAuthEvent } from "@tokenflight/oauth";

/** What happens at a login. No event holds a secret. */
export type McpEvent =
  /** The program was registered as a client of this issuer, because it was none yet. */
  | {
      readonly type: "client-registered";
      /** The issuer of the authorization server. */
      readonly issuer: string;
    }
  /** The server names another authorization server than the one that its tokens are from, which are of no use any more. */
  | {
      readonly type: "issuer-changed";
      /** The issuer of the tokens that are there. */
      readonly from: string;
      /** The issuer that the MCP server names now. */
      readonly to: string;
    }
  /** Another process has the turn to log the user in: this one waits for it. */
  | { readonly type: "login-awaited" }
  /** The user is about to be asked. `scope` is what for; undefined where that is left to the server. */
  | {
      readonly type: "login-begun";
      /** The issuer of the authorization server. */
      readonly issuer: string;
      /** The scopes that the user is asked for, with spaces between them. */
      readonly scope: string | undefined;
    };

/** Is told what happens, and for which MCP server. */
export type McpObserver = (event: TokenEvent | AdapterEvent | OAuthEvent | McpEvent, server: URL) => void;
