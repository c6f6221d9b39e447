import type { LiveFrameUpdate } from "../data/live-wire.ts";
import type { LiveCoverage, LiveStatus, LiveTool } from "../data/live.ts";

/** Everything on the page that is words and numbers. What comes from devices is set as text, never as markup. */
export interface LivePanel {
  status(status: LiveStatus): void;
  frame(frame: LiveFrameUpdate): void;
  offline(reason: string): void;
}

const element = <T extends HTMLElement = HTMLElement>(selector: string): T => {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
};
const setText = (selector: string, text: string): void => {
  const target = element(selector);
  if (target.textContent !== text) target.textContent = text;
};
const listItem = (...parts: readonly (string | Node)[]): HTMLLIElement => {
  const item = document.createElement("li");
  item.append(...parts);
  return item;
};
function span(text: string, className = ""): HTMLSpanElement {
  const made = document.createElement("span");
  made.textContent = text;
  made.className = className;
  return made;
}

const words: Readonly<Record<LiveStatus["state"]["kind"], string>> = {
  connecting: "starting",
  live: "live",
  silent: "no images",
  paused: "paused",
  ended: "ended",
  lost: "source lost",
};
const whole = (value: number): string => Math.round(value).toLocaleString("en-GB");

export function createLivePanel(): LivePanel {
  let spoken = "",
    tools = "",
    strokes = "",
    counts = "",
    notes = "";

  /** Changes that a person wants to hear of; repeated ones are not said twice. */
  function say(text: string): void {
    if (text === spoken) return;
    spoken = text;
    setText("[data-spoken]", text);
  }
  function showState(kind: string, text: string): void {
    element("[data-state]").dataset["state"] = kind;
    setText("[data-state-text]", text);
  }
  function banner(text: string): void {
    const target = element("[data-banner]");
    target.hidden = text === "";
    setText("[data-banner]", text);
  }
  function press(action: string, pressed: boolean): void {
    element(`[data-action="${action}"]`).setAttribute("aria-pressed", String(pressed));
  }

  function showButtons({ state, recording }: LiveStatus): void {
    press("pause", state.kind === "paused");
    setText("[data-pause-text]", state.kind === "paused" ? "Go on" : "Pause");
    press("record", recording !== null);
    setText(
      "[data-record-text]",
      recording ? `Stop (${clock(recording.seconds)}, ${whole(recording.images)} images)` : "Record",
    );
    element<HTMLButtonElement>('[data-action="record"]').disabled =
      !recording && ["ended", "lost", "connecting"].includes(state.kind);
    element<HTMLButtonElement>('[data-action="pause"]').disabled = ["ended", "lost", "connecting"].includes(state.kind);
  }

  function showTools(all: readonly LiveTool[]): void {
    const now = JSON.stringify(
      all.map(({ name, status, trackedShare }) => [name, status, Math.round(100 * trackedShare)]),
    );
    if (now === tools) return;
    tools = now;
    const items = all.map(({ name, status, trackedShare }) => {
      const isSeen = status === "tracked";
      return listItem(
        span(name),
        span(isSeen ? `✓ seen, ${Math.round(100 * trackedShare)} %` : `✗ ${status}`, isSeen ? "ok" : "gone"),
      );
    });
    element("[data-tools]").replaceChildren(...(items.length ? items : [listItem(span("no tracker", "quiet"))]));
  }

  function showCoverage({ basis, windows, next }: LiveCoverage): void {
    const now = JSON.stringify([basis, windows.map(({ seen }) => seen), next]);
    if (now === strokes) return;
    strokes = now;
    setText("[data-next]", windows.length === 0 ? "nobody knows where the knee is" : (next ?? "all strokes are done"));
    setText(
      "[data-basis]",
      windows.length === 0
        ? `There is no advice: ${basis}. The strip on the skin shows where the probe was.`
        : `By ${basis}; a stroke counts where bone was found. It knows nothing of this patient's bone.`,
    );
    element("[data-strokes]").replaceChildren(
      ...windows.map(({ name, seenShare }) => {
        const bar = document.createElement("progress");
        bar.max = 100;
        bar.value = Math.round(100 * seenShare);
        bar.setAttribute("aria-label", name);
        const item = listItem(span(name), bar, span(`${Math.round(100 * seenShare)} %`));
        if (name === next) item.setAttribute("aria-current", "step");
        if (seenShare >= 0.85) item.dataset["done"] = "";
        return item;
      }),
    );
  }

  function showCounts({ images, tracker, frames, bone, source, viewers }: LiveStatus): void {
    const rows: [string, string][] = [
      ["Images", whole(images?.samples ?? 0)],
      ["… a second", (images?.rateHz ?? 0).toFixed(1)],
      ["… lost on the way here", whole(images?.lost ?? 0)],
      ["… in the surface", whole(frames.updated)],
      ["… skipped, a newer one was there", whole(frames.skipped)],
      ...Object.entries(frames.unposed).map(([reason, count]): [string, string] => [
        `… not used: ${reason}`,
        whole(count),
      ]),
      ...(frames.refused ? [["… could not be looked at", whole(frames.refused)] as [string, string]] : []),
      ...(frames.whilePaused ? [["… while paused", whole(frames.whilePaused)] as [string, string]] : []),
      ...(tracker ? [["Tracker frames lost", whole(tracker.lost)] as [string, string]] : []),
      ...(source.behindS > 0.5
        ? [["Source slower than real time, s", source.behindS.toFixed(1)] as [string, string]]
        : []),
      ["Bone surface, cm²", bone.areaCm2.toFixed(1)],
      ["Triangles", whole(bone.triangles)],
      ["Pages open", whole(viewers)],
    ];
    const now = JSON.stringify(rows);
    if (now === counts) return;
    counts = now;
    element("[data-counts]").replaceChildren(
      ...rows.flatMap(([name, value]) => {
        const term = document.createElement("dt"),
          definition = document.createElement("dd");
        term.textContent = name;
        definition.textContent = value;
        return [term, definition];
      }),
    );
  }

  function showNotes({ notes: all, lastRecording }: LiveStatus): void {
    const sentences = [
      ...(lastRecording
        ? [`Recorded ${whole(lastRecording.images)} images in ${lastRecording.file} (${lastRecording.endedBy}).`]
        : []),
      ...all.toReversed(),
    ];
    const now = JSON.stringify(sentences);
    if (now === notes) return;
    notes = now;
    element("[data-notes-card]").hidden = sentences.length === 0;
    element("[data-notes]").replaceChildren(...sentences.map((sentence) => listItem(sentence)));
  }

  return {
    status(status) {
      const { state, source, frames, latencyMs, images, tracker, bone, recording, shownAfterMs } = status;
      setText("[data-source]", `${source.label}; ${source.calibration}`);
      showState(state.kind, words[state.kind]);
      banner(
        state.kind === "lost"
          ? `The source is gone and is tried again: ${state.said}. The bone is kept.`
          : state.kind === "ended" || state.kind === "silent"
            ? `${state.said[0]?.toUpperCase() ?? ""}${state.said.slice(1)}.`
            : state.kind === "paused"
              ? source.canWait
                ? "Paused; the source waits."
                : "Paused: images go by and are not added. A recording goes on."
              : "",
      );
      showButtons(status);
      setText("[data-rate]", latencyMs ? frames.updatedPerS.toFixed(1) : "–");
      setText("[data-latency]", latencyMs ? latencyMs.p50.toFixed(0) : "–");
      setText("[data-latency-more]", latencyMs ? `95 % within ${latencyMs.p95.toFixed(0)}` : "");
      const lagMs = images?.lagMs ?? null;
      setText("[data-lag]", lagMs === null ? "–" : lagMs.toFixed(0));
      setText("[data-screen-lag]", shownAfterMs === null ? "–" : shownAfterMs.toFixed(0));
      showTools(tracker?.tools ?? []);
      setText(
        "[data-tracker]",
        tracker ? `${tracker.rateHz.toFixed(0)} frames/s; bone in the frame of ${bone.reference}` : "",
      );
      showCoverage(status.coverage);
      showCounts(status);
      showNotes(status);
      const noBone = element("[data-no-bone]");
      noBone.hidden = bone.impossible === null;
      if (bone.impossible !== null) setText("[data-no-bone]", `No bone grows: ${bone.impossible}.`);
      say(
        [
          words[state.kind],
          ...(recording ? ["recording"] : []),
          ...(tracker?.tools ?? [])
            .filter((tool) => tool.status !== "tracked")
            .map((tool) => `${tool.name} ${tool.status}`),
        ].join(", "),
      );
    },
    frame({ ridgeRowPx, unposed, width, height, shrunk, pixelMm }) {
      const note = element("[data-picture-note]");
      note.hidden = unposed === null;
      if (unposed !== null) setText("[data-picture-note]", `Not in the surface: ${unposed}`);
      const withBone = ridgeRowPx.reduce((n, row) => n + (Number.isNaN(row) ? 0 : 1), 0);
      const share = Math.round((100 * withBone) / Math.max(1, ridgeRowPx.length));
      setText("[data-picture-about]", `bone in ${share} % of columns`);
      const wide = (width * shrunk * pixelMm[0]).toFixed(0),
        deep = (height * shrunk * pixelMm[1]).toFixed(0);
      element("[data-picture]").setAttribute(
        "aria-label",
        `Ultrasound picture, ${wide} mm wide and ${deep} mm deep, bone line in ${share} % of its columns`,
      );
    },
    offline(reason) {
      showState("offline", "no connection");
      banner(
        `The live view does not answer${reason ? ` (${reason})` : ""}; the page tries again. If it was ended, start it with: sonobench live`,
      );
      say("no connection");
    },
  };
}

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
