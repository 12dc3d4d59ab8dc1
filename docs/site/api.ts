import { readdirSync } from "node:fs";
import { Application, type TypeDocOptions } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { readSource, root } from "./pages.ts";

/** What a program imports from a package. */
export interface EntryPoint {
  /** Such as `@tokenflight/core/testing`. */
  readonly specifier: string;
  /** The package's folder, such as `core`. */
  readonly folder: string;
  /** Such as `packages/core/src/testing/index.ts`. */
  readonly source: string;
  /** Its page on the site, such as `api/core/testing.md`. */
  readonly target: string;
}

/** Every entry of every package's `exports`; core comes first, because what others export of it is described there. */
export function readEntryPoints(): EntryPoint[] {
  const others = readdirSync(`${root}packages`).filter((folder) => folder !== "core");
  return ["core", ...others].flatMap((folder) => {
    const { exports } = JSON.parse(readSource(`packages/${folder}/package.json`)) as { exports: Record<string, { source: string }> };
    return Object.entries(exports).map(([path, { source }]) => ({
      specifier: `@tokenflight/${folder}${path.slice(1)}`,
      folder,
      source: `packages/${folder}/${source.slice(2)}`,
      target: `api/${folder}${path.slice(1)}.md`,
    }));
  });
}

/** Writes one page for each entry point, and `index.md`, into a folder. */
export async function writeApi(out: string): Promise<void> {
  const entryPoints = readEntryPoints();
  const options: TypeDocOptions & Partial<PluginOptions> & { router: string } = {
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: entryPoints.map(({ source }) => root + source),
    tsconfig: `${root}docs/site/api.tsconfig.json`,
    // The run has compiled them already.
    skipErrorChecking: true,
    sortEntryPoints: false,
    readme: "none",
    name: "API reference",
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    router: "module",
    entryFileName: "index",
    excludeScopesInPaths: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    useHTMLEncodedBrackets: true,
    // A docstring has no HTML: what looks like a tag is text.
    sanitizeComments: true,
    parametersFormat: "table",
    propertyMembersFormat: "table",
    interfacePropertiesFormat: "table",
    classPropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    typeDeclarationFormat: "table",
    tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true },
    logLevel: "Warn",
  };
  const application = await Application.bootstrapWithPlugins(options);
  const project = await application.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the packages.");
  for (const module of project.children ?? []) {
    const found = entryPoints.find(({ source }) => source.replace(/(?:\/index)?\.ts$/, "") === `packages/${module.name}`);
    if (found === undefined) throw new Error(`No entry point is the module ${module.name}.`);
    module.name = found.specifier;
  }
  application.validate(project);
  if (application.logger.hasWarnings() || application.logger.hasErrors()) throw new Error("TypeDoc has warnings.");
  application.options.setValue("out", out);
  await application.generateOutputs(project);
}
