import { readOptions, requireText, requireThat } from "@tokenflight/core";
import type { GrantOptions } from "../grants/grant-parameters.ts";
import { ownFields } from "../own-fields.ts";

/** What a login has to ask for so that a refresh token comes with it. */
export interface AskFor {
  /** Scopes, with spaces. */
  readonly scope?: string | undefined;
  /** Fields of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Fields of the token request. They are among the options of the client, so that a login need not know them. */
  readonly tokenParameters?: Readonly<Record<string, string>> | undefined;
}

/** Adds to a login, of whatever kind, what it has to ask for. Its own scopes and parameters stay. */
export function withAskedFor<Login extends object>(login: Login, { scope = "", parameters = {} }: AskFor): Login {
  const given: Pick<GrantOptions, "scope" | "parameters"> = ownFields(login);
  const own = typeof given.scope === "string" ? given.scope.split(" ") : [...(given.scope ?? [])];
  const scopes = [...new Set([...own, ...scope.split(" ")])].filter((one) => one !== "");
  const all = { ...parameters, ...given.parameters };
  return {
    ...login,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    ...(Object.keys(all).length === 0 ? {} : { parameters: all }),
  };
}

/** Gives a copy that inherits nothing. Throws InvalidOptionError. */
export function readAskFor(where: string, value: AskFor | undefined): AskFor {
  const read = readOptions<AskFor>(where, value ?? {}, ["scope", "parameters", "tokenParameters"]);
  if (read.scope !== undefined) requireText(`${where}.scope`, read.scope);
  for (const name of ["parameters", "tokenParameters"] as const) {
    const fields = read[name];
    if (fields === undefined) continue;
    requireThat(
      typeof fields === "object" && fields !== null && !Array.isArray(fields),
      `${where}.${name}`,
      "an object of strings",
      fields,
    );
    for (const [field, one] of Object.entries(fields)) requireThat(typeof one === "string", `${where}.${name}.${field}`, "a string", one);
  }
  return Object.freeze(read);
}
