/**
 * Imported before a cache is made, in a program that can load no module later, as a service worker: what a token cache needs when it asks its store or its token
 * source is there from the start. A build in one file has it by this import.
 */
import { engine } from "../../cache/engine.ts";
import { engineIsLoaded } from "../../cache/load-engine.ts";

engineIsLoaded(engine);
