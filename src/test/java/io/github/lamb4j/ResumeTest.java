package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.sharding.ShardedRun;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that is stopped and resumed gives the same bits as an uninterrupted one. */
class ResumeTest {

  private static final int STEPS = 12;
  private static final int[] COUNTS = {1, 33, 4100};

  private static final Hyperparameters LAMB =
      Hyperparameters.lamb(Schedule.linearWarmup(0.02, 5).then(5, Schedule.cosine(0.02, 0.001, 9)));

  /** The contents of a checkpoint. */
  private static final class Model {
    final float[][] w = new float[COUNTS.length][];
    final float[][] m = new float[COUNTS.length][];
    final float[][] v = new float[COUNTS.length][];
    long step;

    static Model fresh() {
      Model model = new Model();
      Random random = new Random(1);
      for (int i = 0; i < COUNTS.length; i++) {
        model.w[i] = Numbers.normal(random, COUNTS[i], 0.05);
        model.m[i] = new float[COUNTS[i]];
        model.v[i] = new float[COUNTS[i]];
      }
      return model;
    }

    /** Trains for some steps with a new optimizer. */
    Model train(int steps) {
      float[][] g = {new float[COUNTS[0]], new float[COUNTS[1]], new float[COUNTS[2]]};
      try (Lamb lamb =
          Lamb.onCpu()
              .maxGradNorm(3)
              .group("a", LAMB, Parameter.onHost("w0", w[0], g[0]))
              .group(
                  "b",
                  LAMB.withBetas(0.8, 0.99),
                  Parameter.onHost("w1", w[1], g[1]),
                  Parameter.onHost("w2", w[2], g[2]))
              .threads(2)
              .build()) {
        restore(lamb);
        for (int i = 0; i < steps; i++) {
          for (int p = 0; p < COUNTS.length; p++) {
            Random random = new Random(100 * lamb.stepCount() + p);
            System.arraycopy(Numbers.normal(random, COUNTS[p], 1), 0, g[p], 0, COUNTS[p]);
          }
          lamb.step();
        }
        for (int p = 0; p < COUNTS.length; p++) {
          m[p] = Numbers.moment(lamb, "w" + p, StateArray.FIRST_MOMENT, COUNTS[p]);
          v[p] = Numbers.moment(lamb, "w" + p, StateArray.SECOND_MOMENT, COUNTS[p]);
        }
        step = lamb.stepCount();
      }
      return this;
    }

    private void restore(Lamb lamb) {
      for (int p = 0; p < COUNTS.length; p++) {
        lamb.writeState("w" + p, StateArray.FIRST_MOMENT, 0, FloatBuffer.wrap(m[p]));
        lamb.writeState("w" + p, StateArray.SECOND_MOMENT, 0, FloatBuffer.wrap(v[p]));
      }
      lamb.resumeAt(step);
    }

    void assertSame(Model other) {
      assertEquals(other.step, step);
      for (int p = 0; p < COUNTS.length; p++) {
        assertArrayEquals(Numbers.bits(other.w[p]), Numbers.bits(w[p]));
        assertArrayEquals(Numbers.bits(other.m[p]), Numbers.bits(m[p]));
        assertArrayEquals(Numbers.bits(other.v[p]), Numbers.bits(v[p]));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void shouldContinueBitForBit(int stop) {
    Model whole = Model.fresh().train(STEPS);
    Model halves = Model.fresh().train(stop).train(STEPS - stop);
    halves.assertSame(whole);
  }

  @Test
  void shouldContinueBitForBitAfterEveryStep() {
    Model resumed = Model.fresh();
    for (int i = 0; i < STEPS; i++) {
      resumed.train(1);
    }
    resumed.assertSame(Model.fresh().train(STEPS));
  }

  @Test
  void shouldRestoreEarlierStateInSameOptimizer() {
    float[] w = {1, 2};
    float[] g = {1, -1};
    try (Lamb lamb = Lamb.onCpu().group("g", LAMB, Parameter.onHost("w", w, g)).build()) {
      lamb.step();
      float first = w[0];
      lamb.step();
      w[0] = 1;
      w[1] = 2;
      for (StateArray moment : StateArray.of(false)) {
        lamb.writeState("w", moment, 0, FloatBuffer.allocate(2));
      }
      lamb.resumeAt(0);
      assertEquals(0, lamb.stepCount());
      lamb.step();
      assertEquals(first, w[0]);
    }
  }

  @Test
  void shouldClearNormsOfEarlierRun() {
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(1)
            .group("g", LAMB, Parameter.onHost("w", new float[1], new float[1]))
            .build()) {
      lamb.step();
      lamb.resumeAt(7);
      assertThrows(IllegalStateException.class, lamb::layerStats);
      assertThrows(IllegalStateException.class, lamb::gradientNorm);
      lamb.step();
      assertEquals(8, lamb.stepCount());
      assertEquals(1, lamb.layerStats().size());
    }
  }

  @ParameterizedTest
  @CsvSource({"0.9, 0.999", "0, 0", "0.5, 0.99999"})
  void shouldResumeImmediatelyAtLateStep(double beta1, double beta2) {
    float[] w = {1};
    try (Lamb lamb =
        Lamb.onCpu()
            .group(
                "g",
                Hyperparameters.lamb(0.1).withBetas(beta1, beta2),
                Parameter.onHost("w", w, new float[] {1}))
            .build()) {
      assertTimeoutPreemptively(Duration.ofSeconds(5), () -> lamb.resumeAt(1L << 60));
      lamb.step();
      assertEquals((1L << 60) + 1, lamb.stepCount());
      assertEquals(0.9f, w[0], 1e-6);
    }
  }

  /** Of three tiles, of which each of two ranks owns at most two. */
  private static void assertConsumesSource(LambBuilder builder) {
    HostArray weights = HostArray.bf16(new short[5000]);
    HostParameter parameter =
        new HostParameter("w", weights, HostArray.f32(new float[5000]), Optional.empty());
    try (Lamb lamb = builder.threads(1).group("g", LAMB, parameter).build()) {
      for (StateArray array : StateArray.values()) {
        FloatBuffer source = FloatBuffer.allocate(6000).position(300).limit(5300);
        lamb.writeState("w", array, 0, source);
        assertEquals(5300, source.position());
        lamb.writeState("w", array, 4999, source.limit(5301));
        assertEquals(5301, source.position());
      }
    }
  }

  @Test
  void shouldConsumeTheSourceWhateverItWrites() throws Exception {
    assertConsumesSource(Lamb.onCpu());
    assertConsumesSource(Lamb.onCpu().microBatches(2));
    ShardedRun.onRanks(
        2,
        ranks -> {
          assertConsumesSource(Lamb.onCpu().collective(ranks));
          return null;
        });
  }

  @Test
  void shouldCopyAnyRangeOfMoment() {
    try (Lamb lamb =
        Lamb.onCpu()
            .group("g", LAMB, Parameter.onHost("w", new float[10], new float[10]))
            .build()) {
      FloatBuffer source = FloatBuffer.wrap(new float[] {0, 1, 2, 3, 4, 0}, 1, 4);
      lamb.writeState("w", StateArray.SECOND_MOMENT, 5, source);
      assertEquals(0, source.remaining());
      assertArrayEquals(new float[10], Numbers.moment(lamb, "w", StateArray.FIRST_MOMENT, 10));
      assertArrayEquals(
          new float[] {0, 0, 0, 0, 0, 1, 2, 3, 4, 0},
          Numbers.moment(lamb, "w", StateArray.SECOND_MOMENT, 10));

      float[] target = {9, 9, 9, 9, 9};
      FloatBuffer window = FloatBuffer.wrap(target, 1, 3);
      lamb.readState("w", StateArray.SECOND_MOMENT, 7, window);
      assertArrayEquals(new float[] {9, 3, 4, 0, 9}, target);
      assertEquals(4, window.position());
      lamb.readState("w", StateArray.SECOND_MOMENT, 10, FloatBuffer.allocate(0));
    }
  }
}
