import { createHash } from "node:crypto";

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/** Characters of a version, with which an entry begins. */
export const versionLength = 32;

/**
 * It is a script although GET would do, because clients that may read from replicas take scripts to the primary, and only the primary has seen
 * every acknowledged write.
 */
export const readEntry: Script = script(`return redis.call('GET', KEYS[1])`);

/**
 * An entry is one string, version and value, so that it is written by one command, which is carried out or not.
 *
 * The new version comes from the writer and is random. That makes the script safe to send twice, as clients do with commands whose reply
 * was lost with the connection: it finds its own version there and says so. And no version comes twice, not even after the
 * entry was deleted, has expired, or was lost with the server.
 *
 * A user who may not publish on the channel is told nothing: the write is done by then, and the message is only a hint.
 */
const compareAndSet = (write: string): Script =>
  script(`
local version = redis.call('GETRANGE', KEYS[1], 0, ${versionLength - 1})
if version == ARGV[2] then return 1 end
if version ~= ARGV[1] then return 0 end
${write}
redis.pcall('PUBLISH', ARGV[3], '')
return 1`);

/** Arguments: expected version or nothing, new version, channel, milliseconds to live, value. */
export const writeExpiring: Script = compareAndSet(`redis.call('SET', KEYS[1], ARGV[2] .. ARGV[5], 'PX', ARGV[4])`);

/** The same without an end. */
export const writeForEver: Script = compareAndSet(`redis.call('SET', KEYS[1], ARGV[2] .. ARGV[5])`);

/** Arguments: expected version or nothing, new version, channel. */
export const deleteEntry: Script = compareAndSet(`redis.call('DEL', KEYS[1])`);
