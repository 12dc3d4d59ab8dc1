import { memoryStore, type TokenStore } from "@tokenflight/core";
import { sharedTurn, type TurnWork } from "@tokenflight/oauth";
import { expect, it } from "vitest";

/** What all processes of one test share. */
class World {
  readonly store = memoryStore();
  /** Who has made what all of them find. */
  kept: string | undefined;
  /** Names of those that have ended, or are stopped and count as gone. */
  readonly gone = new Set<string>();
}

type Step = "read" | "write" | "find" | "make" | "made" | "keep" | "kept";

/** One process. `before` is called before each of its steps, an operation of the store or a part of its work, with the number of the step, counted from 1. */
class Process {
  readonly name: string;
  steps = 0;
  made = 0;
  readonly #world: World;
  readonly #before: (number: number, step: Step) => Promise<void>;

  constructor(world: World, name: string, before: (number: number, step: Step) => Promise<void> = async () => {}) {
    this.name = name;
    this.#world = world;
    this.#before = before;
  }

  turn(): Promise<string> {
    const world = this.#world;
    const work: TurnWork<string, string> = {
      find: async () => (await this.#step("find"), world.kept),
      make: async () => {
        await this.#step("make");
        this.made += 1;
        await this.#step("made");
        return this.name;
      },
      keep: async (made) => {
        await this.#step("keep");
        world.kept = made;
        await this.#step("kept");
        return made;
      },
    };
    return sharedTurn(this.#store(), "registration", "me", work);
  }

  #step(step: Step): Promise<void> {
    this.steps += 1;
    return this.#before(this.steps, step);
  }

  #store(): TokenStore {
    const { store, gone } = this.#world;
    return {
      read: async (...given) => (await this.#step("read"), store.read(...given)),
      compareAndSet: async (...given) => (await this.#step("write"), store.compareAndSet(...given)),
      watch: (key, changed) => store.watch?.(key, changed) ?? (() => {}),
      holder: async () => this.name,
      isGone: async (holder) => gone.has(holder),
    };
  }
}

const never = new Promise<never>(() => {});

/** More than a process needs for its whole turn. */
const numbers = Array.from({ length: 14 }, (_, index) => index + 1);

/** Milliseconds. */
const wait = (time: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, time));

it.each(numbers)("an owner ends before its step %i: what it has kept is not made again, and what it has not is", async (last) => {
  const world = new World();
  let found: Promise<string> | undefined;
  let keptByOwner: boolean | undefined;
  const ended = Promise.withResolvers<void>();
  const follower = new Process(world, "follower");
  const owner: Process = new Process(world, "owner", async (number, step) => {
    // Whoever waits has seen that there is nothing yet.
    if (step === "make") found = follower.turn();
    await wait(3);
    if (number !== last) return;
    keptByOwner = world.kept === "owner";
    world.gone.add("owner");
    ended.resolve();
    await never;
  });
  await Promise.race([owner.turn(), ended.promise]);
  found ??= follower.turn();
  const isKept = keptByOwner !== false;
  expect([await found, follower.made]).toEqual(isKept ? ["owner", 0] : ["follower", 1]);
});

it.each(numbers)(
  "an owner is stopped before its step %i and counts as gone, and so does its successor before any of its own: all get the same",
  async (first) => {
    const differ = await Promise.all(
      numbers.map(async (second) => {
        const world = new World();
        const stopped: Step[] = [];
        const [ownerGoesOn, followerGoesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        let found: Promise<string> | undefined;
        const stop = async (name: string, step: Step, until: Promise<unknown>): Promise<void> => {
          stopped.push(step);
          world.gone.add(name);
          await until;
          world.gone.delete(name);
        };
        const follower = new Process(world, "follower", async (number, step) => {
          if (number !== second) return;
          ownerGoesOn.resolve();
          await stop("follower", step, followerGoesOn.promise);
        });
        const owner = new Process(world, "owner", async (number, step) => {
          if (number !== first) return;
          found = follower.turn();
          await stop("owner", step, Promise.race([ownerGoesOn.promise, found]));
        });
        const result = await owner.turn();
        followerGoesOn.resolve();
        const results = [result, await (found ?? follower.turn())];
        // Nobody can take back what is about to be kept: the last one counts then.
        return stopped.includes("keep") || results.every((one) => one === world.kept) ? [] : [{ second, results, kept: world.kept }];
      }),
    );
    expect(differ.flat()).toEqual([]);
  },
);
