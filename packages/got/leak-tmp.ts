import { findCanary } from "/work/main/test/adapters/canary.ts";
import { inspect, format } from "node:util";
import got from "got";
import { createServer, Agent } from "node:http";
const s = createServer((q, r) => r.end("{}")).listen(0, async () => {
  const agent = { http: new Agent({ keepAlive: false }) };
  const held: unknown[] = [];
  const c = got.extend({ agent, hooks: { beforeRequest: [(o) => void held.push(o)], init: [(o) => void held.push(o)], afterResponse: [(o) => { held.push(o); return o; }] } });
  const r = await c(`http://127.0.0.1:${(s.address() as any).port}/`);
  for (const [n, v] of [["client", c], ["response", r], ["held", held]] as const) {
    let t = performance.now(); findCanary(v, "zzz"); console.log(n, "walk", performance.now() - t);
    t = performance.now(); const l = inspect(v, { depth: 14, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null }).length; console.log(n, "inspect", performance.now() - t, l);
    t = performance.now(); console.log(format(v).length, "format", performance.now() - t);
  }
  s.close();
});
