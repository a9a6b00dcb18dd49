package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.LayerStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The number of threads does not affect any bit. */
class ThreadsTest {

  private static final int STEPS = 4;

  // A thread takes at least 8 tiles at once, so that eight threads all have work only from 57 tiles
  // on; the same holds for parameters, whose norms are distributed too.
  private static final int LARGE = 300_001;
  private static final int SMALL_TENSORS = 150;

  /** The bits of all results of a run. */
  private record Outcome(List<int[]> tensors, List<LayerStats> norms, double gradientNorm) {
    void assertSame(Outcome other) {
      assertEquals(tensors.size(), other.tensors.size());
      for (int i = 0; i < tensors.size(); i++) {
        assertArrayEquals(tensors.get(i), other.tensors.get(i));
      }
      assertEquals(norms, other.norms);
      assertEquals(gradientNorm, other.gradientNorm);
    }
  }

  private static Outcome run(int threads) {
    Random random = new Random(1);
    List<float[]> weights = new ArrayList<>();
    List<float[]> gradients = new ArrayList<>();
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; i <= SMALL_TENSORS; i++) {
      int count = i == 0 ? LARGE : 1 + random.nextInt(5000);
      weights.add(Numbers.normal(random, count, 0.05));
      gradients.add(Numbers.normal(random, count, 1));
      parameters.add(Parameter.onHost("w" + i, weights.get(i), gradients.get(i)));
    }
    Hyperparameters h = Hyperparameters.lamb(0.01);
    try (Lamb lamb =
        Lamb.onCpu()
            .group("large", h, parameters.subList(0, 1))
            .group("small", h.withWeightDecay(0), parameters.subList(1, parameters.size()))
            .maxGradNorm(1)
            .threads(threads)
            .build()) {
      for (int step = 0; step < STEPS; step++) {
        lamb.step();
      }
      List<int[]> tensors = new ArrayList<>();
      for (int i = 0; i <= SMALL_TENSORS; i++) {
        int count = weights.get(i).length;
        tensors.add(Numbers.bits(weights.get(i)));
        tensors.add(Numbers.bits(Numbers.moment(lamb, "w" + i, StateArray.FIRST_MOMENT, count)));
        tensors.add(Numbers.bits(Numbers.moment(lamb, "w" + i, StateArray.SECOND_MOMENT, count)));
      }
      return new Outcome(tensors, lamb.layerStats(), lamb.gradientNorm());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8, 40})
  void shouldGiveSameBitsOnAnyNumberOfThreads(int threads) {
    run(1).assertSame(run(threads));
  }

  @Test
  void shouldNotStartIdleThreads() {
    float[] weights = {1};
    try (Lamb lamb =
        Lamb.onCpu()
            .group("g", Hyperparameters.lamb(0.1), Parameter.onHost("w", weights, new float[] {1}))
            .threads(Integer.MAX_VALUE)
            .build()) {
      lamb.step();
      assertEquals(0.9f, weights[0], 1e-6f);
    }
  }

  @RepeatedTest(3)
  void shouldGiveSameBitsEveryTime() {
    run(3).assertSame(run(3));
  }

  @Test
  void shouldFinishStepWhenThreadIsInterrupted() {
    float[] interrupted = Numbers.normal(new Random(2), LARGE, 0.05);
    float[] undisturbed = interrupted.clone();
    float[] gradients = Numbers.normal(new Random(3), LARGE, 1);
    stepOnce(undisturbed, gradients);
    Thread.currentThread().interrupt();
    stepOnce(interrupted, gradients);
    assertTrue(Thread.interrupted(), "the interrupt status is kept for the caller");
    assertArrayEquals(Numbers.bits(undisturbed), Numbers.bits(interrupted));
  }

  private static void stepOnce(float[] weights, float[] gradients) {
    try (Lamb lamb =
        Lamb.onCpu()
            .group("g", Hyperparameters.lamb(0.01), Parameter.onHost("w", weights, gradients))
            .threads(4)
            .build()) {
      lamb.step();
    }
  }

  @Test
  void shouldEndThreadsOnClose() throws InterruptedException {
    List<Thread> earlier = workers();
    float[] weights = new float[LARGE];
    Lamb lamb =
        Lamb.onCpu()
            .group("g", Hyperparameters.lamb(0.01), Parameter.onHost("w", weights, weights.clone()))
            .threads(3)
            .build();
    lamb.step();
    List<Thread> started = new ArrayList<>(workers());
    started.removeAll(earlier);
    assertEquals(2, started.size(), "the calling thread is the third");
    assertTrue(started.stream().allMatch(Thread::isDaemon));
    lamb.close();
    for (Thread thread : started) {
      thread.join(5000);
      assertFalse(thread.isAlive());
    }
  }

  private static List<Thread> workers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("lamb-cpu"))
        .toList();
  }
}
