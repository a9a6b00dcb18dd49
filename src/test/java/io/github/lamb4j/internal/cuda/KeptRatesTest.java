package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cpu.CpuBackend;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.Scalar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The learning rate that a step uses after skipped steps. The host has passed rates of later steps
 * by then: a step uses its own rate while it is kept, and else the nearest one.
 */
@Tag("gpu")
@Tag("kernels")
class KeptRatesTest {

  /** A backend whose steps the test can skip. */
  private static final class Run implements AutoCloseable {
    final List<Double> taken = new ArrayList<>();
    private final Backend backend;
    private final TestArray norm;
    private double rate;

    Run(Side.Where where, TestDevice device) {
      Side side = where.on(device);
      norm = side.array(DType.F32, 1, "norm");
      TestArray weights = side.array(DType.F32, 1, "weights");
      TestArray gradients = side.array(DType.F32, 1, "gradients");
      Parameter p = side.parameter("p", weights, gradients, null);
      List<ParameterGroup> groups =
          List.of(new ParameterGroup("g", Hyperparameters.adamW(0), List.of(p)));
      Optional<Scalar> given = Optional.of(side.scalar(norm));
      GradientOptions options =
          new GradientOptions(
              OptionalDouble.empty(), given, Scalar.ONE, Scalar.ONE, NonFiniteGradients.SKIP);
      boolean onCpu = where == Side.Where.CPU;
      StepPath path = onCpu ? StepPath.AUTO : StepPath.valueOf(where.name());
      BackendSettings settings = new BackendSettings(options, 1, path, ReportedNorms.ALL);
      backend =
          onCpu
              ? new CpuBackend(groups, settings)
              : new CudaBackend(device.driver(), device.stream(), groups, settings);
    }

    /** Runs steps that the host numbers {@code first} to {@code last}; all of them are skipped. */
    void skip(long first, long last) {
      norm.put(Float.NaN);
      for (long step = first; step <= last; step++) {
        backend.step(new double[] {step}, new long[] {step});
      }
    }

    /** Runs a step that the host gives this number; 0 for a captured step. */
    void take(long told) {
      norm.put(1);
      step(told, told);
    }

    /** Runs the next step with this rate, whatever its number. */
    void takeWith(double given) {
      norm.put(1);
      step(given, Rates.NEXT_STEP);
    }

    private void step(double given, long told) {
      backend.step(new double[] {given}, new long[] {told});
      backend.report(
          new ReportSink() {
            @Override
            public void step(double gradientNorm, double divisor, long skipped, boolean halted) {}

            @Override
            public void group(int group, long steps, double plainRate, double learningRate) {
              assertEquals(learningRate, plainRate);
              rate = learningRate;
            }

            @Override
            public void segment(
                int group, int segment, double w, double u, double t, double gu, double gt) {}
          });
      taken.add(rate);
    }

    void prepare(long first, int count) {
      double[] rates = new double[count];
      Arrays.setAll(rates, i -> first + i);
      backend.prepareRates(0, first, rates);
    }

    @Override
    public void close() {
      backend.close();
    }
  }

  private static List<Double> steps(double... steps) {
    return Arrays.stream(steps).boxed().toList();
  }

  @ParameterizedTest
  @EnumSource(names = {"CPU", "SINGLE_PASS", "TWO_PASS"})
  void shouldUseTheOldestRateKept(Side.Where where) {
    try (TestDevice device = TestDevice.open();
        Run run = new Run(where, device)) {
      run.take(1);
      run.skip(2, 9);
      run.take(10); // it is step 2
      // As if all steps in between had been skipped, too.
      run.skip(Rates.KEPT + 1, Rates.KEPT + 2);
      run.take(Rates.KEPT + 2); // step 3 is the oldest
      run.take(Rates.KEPT + 4); // the rate of step 4 is no longer kept, that of step 5 is
      run.take(Rates.KEPT + 5); // the rate of step 5 is no longer kept, that of step 6 is
      run.take(6);
      assertEquals(steps(1, 2, 3, 5, 6, 6), run.taken);
    }
  }

  /** A host that learns of skipped steps passes rates of much earlier steps than before. */
  @ParameterizedTest
  @EnumSource(names = {"CPU", "SINGLE_PASS", "TWO_PASS"})
  void shouldTrustAHostThatLearnedOfSkippedSteps(Side.Where where) {
    try (TestDevice device = TestDevice.open();
        Run run = new Run(where, device)) {
      run.skip(3 * Rates.KEPT, 3 * Rates.KEPT);
      run.take(1);
      run.skip(2, 4);
      run.take(2);
      run.take(Rates.KEPT + 2); // step 3 is still kept
      run.skip(Rates.KEPT + 5, Rates.KEPT + 5);
      run.take(5); // a full table length below the last; it is step 4
      assertEquals(steps(1, 2, 3, 4), run.taken);
    }
  }

  /** Only replayed steps get no rate from the host, and the CPU has no graphs. */
  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldUseTheLastPreparedRate(Side.Where where) {
    try (TestDevice device = TestDevice.open();
        Run run = new Run(where, device)) {
      run.take(1);
      run.prepare(2, Rates.KEPT); // wraps around the end of the table
      run.take(2);
      run.take(3);
      run.prepare(4, 2); // and drops the rates after them
      for (int i = 0; i < 3; i++) {
        run.take(0);
      }
      assertEquals(steps(1, 2, 3, 4, 5, 5), run.taken);
    }
  }

  /** A rate without a step is used by the next step and not kept. */
  @ParameterizedTest
  @EnumSource(names = {"CPU", "SINGLE_PASS", "TWO_PASS"})
  void shouldUseARateThatDoesNotDependOnTheStep(Side.Where where) {
    try (TestDevice device = TestDevice.open();
        Run run = new Run(where, device)) {
      run.take(1);
      run.skip(2, 4);
      run.norm.put(1);
      run.takeWith(7);
      run.skip(5, 6);
      run.takeWith(8);
      run.take(7); // it is step 4, whose rate the host passed for a skipped step
      assertEquals(steps(1, 7, 8, 4), run.taken);
    }
  }

  @Test
  void shouldFindTheNearestRate() {
    assertEquals(7, Rates.nearest(9, 7));
    assertEquals(7, Rates.nearest(7, 7));
    assertEquals(3, Rates.nearest(3, Rates.KEPT + 2));
    assertEquals(4, Rates.nearest(3, Rates.KEPT + 3));
  }
}
