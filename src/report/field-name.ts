/** bones[1].scores.whole.assd, headline["femur.reachable.assd"].low */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === "number") return `${name}[${key}]`;
    if (!/^\w+$/.test(String(key))) return `${name}[${JSON.stringify(key)}]`;
    return name ? `${name}.${String(key)}` : String(key);
  }, "");
}
