import type { ClockReading } from "../../data/device.ts";
import { deviceSeconds, hostSeconds } from "../../data/device.ts";
import { timestampSeconds } from "./envelope.ts";
import { message, type Message } from "./protocol.ts";

const EVERY_MS = 100;
/** A server that does not say the time is not asked any more. */
const MOST_UNANSWERED = 20;
/** Names of the requests, by which an answer is told from the statuses that servers send of themselves. */
const NAME = "SonoBench clock ";

export interface ClockProbe {
  /** Asks again and again, from now on. */
  start(): void;
  stop(): void;
  /** Undefined for what is no answer, and for one without a time. */
  read(received: Message, receivedAtS: number): ClockReading | undefined;
}

/**
 * Reads the server's clock by GET_STATUS: a server that answers under the name of the request, with a time stamp, says
 * what its clock showed between request and answer.
 */
export function createClockProbe(
  send: (sent: Message) => boolean,
  nowS: () => number,
  headerVersion: 1 | 2,
): ClockProbe {
  let asked: { readonly name: string; readonly sentS: number } | undefined,
    timer: NodeJS.Timeout | undefined,
    count = 0,
    unanswered = 0;

  function ask(): void {
    if (unanswered >= MOST_UNANSWERED) return stop();
    const name = `${NAME}${(count = (count + 1) % 1000)}`;
    const sentS = nowS();
    if (!send(message({ type: "GET_STATUS" }, { headerVersion, device: name }))) return;
    asked = { name, sentS };
    unanswered++;
  }
  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    start() {
      unanswered = 0;
      timer ??= setInterval(ask, EVERY_MS);
    },
    stop,
    read({ body, device, timestamp }, receivedAtS) {
      if (body.type !== "STATUS" || !asked || device !== asked.name) return undefined;
      const { sentS } = asked;
      asked = undefined;
      const deviceS = timestampSeconds(timestamp);
      if (deviceS === 0 || receivedAtS < sentS) return undefined;
      unanswered = 0;
      return {
        deviceS: deviceSeconds(deviceS),
        hostS: hostSeconds((sentS + receivedAtS) / 2),
        uncertaintyS: (receivedAtS - sentS) / 2,
      };
    },
  };
}
