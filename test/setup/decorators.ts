/** For `node --import`: runs what was compiled of a program with decorators in its place, because Node takes types off and nothing more. */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

/** A file of JavaScript, and the program's name without its ending. */
const { COMPILED = "", PROGRAM = "" } = process.env;

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith(`/${PROGRAM}.ts`)) return nextLoad(url, context);
    return { format: "module", source: readFileSync(COMPILED), shortCircuit: true };
  },
});
