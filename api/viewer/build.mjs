// Builds the page into dist/. The result depends on the sources and the
// locked packages only, so that a rebuild is byte-identical.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
const packages = join(here, "node_modules");

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "fonts"), { recursive: true });

// place writes a file under a name that carries the hash of its content.
function place(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const placed = name.replace(/(\.\w+)$/, `-${hash}$1`);
  writeFileSync(join(out, placed), content);
  return placed;
}

// fonts places the slices of the typeface and lists them with the characters
// that each covers.
function fonts() {
  const font = join(packages, "@fontsource/noto-sans-sc");
  const ranges = JSON.parse(readFileSync(join(font, "unicode.json"), "utf8"));
  return Object.entries(ranges).filter(([name]) => /^\[|^latin/.test(name)).map(([name, range]) => {
    const slice = name.replace(/[[\]]/g, "");
    return { url: place(`fonts/${slice}.woff2`, readFileSync(join(font, `files/noto-sans-sc-${slice}-400-normal.woff2`))), range };
  });
}

const maplibre = join(packages, "maplibre-gl");
const worker = place("worker.mjs", readFileSync(join(maplibre, "dist/maplibre-gl-worker.mjs"), "utf8").replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));

const common = { bundle: true, write: false, minify: true, target: "es2024", legalComments: "none", charset: "utf8", absWorkingDir: here, logLevel: "warning" };

const sheet = await build({ ...common, entryPoints: ["src/page.css"], loader: { ".woff2": "empty" } });
const style = place("page.css", sheet.outputFiles[0].contents);

// The page is one script; each panel, and what scripts share, is a chunk that is
// read when it is first asked for.
const scripts = await build({
  ...common, entryPoints: ["src/page.ts"], format: "esm", splitting: true, outdir: "out", entryNames: "[name]", metafile: true,
  define: { WORKER: JSON.stringify(worker), FONTS: JSON.stringify(fonts()) },
});
const placed = new Map(); // by the bundler's names

// placeScript places a script after those that it imports: it names them.
function placeScript(path) {
  if (placed.has(path)) return placed.get(path);
  const { imports, entryPoint = "shared.ts" } = scripts.metafile.outputs[path];
  let { text } = scripts.outputFiles.find((f) => f.path === join(here, path));
  for (const { path: other } of imports) text = text.replaceAll(basename(other), placeScript(other));
  placed.set(path, place(basename(entryPoint).replace(/\.ts$/, ".js"), text));
  return placed.get(path);
}

const script = placeScript("out/page.js");
const preloads = scripts.metafile.outputs["out/page.js"].imports.filter((i) => i.kind === "import-statement")
  .map((i) => `<link rel="modulepreload" href="viewer/${placed.get(i.path)}">`);
const icon = place("icon.svg", readFileSync(join(here, "src/icon.svg")));

const page = readFileSync(join(here, "src/page.html"), "utf8")
  .replace("{style}", style).replace("{script}", script).replace("{icon}", icon).replace("{preloads}", preloads.join("\n"));
writeFileSync(join(out, "page.html"), page);

const licences = ["maplibre-gl/LICENSE.txt", "@fontsource/noto-sans-sc/LICENSE"]
  .map((name) => `${name.replace(/\/LICENSE.*/, "")}\n\n${readFileSync(join(packages, name), "utf8").trim()}\n`);
licences.push(readFileSync(join(here, "src/redraw/licence.txt"), "utf8")); // these packages bring none
writeFileSync(join(out, "licences.txt"), licences.join("\n\n"));
