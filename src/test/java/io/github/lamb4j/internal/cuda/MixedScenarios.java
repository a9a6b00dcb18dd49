package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.KernelSuite.Body;
import io.github.lamb4j.internal.cuda.KernelSuite.Scenario;
import io.github.lamb4j.internal.cuda.MixedModel.Form;
import io.github.lamb4j.model.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The part of {@link KernelSuite} that is about half precision, micro-batches and what a step makes
 * of its gradients before it begins.
 */
final class MixedScenarios {

  private static final Set<String> ALL =
      Set.of(
          "accumulate",
          "begin_step",
          "gradient_norm_tiles",
          "gradient_norm_segments",
          "gradient_scale",
          "moments",
          "trust_ratio",
          "apply",
          "single_pass",
          "lans_moments",
          "lans_trust_ratio",
          "lans_apply");

  private static final Set<String> DECIDING = Set.of("begin_step", "gradient_scale");

  private final List<Scenario> scenarios = new ArrayList<>();

  private MixedScenarios() {}

  static List<Scenario> all() {
    MixedScenarios mixed = new MixedScenarios();
    for (Side.Where where : List.of(Side.Where.TWO_PASS, Side.Where.SINGLE_PASS)) {
      mixed.addDecisions(where);
      mixed.addPrecisions(where);
    }
    mixed.addAccumulation();
    mixed.addTraffic();
    return mixed.scenarios;
  }

  private void add(String name, Set<String> kernels, Body body) {
    scenarios.add(new Scenario(name, kernels, body));
  }

  private void addDecisions(Side.Where where) {
    KeptRatesTest rates = new KeptRatesTest();
    LossScaleTest scales = new LossScaleTest();
    NonFiniteGradientsTest skips = new NonFiniteGradientsTest();
    String on = where + ", ";
    add(on + "rates kept", DECIDING, () -> rates.shouldTakeTheOldestThatIsKept(where));
    add(on + "rates told", DECIDING, () -> rates.shouldBelieveAHostThatKnowsBetter(where));
    add(
        on + "rates to come",
        DECIDING,
        () -> rates.shouldKeepTheLastOfThoseThatWerePrepared(where));
    add(on + "a true norm", DECIDING, () -> scales.shouldClipTheTrueNorm(where));
    add(on + "a given norm", DECIDING, () -> scales.shouldTakeTheNormThatIsGiven(where));
    add(on + "any scale", DECIDING, () -> scales.shouldRoundWhatAnyScaleLeavesOnce(where));
    add(on + "no scale", DECIDING, () -> scales.shouldPropagateAScaleThatIsNone(where));
    add(
        on + "bad scales",
        DECIDING,
        () -> skips.shouldSkipStepsOfALossScaleOrDivisorThatIsNone(where));
    add(on + "large gradients", DECIDING, () -> skips.shouldTakeStepsOfLargeGradients(where));
    add(on + "bad norms", DECIDING, () -> skips.shouldSkipStepsOfAGivenNormThatIsNotFinite(where));
    add(on + "the end", DECIDING, () -> skips.shouldFailAtTheNextReport(where));
    add(on + "steps skipped", ALL, () -> skips.shouldLeaveNoTraceOfASkippedStep(where));
  }

  private void addPrecisions(Side.Where where) {
    HalfConversionsTest conversions = new HalfConversionsTest();
    MixedParityTest parity = new MixedParityTest();
    StepPath path = StepPath.valueOf(where.name());
    for (int offset : new int[] {0, 1}) {
      add(
          "%s, every mixture of precisions, %d elements off".formatted(where, offset),
          ALL,
          () -> parity.shouldAgreeOnDevicePointers(path, offset));
    }
    if (where == Side.Where.SINGLE_PASS) {
      for (int offset : new int[] {0, 1}) {
        add(
            "a small window, %d elements off".formatted(offset),
            Set.of("single_pass"),
            () -> parity.shouldAgreeWhereTheWindowIsSmall(1, 1, offset));
        add(
            "a small window of two blocks, %d elements off".formatted(offset),
            Set.of("single_pass"),
            () -> parity.shouldAgreeWhereTheWindowIsSmall(2, 1, offset));
      }
    }
    for (DType type : List.of(DType.F16, DType.BF16)) {
      String of = "%s, %s, ".formatted(where, type);
      add(of + "not a number", ALL, () -> conversions.shouldKeepANaNToItself(where, type));
      add(
          of + "every model copy",
          Set.of("apply", "single_pass"),
          () -> conversions.shouldRoundEveryModelCopyToNearestEven(where, type));
      add(
          of + "every gradient",
          Set.of("moments", "single_pass"),
          () -> conversions.shouldWidenEveryGradient(where, type));
    }
  }

  private void addAccumulation() {
    Set<String> kernel = Set.of("accumulate");
    AccumulateTest sums = new AccumulateTest();
    HalfConversionsTest conversions = new HalfConversionsTest();
    Side.Where where = Side.Where.SINGLE_PASS;
    add("micro-batches", kernel, () -> sums.shouldAddAsFloatsDo(where));
    add("micro-batches, not aligned", kernel, () -> sums.shouldAddWhatIsNotAligned(1));
    for (DType type : DType.values()) {
      for (boolean replacing : new boolean[] {false, true}) {
        add(
            "%s far into a tensor, %s".formatted(type, replacing ? "copied" : "added"),
            kernel,
            () ->
                new LargeOffsetsTest()
                    .shouldAddTheEndAsTheSameElementsOfASmallTensor(type, replacing));
      }
    }
    for (DType type : List.of(DType.F16, DType.BF16)) {
      add(
          "all " + type,
          kernel,
          () -> conversions.shouldAddEveryGradientOfAMicroBatch(where, type));
      add(
          "masters of " + type,
          kernel,
          () -> conversions.shouldBeginMastersAsTheWeightsAre(where, type));
    }
  }

  private void addTraffic() {
    MixedTrafficTest traffic = new MixedTrafficTest();
    Set<String> accumulate = Set.of("accumulate");
    add("traffic of sums", accumulate, traffic::shouldAccumulateInReadingTwoAndWritingOne);
    add(
        "traffic of masters",
        accumulate,
        traffic::shouldBeginMastersInReadingHalvesAndWritingFloats);
    for (Object[] c : MixedTrafficTest.steps().map(Arguments::get).toList()) {
      add(
          "traffic, " + List.of(c),
          ALL,
          () ->
              traffic.shouldMoveTheBytesOfEachElement(
                  (StepPath) c[0], (Hyperparameters) c[1], (Form) c[2], (int) c[3]));
    }
    for (Object[] c : MixedTrafficTest.kernels().map(Arguments::get).toList()) {
      add(
          "four elements at once, " + List.of(c),
          Set.of((String) c[0]),
          () ->
              traffic.shouldTakeFourElementsAtOnceWherePointersAreAligned(
                  (String) c[0], (StepPath) c[1], (Hyperparameters) c[2], (Form) c[3], (int) c[4]));
    }
  }
}
