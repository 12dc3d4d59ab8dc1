import { expect, it, vi } from "vitest";
import { consoleObserver } from "../src/events.ts";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { setUp, response } from "./set-up.ts";

const lineOf = (event: { type: string }, key?: string): string => {
  const lines: string[] = [];
  consoleObserver((line) => lines.push(line))(event, key);
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
};

it.each<[object, string | undefined, string]>([
  [
    { type: "refresh-started", reason: "expired", urgency: "blocking" },
    undefined,
    "tokenflight refresh-started reason=expired urgency=blocking",
  ],
  [{ type: "x", duration: 83.7, pause: 0, retryIn: 1000.4 }, "user:1", "tokenflight x key=user:1 duration=84ms pause=0ms retryIn=1000ms"],
  [{ type: "x", expiresAt: 0, count: 3, ok: true }, undefined, "tokenflight x expiresAt=1970-01-01T00:00:00.000Z count=3 ok=true"],
  [{ type: "x", missing: undefined, none: [], list: ["a", "b c"] }, undefined, 'tokenflight x none=none list=a,"b c"'],
  [
    { type: "request-without-token", origin: "https://a.example", reason: "origin" },
    undefined,
    "tokenflight request-without-token origin=https://a.example reason=origin",
  ],
  [{ type: "x", error: new LoginRequiredError("Log in.") }, undefined, 'tokenflight x error=ERR_LOGIN_REQUIRED "Log in."'],
  [{ type: "x", error: new TypeError('a "b"\nc') }, undefined, 'tokenflight x error=TypeError "a \\"b\\"\\nc"'],
  [{ type: "x", text: "two\nlines" }, "a key\nb", 'tokenflight x key="a key\\nb" text="two\\nlines"'],
])("%j is one readable line", (event, key, expected) => {
  expect(lineOf(event as { type: string }, key)).toBe(expected);
});

it("writes to the console of the moment by default, and refuses what is no function", () => {
  using log = vi.spyOn(console, "log").mockImplementation(() => {});
  consoleObserver()({ type: "closed" });
  expect(log.mock.calls).toEqual([["tokenflight closed"]]);
  expect(() => consoleObserver("stdout" as never)).toThrow(InvalidOptionError);
});

it("a refresh is told when it starts, before how it ends, and no line holds a token (field line 126)", async () => {
  const lines: string[] = [];
  const all = setUp({ observe: consoleObserver((line) => lines.push(line)) });
  const tokens = all.tokens.get();
  await vi.waitFor(() => expect(all.hand.calls).toHaveLength(1));
  expect(lines.filter((line) => line.startsWith("tokenflight refresh-started"))).toHaveLength(1);
  all.hand.last.give(response("secret"));
  await tokens;
  expect(lines[0]).toMatch(/^tokenflight refresh-started reason=\w+ urgency=blocking$/);
  expect(lines.at(-1)).toMatch(/^tokenflight token-obtained /);
  expect(lines.join("\n")).not.toContain("access-secret");
});
