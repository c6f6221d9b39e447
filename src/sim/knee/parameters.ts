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
  /** Lateral lean of the shaft against the joint's Z axis, and its lean to the back. */
  readonly shaftValgusRad: number;
  readonly shaftBackLeanRad: number;
  /** Turn of the line through the backs of the condyles against the epicondylar axis: the medial one stands farther back. */
  readonly posteriorTurnRad: number;
  /** Distance of each condyle's crest from the middle, below and behind, and of each trochlear crest, in front. */
  readonly medialCrestMm: number;
  readonly lateralCrestMm: number;
  readonly medialTrochleaMm: number;
  readonly lateralTrochleaMm: number;
  /** The groove and the notch lie so far lateral of the middle. */
  readonly grooveOffsetMm: number;
  readonly notchOffsetMm: number;
  /** Of the epicondylar axis above the lowest point, and of the lateral condyle above the medial one. */
  readonly distalHeightMm: number;
  readonly lateralLiftOffsetMm: number;
  /** Mean of the two condyles' backs behind the epicondylar axis. */
  readonly posteriorOffsetMm: number;
  /** Of the condyles in the frontal plane outside their crests, and of the trochlea in the sagittal plane. */
  readonly crownRadiusMm: number;
  readonly anteriorRadiusMm: number;
  /** How far each flank lies inside its epicondyle, and how much farther 30 mm in front of it (average size). */
  readonly medialInsetMm: number;
  readonly lateralInsetMm: number;
  readonly medialTaperMm: number;
  readonly lateralTaperMm: number;
  /** The metaphysis against the average one: half-width low and high, front and back surface, place from side to side. */
  readonly metaphysisLowOffsetMm: number;
  readonly metaphysisHighOffsetMm: number;
  readonly metaphysisFrontOffsetMm: number;
  readonly metaphysisBackOffsetMm: number;
  readonly metaphysisSideOffsetMm: number;
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
  /** Lean of the shank under the plateau, toward lateral and toward anterior. */
  readonly shaftLateralLeanRad: number;
  readonly shaftForwardLeanRad: number;
  /** Half-widths of the two rounds of the plateau; depth of the lateral one as a share of the medial one. */
  readonly medialHalfMm: number;
  readonly lateralHalfMm: number;
  readonly lateralDepthShare: number;
  readonly lateralForwardOffsetMm: number;
  /** Rise of the middle of the lateral half above its rim. */
  readonly lateralDomeMm: number;
  /** How far the outline has drawn in 28 mm below the plateau (average size), and how far forward it has moved. */
  readonly waistMm: number;
  readonly waistForwardOffsetMm: number;
  /** Of the shaft's axis against the average place. */
  readonly shaftForwardOffsetMm: number;
  readonly shaftSideOffsetMm: number;
  /** Of the tubercle in front of the plateau's rim, and its roundness. */
  readonly tubercleForwardMm: number;
  readonly tubercleRadiusMm: number;
  readonly eminenceForwardOffsetMm: number;
  readonly gerdyOffsetMm: number;
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
  /** Slope of the two facets of the back from the ridge to the border. */
  readonly medialFacetRad: number;
  readonly lateralFacetRad: number;
  /** Drop of the front's dome from its middle to the border, across and along. */
  readonly domeAcrossMm: number;
  readonly domeAlongMm: number;
  /** Rounding of the rim. */
  readonly rimMm: number;
  /** Narrowing toward the apex, share of the width. */
  readonly apexTaper: number;
  /** Of the apex behind the middle of the thickness. */
  readonly apexBackOffsetMm: number;
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

/**
 * Draws beyond this many SD are folded back to it: an adult one meets, not the one in a thousand. That takes 1 % off
 * the spread (at 2 SD it would take 4 %).
 */
const TYPICAL_SD = 2.5;

/** Longest diagonal of the patella in the sagittal plane, which Insall and Salvati measured, per height. */
const DIAGONAL = 1.01;

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

  const s = width / 82.65;
  /** A length that grows with the size, given for the average man. */
  const share = (label: string, mm: number, sd: number): number => mm * s * (1 + draw(label, 0, sd));
  /** A deviation from the average shape. */
  const shift = (label: string, sd: number): number => s * draw(label, 0, sd);
  const depthShape = draw("condylar-depth", 0, 0.04); // both condyles deepen together
  const slope = draw("slope", 0, 2.3 * DEG); // what both halves of the plateau share
  // Height, width and thickness by sex; the spread is that of 7 ethnicities, n = 927, less the difference of the sexes.
  const patellaShape = draw("patella-shape", 0, 0.05);
  const patellaHeight = scaled("patella-height", 42.1, 36.9, 0.01) * (1 + patellaShape),
    patellaWidth = scaled("patella-width", 45.0, 40.0, 0.045) * (1 + patellaShape);
  return {
    sex,
    femur: {
      epicondylarWidthMm: width,
      medialDepthMm: scaled("medial-depth", 61.88, 54.45, 0.02) * (1 + depthShape), // Kapur
      lateralDepthMm: scaled("lateral-depth", 64.67, 56.68, 0.025) * (1 + depthShape), // Kapur
      medialPosteriorRadiusMm: scaled("medial-radius", 21.1, 18.5, 0.051), // circles in nine real knees: 19.8 ± 1.9
      lateralPosteriorRadiusMm: scaled("lateral-radius", 20.14, 17.66, 0.025), // 18.9 ± 1.6
      medialRadiusDropMm: draw("medial-drop", 10, 1), // two-radius fit, J Biomech Eng 146:111004
      lateralRadiusDropMm: draw("lateral-drop", 8, 1),
      medialDropRad: 30 * DEG,
      lateralDropRad: 15 * DEG,
      notchWidthMm: scaled("notch-width", 19.32, 18.04, male ? 0.207 : 0.182), // Kapur
      notchHeightMm: scaled("notch-height", 29.05, 26.85, male ? 0.15 : 0.145), // Kapur
      trochlearDepthMm: draw("trochlear-depth", 6.04, 0.8), // CT controls, PMC5134791
      shaftRadiusMm: scaled("femoral-shaft", 14.5, 12.8, 0.04),
      shaftValgusRad: draw("valgus", 6 * DEG, 1 * DEG),
      shaftBackLeanRad: draw("back-lean", 0, 1 * DEG),
      posteriorTurnRad: draw("posterior-turn", 5.2 * DEG, 2.4 * DEG), // van der Linden, clinical epicondylar axis
      medialCrestMm: share("medial-crest", 23, 0.03),
      lateralCrestMm: share("lateral-crest", 22, 0.03),
      medialTrochleaMm: share("medial-trochlea", 14.6, 0.05),
      lateralTrochleaMm: share("lateral-trochlea", 17.5, 0.05),
      grooveOffsetMm: 2 * s + shift("groove-offset", 0.7),
      notchOffsetMm: 0.5 * s + shift("notch-offset", 0.5),
      distalHeightMm: share("distal-height", 28, 0.02),
      lateralLiftOffsetMm: 1.2 * s + shift("lateral-lift", 0.5),
      posteriorOffsetMm: share("posterior-offset", 18.5, 0.04),
      crownRadiusMm: share("crown-radius", 24, 0.05),
      anteriorRadiusMm: share("anterior-radius", 27, 0.03),
      medialInsetMm: share("medial-inset", 3.2, 0.15),
      lateralInsetMm: share("lateral-inset", 3.2, 0.15),
      medialTaperMm: share("medial-taper", 11.25, 0.1),
      lateralTaperMm: share("lateral-taper", 7.65, 0.1),
      metaphysisLowOffsetMm: shift("metaphysis-low", 0.7),
      metaphysisHighOffsetMm: shift("metaphysis-high", 1),
      metaphysisFrontOffsetMm: shift("metaphysis-front", 0.7),
      metaphysisBackOffsetMm: shift("metaphysis-back", 0.7),
      metaphysisSideOffsetMm: shift("metaphysis-side", 0.7),
    },
    tibia: {
      plateauWidthMm: scaled("plateau-width", 78, 70, 0.02),
      plateauDepthMm: scaled("plateau-depth", 52, 46, male ? 0.06 : 0.044),
      medialSlopeRad: slope + draw("medial-slope", (male ? 5.86 : 6.61) * DEG, (male ? 1.93 : 2.39) * DEG), // KSRR 2021
      lateralSlopeRad: slope + draw("lateral-slope", (male ? 4.41 : 4.63) * DEG, (male ? 2.43 : 1.68) * DEG),
      medialConcavityMm: draw("concavity", 2.6, 0.4), // about 3, Hashemi 2008
      eminenceHeightMm: scaled("eminence", 9, 8, 0.08),
      tubercleDropMm: scaled("tubercle-drop", 24, 21.5, 0.06),
      tubercleOffsetMm: draw("tt-tg", 10.9, 2), // CT controls, PMC5134791
      shaftRadiusMm: scaled("tibial-shaft", 13.5, 12, 0.04),
      shaftLateralLeanRad: draw("shank-lateral-lean", 0, 1 * DEG),
      shaftForwardLeanRad: draw("shank-forward-lean", 0, 1 * DEG),
      medialHalfMm: share("medial-half", 21, 0.03),
      lateralHalfMm: share("lateral-half", 20, 0.03),
      lateralDepthShare: draw("lateral-depth-share", 0.92, 0.02),
      lateralForwardOffsetMm: 0.5 * s + shift("lateral-forward", 0.5),
      lateralDomeMm: share("lateral-dome", 0.8, 0.3),
      waistMm: share("waist", 7, 0.1),
      waistForwardOffsetMm: shift("waist-forward", 0.7),
      shaftForwardOffsetMm: shift("shank-forward", 0.7),
      shaftSideOffsetMm: shift("shank-side", 0.7),
      tubercleForwardMm: share("tubercle-forward", 4, 0.15),
      tubercleRadiusMm: share("tubercle-radius", 8, 0.06),
      eminenceForwardOffsetMm: shift("eminence-forward", 0.7),
      gerdyOffsetMm: shift("gerdy", 0.5),
      fibulaHeadRadiusMm: scaled("fibula-head", 12, 10.6, 0.05),
      fibulaShaftRadiusMm: scaled("fibula-shaft", 6.6, 5.8, 0.05),
      fibulaDropMm: scaled("fibula-drop", 11, 10, 0.1),
    },
    patella: {
      heightMm: patellaHeight,
      widthMm: patellaWidth,
      thicknessMm: patellaWidth * (male ? 24.3 / 45 : 21.9 / 40) * (1 + draw("patella-thickness", 0, 0.045)),
      ridgeShare: draw("ridge", 0.54, 0.02), // thickest 54 % from the lateral border
      medialFacetRad: draw("medial-facet", Math.atan(0.5 / 1.1), 2 * DEG),
      lateralFacetRad: draw("lateral-facet", Math.atan(0.4 / 1.1), 2 * DEG),
      domeAcrossMm: share("dome-across", 8, 0.1),
      domeAlongMm: share("dome-along", 5, 0.1),
      rimMm: share("patella-rim", 6.3, 0.08),
      apexTaper: draw("apex-taper", 0.36, 0.03),
      apexBackOffsetMm: shift("apex-back", 0.4),
      tendonLengthMm: patellaHeight * DIAGONAL * draw("tendon-length", male ? 1.01 : 1.06, 0.13), // Insall-Salvati, Aglietti
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
