package io.github.lamb4j.sharding;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.Numbers;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sums of micro-batches in one process. */
class MicroBatchesTest {

  private static final int COUNT = 5000;

  private static HostParameter parameter() {
    return Parameter.onHost("w", Numbers.normal(new Random(1), COUNT, 1), new float[COUNT]);
  }

  private static Lamb lamb(HostParameter parameter, int microBatches) {
    return Lamb.onCpu()
        .group("all", Hyperparameters.lamb(0.01), parameter)
        .microBatches(microBatches)
        .build();
  }

  /** The definition in NUMERICS.md, level by level. */
  private static float[] sum(float[][] gradients) {
    float[][] level = gradients;
    while (level.length > 1) {
      float[][] next = new float[(level.length + 1) / 2][];
      for (int i = 0; i < next.length; i++) {
        next[i] = level[2 * i].clone();
        if (2 * i + 1 < level.length) {
          for (int e = 0; e < COUNT; e++) {
            next[i][e] += level[2 * i + 1][e];
          }
        }
      }
      level = next;
    }
    return level[0];
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5, 6, 7, 8, 13})
  void gradientsShouldBeAddedAsATree(int microBatches) {
    HostParameter summed = parameter();
    HostParameter given = parameter();
    Random random = new Random(2);
    try (Lamb sums = lamb(summed, microBatches);
        Lamb plain = lamb(given, 1)) {
      for (int step = 0; step < 2; step++) {
        float[][] gradients = new float[microBatches][];
        for (int i = 0; i < microBatches; i++) {
          gradients[i] = Numbers.normal(random, COUNT, 1);
          summed.gradients().floats().put(gradients[i]);
          sums.addMicroBatch();
        }
        given.gradients().floats().put(sum(gradients));
        sums.step();
        plain.step();
        assertArrayEquals(gradients[microBatches - 1], floats(summed.gradients().floats()));
      }
    }
    assertArrayEquals(
        Numbers.bits(floats(given.weights().floats())),
        Numbers.bits(floats(summed.weights().floats())));
  }

  private static float[] floats(FloatBuffer buffer) {
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  @Test
  void callsInTheWrongOrderShouldBeRefused() {
    assertRefused(() -> Lamb.onCpu().microBatches(0), "microBatches 0", "at least 1");
    try (Lamb plain = lamb(parameter(), 1)) {
      assertUntimely(plain::addMicroBatch, "microBatches(n)");
    }
    try (Lamb lamb = lamb(parameter(), 2)) {
      assertUntimely(lamb::step, "0 of 2 micro-batches");
      lamb.addMicroBatch();
      assertUntimely(lamb::step, "1 of 2 micro-batches");
      assertUntimely(() -> lamb.freeze("w"), "1 micro-batches wait", "discardMicroBatches()");
      ParameterGroup other =
          new ParameterGroup(
              "other",
              Hyperparameters.lamb(0.01),
              List.of(Parameter.onHost("b", new float[1], new float[1])));
      assertUntimely(() -> lamb.addGroup(other), "1 micro-batches wait");
      assertUntimely(() -> lamb.load(Path.of("none")), "1 micro-batches wait");
      lamb.addMicroBatch();
      assertUntimely(lamb::addMicroBatch, "all 2 micro-batches", "step()");
      lamb.step();
      assertEquals(1, lamb.stepCount());
    }
  }

  @Test
  void discardedMicroBatchesShouldLeaveNoTrace() {
    HostParameter kept = parameter();
    HostParameter discarded = parameter();
    try (Lamb expected = lamb(kept, 2);
        Lamb actual = lamb(discarded, 2)) {
      discarded.gradients().floats().put(0, Float.NaN);
      actual.addMicroBatch();
      actual.discardMicroBatches();
      discarded.gradients().floats().put(0, 0);
      for (int i = 0; i < 2; i++) {
        expected.addMicroBatch();
        actual.addMicroBatch();
      }
      expected.step();
      actual.step();
    }
    assertArrayEquals(floats(kept.weights().floats()), floats(discarded.weights().floats()));
  }
}
