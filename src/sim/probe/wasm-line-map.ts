import { boneEchoes } from "./bone-echoes.ts";
import { contactFinder, skinSlope } from "./contact.ts";
import type { KernelSetup } from "./kernel.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { mapRows, type LineMap } from "./map.ts";
import { lookTables } from "./map-memory.ts";
import { addRing, type AddMirror } from "./mirrors.ts";
import { tissueTable } from "./tissue-table.ts";

/** The map in the kernel's memory, where the loops over scatterers read it. */
export type WasmLineMapper = (kneeFromImage: Readonly<Float64Array>, look: number) => LineMap;

/** `createLineMapper` with its loops in WebAssembly; what is done once a line is the same code. */
export function lineMapper(setup: KernelSetup, kernel: KernelMemory): WasmLineMapper {
  const { scene, probe, looks, settings, beam, effects, boneSurface, lines } = setup;
  const rows = mapRows(settings.depthMm),
    cells = lines * rows,
    { run, map: parameters } = kernel;
  const map = {
    lines,
    rows,
    amplitude: kernel.floats("amplitude", cells),
    shiftMm: kernel.floats("shift", cells),
    transmission: kernel.floats("transmission", cells),
    contact: kernel.bytes("contact", lines),
    boneDepthMm: kernel.floats("boneDepth", 3 * lines),
    boneNormal: kernel.floats("boneNormal", 9 * lines),
    boneFace: kernel.floats("boneFace", 9 * lines),
    pushMm: kernel.floats("push", cells),
    indentMm: 0,
  };
  const face = { contact: map.contact, indentMm: kernel.floats("indent", lines) },
    pose = kernel.doubles("pose", 13),
    label = kernel.integers("label", cells);
  const table = tissueTable(scene.tissues, probe.frequencyHz, settings.assumedSpeedMps, effects),
    findContact = contactFinder(scene, effects),
    slopeOfSkin = skinSlope(scene);
  const open = kernel.floats("open", kernel.length("open") / 4),
    aside = (open.length - lines) / 2;
  const addMirror: AddMirror = (line, depthMm, amplitude) => run.addEcho(parameters, line, depthMm, amplitude);
  const prepared = looks.map(({ scan }) => ({
    scan,
    tables: lookTables(scan, setup, aside),
    addBone: boneEchoes(scan, probe, beam, effects, boneSurface, table),
  }));
  const labelAt = (row: number, line: number): number => label[line * rows + row]!;

  let current = -1;
  function select(look: number): void {
    if (look === current) return;
    current = look;
    const { doubles, integers, open: ofFace, first, end } = prepared[look]!.tables;
    for (const [name, values] of Object.entries(doubles)) {
      kernel.doubles(name as keyof typeof doubles, values.length).set(values);
    }
    for (const [name, values] of Object.entries(integers)) {
      kernel.integers(name as keyof typeof integers, values.length).set(values);
    }
    open.set(ofFace);
    kernel.setMapInteger("first", first);
    kernel.setMapInteger("end", end);
  }

  return (kneeFromImage, look) => {
    select(look);
    const { scan, addBone } = prepared[look]!;
    map.indentMm = findContact(kneeFromImage, scan, face);
    pose.set(kneeFromImage);
    pose[12] = map.indentMm;
    run.findBone(parameters);
    run.seeTissue(parameters);
    run.addSheets(parameters);
    if (effects.interfaces) run.addInterfaces(parameters, slopeOfSkin(kneeFromImage));
    addBone(map, labelAt, addMirror);
    if (effects.ringDown) addRing(map.contact, scan, addMirror);
    return map;
  };
}
