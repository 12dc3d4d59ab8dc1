import dns from "node:dns";
import { vi } from "vitest";

/** Makes a host name stand for this machine, as a compose file or a mesh does. For every client of this process that asks Node for addresses. */
export function nameThisMachine(name: string): Disposable {
  const lookup = dns.lookup as (hostname: string, options: dns.LookupOptions, callback: (...given: unknown[]) => void) => void;
  const answering: typeof lookup = (hostname, options, callback) => {
    if (hostname !== name) return lookup(hostname, options, callback);
    const found = { address: "127.0.0.1", family: 4 };
    process.nextTick(() => (options.all === true ? callback(null, [found]) : callback(null, found.address, found.family)));
  };
  const spy = vi.spyOn(dns, "lookup").mockImplementation(answering as never);
  return { [Symbol.dispose]: () => spy.mockRestore() };
}
