/* What browsers and pages may lack that servers have. */

/** `URL.parse`, which Safari has since version 18. */
export function parseUrl(url: string, base?: string): URL | null {
  if (typeof URL.parse === "function") return URL.parse(url, base);
  try {
    return new URL(url, base);
  } catch {
    return null;
  }
}

/** Whether `URL` can say where a URL leads. That of React Native throws at most of its members, in many versions. */
export function hasWholeUrl(): boolean {
  try {
    const { origin, protocol, host, pathname, search, hash, username } = new URL("https://a@b.example:8443/c?d#e");
    return (
      [origin, protocol, host, pathname, search, hash, username].join(" ") === "https://b.example:8443 https: b.example:8443 /c ?d #e a"
    );
  } catch {
    return false;
  }
}
