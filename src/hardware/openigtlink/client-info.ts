/** What a client of PlusServer subscribes to, and how it wants it. Empty lists: everything. */
export interface ClientInfo {
  readonly headerVersion: 1 | 2;
  readonly messageTypes: readonly string[];
  readonly transformNames: readonly string[];
  readonly imageNames: readonly { readonly name: string; readonly frame: string }[];
  readonly trackingData: boolean;
  /** Shortest time between two TDATA messages. */
  readonly trackingResolutionMs: number;
}

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
const unescape = (text: string): string =>
  text.replace(
    /&(amp|lt|gt|quot);/g,
    (whole, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"' })[name] ?? whole,
  );

/** The XML of a CLIENTINFO message, and of DefaultClientInfo in a PLUS configuration when `element` says so. */
export function clientInfoXml(info: ClientInfo, element = "ClientInfo"): string {
  const types = info.messageTypes.map((type) => `<Message Type="${escape(type)}"/>`),
    transforms = info.transformNames.map((name) => `<Transform Name="${escape(name)}"/>`),
    images = info.imageNames.map(
      ({ name, frame }) => `<Image Name="${escape(name)}" EmbeddedTransformToFrame="${escape(frame)}"/>`,
    );
  const tracking = info.trackingData ? ` TDATARequested="TRUE" TDATAResolution="${info.trackingResolutionMs}"` : "";
  return (
    `<${element} ClientHeaderVersion="${info.headerVersion}"${tracking}>` +
    `<MessageTypes>${types.join("")}</MessageTypes>` +
    `<TransformNames>${transforms.join("")}</TransformNames>` +
    `<ImageNames>${images.join("")}</ImageNames></${element}>`
  );
}

/** Reads what `clientInfoXml` writes; what is missing is as PlusServer takes it: header version 1, no tracking data. */
export function parseClientInfo(xml: string): ClientInfo {
  const values = (pattern: RegExp): string[] => [...xml.matchAll(pattern)].map((found) => unescape(found[1] ?? ""));
  const attribute = (name: string): string | undefined => new RegExp(`\\b${name}="([^"]{0,100})"`).exec(xml)?.[1];
  const frames = values(/<Image\b[^<>]*?\bEmbeddedTransformToFrame="([^"]{0,200})"/g);
  const resolution = Number(attribute("TDATAResolution") ?? 0);
  return {
    headerVersion: attribute("ClientHeaderVersion") === "2" ? 2 : 1,
    messageTypes: values(/<Message\b[^<>]*?\bType="([^"]{0,100})"/g),
    transformNames: values(/<Transform\b[^<>]*?\bName="([^"]{0,200})"/g),
    imageNames: values(/<Image\b[^<>]*?\bName="([^"]{0,200})"/g).map((name, i) => ({ name, frame: frames[i] ?? "" })),
    trackingData: /^(true|1)$/i.test(attribute("TDATARequested") ?? ""),
    trackingResolutionMs: Number.isFinite(resolution) && resolution > 0 ? resolution : 0,
  };
}
