/** Points nearer to each other than this are one to the reader, mm. */
export const UNCERTAINTY_MM = 1e-5;

/** Numbered lines of the data section. */
export class StepFile {
  readonly #lines: string[] = [];

  /** Adds an entity and returns its reference, "#12". */
  add(entity: string): string {
    this.#lines.push(entity);
    return `#${this.#lines.length}`;
  }

  /** The product that the shapes belong to. */
  context(name: string): { place(kind: string, items: readonly string[]): void } {
    const label = text(name);
    const application = this.add("APPLICATION_CONTEXT('automotive design')");
    this.add(`APPLICATION_PROTOCOL_DEFINITION('international standard','automotive_design',2000,${application})`);
    const mechanical = this.add(`PRODUCT_CONTEXT('',${application},'mechanical')`);
    const product = this.add(`PRODUCT(${label},${label},'',(${mechanical}))`);
    this.add(`PRODUCT_RELATED_PRODUCT_CATEGORY('part',$,(${product}))`);
    const formation = this.add(`PRODUCT_DEFINITION_FORMATION('','',${product})`);
    const design = this.add(`PRODUCT_DEFINITION_CONTEXT('part definition',${application},'design')`);
    const definition = this.add(`PRODUCT_DEFINITION('design','',${formation},${design})`);
    const shape = this.add(`PRODUCT_DEFINITION_SHAPE('','',${definition})`);
    const mm = this.add("(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))");
    const rad = this.add("(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))");
    const sr = this.add("(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())");
    const limit = `LENGTH_MEASURE(${real(UNCERTAINTY_MM)})`;
    const uncertainty = this.add(
      `UNCERTAINTY_MEASURE_WITH_UNIT(${limit},${mm},'distance_accuracy_value','confusion accuracy')`,
    );
    const space = this.add(
      `(GEOMETRIC_REPRESENTATION_CONTEXT(3)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT((${uncertainty}))` +
        `GLOBAL_UNIT_ASSIGNED_CONTEXT((${mm},${rad},${sr}))REPRESENTATION_CONTEXT('',''))`,
    );
    const origin = this.add("CARTESIAN_POINT('',(0.,0.,0.))"),
      z = this.add("DIRECTION('',(0.,0.,1.))"),
      x = this.add("DIRECTION('',(1.,0.,0.))");
    const axes = this.add(`AXIS2_PLACEMENT_3D('',${origin},${z},${x})`);
    return {
      place: (kind, items) => {
        const representation = this.add(`${kind}('',(${[axes, ...items].join(",")}),${space})`);
        this.add(`SHAPE_DEFINITION_REPRESENTATION(${shape},${representation})`);
      },
    };
  }

  bytes(name: string): Uint8Array {
    const head = [
      "ISO-10303-21;",
      "HEADER;",
      "FILE_DESCRIPTION(('Bone surface, mm, LPS'),'2;1');",
      // No time stamp: the same mesh gives the same bytes.
      `FILE_NAME(${text(name)},'',(''),(''),'SonoBench','SonoBench','');`,
      "FILE_SCHEMA(('AUTOMOTIVE_DESIGN { 1 0 10303 214 3 1 1 }'));",
      "ENDSEC;",
      "DATA;",
    ];
    const data = this.#lines.map((entity, i) => `#${i + 1}=${entity};`);
    return Buffer.from([...head, ...data, "ENDSEC;", "END-ISO-10303-21;", ""].join("\n"), "latin1");
  }
}

/** A string of ISO 10303-21: printable ASCII, quotes doubled. */
function text(value: string): string {
  const printable = value.replace(/[^\x20-\x7e]/g, "_").slice(0, 200);
  return `'${printable.replace(/'/g, "''")}'`;
}

/** A real of ISO 10303-21 always has a point. Nine digits give a single-precision number back. */
export function real(value: number): string {
  const plain = String(Number(value.toPrecision(9)));
  const [mantissa, exponent] = plain.split("e");
  const pointed = mantissa!.includes(".") ? mantissa! : `${mantissa}.`;
  return exponent === undefined ? pointed : `${pointed}E${exponent.replace("+", "")}`;
}
