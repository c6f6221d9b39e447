import { find, need } from "./dom.ts";
import { getItem } from "./view-data.ts";
import { showMesh } from "./view-mesh.ts";
import { showRecording } from "./view-recording.ts";
import { showVolume } from "./view-volume.ts";

function tell(warnings: readonly string[]): void {
  if (warnings.length) notice("How this file was read", warnings);
}

/** All text from files is set as text. */
function notice(heading: string, sentences: readonly string[]): void {
  const box = need<HTMLElement>("[data-problem]");
  const title = document.createElement("h2"),
    list = document.createElement("ul");
  title.textContent = heading;
  list.className = "plain";
  list.append(
    ...sentences.slice(0, 20).map((sentence) => {
      const item = document.createElement("li");
      item.textContent = sentence;
      return item;
    }),
  );
  box.replaceChildren(title, list);
  box.hidden = false;
}

async function start(): Promise<void> {
  const path = document.body.dataset["item"] ?? "";
  try {
    const item = await getItem(path);
    need<HTMLElement>("[data-view]").hidden = false;
    tell(item.warnings);
    if (item.kind === "mesh") await showMesh(path, item);
    else if (item.kind === "volume") await showVolume(path, item);
    else showRecording(path, item);
  } catch (error) {
    const view = find<HTMLElement>("[data-view]");
    if (view) view.hidden = true;
    notice("This cannot be shown", [error instanceof Error ? error.message : String(error)]);
  }
  need<HTMLElement>("[data-loading]").hidden = true;
  document.documentElement.dataset["ready"] = "true";
}

void start();
