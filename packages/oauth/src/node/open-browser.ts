import { spawn } from "node:child_process";
import { InvalidOptionError, kindOf } from "@tokenflight/core";

/** The program that opens a URL, and its arguments before the URL. None of them is a shell, and none is started by one. */
const openers: Partial<Record<NodeJS.Platform, readonly [program: string, ...first: string[]]>> = {
  darwin: ["open"],
  // `start` would be cmd.exe, which acts upon & and | in a URL.
  win32: ["rundll32.exe", "url.dll,FileProtocolHandler"],
};

/**
 * Opens a URL in the user's browser. Only http and https are accepted: whatever else a server could name may run a program. Resolves to whether the program
 * could be started, and does not wait for its end.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * await openBrowser("https://login.example.com/device");
 * ```
 */
export async function openBrowser(url: string): Promise<boolean> {
  const href = requireWebUrl(url);
  const [program, ...first] = openers[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(program, [...first, href], { shell: false, detached: true, stdio: "ignore", windowsHide: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => resolve(true));
    child.unref();
  });
}

/** Returns the URL as the URL standard writes it: it begins with http, so that no program takes it for an option. Throws InvalidOptionError. */
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
