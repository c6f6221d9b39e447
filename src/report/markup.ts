/** Text that is HTML already. Made only by `markup` and `raw`, so that no string enters a page unescaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = string | number | Markup | null | undefined | false | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Safe as text and inside a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (mark) => entities[mark]!);

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(render).join("");
  return escapeHtml(String(content));
}

/** A template whose literal parts are markup and whose values are escaped, unless they are Markup themselves. */
export function markup(literals: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(literals.reduce((text, literal, i) => text + render(values[i - 1]) + literal));
}

/** JSON for a script element: no "<" in it, so that nothing in it can end the element or open another. */
export function embeddedJson(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value)
      .replace(/</g, "\\u003c")
      .replace(/\u2028/g, "\\u2028")
      .replace(/\u2029/g, "\\u2029"),
  );
}

/**
 * The text of a script element. Both replacements keep the meaning inside strings, templates and regular expressions,
 * the only places where compiled JavaScript holds these marks. Line ends as the HTML parser will read them.
 */
export function embeddedScript(code: string): Markup {
  return new Markup(
    code
      .replace(/\r\n?/g, "\n")
      .replace(/<\/(?=script)/gi, "<\\/")
      .replace(/<!--/g, "<\\!--"),
  );
}
