import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, the longest first: whichever is begun last is waited for by all. Without a cache of the last run, as on a fresh machine,
 * the runner knows only how large each file is.
 */
const slow = [
  "test/packaging/runtimes.test.ts",
  "test/packaging/types.test.ts",
  "test/packaging/runners.test.ts",
  "test/packaging/quick-start.test.ts",
  "test/model/refresh.test.ts",
  "test/model/lineage.test.ts",
  "test/faults/crashes-redis.test.ts",
  "test/faults/crashes-stopped.test.ts",
  "test/faults/token-endpoint.test.ts",
  "test/faults/crashes-killed.test.ts",
  "test/adapters/axios-fetch-functions.test.ts",
  "examples/storm/storm.test.ts",
  "test/faults/ends-stopped.test.ts",
  "test/processes/one-login-node-redis.test.ts",
];

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = slow.findIndex((path) => moduleId.endsWith(`/${path}`));
      return index === -1 ? slow.length : index;
    };
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
