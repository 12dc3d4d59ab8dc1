/** A channel to the other tabs and workers of the origin. Undefined where the browser has none, or denies it to this page. */
export function openChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}
