package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.schedule.Schedule;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls at the wrong time or with invalid arguments are rejected and change nothing. */
class LifecycleTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);

  private final float[] w = {1, 2, 3};
  private final float[] g = {1, -1, 0.5f};

  /** The schedule of the second group, replaced by tests. */
  private Schedule schedule = Schedule.constant(0.1);

  private final float[] otherWeights = {4, 5};

  private LambBuilder builder() {
    return Lamb.onCpu()
        .group("a", LAMB, Parameter.onHost("w", w, g))
        .group(
            "b",
            LAMB.withLearningRate(step -> schedule.at(step)),
            Parameter.onHost("x", otherWeights, new float[] {1, 1}))
        .threads(2);
  }

  /** Calls other than step(). */
  private static Map<String, Executable> calls(Lamb lamb) {
    FloatBuffer two = FloatBuffer.allocate(2);
    return Map.of(
        "layerStats", lamb::layerStats,
        "gradientNorm", lamb::gradientNorm,
        "readMoment", () -> lamb.readState("w", StateArray.FIRST_MOMENT, 0, two.duplicate()),
        "writeMoment", () -> lamb.writeState("w", StateArray.FIRST_MOMENT, 0, two.duplicate()),
        "resumeAt", () -> lamb.resumeAt(3));
  }

  /** Everything that a rejected call must not change. */
  private List<Object> state(Lamb lamb) {
    return List.of(
        lamb.stepCount(),
        FloatBuffer.wrap(w.clone()),
        FloatBuffer.wrap(otherWeights.clone()),
        FloatBuffer.wrap(Numbers.moment(lamb, "w", StateArray.FIRST_MOMENT, 3)),
        FloatBuffer.wrap(Numbers.moment(lamb, "w", StateArray.SECOND_MOMENT, 3)),
        FloatBuffer.wrap(Numbers.moment(lamb, "x", StateArray.FIRST_MOMENT, 2)),
        FloatBuffer.wrap(Numbers.moment(lamb, "x", StateArray.SECOND_MOMENT, 2)));
  }

  @Test
  void shouldRejectEveryCallAfterClose() {
    Lamb lamb = builder().maxGradNorm(1).build();
    lamb.step();
    float[] before = w.clone();
    lamb.close();
    assertUntimely(lamb::step, "closed");
    calls(lamb).values().forEach(call -> assertUntimely(call, "closed"));
    assertArrayEquals(before, w);
    assertUntimely(lamb::stepCount, "closed");
    assertEquals(2, lamb.groups().size());
  }

  @Test
  void shouldAllowClosingTwice() {
    Lamb lamb = builder().build();
    lamb.close();
    lamb.close();
  }

  @Test
  void shouldHaveNoNormsBeforeFirstStep() {
    try (Lamb lamb = builder().maxGradNorm(1).build()) {
      assertUntimely(lamb::layerStats, "no step", "step()");
      assertUntimely(lamb::gradientNorm, "no step", "step()");
    }
  }

  @Test
  void shouldHaveNoGradientNormWithoutClipping() {
    try (Lamb lamb = builder().build()) {
      lamb.step();
      assertUntimely(lamb::gradientNorm, "clipping", "maxGradNorm");
    }
  }

  @Test
  void shouldProtectItsLists() {
    try (Lamb lamb = builder().build()) {
      lamb.step();
      assertThrows(UnsupportedOperationException.class, () -> lamb.groups().clear());
      lamb.layerStats().clear();
      assertEquals(2, lamb.layerStats().size());
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -1e-3, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void shouldRejectInvalidLearningRate(double rate) {
    try (Lamb lamb = builder().maxGradNorm(1).build()) {
      lamb.step();
      List<Object> before = state(lamb);
      List<LayerStats> norms = lamb.layerStats();
      schedule = step -> rate;
      assertUntimely(lamb::step, "group b", "learning rate " + rate, "step 2", "must be");
      assertEquals(before, state(lamb));
      assertEquals(norms, lamb.layerStats());
      schedule = Schedule.constant(0.1);
      lamb.step();
      assertEquals(2, lamb.stepCount());
    }
  }

  @Test
  void shouldPropagateExceptionOfSchedule() {
    try (Lamb lamb = builder().build()) {
      lamb.step();
      List<Object> before = state(lamb);
      RuntimeException own = new UnsupportedOperationException("no rate");
      schedule =
          step -> {
            throw own;
          };
      assertSame(own, assertThrows(RuntimeException.class, lamb::step));
      assertEquals(before, state(lamb));
      schedule = Schedule.constant(0.1);
      lamb.step();
    }
  }

  @Test
  void shouldNotChangeAnythingWhenCallIsRejected() {
    try (Lamb lamb = builder().maxGradNorm(1).build()) {
      lamb.step();
      lamb.step();
      List<Object> before = state(lamb);
      FloatBuffer two = FloatBuffer.wrap(new float[] {8, 8});
      for (long offset : new long[] {-1, 2, 3, 4, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE}) {
        assertRefused(
            () -> lamb.writeState("w", StateArray.FIRST_MOMENT, offset, two),
            "parameter w",
            "offset " + offset,
            "3");
        assertRefused(
            () -> lamb.readState("w", StateArray.SECOND_MOMENT, offset, two), "offset " + offset);
      }
      assertRefused(
          () -> lamb.writeState("nobody", StateArray.FIRST_MOMENT, 0, two), "parameter nobody");
      assertRefused(() -> lamb.readState(null, StateArray.FIRST_MOMENT, 0, two), "parameter null");
      assertRefused(() -> lamb.readState("w", null, 0, two), "array", "null");
      assertRefused(() -> lamb.writeState("w", null, 0, two), "array", "null");
      assertRefused(() -> lamb.readState("w", StateArray.FIRST_MOMENT, 0, null), "target", "null");
      assertRefused(() -> lamb.writeState("w", StateArray.FIRST_MOMENT, 0, null), "source", "null");
      assertRefused(
          () -> lamb.readState("w", StateArray.FIRST_MOMENT, 0, two.asReadOnlyBuffer()),
          "target",
          "read-only");
      assertRefused(() -> lamb.resumeAt(-1), "step -1", "must be from 0 to 1152921504606846976");
      for (long step : new long[] {(1L << 60) + 1, Long.MAX_VALUE}) {
        assertRefused(() -> lamb.resumeAt(step), "step " + step, "must be");
      }
      assertEquals(2, two.remaining());
      assertArrayEquals(new float[] {8, 8}, two.array());
      assertEquals(before, state(lamb));
    }
  }
}
