/** The first page, docs/quick-start.md, as one test, in the words of each test runner and module system. */
import { readmeProgram } from "../readme-programs.ts";

const importLine = /^import (.+) from "([^"]+)";\n/gm;

/** What the program of a client calls the API's answer. */
const answerOf = { axios: "data", got: "order", ky: "order" };

export type Client = keyof typeof answerOf;

/** The two programs of the page as one: what they import, and the rest. */
function pageOf(client: Client): { readonly imports: readonly { names: string; from: string }[]; readonly body: string } {
  const page = ["tokens.ts", `with-${client}.ts`].map(readmeProgram);
  return {
    imports: page.flatMap((text) => [...text.matchAll(importLine)].map(([, names = "", from = ""]) => ({ names, from }))),
    body: page.map((text) => text.replaceAll(importLine, "").replaceAll(/^export /gm, "")).join(""),
  };
}

/** A page without `fetch`, where a program obtains its tokens with the client that it has. */
const ownSource = `
const { ISSUER = "", API_ORIGIN = "" } = process.env;
const tokens = createTokenCache({ source: async () => (await axios.post(ISSUER + "/token", "grant_type=client_credentials")).data });
`;

const asImport = ({ names, from }: { names: string; from: string }): string => `import ${names} from "${from}";`;
const asRequire = ({ names, from }: { names: string; from: string }): string =>
  names.startsWith("{") ? `const ${names} = require("${from}");` : `const { default: ${names} } = require("${from}");`;

export interface PageOptions {
  readonly modules: "import" | "require";
  /** What makes a test of a function: "test", or another name of it. Default "test". */
  readonly test?: string;
  /** What has to be imported for that. */
  readonly from?: string;
  /** Default "axios". */
  readonly client?: Client;
  /** Whether tokens come from a function of the program, because there is no `fetch`. */
  readonly hasNoFetch?: boolean;
}

/** One test, whose program ends with what the API has answered. */
export function firstPage({ modules, test = "test", from, client = "axios", hasNoFetch = false }: PageOptions): string {
  const { imports, body } = pageOf(client);
  const all = [
    ...(from === undefined ? [] : [{ names: `{ ${test} }`, from }]),
    ...imports.filter((one) => !one.from.startsWith(".")),
    { names: "{ equal }", from: "node:assert/strict" },
  ];
  return `${all.map(modules === "import" ? asImport : asRequire).join("\n")}

${test}("an order, with a token", async () => {
${hasNoFetch ? ownSource + body.slice(body.indexOf("const api = ")) : body}
equal(${answerOf[client]}.item, "tea");
});
`;
}

/** Every package that a browser can run is loaded, and says what is missing when it is needed, not before. */
export const withoutFetch = `
const packages = ["core", "core/fetch", "oauth", "oauth/profiles", "oauth/talkdesk", "axios", "fetch"].map((name) => require("@tokenflight/" + name));
const [{ createTokenCache }, , { createOAuthClient, noClientAuth }] = packages;

test("what needs fetch says that there is none", async () => {
  expect([typeof fetch, typeof Request, typeof TextEncoder]).toEqual(["undefined", "undefined", "undefined"]);
  const endpoints = [{ issuer: "https://login.example" }, { tokenEndpoint: "https://login.example/token" }];
  for (const where of endpoints) {
    const client = createOAuthClient({ ...where, clientId: "id", clientAuth: noClientAuth() });
    const error = await createTokenCache({ source: client.clientCredentials() }).get().catch((reason) => reason);
    expect([error.code, error.message]).toEqual([expect.stringMatching(/^ERR_TOKEN_REQUEST_/), expect.stringContaining("has no fetch")]);
  }
});
`;
