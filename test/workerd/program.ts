import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The binary of the npm package `workerd`. Throws on a platform that has none. */
export function workerdPath(): string {
  return (require("workerd") as { default: string }).default;
}

function find(): unknown {
  try {
    workerdPath();
  } catch (error) {
    return error;
  }
}

/** Why tests that need workerd cannot run here, or undefined when they can. With CI=true they run and fail instead. */
export function reasonNotToRun(): string | undefined {
  return find() === undefined || process.env["CI"] === "true" ? undefined : `not run: no workerd for ${process.platform} ${process.arch}`;
}
