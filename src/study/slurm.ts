/** What a cluster has to know to run the shards of a study as a job array. */
export interface SlurmJob {
  readonly name: string;
  /** Array tasks; task i runs shard i of this many. */
  readonly tasks: number;
  readonly cpusPerTask: number;
  readonly memoryGb: number;
  /** hh:mm:ss, of one task. */
  readonly timeLimit: string;
  /** Absolute; on the folder that all nodes share. */
  readonly folder: string;
  /** Words of the command that runs one shard, without --shard; each is quoted here. */
  readonly command: readonly string[];
}

/** Safe as one word of a POSIX shell. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A batch script for sbatch (Slurm 17 and newer: job arrays, --requeue). A shard keeps what it finished, so a task that
 * was killed or requeued goes on where it was.
 */
export function slurmScript({ name, tasks, cpusPerTask, memoryGb, timeLimit, folder, command }: SlurmJob): string {
  return `#!/bin/sh
#SBATCH --job-name=${name}
#SBATCH --array=0-${tasks - 1}
#SBATCH --cpus-per-task=${cpusPerTask}
#SBATCH --mem=${memoryGb}G
#SBATCH --time=${timeLimit}
#SBATCH --requeue
#SBATCH --output=${folder}/slurm-%A_%a.log
#SBATCH --open-mode=append
set -eu
exec ${command.map(shellWord).join(" ")} --shard "$SLURM_ARRAY_TASK_ID/${tasks}"
`;
}
