/**
 * For a program that can load no module later, as a service worker: what a token cache needs when it asks its store or its token source, and what fetch and ky
 * need to send with a token, is there from the start. It is imported before a cache is made. A build in one file has both by this import.
 *
 * @example
 * import "@tokenflight/core/eager";
 * import { createTokenCache } from "@tokenflight/core";
 *
 * @module
 */
import { engine } from "../../cache/late/engine.ts";
import { lateEngine } from "../../cache/late/late-token-cache.ts";
import { lateSender } from "./late-sender.ts";
import { sender } from "./sender.ts";

lateEngine.loaded = engine;
lateSender.loaded = sender;
