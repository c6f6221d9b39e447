import type { Command } from "commander";
import { recoverMcap } from "../io/mcap/recover.ts";
import { terminalFor, type CommonOptions } from "./command.ts";

export function addRecord(program: Command): void {
  const record = program.command("record").summary("recordings: bring back what an interrupted one holds");
  record
    .command("recover <file>")
    .summary("keep everything that is whole in a cut or damaged .mcap recording")
    .option("-o, --out <file>", "default <file>-recovered.mcap; the damaged file is not changed")
    .option("--json", "print one object")
    .action(async (file: string, options: CommonOptions & { out?: string }) => {
      const terminal = terminalFor(options);
      const out = options.out ?? file.replace(/(\.mcap)?$/, "-recovered.mcap");
      const { messages, chunks, lostBytes, lost, topics, intact } = await recoverMcap(file, out);
      if (options.json) {
        const exact = (value: number) => ({ value, low: value, high: value, unit: "1" });
        const headline = { "recovered.messages": exact(messages), "recovered.lostBytes": exact(lostBytes) };
        terminal.out(JSON.stringify({ headline, chunks, topics, lost, intact, out }, null, 2));
        return;
      }
      terminal.out(`${messages} messages in ${chunks} chunks are in ${out}`);
      for (const [topic, count] of Object.entries(topics)) terminal.out(`  ${topic}: ${count}`);
      for (const { fromByte, toByte, reason } of lost)
        terminal.out(`  lost: bytes ${fromByte} to ${toByte}: ${reason}`);
      terminal.out(intact ? "The recording was whole already." : `${lostBytes} bytes could not be used.`);
    });
}
