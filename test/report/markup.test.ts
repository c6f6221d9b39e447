import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { embeddedJson, embeddedScript, escapeHtml, markup } from "../../src/report/markup.ts";

test("every value of a template is escaped unless it is markup itself", () => {
  const hostile = `<img src=x onerror="alert('1')">&`;
  expect(markup`<p title="${hostile}">${markup`<b>${hostile}</b>`}${null}${false}${[1, "<"]}</p>`.text).toBe(
    `<p title="${escapeHtml(hostile)}"><b>${escapeHtml(hostile)}</b>1&lt;</p>`,
  );
  expect(escapeHtml(hostile)).not.toMatch(/[<>"']/);
});

test("embedded JSON holds no mark that could end its element and reads back unchanged", () => {
  const value = { text: "</script><script>alert(1)</script><!-- \u2028\u2029 & ' \"" };
  const { text } = embeddedJson(value);
  expect(text).not.toMatch(/[<\u2028\u2029]/);
  expect(JSON.parse(text)).toEqual(value);
});

test("an embedded script cannot end its own element and still says the same", () => {
  const code = 'var a = "</script>", b = "<!--", c = /<\\/SCRIPT/i.source, d = `</sCript>`;\r\n';
  const { text } = embeddedScript(code);
  expect(text).not.toMatch(/<\/script|<!--|\r/i);
  const before = {},
    after = {};
  runInNewContext(code, before);
  runInNewContext(text, after);
  expect(after).toEqual(before);
});
