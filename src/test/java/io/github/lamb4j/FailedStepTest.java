package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import io.github.lamb4j.report.LayerStats;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The optimizer's behavior when its backend fails. */
class FailedStepTest {

  /** Does nothing, or fails on request. */
  private static final class Failing implements Backend {
    Throwable failure;
    RuntimeException unusable;
    RuntimeException closing;
    int steps;
    int closes;

    @Override
    public void requireUsable() {
      if (unusable != null) {
        throw unusable;
      }
    }

    @Override
    public boolean isCapturing() {
      requireUsable(); // without a context, the driver cannot answer
      return false;
    }

    @Override
    public void step(double[] learningRates, long[] rateSteps) {
      if (failure instanceof Error e) {
        throw e;
      }
      if (failure instanceof RuntimeException e) {
        throw e;
      }
      steps++;
    }

    @Override
    public void prepareRates(int group, long first, double[] rates) {}

    @Override
    public void report(ReportSink sink) {
      sink.step(4, 1, 5, false);
      sink.group(0, steps, 0.1, 0.1);
      sink.segment(0, 0, 1, 2, 3, 0, 1);
    }

    @Override
    public void read(int group, int parameter, StateArray a, long offset, FloatBuffer target) {}

    @Override
    public void write(int group, int parameter, StateArray a, long offset, FloatBuffer source) {}

    @Override
    public void setSteps(long[] steps, long skipped) {}

    @Override
    public void setFrozen(Set<String> names) {
      if (failure instanceof RuntimeException e) {
        throw e;
      }
    }

    @Override
    public void accumulate(int group, int parameter, TensorArray source) {}

    @Override
    public void move(List<ParameterGroup> groups) {}

    @Override
    public void close() {
      closes++;
      if (closing != null) {
        throw closing;
      }
    }
  }

  private final Failing backend = new Failing();
  private final Lamb lamb =
      LambBuilders.onHost((groups, settings) -> backend)
          .maxGradNorm(1)
          .group("g", Hyperparameters.lamb(0.1), Parameter.onHost("w", new float[1], new float[1]))
          .build();

  static List<Throwable> failures() {
    return List.of(
        new IllegalStateException("during the step"), new OutOfMemoryError("during the step"));
  }

  @Test
  void shouldRejectStepsAfterFreezingFailedPartway() {
    backend.failure = new IllegalStateException("during the change");
    assertUntimely(() -> lamb.freeze("w"), "freezing or unfreezing parameters failed partway");
    backend.failure = null;
    assertUntimely(lamb::step, "freezing or unfreezing parameters failed partway", "restore");
    assertEquals(List.of(), lamb.frozen());
  }

  @ParameterizedTest
  @MethodSource("failures")
  void shouldRejectStepsAfterStepFailedPartway(Throwable failure) {
    lamb.step();
    backend.failure = failure;
    IllegalStateException refusal = assertThrows(IllegalStateException.class, lamb::step);
    assertSame(failure, refusal.getCause());
    assertTrue(refusal.getMessage().contains("step 2"));
    assertTrue(refusal.getMessage().contains("restore"));
    backend.failure = null;
    assertUntimely(lamb::step, "step 2 failed partway");
    assertEquals(1, backend.steps);
    assertEquals(1, lamb.stepCount());
    lamb.close();
    assertEquals(1, backend.closes);
  }

  @Test
  void shouldContinueAfterStepThatDidNotStart() {
    RuntimeException reason = new IllegalStateException("not now");
    backend.failure = new Backend.StepNotStarted(reason);
    assertSame(reason, assertThrows(IllegalStateException.class, lamb::step));
    assertEquals(0, lamb.stepCount());
    assertUntimely(lamb::layerStats, "no step");
    backend.failure = null;
    lamb.step();
    assertEquals(1, lamb.stepCount());
    assertEquals(List.of(new LayerStats("w", 1, 2, 3)), lamb.layerStats());
    assertEquals(4, lamb.gradientNorm());
  }

  @Test
  void shouldCheckBackendBeforeEveryCall() {
    backend.unusable = new IllegalStateException("another context");
    assertUntimely(lamb::step, "another context");
    assertUntimely(() -> lamb.resumeAt(3), "another context");
    assertUntimely(
        () -> lamb.writeState("w", StateArray.FIRST_MOMENT, 0, FloatBuffer.allocate(1)),
        "another context");
    assertUntimely(lamb::stepCount, "another context");
    assertUntimely(lamb::close, "another context");
    backend.unusable = null;
    assertEquals(0, lamb.stepCount());
    lamb.step();
    assertEquals(1, backend.steps);
  }

  @Test
  void shouldRetryFailedClose() {
    backend.closing = new IllegalStateException("another context");
    assertUntimely(lamb::close, "another context");
    lamb.step();
    backend.closing = null;
    lamb.close();
    lamb.close();
    assertEquals(2, backend.closes);
  }
}
