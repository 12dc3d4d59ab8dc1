/** Checks the packages as they would be published: their exports, their types, their files. */
import { run } from "./build.ts";
import { packAll } from "./pack.ts";

for (const [name, tarball] of await packAll()) {
  run("publint", ["run", tarball, "--strict"]);
  run("attw", [tarball, "--format", "ascii"]);
  const files = run("tar", ["--list", "--file", tarball]).trim().split("\n");
  const strange = files.filter(
    (file) =>
      !/^package\/(?:dist\/.+\.(?:js|d\.ts)|dist\/cjs\/package\.json|dist\/(?:cjs\/)?vendor\/.+\.LICENSE|package\.json|README\.md|LICENSE)$/.test(
        file,
      ),
  );
  if (strange.length > 0) throw new Error(`@tokenflight/${name} would publish ${strange.join(", ")}`);
  for (const needed of ["package/README.md", "package/LICENSE", "package/dist/index.js", "package/dist/index.d.ts"]) {
    if (!files.includes(needed)) throw new Error(`@tokenflight/${name} lacks ${needed}`);
  }
  process.stdout.write(`@tokenflight/${name}: ${files.length} files, exports and types are right\n`);
}
