import { need } from "./dom.ts";

/**
 * Slider, button and speed of a clip of `endS` seconds with a step at each of `timesS`. `show` draws a moment; while it
 * plays, the next one begins when the last stands, so a slow browser skips moments and is never behind.
 */
export function startPlayer(endS: number, timesS: readonly number[], show: (timeS: number) => Promise<void>): void {
  const slider = need<HTMLInputElement>("#time"),
    play = need<HTMLButtonElement>('[data-action="play"]'),
    speed = need<HTMLSelectElement>("#speed"),
    says = need("[data-time-says]");
  slider.max = String(Math.max(0, timesS.length - 1));
  const at = (): number => timesS[Number(slider.value)] ?? 0;
  const draw = async (): Promise<void> => {
    const words = `${at().toFixed(2)} s of ${endS.toFixed(2)} s`;
    says.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    try {
      await show(at());
    } catch (error) {
      stop();
      says.textContent = error instanceof Error ? error.message : String(error);
    }
  };
  let playing = false;
  function stop(): void {
    playing = false;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  }
  async function run(): Promise<void> {
    if (Number(slider.value) >= timesS.length - 1) slider.value = "0";
    let clockS = at(),
      beforeMs = performance.now();
    while (playing) {
      await new Promise((next) => requestAnimationFrame(next));
      const nowMs = performance.now();
      clockS += (Number(speed.value) * (nowMs - beforeMs)) / 1000;
      beforeMs = nowMs;
      let step = Number(slider.value);
      while (step + 1 < timesS.length && timesS[step + 1]! <= clockS) step++;
      if (step === Number(slider.value)) continue;
      slider.value = String(step);
      await draw();
      if (step >= timesS.length - 1) stop();
    }
  }
  play.addEventListener("click", () => {
    if (playing) return stop();
    playing = true;
    play.textContent = "Pause";
    play.setAttribute("aria-pressed", "true");
    void run();
  });
  slider.addEventListener("input", () => {
    stop();
    void draw();
  });
  void draw();
}
