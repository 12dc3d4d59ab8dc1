import { spawn } from "node:child_process";
import { InvalidOptionError, kindOf } from "@tokenflight/core";

/** The program that opens a URL, and what it is given before it. None of them is a shell, and none goes through one. */
const openers: Partial<Record<NodeJS.Platform, readonly [program: string, ...given: string[]]>> = {
  darwin: ["open"],
  // `start` would be cmd.exe, which acts upon & and | in a URL.
  win32: ["rundll32.exe", "url.dll,FileProtocolHandler"],
};

/**
 * Opens a URL in the user's browser. Only http and https: whatever else a server could name may run a program. Resolves to whether the
 * program could be started; what becomes of it is not waited for. Throws InvalidOptionError.
 */
export async function openBrowser(url: string): Promise<boolean> {
  const href = requireWebUrl(url);
  const [program, ...given] = openers[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(program, [...given, href], { shell: false, detached: true, stdio: "ignore", windowsHide: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => resolve(true));
    child.unref();
  });
}

/** The URL as the URL standard writes it: it begins with http, so that no program takes it for an option. */
export function requireWebUrl(url: string): string {
  const parsed = typeof url === "string" ? URL.parse(url) : null;
  if (
    parsed === null ||
    (parsed.protocol !== "https:" && parsed.protocol !== "http:") ||
    parsed.username !== "" ||
    parsed.password !== ""
  ) {
    throw new InvalidOptionError("url", "an http or https URL without credentials", kindOf(url));
  }
  return parsed.href;
}
