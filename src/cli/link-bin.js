// Part of `npm run build`: makes the compiled command executable (a new dist/ has lost that) and puts it beside those of
// the dependencies, where npm scripts find it. `npx sonobench` makes its own link to this checkout, once.
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";

const root = new URL("../../", import.meta.url);
const bin = new URL("node_modules/.bin/", root);
const main = new URL("dist/cli/main.js", root);

await mkdir(bin, { recursive: true });
await chmod(main, 0o755);
if (process.platform === "win32") {
  await writeFile(new URL("sonobench.cmd", bin), '@node "%~dp0\\..\\..\\dist\\cli\\main.js" %*\r\n');
} else {
  const link = new URL("sonobench", bin);
  await rm(link, { force: true });
  await symlink("../../dist/cli/main.js", link);
}
