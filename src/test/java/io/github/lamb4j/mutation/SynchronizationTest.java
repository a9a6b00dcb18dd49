package io.github.lamb4j.mutation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatorException;
import io.github.lamb4j.internal.cuda.TestDevice;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.report.LayerStats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The kernels need each of their synchronizations: without it, the emulator finds a fault or the
 * bits differ in one of a few runs.
 */
@Tag("slow")
class SynchronizationTest {

  private static final int SEEDS = 4;
  private static final int STEPS = 3;
  private static final int TILE = Tiling.TILE_ELEMENTS;

  /** What is run on the kernels; each one launches some of them. */
  private enum Run {
    TWO_PASS,
    LANS,
    UNADAPTED,

    /** Rings of one tile are often full. */
    SMALL_WINDOW,
    LARGE_WINDOW,

    /** A thread adds the sums of four tiles at once. */
    LARGE_PARAMETER;

    EmulatedDevice device() {
      EmulatedDevice small = EmulatedDevice.SMALL;
      return switch (this) {
        case TWO_PASS, LANS, UNADAPTED -> small.withMultiprocessors(1, 2);
        case SMALL_WINDOW -> TestDevice.withSlots(small, 1);
        case LARGE_WINDOW -> TestDevice.withSlots(small.withMultiprocessors(3, 2), 13);
        case LARGE_PARAMETER -> small;
      };
    }

    StepPath path() {
      return this == TWO_PASS ? StepPath.TWO_PASS : StepPath.SINGLE_PASS;
    }

    int[] sizes() {
      if (this == LARGE_PARAMETER) return new int[] {800 * TILE, 7};
      // More parameters than blocks that add their sums.
      return new int[] {
        6 * TILE + 5, 7, 3 * TILE + 1, 100, 2 * TILE + 2, 1, TILE + 1, 2, 3, 4, 5, 6
      };
    }

    int steps() {
      return this == LARGE_PARAMETER ? 1 : STEPS;
    }

    /** The runs that launch a kernel. The longest one is repeated with no other seed. */
    static List<Run> of(String kernel, int seed) {
      if (kernel.startsWith("unadapted")) return List.of(UNADAPTED);
      if (!kernel.equals("single_pass"))
        return List.of(kernel.startsWith("lans") ? LANS : TWO_PASS);
      if (seed > 0) return List.of(SMALL_WINDOW, LARGE_WINDOW);
      return List.of(SMALL_WINDOW, LARGE_WINDOW, LARGE_PARAMETER);
    }
  }

  private static final List<String> LINES = read();
  private static final Map<Run, Result> EXPECTED = new EnumMap<>(Run.class);

  private static List<String> read() {
    try {
      return Files.readAllLines(Path.of("kernels/lamb.ptx"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @BeforeAll
  static void runOnTheCpu() {
    for (Run run : Run.values()) EXPECTED.put(run, result(Lamb.onCpu(), run));
  }

  static Stream<Mutant> mutants() {
    return Synchronization.mutants(LINES).stream();
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void shouldFindAMissingSynchronization(Mutant mutant) {
    boolean equivalent = Synchronization.equivalence(LINES, mutant).isPresent();
    assertEquals(!equivalent, isFound(mutant), mutant + "");
  }

  private static boolean isFound(Mutant mutant) {
    String text = mutant.text(LINES);
    for (int seed = 0; seed < SEEDS; seed++) {
      for (Run run : Run.of(mutant.kernel(), seed)) if (isFound(text, run, seed)) return true;
    }
    return false;
  }

  @Test
  void shouldFindNothingInTheOriginalKernels() {
    for (String kernel : List.of("moments", "lans_moments", "single_pass", "unadapted_norms")) {
      assertFalse(isFound(new Mutant(0, kernel, Kind.DROP, 0, LINES.get(0), LINES.get(0))), kernel);
    }
  }

  /** The bounded poll is the only check of a tag that may fail. */
  @Test
  void shouldExceptOneMutant() {
    assertEquals(
        1, mutants().filter(m -> Synchronization.equivalence(LINES, m).isPresent()).count());
  }

  private static boolean isFound(String ptx, Run run, int seed) {
    EmulatedDriver driver = new EmulatedDriver(run.device(), seed);
    driver.rewrite(original -> ptx);
    try {
      return !result(LambBuilders.staged(driver), run).equals(EXPECTED.get(run));
    } catch (RuntimeException e) {
      Throwable cause = e;
      while (cause.getCause() != null && !(cause instanceof EmulatorException))
        cause = cause.getCause();
      if (cause instanceof EmulatorException) return true;
      throw e;
    }
  }

  /** Hash codes of the weights after some steps, and the norms and ratios of the last one. */
  private record Result(List<Integer> weights, List<LayerStats> layers) {}

  private static Result result(LambBuilder builder, Run run) {
    Random random = new Random(1);
    List<float[]> weights = new ArrayList<>();
    List<float[]> gradients = new ArrayList<>();
    List<Parameter> parameters = new ArrayList<>();
    for (int size : run.sizes()) {
      float[] w = normal(new float[size], random);
      float[] g = new float[size];
      weights.add(w);
      gradients.add(g);
      parameters.add(Parameter.onHost("p" + parameters.size(), w, g));
    }
    Hyperparameters kind =
        switch (run) {
          case LANS -> Hyperparameters.lans(0.1);
          case UNADAPTED -> Hyperparameters.adamW(0.1);
          default -> Hyperparameters.lamb(0.1);
        };
    builder.group("all", kind, parameters).path(run.path()).maxGradNorm(1);
    try (Lamb lamb = builder.build()) {
      for (int step = 0; step < run.steps(); step++) {
        for (float[] g : gradients) normal(g, random);
        lamb.step();
      }
      return new Result(weights.stream().map(Arrays::hashCode).toList(), lamb.layerStats());
    }
  }

  private static float[] normal(float[] values, Random random) {
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
    return values;
  }
}
