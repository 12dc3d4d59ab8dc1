import { describe, it } from "vitest";
import { expectNoError, expectViolation, reason, suffix } from "./search.ts";

describe.skipIf(reason)(`one login with access tokens for two purposes${suffix}`, () => {
  it.each([
    ["", ["LAST=2", "USELESS", "REFUSE"]],
    [
      ", with deadlines that pass at any moment and a crash or a lost answer at any step, between two processes",
      ["EXPIRE", "CRASH", "CACHES=2"],
    ],
    [", with all of this", ["EXPIRE", "CRASH", "USELESS", "REFUSE", "CACHES=2"]],
  ])(
    "sends each refresh token once, keeps every token for its purpose, and asks for none that is not due%s",
    { timeout: 300_000 },
    (_name, definitions) => {
      expectNoError("purposes.pml", definitions);
    },
  );

  it.each([
    ["an intent that stands for one purpose only", ["OWN_INTENTS"]],
    ["a token set that is written for all purposes", ["FOR_ALL"]],
    ["a token set that takes the place of another purpose's", ["DROP_OTHERS"]],
    ["a purpose that is refreshed because another one was", ["EAGER"]],
    ["a refresh token that is dropped because its access token is of no use", ["DROP_KEPT", "USELESS"]],
    ["a refusal of one purpose that ends the login", ["REFUSAL_ENDS", "REFUSE"]],
  ])("fails with %s", { timeout: 300_000 }, (_name, definitions) => {
    expectViolation("purposes.pml", ["CACHES=2", ...definitions]);
  });
});
