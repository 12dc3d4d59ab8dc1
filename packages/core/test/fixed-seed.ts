import fc from "fast-check";

// The same cases in every run; SEED=<number> looks at others.
fc.configureGlobal({ seed: Number(process.env["SEED"] ?? 20_260_101) });
