import { afterAll } from "vitest";

/** Counts what a test file looks at for one client. */
export interface Tally {
  /** One more was looked at, and had this many faults. */
  count(faults: number): void;
}

/** A tally that the run prints when its file is over, such as "axios: 60 redirects, 0 tokens off-origin". */
export function tally(client: string, looked: string, faulty: string): Tally {
  let seen = 0;
  let wrong = 0;
  afterAll(() => console.log(`${client}: ${seen} ${looked}, ${wrong} ${faulty}`));
  return {
    count(faults) {
      seen += 1;
      wrong += faults;
    },
  };
}
