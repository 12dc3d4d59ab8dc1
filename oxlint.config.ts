import { defineConfig, type OxlintOverride } from "oxlint";

/**
 * The rooms of a package, the highest floor first. A room is a folder or a file of the package's `src`. Arrows run down only: a room imports from
 * the floors below its own, and nothing from beside it or above.
 */
export const floors = {
  core: [
    ["index"],
    ["testing", "request"],
    ["cache"],
    ["refresh"],
    ["record", "endpoint", "events"],
    ["store", "tokens"],
    ["options"],
    ["errors", "clock"],
    ["platform"],
  ],
  oauth: [
    ["index"],
    ["talkdesk", "node"],
    ["providers"],
    ["client"],
    ["login"],
    ["grants"],
    ["id-token"],
    ["server"],
    ["endpoint", "client-auth"],
    ["client-parts", "errors", "own-fields"],
  ],
  mcp: [
    ["index", "node"],
    ["create-mcp-login"],
    ["mcp-server"],
    ["mcp-options"],
    ["server"],
    ["client"],
    ["discovery"],
    ["binding"],
    ["events", "errors", "scopes"],
  ],
  browser: [["index"], ["worker"], ["login"], ["session"], ["store"], ["warnings"]],
};

type Pattern = { group: string[]; message: string } | { regex: string; message: string };

const inCore: Pattern[] = [
  { regex: "^@tokenflight/", message: "Core imports nothing of ours." },
  { regex: "^node:", message: "Core runs wherever there is fetch: it imports nothing of Node's." },
];
const byName: Pattern = { group: ["../../*"], message: "Packages import each other by name." };
const inOthers: Pattern[] = [
  { group: ["@tokenflight/*", "!@tokenflight/core", "!@tokenflight/core/*"], message: "Packages import core and nothing sideways." },
  byName,
];
const inMcp: Pattern[] = [
  {
    group: ["@tokenflight/*", ...["core", "core/*", "fetch", "oauth", "oauth/*"].map((name) => `!@tokenflight/${name}`)],
    message: "mcp imports core, fetch and oauth.",
  },
  byName,
];

function restricted(files: string[], patterns: Pattern[]): OxlintOverride {
  return { files, rules: { "eslint/no-restricted-imports": ["error", { patterns }] } };
}

/** The rules of each room. They repeat those of its package, because a later override replaces an earlier one. */
function roomsOf(name: keyof typeof floors, patterns: Pattern[]): OxlintOverride[] {
  return floors[name].flatMap((floor, index) => {
    const notBelow = floors[name].slice(0, index + 1).flat();
    return floor.map((room) => {
      const upwards = notBelow.filter((other) => other !== room);
      const arrow = {
        regex: `^(?:\\.\\.?/)+(?:${upwards.join("|")})(?:/|\\.ts$)`,
        message: "Arrows run down only: see docs/architecture.md.",
      };
      const files = [`packages/${name}/src/${room}.ts`, `packages/${name}/src/${room}/**`];
      return restricted(files, upwards.length === 0 ? patterns : [...patterns, arrow]);
    });
  });
}

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "promise", "node", "vitest", "oxc"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  options: { typeAware: true },
  env: { builtin: true },
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "typescript/no-explicit-any": "error",
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": ["error", { checksVoidReturn: false }],
    "eslint/no-console": "error",
    "eslint/eqeqeq": ["error", "always", { null: "ignore" }],
    "unicorn/prefer-node-protocol": "error",
    "eslint/no-await-in-loop": "off",
    "eslint/no-underscore-dangle": "off",
    "eslint/no-useless-constructor": "off",
    "import/no-named-as-default-member": "off",
    "import/no-unassigned-import": ["error", { allow: ["**/*.css"] }],
    // Browsers have had `toSorted` since 2023 only.
    "unicorn/no-array-sort": "off",
    "unicorn/consistent-function-scoping": "off",
    "promise/always-return": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/no-unnecessary-type-parameters": "off",
    "vitest/require-mock-type-parameters": "off",
  },
  ignorePatterns: ["**/dist/**", "node_modules"],
  overrides: [
    restricted(["packages/*/src/**"], inOthers),
    ...roomsOf("core", inCore),
    ...roomsOf("oauth", inOthers),
    ...roomsOf("mcp", inMcp),
    ...roomsOf("browser", inOthers),
    {
      // A request to a database, a channel, a port and a socket have one listener each, and a message goes to all who hear it.
      files: ["packages/browser/src/**", "test/browser/**", "examples/tabs/**"],
      rules: {
        "unicorn/prefer-add-event-listener": "off",
        "unicorn/require-post-message-target-origin": "off",
      },
    },
    {
      // Express 5 takes what an async handler rejects with.
      files: ["examples/guides/express.ts"],
      rules: { "oxc/no-async-endpoint-handlers": "off" },
    },
    {
      // Nest reads constructor types while it runs, and calls its filters' method `catch`.
      files: ["examples/guides/nestjs.ts"],
      rules: {
        "typescript/consistent-type-imports": "off",
        "promise/valid-params": "off",
        "promise/no-promise-in-callback": "off",
      },
    },
    {
      files: ["test/**", "examples/**", "packages/*/test/**"],
      rules: {
        "eslint/no-console": "off",
        "eslint/no-shadow": "off",
        "eslint/no-unsafe-optional-chaining": "off",
        "typescript/consistent-return": "off",
        "typescript/no-meaningless-void-operator": "off",
        "typescript/no-unnecessary-template-expression": "off",
        "typescript/no-unnecessary-type-arguments": "off",
        "typescript/no-unnecessary-type-conversion": "off",
        "typescript/require-array-sort-compare": "off",
        "vitest/valid-expect": "off",
        "import/no-unassigned-import": "off",
        "oxc/no-map-spread": "off",
        "typescript/no-floating-promises": "off",
        "typescript/no-misused-spread": "off",
        "typescript/no-unnecessary-type-assertion": "off",
        "typescript/unbound-method": "off",
        "unicorn/consistent-function-scoping": "off",
        "vitest/expect-expect": "off",
        "vitest/no-conditional-expect": "off",
        "vitest/no-conditional-tests": "off",
        "vitest/valid-title": "off",
      },
    },
  ],
});
