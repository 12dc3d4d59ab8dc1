import { memoryStore } from "@tokenflight/core";
import { createMcpLogin, type McpLoginOptions, type McpServerOptions } from "@tokenflight/mcp";
import { describe, expect, it } from "vitest";

const loginWith = (options: object) => createMcpLogin({ store: memoryStore(), client: { name: "a test" }, ...options } as McpLoginOptions);

describe("an option that cannot be used is refused when it is given", () => {
  it.each<[object, string]>([
    [{ freshness: { ahead: "60" } }, "freshness.ahead: expected a number of seconds, zero or more"],
    [{ freshness: { aheadd: 60 } }, "(did you mean ahead?)"],
    [{ freshness: false }, "freshness: expected an object with options, got false"],
    [{ keepAlive: true }, "keepAlive: expected a function, got true"],
    [{ keepAlive: 0 }, "keepAlive: expected a function, got 0"],
  ])("%j", (options, message) => {
    expect(() => loginWith(options)).toThrow(message);
  });

  const none = "at least one scope";
  const others = 'scopes of visible ASCII characters other than " and \\';
  it.each<[unknown, string]>([
    ["", none],
    [[], none],
    [5, none],
    [["read", 5], others],
    [["read", "read write"], others],
    ['read "write"', others],
  ])("the scope %j", async (scope, expected) => {
    const login = loginWith({});
    expect(() => login.for("https://mcp.example.com/", { scope } as McpServerOptions)).toThrow(`for.scope: expected ${expected}`);
    const server = login.for("https://mcp.example.com/", { scope: " read  write " });
    await expect(server.logIn({ scope } as McpServerOptions)).rejects.toThrow(`logIn.scope: expected ${expected}`);
  });
});
