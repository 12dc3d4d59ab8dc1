import { describe, it } from "node:test";
import { storeContract } from "@tokenflight/core/testing";
import { Pool } from "pg";
import { postgresStore, table } from "./postgres-store.ts";

const { DATABASE_URL } = process.env;

storeContract(
  {
    name: "PostgreSQL store",
    async open() {
      // Two pools, as two processes have them.
      const [pool, another] = [new Pool({ connectionString: DATABASE_URL }), new Pool({ connectionString: DATABASE_URL })];
      await pool.query(table);
      return {
        store: postgresStore(pool),
        another: async () => postgresStore(another),
        close: async () => void (await Promise.all([pool.end(), another.end()])),
      };
    },
    differences: { watch: "nobody is told of changes: whoever waits looks again" },
  },
  { describe, it },
);
