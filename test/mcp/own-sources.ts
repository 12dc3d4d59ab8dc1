/**
 * Imported before a program (`node --import`): our packages are run from their sources, and nobody else's. With `--conditions=source`, packages of others that name
 * their own sources so would be, too, which Node refuses (eventsource-parser, of which the SDKs' clients are made).
 */
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!specifier.startsWith("@tokenflight/")) return nextResolve(specifier, context);
    return nextResolve(specifier, { ...context, conditions: [...context.conditions, "source"] });
  },
});
