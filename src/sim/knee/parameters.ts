import type { Rng } from "../../core/rng.ts";

export type Sex = "male" | "female";

/** Sizes of the distal femur, mm and rad. Medial is −X, lateral +X of a right knee. */
export interface FemurParameters {
  /** Between the tips of the medial and the lateral epicondyle. */
  readonly epicondylarWidthMm: number;
  /** From the posterior-most to the anterior-most point of each condyle. */
  readonly medialDepthMm: number;
  readonly lateralDepthMm: number;
  readonly medialPosteriorRadiusMm: number;
  readonly lateralPosteriorRadiusMm: number;
  /** How much larger the distal (extension) radius is, and the flexion at which it drops to the posterior one. */
  readonly medialRadiusDropMm: number;
  readonly lateralRadiusDropMm: number;
  readonly medialDropRad: number;
  readonly lateralDropRad: number;
  /** Intercondylar notch, at half its height, between the condyles. */
  readonly notchWidthMm: number;
  readonly notchHeightMm: number;
  /** Groove floor below the mean of its two crests. */
  readonly trochlearDepthMm: number;
  readonly shaftRadiusMm: number;
  /** Lateral lean of the shaft against the joint's Z axis. */
  readonly shaftValgusRad: number;
}

/** Sizes of the proximal tibia and fibula, mm and rad. */
export interface TibiaParameters {
  readonly plateauWidthMm: number;
  readonly plateauDepthMm: number;
  /** Downward slope toward posterior, of each half of the plateau. */
  readonly medialSlopeRad: number;
  readonly lateralSlopeRad: number;
  readonly medialConcavityMm: number;
  readonly eminenceHeightMm: number;
  /** Of the tubercle's top below the plateau, along the shank. */
  readonly tubercleDropMm: number;
  /** Tibial tuberosity lateral of the trochlear groove (TT-TG). */
  readonly tubercleOffsetMm: number;
  readonly shaftRadiusMm: number;
  readonly fibulaHeadRadiusMm: number;
  readonly fibulaShaftRadiusMm: number;
  /** Tip of the fibula below the plateau. */
  readonly fibulaDropMm: number;
}

/** Sizes of the patella and its tendon, mm and rad. */
export interface PatellaParameters {
  readonly heightMm: number;
  readonly widthMm: number;
  readonly thicknessMm: number;
  /** Share of the width from the lateral border to the ridge. */
  readonly ridgeShare: number;
  readonly tendonLengthMm: number;
  readonly tendonThicknessMm: number;
  readonly tendonWidthMm: number;
}

/** Soft tissue, mm. Fat is subcutaneous, without the skin. */
export interface SoftTissueParameters {
  readonly skinMm: number;
  readonly thighFatMm: number;
  readonly jointFatMm: number;
  readonly shankFatMm: number;
  readonly prepatellarFatMm: number;
  /** Quadriceps over the anterior femur, 60 mm above the patella. */
  readonly quadricepsMm: number;
  readonly femoralCartilageMm: number;
  readonly tibialCartilageMm: number;
  readonly patellarCartilageMm: number;
}

/** How the shank and the patella follow the flexion angle. */
export interface MotionParameters {
  /** Tibial internal rotation: fast part reached by about 30°, then a slope per radian of flexion beyond 30°. */
  readonly internalRotationRad: number;
  readonly internalRotationSlope: number;
  /** How far the tibia has moved forward under the femur at 120°. */
  readonly rollBackMm: number;
  /** Patellar flexion per tibiofemoral flexion. */
  readonly patellarFlexionShare: number;
}

/** Everything that shapes one right knee. Sources: docs/knee.md. */
export interface KneeParameters {
  readonly sex: Sex;
  readonly femur: FemurParameters;
  readonly tibia: TibiaParameters;
  readonly patella: PatellaParameters;
  readonly softTissue: SoftTissueParameters;
  readonly motion: MotionParameters;
}

const DEG = Math.PI / 180;

/** Draws beyond this many SD are folded back to it: an adult one meets, not the one in a thousand. */
const TYPICAL_SD = 2;

/**
 * A typical adult: one size drawn per sex (epicondylar width, Kapur), every other length drawn as a share of that
 * width or around its own published mean. Each parameter has its own random stream, so a parameter added later leaves
 * the others as they were. Without `sex`, either with equal chance.
 */
export function typicalKnee(rng: Rng, sex: Sex = rng.fork("sex").uniform() < 0.5 ? "male" : "female"): KneeParameters {
  const male = sex === "male";
  const draw = (label: string, mean: number, sd: number): number => {
    const z = rng.fork(label).normal();
    return mean + sd * Math.max(-TYPICAL_SD, Math.min(TYPICAL_SD, z));
  };
  const width = draw("epicondylar-width", male ? 82.65 : 72.47, male ? 3.96 : 3.49); // Kapur, n = 100
  /** A length that goes with the size: `ofMale` and `ofFemale` are the published means, `sd` is what is left over. */
  const scaled = (label: string, ofMale: number, ofFemale: number, sd: number): number =>
    (male ? ofMale / 82.65 : ofFemale / 72.47) * width * (1 + draw(label, 0, sd));

  const depthShape = draw("condylar-depth", 0, 0.03); // both condyles deepen together
  const slope = draw("slope", 0, 2 * DEG);
  const patellaShape = draw("patella-shape", 0, 0.05);
  return {
    sex,
    femur: {
      epicondylarWidthMm: width,
      medialDepthMm: scaled("medial-depth", 61.88, 54.45, 0.01) * (1 + depthShape), // Kapur
      lateralDepthMm: scaled("lateral-depth", 64.67, 56.68, 0.01) * (1 + depthShape), // Kapur
      medialPosteriorRadiusMm: scaled("medial-radius", 20.4, 18.0, 0.04), // 17.0-19.8 in knees of mixed sex
      lateralPosteriorRadiusMm: scaled("lateral-radius", 19.6, 17.3, 0.04), // 17.1-18.9
      medialRadiusDropMm: draw("medial-drop", 10, 1), // two-radius fit, J Biomech Eng 146:111004
      lateralRadiusDropMm: draw("lateral-drop", 8, 1),
      medialDropRad: 30 * DEG,
      lateralDropRad: 15 * DEG,
      notchWidthMm: scaled("notch-width", 19.32, 18.04, 0.08), // Kapur
      notchHeightMm: scaled("notch-height", 29.05, 26.85, 0.06), // Kapur
      trochlearDepthMm: draw("trochlear-depth", 6.04, 0.7), // CT controls, PMC5134791
      shaftRadiusMm: scaled("femoral-shaft", 14.5, 12.8, 0.04),
      shaftValgusRad: draw("valgus", 6 * DEG, 1 * DEG),
    },
    tibia: {
      plateauWidthMm: scaled("plateau-width", 78, 70, 0.02),
      plateauDepthMm: scaled("plateau-depth", 52, 46, 0.03),
      medialSlopeRad: Math.max(1 * DEG, (male ? 5.86 : 6.61) * DEG + slope), // KSRR 2021, n = 285
      lateralSlopeRad: Math.max(1 * DEG, (male ? 4.41 : 4.63) * DEG + slope),
      medialConcavityMm: draw("concavity", 2.6, 0.4), // about 3, Hashemi 2008
      eminenceHeightMm: scaled("eminence", 9, 8, 0.08),
      tubercleDropMm: scaled("tubercle-drop", 24, 21.5, 0.06),
      tubercleOffsetMm: draw("tt-tg", 10.9, 2), // CT controls, PMC5134791
      shaftRadiusMm: scaled("tibial-shaft", 13.5, 12, 0.04),
      fibulaHeadRadiusMm: scaled("fibula-head", 12, 10.6, 0.05),
      fibulaShaftRadiusMm: scaled("fibula-shaft", 6.6, 5.8, 0.05),
      fibulaDropMm: scaled("fibula-drop", 11, 10, 0.1),
    },
    patella: {
      heightMm: scaled("patella-height", 42.1, 36.9, 0.04) * (1 + patellaShape), // height, width, thickness by sex
      widthMm: scaled("patella-width", 45.0, 40.0, 0.03) * (1 + patellaShape),
      thicknessMm: scaled("patella-thickness", 22.6, 20.6, 0.03), // bone: 24.3 and 21.9 hold some cartilage
      ridgeShare: draw("ridge", 0.54, 0.02), // thickest 54 % from the lateral border
      tendonLengthMm: draw("tendon-length", male ? 44 : 43, 3), // PMC7205968
      tendonThicknessMm: draw("tendon-thickness", 4.5, 0.4), // 5.1 proximal, 3-4 distal
      tendonWidthMm: scaled("tendon-width", 28, 25, 0.05),
    },
    softTissue: {
      skinMm: draw("skin", 1.6, 0.15),
      thighFatMm: Math.max(4, draw("thigh-fat", male ? 8 : 11, 2)), // 10.4 ± 4.1 at mid-thigh
      jointFatMm: draw("joint-fat", male ? 6 : 7, 0.6),
      shankFatMm: draw("shank-fat", male ? 3.5 : 7, 0.4),
      prepatellarFatMm: draw("prepatellar-fat", 4.4, 0.4),
      quadricepsMm: scaled("quadriceps", 17, 15, 0.08),
      femoralCartilageMm: draw("femoral-cartilage", 2.2, 0.2),
      tibialCartilageMm: draw("tibial-cartilage", 2.2, 0.2),
      patellarCartilageMm: draw("patellar-cartilage", 2.8, 0.25), // mean 2.76, Eckstein
    },
    motion: {
      internalRotationRad: Math.max(2 * DEG, draw("internal-rotation", 8 * DEG, 2 * DEG)),
      internalRotationSlope: 0.06,
      rollBackMm: draw("roll-back", 4, 1),
      patellarFlexionShare: draw("patellar-flexion", 0.65, 0.03), // lags by 30-40 %
    },
  };
}
