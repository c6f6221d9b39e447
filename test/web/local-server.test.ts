import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { plainName, type Answer } from "../../src/web/answer.ts";
import { confinedFile } from "../../src/web/folder.ts";
import {
  parseTarget,
  startLocalServer,
  type LocalServer,
  type LocalServerOptions,
} from "../../src/web/local-server.ts";
import { judgeHost, judgeOrigin } from "../../src/web/origin-guard.ts";

const servers: LocalServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const page: Answer = { kind: "bytes", type: "text/html; charset=utf-8", body: "<p>here" };

async function serving(answer: LocalServerOptions["answer"] = () => page): Promise<LocalServer> {
  const server = await startLocalServer({ answer });
  servers.push(server);
  return server;
}

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Not fetch, which tidies paths and sets Host by itself. */
function get(port: number, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers, method }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("the local server", () => {
  test("listens on loopback and sends a policy under which nothing inline or from elsewhere runs", async () => {
    const server = await serving();
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
    const { status, headers, body } = await get(server.port, "/");
    expect([status, body]).toEqual([200, "<p>here"]);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain(`ws://127.0.0.1:${server.port}`);
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test("refuses a foreign name in Host, as DNS rebinding sends it", async () => {
    const { port } = await serving();
    for (const host of ["evil.example", `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, "127.0.0.1:1"])
      expect((await get(port, "/", { host })).status, host).toBe(403);
    for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`])
      expect((await get(port, "/", { host })).status, host).toBe(200);
  });

  test("refuses the page of another server", async () => {
    const { port } = await serving();
    const host = `127.0.0.1:${port}`;
    for (const origin of ["http://evil.example", "null", `https://${host}`, "http://127.0.0.1:1"])
      expect((await get(port, "/", { origin })).status, origin).toBe(403);
    expect((await get(port, "/", { origin: `http://${host}` })).status).toBe(200);
  });

  test("answers GET and HEAD alone", async () => {
    const { port } = await serving();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
      expect((await get(port, "/", {}, method)).status, method).toBe(405);
    const head = await get(port, "/", {}, "HEAD");
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([200, "", "7"]);
  });

  test("says 404 for what is not there, and 500 without a word of why when the answer throws", async () => {
    const { port } = await serving(({ path }) => {
      if (path === "/throws") throw new Error("a secret");
      return undefined;
    });
    expect((await get(port, "/nothing")).status).toBe(404);
    expect(await get(port, "/throws")).toMatchObject({ status: 500, body: "" });
  });

  test("bytes that are no request end the connection and not the server", async () => {
    const { port } = await serving();
    const answer = await new Promise<string>((resolve) => {
      const socket = createConnection(port, "127.0.0.1", () => socket.end("\0\x01 GET nothing\r\n\r\n"));
      let got = "";
      socket.on("data", (part) => (got += part.toString())).on("close", () => resolve(got));
    });
    expect(answer).toMatch(/^(HTTP\/1.1 400|$)/);
    expect((await get(port, "/")).status).toBe(200);
  });

  test("says which port is taken", async () => {
    const { port } = await serving();
    await expect(startLocalServer({ port, answer: () => page })).rejects.toThrow(`port ${port} is taken`);
  });
});

test("a name for saving keeps no letter that means something in a header or a path", () => {
  expect(plainName('../<b>"Probe"\r\nx: y</b>.stl')).toBe("..-b-Probe-x-y-b-.stl");
  expect(plainName("")).toBe("file");
});

test("paths that lead upwards, in whatever writing, are no paths", () => {
  const upwards = ["/../x", "/a/../../x", "/%2e%2e/x", "/a/%2E%2E%2fx", "/..%2fx", "/a%5c..%5cx", "/%00", "//host/x"];
  for (const target of [...upwards, "/%zz", "http://host/x", "*", `/${"a".repeat(3000)}`])
    expect(parseTarget(target), target).toBeUndefined();
  expect(parseTarget("/a%20b/c?name=%3Cb%3E")?.path).toBe("/a b/c");
  expect(parseTarget("/a?name=%3Cb%3E&x=1")?.query.get("name")).toBe("<b>");
});

test("a server for the whole network is reached by its addresses, and by no foreign name", () => {
  expect(judgeHost("10.0.0.5:80", "0.0.0.0", 80).allowed).toBe(true);
  expect(judgeHost("10.0.0.5", "0.0.0.0", 80).allowed).toBe(true);
  expect(judgeHost("10.0.0.5:80", "127.0.0.1", 80).allowed).toBe(false);
  expect(judgeHost("evil.example:80", "0.0.0.0", 80).allowed).toBe(false);
  expect(judgeHost("bench.local:80", "bench.local", 80).allowed).toBe(true);
  expect(judgeHost("user@127.0.0.1:80", "127.0.0.1", 80).allowed).toBe(false);
  expect(judgeOrigin("10.0.0.5:80", "http://10.0.0.5:80").allowed).toBe(true);
});

describe("a confined folder", () => {
  let outside = "",
    folder = "";
  beforeEach(async () => {
    outside = await mkdtemp(join(tmpdir(), "sonobench-web-"));
    folder = join(outside, "shown");
    await mkdir(join(folder, "inner"), { recursive: true });
    await writeFile(join(outside, "secret.txt"), "secret");
    await writeFile(join(folder, "inner", "femur.stl"), "solid");
    await writeFile(join(folder, ".hidden"), "x");
    await writeFile(join(folder, "empty.csv"), "");
    await mkdir(join(outside, "shown-besides"));
    await writeFile(join(outside, "shown-besides", "x.txt"), "x");
  });
  afterEach(() => rm(outside, { recursive: true, force: true }));

  test("gives the files in it, with the type of their ending", async () => {
    const { port } = await serving(({ path }) => confinedFile(folder, path));
    const got = await get(port, "/inner/femur.stl");
    expect(got).toMatchObject({ status: 200, body: "solid" });
    expect(got.headers["content-type"]).toBe("model/stl");
    expect(await get(port, "/empty.csv")).toMatchObject({ status: 200, body: "" });
  });

  test("gives nothing outside of it: by .., by an absolute name, by a link, by a name that begins alike", async () => {
    await symlink(join(outside, "secret.txt"), join(folder, "link.txt"));
    await symlink(outside, join(folder, "up"));
    await symlink(join(folder, "inner"), join(folder, "within"));
    const { port } = await serving(({ path }) => confinedFile(folder, path));
    const refused = [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/inner/../../secret.txt",
      "/..%5csecret.txt",
      "/link.txt",
    ];
    for (const path of [...refused, "/up/secret.txt", "/up/shown-besides/x.txt", "/../shown-besides/x.txt", "/"])
      expect((await get(port, path)).body, path).not.toMatch(/secret$|^x$/);
    for (const path of ["/.hidden", "/inner", "/inner/", "/etc/passwd", join("/", outside, "secret.txt")])
      expect((await get(port, path)).status, path).toBe(404);
    expect((await get(port, "/within/femur.stl")).body).toBe("solid");
    expect(await confinedFile(folder, "../secret.txt")).toMatchObject({ status: 404 });
  });
});
