import { InferenceSession } from "onnxruntime-node";
import { UnsuitableInputError } from "../../../core/errors.ts";
import type { SegmentationModel } from "./model.ts";

/** Opens the network on one thread (workers are the parallelism) and checks that it has what the card says. */
export async function openSession(model: SegmentationModel): Promise<InferenceSession> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(Uint8Array.from(model.weights), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      logSeverityLevel: 3,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0]! : String(error);
    throw new UnsuitableInputError(
      `the model ${model.name} is no ONNX network that can be run: ${why}`,
      "Check the file that the card names under `weights`",
    );
  }
  try {
    checkInput(session, model);
    checkOutput(session, model);
  } catch (error) {
    await session.release();
    throw error;
  }
  return session;
}

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");

function checkInput(session: InferenceSession, model: SegmentationModel): void {
  const { inputName, name, input } = model;
  const others = session.inputNames.filter((n) => n !== inputName);
  if (!session.inputNames.includes(inputName) || others.length > 0) {
    throw new UnsuitableInputError(
      `the model ${name} has the inputs ${list(session.inputNames)} and the card describes "${inputName}" alone`,
      "Name the one input under `input.name`; networks with several cannot be used",
    );
  }
  const meta = session.inputMetadata[session.inputNames.indexOf(inputName)];
  if (!meta?.isTensor) return;
  if (meta.type !== "float32") {
    throw new UnsuitableInputError(
      `the input "${inputName}" of the model ${name} takes ${meta.type}`,
      "Export the network with 32-bit floating point input",
    );
  }
  const wanted = inputShape(model, input.kind === "squeezed" ? [input.rows, input.columns] : [-1, -1]);
  const fits =
    meta.shape.length === 4 &&
    meta.shape.every((n, i) => typeof n === "string" || n <= 0 || wanted[i]! < 0 || n === wanted[i]);
  const isFixed = input.kind === "lattice" && wanted.some((n, i) => n < 0 && typeof meta.shape[i] === "number");
  if (!fits || (isFixed && meta.shape.some((n, i) => wanted[i]! < 0 && typeof n === "number" && n > 0))) {
    const words = wanted.map((n) => (n < 0 ? "any" : n)).join(" × ");
    throw new UnsuitableInputError(
      `the input "${inputName}" of the model ${name} is ${meta.shape.join(" × ")}, and the card's is ${words}`,
      "Mend `input` in the card: layout, channels, and size",
    );
  }
}

function checkOutput(session: InferenceSession, { output, name }: SegmentationModel): void {
  const needed = output.kind === "mask" ? [output.name] : [output.surface, output.none];
  const missing = needed.filter((n) => !session.outputNames.includes(n));
  if (missing.length === 0) return;
  throw new UnsuitableInputError(
    `the model ${name} has no output ${list(missing)}; its outputs are ${list(session.outputNames)}`,
    "Mend `output` in the card",
  );
}

/** Dimensions of the input tensor for a batch of one. */
export function inputShape(
  { layout, channels }: Pick<SegmentationModel, "layout" | "channels">,
  [rows, columns]: readonly [number, number],
): number[] {
  return layout === "nchw" ? [1, channels, rows, columns] : [1, rows, columns, channels];
}
