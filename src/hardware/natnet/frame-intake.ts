import { FormatError } from "../../core/errors.ts";
import { frameFlags, type Frame } from "./frame.ts";
import { decodePacket } from "./protocol.ts";
import type { NatNetVersion } from "./version.ts";

export interface IntakeCounters {
  /** Decoded and passed on. */
  frames: number;
  /** Datagrams that could not be decoded. */
  refused: number;
  /** Frames in another version than the one agreed on, decoded by that. */
  otherVersion: number;
  /** Frames that waited longer for definitions or negotiation than there was room. */
  overflowed: number;
}

export interface IntakeEvents {
  frame(frame: Frame, receivedS: number): void;
  /** The frame that comes next needs new definitions; the intake holds from here on. */
  modelChanged(): void;
  bitstreamChanged(): void;
  /** So many datagrams in a row make no sense that the server may have become another one. */
  nonsense(): void;
}

/** Seconds, at any rate of Motive. */
const HELD_FRAMES = 1024;
const NONSENSE_IN_A_ROW = 30;
/** A change flag that stays up is a new change once a second. */
const FLAG_REPEAT_S = 1;

/** Decodes frames in the order of arrival, and holds them while what they need is not known. */
export class FrameIntake {
  readonly counters: IntakeCounters = { frames: 0, refused: 0, otherVersion: 0, overflowed: 0 };
  private readonly events: IntakeEvents;
  /** What frames may be in, likeliest first: one that was sent before the version was agreed on is in another. */
  private versions: readonly NatNetVersion[] = [];
  private held: { readonly bytes: Uint8Array; readonly receivedS: number }[] = [];
  private holding = true;
  private refusedInARow = 0;
  private modelFlagS: number | null = null;
  private bitstreamFlag = false;

  constructor(events: IntakeEvents) {
    this.events = events;
  }

  get isHolding(): boolean {
    return this.holding;
  }

  hold(): void {
    this.holding = true;
  }

  agree(versions: readonly NatNetVersion[]): void {
    this.versions = versions;
  }

  release(): void {
    this.holding = false;
    this.pump();
  }

  clear(): void {
    this.held = [];
    this.holding = true;
  }

  push(bytes: Uint8Array, receivedS: number): void {
    this.held.push({ bytes, receivedS });
    if (this.held.length > HELD_FRAMES) {
      this.held.shift();
      this.counters.overflowed++;
    }
    this.pump();
  }

  /** Counts a datagram that could not be decoded; anything but a FormatError is a defect and goes on. */
  refuse(error: unknown): void {
    if (!(error instanceof FormatError)) throw error;
    this.counters.refused++;
    if (++this.refusedInARow < NONSENSE_IN_A_ROW) return;
    this.refusedInARow = 0;
    this.events.nonsense();
  }

  private pump(): void {
    while (!this.holding) {
      const next = this.held.shift();
      if (!next) return;
      const frame = this.decode(next.bytes);
      if (!frame) continue;
      if (this.flagRises(frame, next.receivedS)) {
        this.held.unshift(next);
        this.holding = true;
        this.events.modelChanged();
        return;
      }
      const bitstreamFlag = ((frame.params ?? 0) & frameFlags.bitstreamChanged) !== 0,
        rises = bitstreamFlag && !this.bitstreamFlag;
      this.bitstreamFlag = bitstreamFlag;
      this.counters.frames++;
      this.events.frame(frame, next.receivedS);
      if (rises) this.events.bitstreamChanged();
    }
  }

  private flagRises(frame: Frame, receivedS: number): boolean {
    if (((frame.params ?? 0) & frameFlags.modelChanged) === 0) {
      this.modelFlagS = null;
      return false;
    }
    if (this.modelFlagS !== null && receivedS - this.modelFlagS < FLAG_REPEAT_S) return false;
    this.modelFlagS = receivedS;
    return true;
  }

  private decode(bytes: Uint8Array): Frame | undefined {
    let refusal: unknown;
    for (const [i, version] of this.versions.entries()) {
      try {
        const packet = decodePacket(bytes, version);
        if (packet.kind !== "frame") return undefined;
        if (i > 0) this.counters.otherVersion++;
        this.refusedInARow = 0;
        return packet.frame;
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        refusal ??= error;
      }
    }
    this.refuse(refusal);
    return undefined;
  }
}
