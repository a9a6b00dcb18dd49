package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.sharding.ShardedRun;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A sharded optimizer on CUDA gives the bits of a single one on the CPU. */
@Tag("gpu")
@Tag("kernels")
class ShardedParityTest {

  private static final int STEPS = 6;
  private static final int SKIPPED = 3;
  private static final int READ = 4;

  private static MixedModel model(Side side) {
    return new MixedModel(side, 9)
        .group("lamb", Hyperparameters.lamb(0.01), 2049, 5, 0, 6145, 7)
        .group("lans", Hyperparameters.lans(0.02), 33, 2048, 4097)
        .group("adamw", Hyperparameters.adamW(0.01).withDecoupledDecay(true), 3, 2050, 9, 12);
  }

  private static LambBuilder builder(MixedModel model, int microBatches) {
    return model
        .builder()
        .microBatches(microBatches)
        .maxGradNorm(0.5)
        .nonFiniteGradients(NonFiniteGradients.SKIP);
  }

  /** Gradients that depend only on the parameter, the step and the number of the micro-batch. */
  private static void fill(MixedModel model, int step, int batch) {
    for (Tensor t : model.tensors) {
      Random random = new Random(t.name().hashCode() * 31L + 1000 * step + batch);
      float[] gradients = new float[t.weights().count];
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] = (float) random.nextGaussian();
      }
      if (step == SKIPPED && batch == 1 && gradients.length == 2049) {
        gradients[2048] = Float.POSITIVE_INFINITY;
      }
      t.gradients().put(gradients);
    }
  }

  /**
   * The bits after all steps, of weights, copies, state and report; gradients are the ranks' own.
   */
  private static String train(MixedModel model, Lamb lamb, int rank, int perRank) {
    StringBuilder bits = new StringBuilder();
    for (int step = 1; step <= STEPS; step++) {
      if (step == 2) {
        lamb.freeze("lamb.0", "lans.1");
      } else if (step == 5) {
        lamb.unfreeze("lamb.0");
      }
      for (int i = 0; i < perRank; i++) {
        fill(model, step, rank * perRank + i);
        if (perRank > 1) {
          lamb.addMicroBatch();
        }
        if (step == READ) { // no micro-batch may be lost
          lamb.readState("lamb.3", StateArray.FIRST_MOMENT, 0, FloatBuffer.allocate(6145));
        }
      }
      lamb.step();
      bits.append(model.bits(lamb).replaceAll(" g [0-9a-f]+", ""));
    }
    return bits.toString();
  }

  @ParameterizedTest(name = "{0} ranks, {1} micro-batches each")
  @CsvSource({"1, 4", "2, 2", "4, 1", "1, 3", "3, 1", "8, 1"})
  void bitsShouldBeThoseOfOneRankOnTheCpu(int ranks, int perRank) throws Exception {
    MixedModel single = model(Side.cpu());
    String expected;
    try (Lamb lamb = builder(single, ranks * perRank).build()) {
      expected = train(single, lamb, 0, ranks * perRank);
    }
    List<String> all =
        ShardedRun.onRanks(
            ranks,
            collective -> {
              try (TestDevice device = TestDevice.open()) {
                MixedModel model = model(Side.cuda(device, StepPath.AUTO));
                if (collective.rank() > 0) {
                  model.tensors.forEach(t -> t.weights().put(new float[t.weights().count]));
                }
                try (Lamb lamb = builder(model, perRank).collective(collective).build()) {
                  return train(model, lamb, collective.rank(), perRank);
                }
              }
            });
    for (String bits : all) {
      assertEquals(expected, bits);
    }
  }
}
