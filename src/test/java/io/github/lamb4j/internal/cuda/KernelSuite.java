package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.config.StepPath.SINGLE_PASS;
import static io.github.lamb4j.config.StepPath.TWO_PASS;

import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.model.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The CUDA suite, without what repeats it for more steps and more schedules: every scenario is one
 * of the tests' own. Short ones come first.
 */
public final class KernelSuite {

  /** What a scenario does: it throws if anything is wrong. */
  public interface Body {
    /** Runs it once. */
    void run() throws Exception;
  }

  /**
   * One scenario.
   *
   * @param kernels those that it launches
   */
  public record Scenario(String name, Set<String> kernels, Body body) {}

  private static final Set<String> CLIPPING =
      Set.of("gradient_norm_tiles", "gradient_norm_segments", "gradient_scale");

  /** What a group of LANS launches, on either path. */
  private static final Set<String> LANS =
      Set.of(
          "begin_step",
          "gradient_norm_tiles",
          "gradient_norm_segments",
          "lans_moments",
          "trust_ratio",
          "lans_trust_ratio",
          "lans_apply");

  private final List<Scenario> scenarios = new ArrayList<>();

  private KernelSuite() {}

  /** All scenarios. */
  public static List<Scenario> scenarios() {
    KernelSuite suite = new KernelSuite();
    suite.addBeginStep();
    suite.addPointers();
    suite.addSwitches();
    suite.addModels();
    suite.scenarios.addAll(MixedScenarios.all());
    suite.addSchedules();
    suite.addTraffic();
    suite.addAlignment(TWO_PASS, "gradient_norm_tiles", 82);
    suite.addAlignment(TWO_PASS, "moments", 57);
    suite.addAlignment(TWO_PASS, "apply", 41);
    suite.addAlignment(SINGLE_PASS, "single_pass", 63);
    suite.addLargeTensors();
    return suite.scenarios;
  }

  private void add(String name, StepPath path, boolean clips, Body body) {
    add(path + ", " + name, clips ? union(pathOf(path), CLIPPING) : pathOf(path), body);
  }

  private void addWithLans(String name, StepPath path, boolean clips, Body body) {
    Set<String> kernels = union(pathOf(path), LANS);
    add(path + ", " + name, clips ? union(kernels, CLIPPING) : kernels, body);
  }

  private void add(String name, Set<String> kernels, Body body) {
    scenarios.add(new Scenario(name, kernels, body));
  }

  private static Set<String> union(Set<String> a, Set<String> b) {
    return Stream.of(a, b).flatMap(Set::stream).collect(Collectors.toSet());
  }

  private static Set<String> pathOf(StepPath path) {
    return path == TWO_PASS
        ? Set.of("begin_step", "moments", "trust_ratio", "apply")
        : Set.of("begin_step", "single_pass");
  }

  private void addBeginStep() {
    BeginStepTest.cases()
        .forEach(
            c ->
                scenarios.add(
                    new Scenario(
                        "begin_step, " + c,
                        Set.of("begin_step"),
                        () -> new BeginStepTest().shouldDeriveEveryCoefficient(c))));
  }

  private void addPointers() {
    for (StepPath path : List.of(TWO_PASS, SINGLE_PASS)) {
      for (DType type : DType.values()) {
        for (int offset : new int[] {0, 1}) {
          for (boolean together : new boolean[] {true, false}) {
            add(
                "%s gradients %d elements off, %s"
                    .formatted(type, offset, together ? "one group" : "many groups"),
                path,
                true,
                () ->
                    new PointersTest()
                        .shouldGiveTheSameBits(
                            path, type, 12 * offset, offset * type.bytes(), together));
          }
        }
        for (int quad : new int[] {0, 300}) {
          add(
              "the order of a quad of %s gradients, %d".formatted(type, quad),
              path,
              true,
              () -> new PointersTest().shouldAddTheSquaresOfAQuadInTheirOrder(path, type, quad));
        }
      }
    }
  }

  private void addSwitches() {
    for (DType type : DType.values()) {
      for (int offset : new int[] {0, 1}) {
        add(
            "LANS, %s gradients %d elements off".formatted(type, offset),
            union(LANS, CLIPPING),
            () ->
                new PointersTest()
                    .shouldGiveTheSameBitsWithLans(type, 12 * offset, offset * type.bytes()));
      }
    }
    add(
        "LANS, gradients of norm 1",
        LANS,
        () -> new SwitchesParityTest().shouldAgreeForLansWhereTheNormOfAGradientIsOne());
    add("LANS, any grid", LANS, () -> new SwitchesParityTest().shouldAgreeForLansWhateverTheGrid());
    for (StepPath path : List.of(TWO_PASS, SINGLE_PASS)) {
      for (double maxNorm : new double[] {0, 20}) {
        addWithLans(
            "every switch, clipped to " + maxNorm,
            path,
            maxNorm > 0,
            () ->
                new SwitchesParityTest().shouldAgreeForEverySwitchBesideEveryOther(path, maxNorm));
      }
    }
    add(
        "LANS, more tiles than lanes",
        LANS,
        () -> new SwitchesParityTest().shouldAgreeForLansWhereATensorHasMoreTilesThanLanes());
  }

  private void addModels() {
    for (StepPath path : List.of(TWO_PASS, SINGLE_PASS)) {
      addWithLans(
          "at the edges", path, false, () -> new EdgesParityTest().shouldAgreeAtTheEdges(path));
      for (double gradients : new double[] {0, 1, Double.NaN, Double.POSITIVE_INFINITY}) {
        addWithLans(
            "clipping of gradients of " + gradients,
            path,
            true,
            () -> new EdgesParityTest().shouldAgreeWhenClippingAtTheEdges(path, gradients, 1));
      }
      for (double maxNorm : new double[] {0, 1}) {
        addWithLans(
            "extremes, clipped to " + maxNorm,
            path,
            maxNorm > 0,
            () -> new ExtremeParityTest().shouldAgree(path, maxNorm));
      }
      addWithLans(
          "extremes, scaled",
          path,
          true,
          () -> new ExtremeParityTest().shouldAgreeWhenClippingScales(path));
      add(
          "a group without elements",
          path,
          true,
          () -> new BackendParityTest().shouldAgreeWhereAGroupHasNoElements(path));
      for (int blocks : new int[] {1, 5}) {
        add(
            "%d blocks".formatted(blocks),
            path,
            true,
            () -> new BackendParityTest().shouldAgreeForAnyGrid(path, blocks));
      }
      add(
          "no clipping",
          path,
          false,
          () ->
              BackendParityTest.compare(3, path, 0, EmulatedDevice.SMALL, BackendParityTest.SIZES));
      for (int multiprocessors : new int[] {1, 3}) {
        EmulatedDevice device = EmulatedDevice.SMALL.withMultiprocessors(multiprocessors, 2);
        add(
            "%d multiprocessors".formatted(multiprocessors),
            path,
            true,
            () -> BackendParityTest.compare(3, path, 1, device, BackendParityTest.SIZES));
      }
    }
  }

  private void addSchedules() {
    SinglePassSchedulesTest.runOnTheCpu();
    for (int[] kind : new int[][] {{1, 1, 1}, {1, 2, 1}, {2, 2, 1}, {1, 1, 3}, {3, 2, 2}}) {
      add(
          "%d multiprocessors, %d blocks on each, %d slots".formatted(kind[0], kind[1], kind[2]),
          SINGLE_PASS,
          false,
          () -> SinglePassSchedulesTest.compare(kind[0], kind[1], kind[2], 3));
    }
    add(
        "decoupled decay past the window",
        SINGLE_PASS,
        false,
        () -> new SinglePassSchedulesTest().shouldDecayTheWeightsOfTilesThatTheWindowDoesNotHold());
    add(
        "a step taken again",
        SINGLE_PASS,
        false,
        () -> new SinglePassSchedulesTest().shouldTakeTheSameStepAgainAfterGoingBack());
  }

  private void addTraffic() {
    TrafficTest traffic = new TrafficTest();
    add("traffic", TWO_PASS, false, traffic::shouldMove40BytesInTwoPasses);
    add(
        "traffic of half gradients",
        TWO_PASS,
        false,
        traffic::shouldReadHalfGradientsAtHalfThePrice);
    add("traffic", SINGLE_PASS, false, traffic::shouldMove32BytesInASinglePass);
    add("traffic unadapted", SINGLE_PASS, false, traffic::shouldMove28BytesWithoutLayerAdaptation);
    add(
        "traffic past the window",
        SINGLE_PASS,
        false,
        traffic::shouldMove40BytesAtTheMostForWhatTheWindowDoesNotHold);
    for (StepPath path : List.of(TWO_PASS, SINGLE_PASS)) {
      add("traffic of clipping", path, true, traffic::shouldMove4BytesMoreToClip);
    }
  }

  private void addAlignment(StepPath path, String kernel, int percent) {
    add(
        "four elements at once in " + kernel,
        path,
        true,
        () ->
            new TrafficTest()
                .shouldTakeFourElementsAtOnceWherePointersAreAligned(path, kernel, percent));
  }

  private void addLargeTensors() {
    for (LargeOffsetsTest.Way way : LargeOffsetsTest.Way.values()) {
      for (DType type : List.of(DType.F32, DType.BF16)) {
        add(
            "%s gradients, far into a tensor, %s".formatted(type, way),
            way.kernels(),
            () ->
                new LargeOffsetsTest()
                    .shouldTreatTheEndAsTheSameElementsInASmallTensor(
                        (1L << 32) + 2048, way, type));
      }
    }
    for (StepPath path : List.of(TWO_PASS, SINGLE_PASS)) {
      add(
          "more tiles than lanes",
          path,
          true,
          () -> new BackendParityTest().shouldAgreeWhereASegmentHasMoreTilesThanLanes(path));
      add(
          "many tensors",
          path,
          true,
          () -> new BackendParityTest().shouldAgreeForAGroupOfManyTensors(path));
    }
  }
}
