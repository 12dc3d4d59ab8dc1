import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { startTalkdeskServer } from "../servers/talkdesk-server.ts";
import { run } from "./build.ts";
import { packAll } from "./pack.ts";
import { readmeProgram, readmePrograms } from "./readme-programs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Runtime {
  readonly path: string;
  /** Without them Node does not read TypeScript, or says that it is an experiment. */
  readonly flags: readonly string[];
  readonly hasSqlite: boolean;
}

const runtimes: Readonly<Record<string, Runtime>> = {
  "Node 22.12": {
    path: "node_modules/node-lowest/bin/node",
    flags: ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"],
    hasSqlite: false,
  },
  "Node 22": { path: "node_modules/node22/bin/node", flags: [], hasSqlite: true },
  "Node 24": { path: "node_modules/node/bin/node", flags: [], hasSqlite: true },
};

/** A new user's folder: nothing in it but what docs/quick-start.md says, word for word. */
const folder = mkdtempSync(join(tmpdir(), "tokenflight-quick-start-"));

/** What the page says to do in a new folder. */
function newFolder(): string {
  const page = readFileSync(join(root, "docs/quick-start.md"), "utf8");
  const [line] = /^npm init -y.*$/m.exec(page) ?? [];
  if (line === undefined) throw new Error("docs/quick-start.md no longer says how to begin.");
  return line;
}

beforeAll(async () => {
  const versions = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { devDependencies: Record<string, string> };
  const { axios, got, ky } = versions.devDependencies;
  run("sh", ["-c", newFolder()], { cwd: folder });
  run("npm", ["install", "--no-audit", "--no-fund", ...(await packAll()).values(), `axios@${axios}`, `got@${got}`, `ky@${ky}`], {
    cwd: folder,
  });
  for (const [name, text] of readmePrograms) writeFileSync(join(folder, name), text);
}, 180_000);

describe.each(Object.entries(runtimes))("on %s (field line 132)", (name, node) => {
  it.each(["with-axios.ts", "with-got.ts", "with-ky.ts"])("%s prints the answer of the API", async (program) => {
    await using server = await startAuthorizationServer({ accessTokenLifetime: 60 });
    await using api = await startResourceApi({ isActive: (token) => server.isActive(token) });
    const { clientId, clientSecret } = server.client;

    const printed = await start(node, program, {
      ISSUER: server.issuer,
      CLIENT_ID: clientId,
      CLIENT_SECRET: clientSecret,
      API_ORIGIN: api.origin,
    });

    expect(printed).toContain("tea");
    expect(server.stats.tokensIssued).toBe(1);
    expect(api.requests.map(({ url, status }) => [url, status])).toEqual([["/orders", 200]]);
  });

  it("for-a-user.ts keeps the secret to itself", async () => {
    await using server = await startAuthorizationServer({ accessTokenLifetime: 60 });
    const { clientId, clientSecret } = server.client;
    const { code, codeVerifier, redirectUri } = await server.login();

    const printed = await start(node, "for-a-user.ts", {
      ISSUER: server.issuer,
      CLIENT_ID: clientId,
      CLIENT_SECRET: clientSecret,
      CODE: code,
      CODE_VERIFIER: codeVerifier,
      REDIRECT_URI: redirectUri,
    });

    expect(printed).toMatch(/^TokenSet \{"tokenType":"Bearer",/);
    expect(printed).not.toContain("access");
  });

  it("A16 require() and import give the same, and what is documented is a function", async () => {
    const packs = [
      "axios",
      "browser",
      "core",
      "fetch",
      "got",
      "ky",
      "oauth",
      "redis",
      "refresh-once",
      ...(node.hasSqlite ? ["sqlite"] : []),
      "undici",
    ];
    writeFileSync(
      join(folder, "exports.cjs"),
      `const name = (pack) => "@tokenflight/" + pack;
       const kinds = (module) => Object.keys(module).sort().map((key) => key + " " + typeof module[key]).join(", ");
       (async () => {
         for (const pack of ${JSON.stringify(packs)}) {
           const [required, imported] = [kinds(require(name(pack))), kinds(await import(name(pack)))];
           console.log(pack + ": " + (required === imported ? required : required + " is not " + imported));
         }
       })();`,
    );

    const printed = await start(node, "exports.cjs", { NODE_NO_WARNINGS: "1" });

    expect(printed).toMatch(/^axios: attachBearer function$/m);
    expect(printed).toMatch(/^browser: connectTokens function, .*indexedDbStore function, .*sessionSource function, /m);
    for (const pack of ["fetch", "got", "ky", "undici"]) expect(printed).toMatch(new RegExp(`^${pack}: bearer function$`, "m"));
    expect(printed).toMatch(/^core: .*createTokenCache function, .*createTokenPool function, .*memoryStore function, /m);
    expect(printed).toMatch(/^oauth: .*clientSecretBasic function, .*createOAuthClient function, /m);
    expect(printed).toMatch(/^redis: .*redisStore function$/m);
    expect(printed).toMatch(/^refresh-once: refreshOnce function$/m);
    if (node.hasSqlite) expect(printed).toMatch(/^sqlite: sqliteStore function$/m);
    expect(printed).not.toContain("is not");
  });

  it("with-talkdesk.ts prints the answer of the API, with the hosts of a server of ours in place of Talkdesk's", async () => {
    await using server = await startTalkdeskServer();
    await using api = await startResourceApi({ isActive: (token) => server.isActive(token) });
    const hosts = { identityOrigin: server.origin, apiOrigin: api.origin };
    const place = join(folder, `talkdesk-${name}`);
    mkdirSync(place);
    writeFileSync(join(place, "with-talkdesk.ts"), readmeProgram("with-talkdesk.ts"));
    writeFileSync(
      join(place, "talkdesk.ts"),
      readmeProgram("talkdesk.ts")
        .replace('{ account: "acme", region: "eu" }', JSON.stringify(hosts))
        .replace("<client_id>", server.client.clientId)
        .replace("<client_secret>", server.client.clientSecret),
    );

    expect(await start(node, join(place, "with-talkdesk.ts"), {})).toContain("method: 'GET'");
    expect(api.requests.map(({ status }) => status)).toEqual([200]);
  });
});

describe.each(Object.entries(runtimes).filter(([, { hasSqlite }]) => hasSqlite))("on %s, which has node:sqlite", (_name, node) => {
  it("many-users.ts keeps its tokens in a file", async () => {
    await using server = await startAuthorizationServer({ accessTokenLifetime: 60 });
    const { clientId, clientSecret } = server.client;
    const file = join(mkdtempSync(join(tmpdir(), "tokenflight-users-")), "tokens.db");
    const env = {
      ISSUER: server.issuer,
      CLIENT_ID: clientId,
      CLIENT_SECRET: clientSecret,
      TOKEN_FILE: file,
      NODE_NO_WARNINGS: "1",
    };

    const { code, codeVerifier, redirectUri } = await server.login();
    const printed = await start(node, "many-users.ts", { ...env, CODE: code, CODE_VERIFIER: codeVerifier, REDIRECT_URI: redirectUri });

    expect(await start(node, "many-users.ts", env)).toBe(printed);
    expect(server.stats.tokensIssued).toBe(1);
  });
});

/** Runs a program of the folder to its end. It must end by itself: nothing of ours keeps a process alive. */
async function start({ path, flags }: Runtime, program: string, env: Record<string, string>): Promise<string> {
  const child = spawn(join(root, path), [...flags, program], {
    cwd: folder,
    env: { ...env, PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect({ status, complaints }).toEqual({ status: 0, complaints: "" });
  return printed;
}
