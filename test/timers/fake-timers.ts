import { mock } from "node:test";
import { ModernFakeTimers } from "@jest/fake-timers";
import FakeTimers from "@sinonjs/fake-timers";
import MockDate from "mockdate";
import { vi } from "vitest";

/** What replaces the platform's clock in the tests of programs. */
export interface FakeTime {
  readonly name: string;
  /** Whether timers move with the date. */
  readonly movesTimers: boolean;
  /** Whether it leaves timers as they are. */
  readonly hasRealTimers?: boolean;
  install(): void;
  /** Time moves on by so many milliseconds. */
  advance(milliseconds: number): Promise<void>;
  uninstall(): void;
}

const jest = new ModernFakeTimers({ config: { rootDir: "/" } as never, global: globalThis });
let sinon: FakeTimers.Clock | undefined;

/** Lets everything run that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

export const libraries: readonly FakeTime[] = [
  {
    name: "vitest",
    movesTimers: true,
    install: () => void vi.useFakeTimers(),
    advance: async (milliseconds) => void (await vi.advanceTimersByTimeAsync(milliseconds)),
    uninstall: () => void vi.useRealTimers(),
  },
  {
    name: "vitest's setSystemTime",
    movesTimers: false,
    install: () => void vi.useFakeTimers(),
    advance: async (milliseconds) => void vi.setSystemTime(Date.now() + milliseconds),
    uninstall: () => void vi.useRealTimers(),
  },
  {
    name: "jest",
    movesTimers: true,
    // Node and vitest need the next tick to go on.
    install: () => jest.useFakeTimers({ doNotFake: ["nextTick"] }),
    advance: (milliseconds) => jest.advanceTimersByTimeAsync(milliseconds),
    uninstall: () => jest.useRealTimers(),
  },
  {
    name: "sinon",
    movesTimers: true,
    install: () => (sinon = FakeTimers.install({ now: Date.now(), toNotFake: ["nextTick"] })),
    advance: async (milliseconds) => void (await sinon?.tickAsync(milliseconds)),
    uninstall: () => sinon?.uninstall(),
  },
  {
    name: "sinon's jump, as of a machine that was asleep",
    movesTimers: true,
    install: () => (sinon = FakeTimers.install({ now: Date.now(), toNotFake: ["nextTick"] })),
    async advance(milliseconds) {
      sinon?.jump(milliseconds);
      await settle();
      // A timer that is late is given another second.
      await sinon?.tickAsync(1000);
    },
    uninstall: () => sinon?.uninstall(),
  },
  {
    name: "mockdate",
    movesTimers: false,
    hasRealTimers: true,
    install: () => MockDate.set(Date.now()),
    advance: async (milliseconds) => MockDate.set(Date.now() + milliseconds),
    uninstall: () => MockDate.reset(),
  },
  {
    name: "node:test",
    movesTimers: true,
    install: () => mock.timers.enable({ apis: ["Date", "setTimeout", "setInterval", "setImmediate"], now: Date.now() }),
    async advance(milliseconds) {
      await settle();
      mock.timers.tick(milliseconds);
      await settle();
    },
    uninstall: () => mock.timers.reset(),
  },
];

const [realTimeout, realClear] = [setTimeout, clearTimeout];

/** What a promise came to within two real seconds, whatever the fake clock does: "hangs" when it came to nothing. */
export async function outcomeOf<Result>(promise: Promise<Result>): Promise<Result | string> {
  let timer: ReturnType<typeof realTimeout> | undefined;
  const late = new Promise<string>((resolve) => (timer = realTimeout(() => resolve("hangs"), 2000)));
  const outcome = promise.catch((error: Error & { code?: string }) => error.code ?? String(error));
  return Promise.race([outcome, late]).finally(() => realClear(timer));
}
