import type { Protocol, Said } from "../data/dossier.ts";
import { describeScenario } from "../scenario/describe.ts";
import type { StudyPlan } from "./plan.ts";
import type { Study } from "./study-schema.ts";

/** What a study is planned to do, in words. */
export function protocolOf(plan: StudyPlan): Protocol {
  const { study, variants, reference } = plan;
  const scenario = plan.scenarioOf({ variant: reference, knee: 0, seed: 0 });
  return {
    rig: describeScenario(scenario, scenario.source),
    variants: variants.map(({ name, set }) => ({
      name,
      changes: Object.entries(set).map(([field, value]): Said => [field, plainText(value)]),
    })),
    reference: variants[reference]!.name,
    knees: study.knees,
    seedsPerKnee: study.seedsPerKnee,
    figures: study.figures,
    rules: [...rulesOf(study), ...commonRules],
  };
}

const plainText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const commonRules = [
  "The unit is the knee: a figure is the mean over knees of the mean over a knee's draws; its interval is Student's t over knees.",
  "Variants are compared with the reference on the same knees and draws, as paired differences.",
  "A run that fails stays in the table with its reason; none is left out after the fact.",
];

function rulesOf({ answer, stop, figures, knees }: Study): string[] {
  const id = figures[0]!.id;
  const ends = stop
    ? `It ends before all ${knees} knees are done when the 95 % interval of ${id} is narrower than ±${stop.halfWidth} in every variant, with ${stop.minKnees} knees at least.`
    : `All ${knees} knees are run; nothing ends it early.`;
  switch (answer.kind) {
    case "best":
      return [`The answer names the variant that is best by ${id}, and what the others lose.`, ends];
    case "enough":
      return [
        `Variants are listed from the cheapest; the answer names the first that is within ${answer.within} of the best by ${id}.`,
        ends,
      ];
    case "budget":
      return [
        `The answer says what each source of error costs: the root of the difference of squares of ${id}, alone on top of none, and missing from all.`,
        ends,
      ];
  }
}
