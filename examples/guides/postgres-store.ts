import { randomUUID } from "node:crypto";
import { ttlOf, type TokenStore } from "@tokenflight/core";
import type { Pool } from "pg";

/** Keys and values are any text, also with characters that PostgreSQL's `text` does not take: they are bytes here. */
export const table = `CREATE TABLE IF NOT EXISTS tokenflight
  (key bytea PRIMARY KEY, version text NOT NULL, value bytea NOT NULL, ends_at timestamptz NOT NULL)`;

const read = "SELECT version, value FROM tokenflight WHERE key = $1 AND ends_at > clock_timestamp()";
const end = "coalesce(clock_timestamp() + $4::float8 * interval '1 millisecond', 'infinity')";
const create = `INSERT INTO tokenflight AS entry VALUES ($1, $2, $3, ${end}) ON CONFLICT (key) DO UPDATE
  SET version = excluded.version, value = excluded.value, ends_at = excluded.ends_at WHERE entry.ends_at <= clock_timestamp()`;
const replace = `UPDATE tokenflight SET version = $2, value = $3, ends_at = ${end} WHERE key = $1 AND version = $5`;
const remove = "DELETE FROM tokenflight WHERE key = $1 AND version = $2";

/** A token store in a table. `pool` stays yours: close the token caches first, and then end it. */
export function postgresStore(pool: Pool): TokenStore {
  return {
    async read(key) {
      const { rows } = await pool.query<{ version: string; value: Buffer }>(read, [Buffer.from(key)]);
      return rows[0] && { version: rows[0].version, value: rows[0].value.toString() };
    },

    // Looking and writing are one statement, so that of two who expect the same version one is told that it was too late.
    async compareAndSet(key, expected, value, options) {
      const version = randomUUID();
      const entry = [Buffer.from(key), version, Buffer.from(value ?? ""), ttlOf(options)];
      const [statement, values] =
        value === undefined
          ? [remove, [Buffer.from(key), expected]]
          : expected === undefined
            ? [create, entry]
            : [replace, [...entry, expected]];
      const { rowCount } = await pool.query(statement, values);
      return rowCount === 1 ? version : undefined;
    },
  };
}
