import { zipSync, type Zippable } from "fflate";

/** One file of a scene and how 3D Slicer is to show it. */
export type SceneItem =
  | {
      readonly kind: "model";
      readonly name: string;
      readonly file: string;
      readonly colour: readonly [number, number, number];
      readonly opacity: number;
      /** Scalar of the file's vertices to colour by. */
      readonly scalar?: string;
      readonly visible: boolean;
    }
  | {
      readonly kind: "volume" | "segmentation" | "markups" | "transform" | "sequence";
      readonly name: string;
      readonly file: string;
    };

const quoted = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

type Attributes = Readonly<Record<string, string | number | boolean>>;

const element = (name: string, attributes: Attributes): string =>
  ` <${name} ${Object.entries(attributes)
    .map(([key, value]) => `${key}="${quoted(String(value))}"`)
    .join(" ")}></${name}>`;

interface NodeNames {
  /** Element, and class of the node. */
  readonly node: readonly [string, string];
  readonly storage: readonly [string, string];
  readonly display?: readonly [string, string];
}

/** Names by which MRML knows the nodes of each kind. */
const nodes: { readonly [K in SceneItem["kind"]]: NodeNames } = {
  model: {
    node: ["Model", "vtkMRMLModelNode"],
    storage: ["ModelStorage", "vtkMRMLModelStorageNode"],
    display: ["ModelDisplay", "vtkMRMLModelDisplayNode"],
  },
  volume: {
    node: ["Volume", "vtkMRMLScalarVolumeNode"],
    storage: ["VolumeArchetypeStorage", "vtkMRMLVolumeArchetypeStorageNode"],
    display: ["VolumeDisplay", "vtkMRMLScalarVolumeDisplayNode"],
  },
  segmentation: {
    node: ["Segmentation", "vtkMRMLSegmentationNode"],
    storage: ["SegmentationStorage", "vtkMRMLSegmentationStorageNode"],
    display: ["SegmentationDisplay", "vtkMRMLSegmentationDisplayNode"],
  },
  markups: {
    node: ["MarkupsFiducial", "vtkMRMLMarkupsFiducialNode"],
    storage: ["MarkupsJsonStorage", "vtkMRMLMarkupsJsonStorageNode"],
    display: ["MarkupsDisplay", "vtkMRMLMarkupsDisplayNode"],
  },
  transform: {
    node: ["LinearTransform", "vtkMRMLLinearTransformNode"],
    storage: ["TransformStorage", "vtkMRMLTransformStorageNode"],
  },
  sequence: {
    node: ["Sequence", "vtkMRMLSequenceNode"],
    storage: ["VolumeSequenceStorage", "vtkMRMLVolumeSequenceStorageNode"],
  },
};

/** The scene's description (MRML): every item with its storage and display node. Files lie in `Data/`. */
export function sceneXml(items: readonly SceneItem[]): string {
  const lines = items.flatMap((item, i) => {
    const { node, storage, display } = nodes[item.kind];
    const id = (name: string): string => `${name}${i + 1}`;
    const references = (display ? `display:${id(display[1])};` : "") + `storage:${id(storage[1])};`;
    const hidden = item.kind === "segmentation" || (item.kind === "model" && !item.visible);
    return [
      ...(display
        ? [
            element(display[0], {
              id: id(display[1]),
              name: `${item.name} display`,
              visibility: !hidden,
              ...(item.kind === "model" ? modelDisplay(item) : {}),
            }),
          ]
        : []),
      element(storage[0], {
        id: id(storage[1]),
        name: `${item.name} storage`,
        fileName: `Data/${item.file}`,
        useCompression: 1,
        ...(item.kind === "model" || item.kind === "markups" ? { coordinateSystem: "LPS" } : {}),
      }),
      element(node[0], { id: id(node[1]), name: item.name, references }),
    ];
  });
  return ['<MRML version="Slicer5.6.2" userTags="">', ...lines, "</MRML>", ""].join("\n");
}

const modelDisplay = ({ colour, opacity, scalar }: Extract<SceneItem, { readonly kind: "model" }>): Attributes => ({
  color: colour.map((c) => c.toFixed(3)).join(" "),
  opacity,
  ...(scalar === undefined ? {} : { scalarVisibility: true, activeScalarName: scalar }),
});

/** No date: the same scene gives the same bytes. Zip cannot say anything before 1980. */
const MTIME = new Date("1980-01-01T12:00:00");

/** `.mrb`: a zip with one folder that holds the description and the files. Files that are packed already are stored. */
export function encodeScene(
  name: string,
  items: readonly SceneItem[],
  files: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const data: Zippable = {};
  for (const item of items) {
    const bytes = files.get(item.file);
    if (!bytes) throw new RangeError(`the scene names ${item.file}, which was not given`);
    const level = /\.(nrrd|mrb|mcap)$/.test(item.file) ? 0 : 6;
    data[`${name}/Data/${item.file}`] = [bytes, { level, mtime: MTIME }];
  }
  return zipSync({ [`${name}/${name}.mrml`]: [new TextEncoder().encode(sceneXml(items)), { mtime: MTIME }], ...data });
}
