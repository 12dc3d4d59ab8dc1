import { StoreError } from "@tokenflight/core";
import { createHash } from "node:crypto";

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Its first argument is a text with which it answers, beside what it was asked for. It shows that the answer is the one to this command. */
function script(body: string): Script {
  const lua = `
local function answer()${body}
end
local told = answer()
if type(told) == 'table' and told.err then return told end
return {ARGV[1], told}`;
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/** A client may be set up to answer with buffers. */
export function textOf(answer: unknown): string {
  return typeof answer === "string" ? answer : (answer as Buffer).toString("utf8");
}

/**
 * What a script has answered to this question: the text of its own that it was told.
 *
 * Clients have mixed up answers, as node-redis 5 does when a connection is lost while a command is sent: it takes each answer for the one to the command
 * before, and one user would get another one's token set.
 *
 * @throws StoreError (`ERR_STORE_UNAVAILABLE`).
 */
export function answerTo(question: string, reply: unknown): unknown {
  const [asked, answer] = (Array.isArray(reply) ? reply : []) as unknown[];
  if ((typeof asked === "string" || asked instanceof Uint8Array) && textOf(asked) === question) return answer;
  const told =
    "The Redis store failed: its client took the answer to another command for the one to this. Disconnect the client, and use its newest version.";
  throw new StoreError("ERR_STORE_UNAVAILABLE", told);
}

/** Characters of a version, with which an entry begins. */
export const versionLength = 32;

/** What an entry of ours begins with, in Lua. */
const isVersion = (text: string): string => `#${text} == ${versionLength} and not string.find(${text}, '[^0-9a-f]')`;
/** In Lua: whether a command found something that is no string. */
const isWrongType = (reply: string): string =>
  `type(${reply}) == 'table' and ${reply}.err and string.find(${reply}.err, 'WRONGTYPE', 1, true)`;

/** The version of what this store has not written and a user may want to be rid of; it shows nothing of it. */
const foreignText = (text: string): string => `'?' .. redis.sha1hex(${text})`;
const foreignType = `'? another type'`;

/**
 * Answers with the entry, or with a list that holds nothing but the version of something that this store has not written.
 *
 * It is a script although GET would do, because clients that may read from replicas take scripts to the primary, and only the primary has seen
 * every acknowledged write.
 */
export const readEntry: Script = script(`
local entry = redis.pcall('GET', KEYS[1])
if ${isWrongType("entry")} then return {${foreignType}} end
if type(entry) ~= 'string' then return entry end
local version = string.sub(entry, 1, ${versionLength})
if ${isVersion("version")} then return entry end
return {${foreignText("entry")}}`);

/**
 * An entry is one string, version and value, so that it is written by one command, which is carried out or not.
 *
 * The new version comes from the writer and is random. That makes the script safe to send twice, as clients do with commands whose reply
 * was lost with the connection: it finds its own version there and says so. And no version comes twice, not even after the
 * entry was deleted, has expired, or was lost with the server.
 *
 * A user who may not publish on the channel is told nothing: the write is done by then, and the message is only a hint. It is the new version, and then
 * what the writer tells of the change.
 */
const compareAndSet = (write: string): Script =>
  script(`
local version = redis.pcall('GETRANGE', KEYS[1], 0, ${versionLength - 1})
if ${isWrongType("version")} then
  version = ${foreignType}
elseif type(version) == 'table' then
  return version
elseif not (${isVersion("version")}) then
  local entry = redis.call('GET', KEYS[1])
  version = entry and ${foreignText("entry")} or ''
end
if version == ARGV[3] then return 1 end
if version ~= ARGV[2] then return 0 end
${write}
redis.pcall('PUBLISH', ARGV[4], ARGV[3] .. ARGV[5])
return 1`);

/** Further arguments: expected version or nothing, new version, channel, what is told of the change, value, milliseconds to live. */
export const writeExpiring: Script = compareAndSet(`redis.call('SET', KEYS[1], ARGV[3] .. ARGV[6], 'PX', ARGV[7])`);

/** The same without an end. */
export const writeForEver: Script = compareAndSet(`redis.call('SET', KEYS[1], ARGV[3] .. ARGV[6])`);

/** Further arguments: expected version or nothing, new version, channel, what is told of the change. */
export const deleteEntry: Script = compareAndSet(`redis.call('DEL', KEYS[1])`);

/** A message that says nothing, and by its coming back that messages come. Further arguments: channel, text. */
export const publish: Script = script(`
redis.pcall('PUBLISH', ARGV[2], ARGV[3])`);
