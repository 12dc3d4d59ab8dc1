import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface EndedProgram {
  readonly status: number | null;
  readonly printed: string;
  readonly complaints: string;
}

/** Makes what runs a program of `examples/` to its end, with the arguments that a person would type. `node` is what Node is given before the program. */
export function exampleRunner(
  name: string,
  node: readonly string[] = ["--conditions=source"],
): (...given: string[]) => Promise<EndedProgram> {
  const program = fileURLToPath(new URL(`../../examples/${name}/main.ts`, import.meta.url));
  return async (...given) => {
    const child = spawn(process.execPath, [...node, program, ...given]);
    let [printed, complaints] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    const status = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    return { status, printed, complaints };
  };
}
